"""The meshes that the demonstration notebook shows in 3D: of which cell, and in which form."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mitosyn.catalogue import CONNECTED, PRESYNAPTIC
from mitosyn.meshes import Mesh, MeshBundle
from mitosyn.retrieval import pack

FOLDER = "demonstration_meshes"


def rank_cells(
    cells: pa.Table, synapses: pa.Table | None, connected: Sequence[str] | None = CONNECTED
) -> list[int]:
    """Rank the neurons by how well they suit a look at their meshes.

    First that with the most synapses onto one other neuron, if any has one, both of the
    ``connected`` types (None: of any); then the neurons by falling number of mitochondria. Ties:
    the smallest id.

    Parameters
    ----------
    cells : pyarrow.Table
        ``cell_id, cell_type, mitochondria, skeleton_nodes``; the last is null without a skeleton.
    synapses : pyarrow.Table
        ``synapse_type, pre_root_id, post_root_id``: a row for each neuron end. None without any.
    """
    neurons = cells.filter(pc.is_valid(cells["skeleton_nodes"]))
    ranked = neurons.sort_by([("mitochondria", "descending"), ("cell_id", "ascending")])
    first = [] if synapses is None else _strongest(neurons, synapses, connected)
    return first + [cell_id for cell_id in ranked["cell_id"].to_pylist() if cell_id not in first]


def _strongest(neurons: pa.Table, synapses: pa.Table, connected: Sequence[str] | None) -> list[int]:
    """Return the presynaptic neuron of the strongest connection, as a list; empty without one."""
    ends = ["pre_root_id", "post_root_id"]
    chosen = pc.field("synapse_type") == PRESYNAPTIC
    for end, kind in zip(ends, connected or (None, None), strict=True):
        own = neurons if kind is None else neurons.filter(pc.field("cell_type") == kind)
        chosen &= pc.field(end).isin(own["cell_id"].combine_chunks())
    counts = synapses.filter(chosen).group_by(ends).aggregate([([], "count_all")])
    strongest = counts.sort_by([("count_all", "descending"), *((end, "ascending") for end in ends)])
    return strongest["pre_root_id"].to_pylist()[:1]


def display_mesh(mesh: Mesh, scale: np.ndarray) -> Mesh:
    """Scale a mesh to true nm and merge the vertices that repeat at chunk borders.

    ``scale``, (3,), is from the mesh source's nm to true nm. The vertices are float32, each once.
    """
    vertices, merged = np.unique(mesh.vertices, axis=0, return_inverse=True)
    return Mesh((vertices * scale).astype(np.float32), merged.reshape(-1)[mesh.faces])


def pack_meshes(path: str | Path, cell_id: int, bundle: MeshBundle, scale: np.ndarray) -> int:
    """Pack the meshes of a cell as ``demonstration_meshes/<cell_id>/<mito_id>.ply``.

    They are binary PLY (float32 vertices, int32 triangles), scaled by :func:`display_mesh`.
    Returns their number: mitochondria without a mesh get no file.
    """
    import trimesh

    with tempfile.TemporaryDirectory() as scratch:
        files = []
        for mito_id, mesh in zip(bundle.mito_ids.tolist(), bundle, strict=True):
            if len(mesh.vertices):
                shown = display_mesh(mesh, scale)
                surface = trimesh.Trimesh(shown.vertices, shown.faces, process=False)
                files.append(Path(scratch, f"{mito_id}.ply"))
                surface.export(files[-1], encoding="binary")
        return pack(path, f"{FOLDER}/{cell_id}", files)
