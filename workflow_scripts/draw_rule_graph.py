"""Draw the rules, and the jobs behind one cell's files, as Snakemake sees them now."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mitosyn.cells import read_cells
from mitosyn.columns import NEURON_TYPES
from mitosyn.files import write_text
from mitosyn.jobs import run
from mitosyn.rule_graphs import draw, read_graph, stages, without_shortcuts

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def graph_of(snakemake: "Snakemake", *arguments: str) -> str:
    """Ask Snakemake for a graph of this folder, in the DOT language."""
    # The rules of options too; what is there is taken for up to date.
    config = snakemake.config | snakemake.params.options
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(config, file)
        file.flush()
        asked = subprocess.run(
            [
                *(snakemake.params.python, "-m", "snakemake", *arguments, "dot", "--nolock"),
                *("--snakefile", snakemake.input.snakefile, "--configfile", file.name),
                *("--rerun-triggers", "mtime"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if asked.returncode != 0:
        raise RuntimeError(f"Snakemake gives no graph: {asked.stderr.strip()}")
    return asked.stdout


def main(snakemake: "Snakemake") -> None:
    """Draw both pictures; the cell is the first neuron."""
    stage_of = stages([Path(path) for path in snakemake.input.rules])
    cells = read_cells(snakemake.input.cells).values()
    cell = next(cell for cell in cells if cell.cell_type in NEURON_TYPES)
    results = snakemake.params.results
    files = [
        f"{results}/microns_cells/{cell.cell_type}_{cell.cell_id}.csv",
        f"{results}/cell_morphologies/{cell.cell_id}.swc",
    ]
    for output, arguments in (
        (snakemake.output.rules, ["--rulegraph"]),
        (snakemake.output.jobs, [*files, "--dag"]),
    ):
        graph = without_shortcuts(read_graph(graph_of(snakemake, *arguments)))
        write_text(output, draw(graph, stage_of))


if __name__ == "__main__":
    run(main, snakemake)
