"""Write the mitochondria of a neuron."""

from typing import TYPE_CHECKING

from mitosyn.cells import find_cell
from mitosyn.export import write_cell_csv
from mitosyn.jobs import run
from mitosyn.mitochondria import mitochondria_of_cell
from mitosyn.tables import read_arrow

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Join what was measured on the meshes and on the skeleton."""
    source, wildcards = snakemake.input, snakemake.wildcards
    cell = find_cell(source.cells, int(wildcards.cell_id), (wildcards.cell_type,))
    write_cell_csv(
        snakemake.output.csv,
        cell,
        mitochondria_of_cell(source.mitochondria, cell.cell_id),
        read_arrow(source.compartments),
        read_arrow(source.morphometrics),
    )


if __name__ == "__main__":
    run(main, snakemake)
