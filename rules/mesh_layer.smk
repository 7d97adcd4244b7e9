"""Where the meshes of mitochondria and of cells come from, and which change redoes a cell."""

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

# A mesh is kept as it is stored; this is only compared with what its layer says.
MESH_VOXEL = {"mesh_voxel_size_nm": without_redoing(DATASET.mesh_voxel_size_nm)}
# The mesh layer is the output of a rule.
LAYER_IS_MADE = INPUTS.generated or INPUTS.segmentation


def layer_info(layer):
    """Return the file that shows that a layer is there; none if it is remote."""
    folder = local_layer(layer)
    return [] if folder is None else str(folder / "info")


def mesh_layer_files():
    """Return what shows that the mesh layer is there: the folder that a rule makes, or a file."""
    return str(local_layer(INPUTS.mesh_layer)) if LAYER_IS_MADE else layer_info(INPUTS.mesh_layer)


def mesh_layer(wildcards, input):
    """Return the path of the mesh layer; of a local one, as Snakemake knows it."""
    if not input.layer:
        return INPUTS.mesh_layer
    return f"{FILE_LAYER}{input.layer if LAYER_IS_MADE else Path(input.layer).parent}"


def fetch_connections(layer):
    """Return how many of the connections of all jobs together one that reads a layer takes."""
    wanted = SETTINGS.retrieval.connections_per_job if is_web_layer(layer or "") else 0
    return min(wanted, SETTINGS.retrieval.connections)


def partial_meshes(wildcards, output):
    """Return the folder for the meshes of a cell that is still being fetched from this layer."""
    source = at_level(INPUTS.mesh_layer or "", DATASET.mesh_lod)
    layer = hashlib.sha256(source.encode()).hexdigest()[:8]
    cell = Path(output.meshes).with_suffix("")
    return str(cell).replace(f"{RESULTS}/per_cell/meshes", f"{RESOURCES}/partial_meshes/{layer}")


@cache
def mesh_states(folder, changed_at):
    """Describe the files of a local mesh layer once for each state of its folder."""
    return fragment_states(folder)


def state_of(layer, ids):
    """Digest where meshes are and their state: a change redoes what was made of them.

    Snakemake compares parameters that are made from wildcards, not those made from inputs.
    """
    folder = local_layer(layer) and mesh_folder(local_layer(layer))
    if folder is None or not folder.exists():
        return f"{layer}, remote or not there yet"
    return f"{layer} {state_digest(mesh_states(folder, folder.stat().st_mtime_ns), ids)}"


def mesh_state(wildcards):
    """Digest the state of the meshes of a cell's mitochondria."""
    table = Path(rules.partition_mitochondria.output.mitochondria)
    if not table.exists():
        return f"{INPUTS.mesh_layer}, remote or not there yet"
    mitochondria = mitochondria_of_cell(table, int(wildcards.cell_id))
    return state_of(INPUTS.mesh_layer, mitochondria["mito_id"].to_pylist())


def cell_mesh_state(wildcards):
    """Digest the state of a cell's own mesh in its layer."""
    return state_of(INPUTS.cell_mesh_layer, [int(wildcards.cell_id)])
