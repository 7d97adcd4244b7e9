"""Find the compartments of a cell without a skeleton by distance from its soma."""

from mitosyn.cells import (
    fit_meshes,
    mesh_centres,
    refuse_contradiction,
    soma_compartments,
    write_fits,
)
from mitosyn.meshes import read_bundle, source_scale
from mitosyn.support import run
from mitosyn.tables import (
    find_cell,
    mitochondria_of_cell,
    positions_nm,
    read_arrow,
    write_arrow,
)


def main(snakemake) -> None:
    """Read positions and meshes, write the compartments and how well the positions fit."""
    source, params = snakemake.input, snakemake.params
    cell = find_cell(source.cells, int(snakemake.wildcards.cell_id))
    mitochondria = mitochondria_of_cell(source.mitochondria, cell.cell_id)
    sizes = params.voxel_size_nm, params.mesh_voxel_size_nm
    centres = mesh_centres(read_bundle(source.meshes), source_scale(*sizes))
    fits = [fit_meshes(positions_nm(mitochondria), centres)]
    refuse_contradiction(source.meshes, fits, *sizes)
    compartments = soma_compartments(
        cell,
        mitochondria,
        read_arrow(source.morphometrics),
        params.limits_um[cell.cell_type],
        params.compartment_names,
    )
    write_arrow(snakemake.output.compartments, compartments)
    write_fits(snakemake.output.fit, cell.cell_id, fits)


if __name__ == "__main__":
    run(main, snakemake)
