"""Write the table of all analysed cells."""

from typing import TYPE_CHECKING

from mitosyn.cells import read_cells
from mitosyn.description import describe_cells
from mitosyn.jobs import run
from mitosyn.tables import write_csv

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read each cell's files, write a row for each cell."""
    header, rows = describe_cells(
        read_cells(snakemake.input.cells),
        snakemake.input.csvs,
        snakemake.input.morphologies,
        snakemake.input.synapses,
    )
    write_csv(snakemake.output.cells, header, rows)


if __name__ == "__main__":
    run(main, snakemake)
