"""Write the mitochondria of an astrocyte, their compartments by distance from the soma."""

from typing import TYPE_CHECKING

from mitosyn.cells import find_cell
from mitosyn.columns import GLIA
from mitosyn.export import astrocyte_table, write_cell_csv
from mitosyn.fit import fit_meshes, mesh_centres, refuse_contradiction, write_fits
from mitosyn.jobs import run
from mitosyn.meshes import read_bundle, source_scale
from mitosyn.mitochondria import mitochondria_of_cell, positions_nm
from mitosyn.tables import read_arrow

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Join the measures of the meshes with the distances from the soma."""
    source = snakemake.input
    cell = find_cell(source.cells, int(snakemake.wildcards.cell_id), (GLIA,))
    mitochondria = mitochondria_of_cell(source.mitochondria, cell.cell_id)
    sizes = snakemake.params.voxel_size_nm, snakemake.params.mesh_voxel_size_nm
    centres = mesh_centres(read_bundle(source.meshes), source_scale(*sizes))
    fits = [fit_meshes(positions_nm(mitochondria), centres)]
    refuse_contradiction(source.meshes, fits, *sizes)
    morphometrics = read_arrow(source.morphometrics)
    compartments = astrocyte_table(cell, mitochondria, morphometrics)
    write_fits(snakemake.output.fit, cell.cell_id, fits)
    write_cell_csv(snakemake.output.csv, cell, mitochondria, compartments, morphometrics)


if __name__ == "__main__":
    run(main, snakemake)
