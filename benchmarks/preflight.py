"""What the look at all inputs costs at the published size: python benchmarks/preflight.py.

Tables of 400 cells, 220,000 mitochondria and 3.2 million synapses, made of random numbers, as CSV.
Prints a table and writes it to benchmarks/preflight.md.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from measures import ROOT
from timing import machine

CELLS, MITOCHONDRIA, SYNAPSES = 400, 220_000, 3_200_000
FIRST_ID = 648518346349000000
CONFIG = """\
dataset: large
datasets:
  large:
    voxel_size_nm: [4, 4, 40]
    cells: {path: cells.csv, types: {a: {compartments: none}, b: {compartments: none}}}
    mitochondria: {path: mitochondria.csv}
    synapses: {path: synapses.csv}
"""


def make_tables(folder: Path) -> None:
    """Write the tables of a dataset and its description."""
    rng = np.random.default_rng(0)
    ids = FIRST_ID + np.arange(CELLS)
    pd.DataFrame({"cell_id": ids, "cell_type": rng.choice(["a", "b"], CELLS)}).to_csv(
        folder / "cells.csv", index=False
    )
    for name, rows, owners in (
        ("mitochondria", MITOCHONDRIA, ["cell_id"]),
        ("synapses", SYNAPSES, ["pre_id", "post_id"]),
    ):
        first = {"mito_id" if name == "mitochondria" else "id": np.arange(1, rows + 1)}
        # Most ends of synapses are on other cells.
        most = CELLS if name == "mitochondria" else 100 * CELLS
        owner = {owner: FIRST_ID + rng.integers(0, most, rows) for owner in owners}
        places = {axis: rng.integers(0, 400_000, rows) for axis in "xyz"}
        pd.DataFrame(first | owner | places).to_csv(folder / f"{name}.csv", index=False)
    (folder / "config.yaml").write_text(CONFIG)


def main() -> None:
    """Look at the inputs once, and write how long it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_tables(folder)
        size_mb = sum(path.stat().st_size for path in folder.glob("*.csv")) / 1e6
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        command += ["check_inputs", "--cores", "2", "--configfile", "config.yaml"]
        start = time.perf_counter()
        subprocess.run(command, check=True, cwd=folder, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        cost = (folder / "logs/large/check_inputs.log").read_text().splitlines()[-1]
    text = (
        "# The look at all inputs\n\n"
        f"{CELLS} cells, {MITOCHONDRIA:,} mitochondria, {SYNAPSES:,} synapses in {size_mb:.0f} MB "
        f"of CSV: {seconds:.0f} s with Snakemake's start. Its job: {cost.removeprefix('INFO ')}."
        "\n\n"
        f"{machine()}\n"
    )
    print(text)
    (ROOT / "benchmarks" / "preflight.md").write_text(text)


if __name__ == "__main__":
    main()
