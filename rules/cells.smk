"""Which cells a run analyses, and the files of each."""

import json

from mitosyn.meshes import CELL_MESH_ENDINGS, local_layer
from mitosyn.skeletons import skeleton_endings
from mitosyn.tables import read_cells, why_not

LABELS = {
    "skeleton_form": DATASET.skeleton_form,
    "compartment_names": DATASET.compartment_names,
}
# Which cells of the source's tables are analysed.
CHOSEN_CELLS = {
    "source": TABLE_SOURCE,
    "types": DATASET.types,
    "types_in_table": DATASET.types_in_table,
    "only_cells": SETTINGS.only_cells,
    "first_cells": SETTINGS.first_cells,
}

CELL_MESH_FORM = DATASET.cell_mesh_form
CELL_MESH_ENDING = CELL_MESH_ENDINGS[CELL_MESH_FORM["format"]]
# A mesh of a layer is fetched into a file first.
FETCHED_CELL_MESH = f"{RESULTS}/per_cell/fetched_cell_mesh/{{cell_id}}.npz"


@cache
def cells_in(path, changed_at):
    """Read the selected cells once for each state of their table."""
    return read_cells(path)


def selected_cells():
    """Return the analysed cells by id; known only once the checkpoint has run."""
    path = checkpoints.select_cells.get().output.cells
    return cells_in(path, Path(path).stat().st_mtime_ns)


def skeletons_there(wildcards):
    """Digest which skeletons are there: neurons without one are left out."""
    if not INPUTS.skeletons_are_files:
        return ""
    names = sorted(path.name for path in Path(INPUTS.skeletons).iterdir())
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def skeleton_layer_files():
    """Return what shows that a local layer of skeletons is there, and which change with it."""
    layer = local_layer(INPUTS.skeleton_layer)
    if layer is None:
        return []
    try:
        name = json.loads((layer / "info").read_bytes()).get("skeletons", "")
    except (OSError, ValueError, AttributeError):
        name = ""
    return [str(layer / "info"), str(layer / name)]


def fetched_skeletons():
    """Return the folder for what has come of a layer of skeletons over the network."""
    layer = hashlib.sha256(INPUTS.skeleton_layer.encode()).hexdigest()[:8]
    return f"{RESOURCES}/fetched_skeletons/{layer}"


def refuse_other_cells(wildcards, *cell_types):
    """Refuse a target of a cell that is not analysed, or not of one of some types."""
    problem = why_not(selected_cells(), int(wildcards.cell_id), cell_types)
    if problem:
        raise WorkflowError(problem)


def cell_without_skeleton(wildcards):
    """Name the table of analysed cells, which has to have the cell, without a skeleton."""
    with_skeletons = DATASET.skeleton_types
    refuse_other_cells(wildcards, *(t for t in DATASET.types if t not in with_skeletons))
    return f"{RESULTS}/tables/cells.arrow"


def cell_table(wildcards):
    """Name the table of analysed cells, which has to have the cell as what it is asked for."""
    refuse_other_cells(wildcards, wildcards.cell_type)
    return f"{RESULTS}/tables/cells.arrow"


def skeleton_files(wildcards):
    """Return the files of a cell's skeleton, or the folder that will hold them."""
    refuse_other_cells(wildcards, *DATASET.skeleton_types)
    if not INPUTS.skeletons_are_files:
        return {"skeleton_folder": INPUTS.skeletons}
    base = f"{INPUTS.skeletons}/{wildcards.cell_id}"
    paths = [f"{base}{ending}" for ending in skeleton_endings(DATASET.skeleton_form)]
    return dict(zip(("skeleton", "labels"), paths))


def cell_mesh_files(wildcards):
    """Return the file of a cell's own mesh or the folder that will hold it, if there is one.

    A cell without a mesh is no error: what could not be measured is listed.
    """
    if INPUTS.cell_mesh_layer:
        return {"mesh": FETCHED_CELL_MESH.format(cell_id=wildcards.cell_id)}
    if not INPUTS.cell_meshes_are_files:
        return {"mesh_folder": INPUTS.cell_meshes}
    path = f"{INPUTS.cell_meshes}/{wildcards.cell_id}{CELL_MESH_ENDING}"
    return {"mesh": path} if Path(path).exists() else {}


def input_path(name, folder, ending):
    """Return the path of a cell's file: an input, or in the folder that is one."""
    # Neither is known while the cells are not; a file need not exist.
    return lambda wildcards, input: input.get(name) or (
        f"{input.get(f'{name}_folder') or folder}/{wildcards.cell_id}{ending}"
    )


# The labels of the nodes lie beside it.
skeleton_path = input_path("skeleton", INPUTS.skeletons, skeleton_endings(DATASET.skeleton_form)[0])
cell_mesh_path = input_path("mesh", INPUTS.cell_meshes, CELL_MESH_ENDING)


def of_cell(pattern, cell):
    """Name a cell's file; what is measured from its soma alone has a {soma} in its pattern."""
    soma = "" if cell.skeleton else "soma_"
    return pattern.format(cell_id=cell.cell_id, cell_type=cell.cell_type, soma=soma)


def of_cells(pattern):
    """Name one file of every analysed cell, as :func:`of_cell`."""
    return lambda wildcards: [of_cell(pattern, cell) for cell in selected_cells().values()]


def of_neurons(pattern):
    """Name one file of every cell with a skeleton, as :func:`of_cell`."""
    return lambda wildcards: [
        of_cell(pattern, cell) for cell in selected_cells().values() if cell.skeleton
    ]
