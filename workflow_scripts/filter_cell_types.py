"""Write the table of neurons with their types."""

from typing import TYPE_CHECKING

from mitosyn.cells import read_cells
from mitosyn.columns import CELL_TYPE_CSV_COLUMNS, NEURON_TYPES
from mitosyn.jobs import run
from mitosyn.tables import write_csv

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the selected cells, write the neurons among them."""
    rows = [
        [cell.cell_id, *cell.centroid, cell.cell_type, cell.cell_subtype]
        for cell in read_cells(snakemake.input.cells).values()
        if cell.cell_type in NEURON_TYPES
    ]
    write_csv(snakemake.output.cell_types, list(CELL_TYPE_CSV_COLUMNS), rows)


if __name__ == "__main__":
    run(main, snakemake)
