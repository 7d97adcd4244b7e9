"""Write the state with which Neuroglancer opens the served sources."""

from mitosyn.meshes import local_layer
from mitosyn.support import run, write_text
from mitosyn.tables import read_cells
from mitosyn.views import (
    SERVED_MESHES,
    Layers,
    Shown,
    link_mesh_layer,
    read_mitochondria,
    served_state,
    state_text,
)


def main(snakemake) -> None:
    """Link to the meshes if they are local, and open them with everything else."""
    source, target, params = snakemake.input, snakemake.output, snakemake.params
    layer, meshes = local_layer(params.mesh_layer), params.mesh_layer or ""
    if layer is not None:
        link_mesh_layer(target.meshes, layer)
        meshes = SERVED_MESHES
    mitochondria = read_mitochondria(source.mitochondria)
    state = served_state(
        read_cells(source.cells).values(),
        dict(zip(mitochondria["mito_id"].tolist(), mitochondria["compartment"], strict=True)),
        mitochondria[list("xyz")].to_numpy(),
        Layers(meshes, params.voxel_size_nm, params.mesh_voxel_size_nm),
        Shown(**params.shown),
    )
    write_text(target.state, state_text(state))


if __name__ == "__main__":
    run(main, snakemake)
