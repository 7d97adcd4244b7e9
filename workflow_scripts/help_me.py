"""Print the commands that people need."""

from pathlib import Path
from typing import TYPE_CHECKING

from mitosyn.cells import read_cells
from mitosyn.columns import NEURON_TYPES
from mitosyn.guide import Call, guide
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Print the guide, with a neuron of this dataset if its cells are known."""
    config, results = snakemake.config, snakemake.params.results
    table = Path(results) / "tables" / "selected_cells.csv"
    cells = read_cells(table).values() if table.exists() else ()
    neuron = next((cell for cell in cells if cell.cell_type in NEURON_TYPES), None)
    call = Call(**snakemake.params.call)
    print(guide(config["dataset"], list(config["datasets"]), results, neuron, call), end="")


if __name__ == "__main__":
    run(main, snakemake)
