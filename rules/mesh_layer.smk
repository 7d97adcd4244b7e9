"""Where the meshes of mitochondria come from, and which change there redoes a cell."""

from mitosyn.meshes import (
    FILE_LAYER,
    at_level,
    fragment_states,
    is_web_layer,
    local_layer,
    mesh_folder,
    state_digest,
)
from mitosyn.tables import mitochondria_of_cell

MESH_LOD = getattr(DATASET, "mesh_lod", 0)
MESH_SOURCE = {
    "lod": MESH_LOD,
    # A mesh is kept as it is stored; this is only compared with what its layer says.
    "mesh_voxel_size_nm": without_redoing(DATASET.mesh_voxel_size_nm),
}


def mesh_layer_files():
    """Return the file that shows that the mesh layer is there; none if it is remote."""
    layer = local_layer(INPUTS.mesh_layer)
    return [] if layer is None else str(layer if INPUTS.generated else layer / "info")


def mesh_layer(wildcards, input):
    """Return the path of the mesh layer; of a local one, as Snakemake knows it."""
    if not input.layer:
        return INPUTS.mesh_layer
    return f"{FILE_LAYER}{input.layer if INPUTS.generated else Path(input.layer).parent}"


def fetch_connections(layer):
    """Return how many of the connections of all jobs together one that reads a layer takes."""
    wanted = SETTINGS.retrieval.connections_per_job if is_web_layer(layer) else 0
    return min(wanted, SETTINGS.retrieval.connections)


def partial_meshes(wildcards, output):
    """Return the folder for the meshes of a cell that is still being fetched from this layer."""
    source = at_level(INPUTS.mesh_layer, MESH_LOD)
    layer = hashlib.sha256(source.encode()).hexdigest()[:8]
    cell = Path(output.meshes).with_suffix("")
    return str(cell).replace(f"{RESULTS}/per_cell/meshes", f"{RESOURCES}/partial_meshes/{layer}")


@cache
def mesh_states(folder, changed_at):
    """Describe the files of a local mesh layer once for each state of its folder."""
    return fragment_states(folder)


def mesh_state(wildcards):
    """Digest where a cell's meshes are and their state: a change redoes the cell.

    Snakemake compares parameters that are made from wildcards, not those made from inputs.
    """
    if INPUTS.generated:
        layer = Path(rules.make_sample.output.mesh_layer)
    else:
        layer = local_layer(INPUTS.mesh_layer)
    table = Path(rules.partition_mitochondria.output.mitochondria)
    folder = mesh_folder(layer) if layer is not None and table.exists() else None
    if folder is None or not folder.exists():
        return f"{INPUTS.mesh_layer}, remote or not there yet"
    states = mesh_states(folder, folder.stat().st_mtime_ns)
    mito_ids = mitochondria_of_cell(table, int(wildcards.cell_id))["mito_id"].to_pylist()
    return f"{INPUTS.mesh_layer} {state_digest(states, mito_ids)}"
