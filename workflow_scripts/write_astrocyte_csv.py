"""Write the mitochondria of an astrocyte, their compartments by distance from the soma."""

from mitosyn.cells import (
    astrocyte_table,
    fit_meshes,
    mesh_centres,
    refuse_contradiction,
    write_cell_csv,
    write_fits,
)
from mitosyn.meshes import read_bundle, source_scale
from mitosyn.support import run
from mitosyn.tables import find_cell, mitochondria_of_cell, positions_nm, read_arrow


def main(snakemake) -> None:
    """Join the measures of the meshes with the distances from the soma."""
    source = snakemake.input
    cell = find_cell(source.cells, int(snakemake.wildcards.cell_id))
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
