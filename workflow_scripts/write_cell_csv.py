"""Write the mitochondria of a cell."""

from mitosyn.cells import write_cell_csv
from mitosyn.support import run
from mitosyn.tables import find_cell, mitochondria_of_cell, read_arrow


def main(snakemake) -> None:
    """Join what was measured on the meshes with the compartments."""
    source, wildcards = snakemake.input, snakemake.wildcards
    cell = find_cell(source.cells, int(wildcards.cell_id))
    write_cell_csv(
        snakemake.output.csv,
        cell,
        mitochondria_of_cell(source.mitochondria, cell.cell_id),
        read_arrow(source.compartments),
        read_arrow(source.morphometrics),
    )


if __name__ == "__main__":
    run(main, snakemake)
