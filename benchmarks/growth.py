"""How a run grows with the number of cells: whole runs, and Snakemake's DAG alone.

    python benchmarks/growth.py [--cells 100 200 400 800] [--dag 1000 5000 10000]

Whole runs on all cores, from the tables to the archives and checks, with meshes as in
full_run.py; the DAG by a dry run with the tables there, so that every cell's jobs are known.
Prints two tables and writes them to benchmarks/growth.md.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from full_run import TABLES, run_generated, run_workflow
from generated import PUBLISHED, make_tables, make_templates
from measures import ROOT
from timing import machine

MITOCHONDRIA = 100


def whole_run(scratch: Path, templates: Path, cells: int) -> str:
    """Run a dataset; give a line of the table."""
    size = PUBLISHED.of_cells(cells).with_mitochondria(MITOCHONDRIA)
    cost = run_generated(scratch, templates, size, os.cpu_count() or 1).cost
    wall, cpu = cost.wall_s, cost.cpu_s
    shutil.rmtree(scratch)
    return f"| {cells} | {wall:.0f} | {wall / cells:.2f} | {cpu:.0f} | {cpu / cells:.2f} |"


def dag(scratch: Path, templates: Path, cells: int) -> str:
    """Build the DAG of a dataset with few mitochondria; give a line of the table."""
    folder = scratch / "run"
    folder.mkdir(parents=True)
    size = PUBLISHED.of_cells(cells)
    config = make_tables(scratch / "data", templates, size.with_mitochondria(10))
    run_workflow(folder, config, TABLES, 1)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["-n", "--quiet", "all", "--directory", str(folder), "--configfile", str(config)]
    start, peak_mb = time.perf_counter(), 0.0
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        # The resource usage would begin with the size of this process.
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            peak_mb = int(found[1]) / 1e3 if found else peak_mb
            time.sleep(0.1)
    wall = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"the dry run of {cells} cells failed")
    shutil.rmtree(scratch)
    return f"| {cells} | {wall:.1f} | {1000 * wall / cells:.1f} | {peak_mb:.0f} |"


def main() -> None:
    """Measure, print and keep the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="*", default=[100, 200, 400, 800])
    parser.add_argument("--dag", type=int, nargs="*", default=[1_000, 5_000, 10_000])
    parser.add_argument("--scratch", type=Path, help="a folder with 12 GB of room")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as name:
        templates = Path(name) / "templates"
        make_templates(templates)
        runs = [whole_run(Path(name) / f"run_{n}", templates, n) for n in arguments.cells]
        dags = [dag(Path(name) / f"dag_{n}", templates, n) for n in arguments.dag]
    text = "\n".join(
        [
            "# Growth with the number of cells",
            "",
            f"`python benchmarks/growth.py`: one run each on {machine()}.",
            "",
            f"Whole runs with {MITOCHONDRIA} mitochondria a cell, to see what jobs cost, and the "
            "published number of synapses:",
            "",
            "| cells | wall, s | wall a cell, s | CPU, s | CPU a cell, s |",
            "| --- | --- | --- | --- | --- |",
            *runs,
            "",
            "Building the DAG of all cells (dry run, start of Snakemake included):",
            "",
            "| cells | wall, s | wall a cell, ms | peak, MB |",
            "| --- | --- | --- | --- |",
            *dags,
            "",
        ]
    )
    print(text)
    (ROOT / "benchmarks" / "growth.md").write_text(text)


if __name__ == "__main__":
    main()
