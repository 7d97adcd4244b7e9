"""Write the table of all analysed cells."""

from mitosyn.dataset import describe_cells
from mitosyn.support import run
from mitosyn.tables import read_cells, write_csv


def main(snakemake) -> None:
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
