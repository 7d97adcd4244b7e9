"""Write the mitochondria of an astrocyte, their compartments by distance from the soma."""

from typing import TYPE_CHECKING

from mitosyn.cells import find_cell
from mitosyn.columns import GLIA
from mitosyn.export import astrocyte_table, write_cell_csv
from mitosyn.jobs import run
from mitosyn.mitochondria import mitochondria_of_cell
from mitosyn.tables import read_arrow

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Join the measures of the meshes with the distances from the soma."""
    source = snakemake.input
    cell = find_cell(source.cells, int(snakemake.wildcards.cell_id), (GLIA,))
    mitochondria = mitochondria_of_cell(source.mitochondria, cell.cell_id)
    morphometrics = read_arrow(source.morphometrics)
    compartments = astrocyte_table(cell, mitochondria, morphometrics)
    write_cell_csv(snakemake.output.csv, cell, mitochondria, compartments, morphometrics)


if __name__ == "__main__":
    run(main, snakemake)
