"""The meshes that the demonstration notebook shows in 3D: of which cell, and in which form."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mitosyn.catalogue import PRESYNAPTIC
from mitosyn.meshes import Mesh, MeshBundle
from mitosyn.support import pack

FOLDER = "demonstration_meshes"
# The types of the two neurons of whose synapses the notebook shows the most.
CONNECTED = ("inhibitory", "pyramidal")


def rank_cells(cells: pa.Table, synapses: pa.Table) -> list[int]:
    """Rank the neurons by how well they suit a look at their meshes.

    Parameters
    ----------
    cells : pyarrow.Table
        ``cell_id, cell_type, mitochondria, skeleton_nodes``; the last is null without a skeleton.
    synapses : pyarrow.Table
        ``synapse_type, pre_root_id, post_root_id``: a row for each neuron end.

    Returns
    -------
    list of int
        First the interneuron with the most synapses onto one pyramidal cell, if any has
        one; then the neurons by falling number of mitochondria. Ties: the smallest id.
    """
    neurons = cells.filter(pc.is_valid(cells["skeleton_nodes"]))
    ranked = neurons.sort_by([("mitochondria", "descending"), ("cell_id", "ascending")])
    order = ranked["cell_id"].to_pylist()
    before, after = (
        neurons.filter(pc.equal(neurons["cell_type"], kind))["cell_id"] for kind in CONNECTED
    )
    pairs = synapses.filter(
        pc.and_(
            pc.equal(synapses["synapse_type"], PRESYNAPTIC),
            pc.and_(
                pc.is_in(synapses["pre_root_id"], before),
                pc.is_in(synapses["post_root_id"], after),
            ),
        )
    )
    ends = ["pre_root_id", "post_root_id"]
    counts = pairs.group_by(ends).aggregate([([], "count_all")])
    strongest = counts.sort_by([("count_all", "descending"), *((end, "ascending") for end in ends)])
    first = strongest["pre_root_id"].to_pylist()[:1]
    return first + [cell_id for cell_id in order if cell_id not in first]


def display_mesh(mesh: Mesh, scale: np.ndarray) -> Mesh:
    """Scale a mesh to true nm and merge the vertices that repeat at chunk borders.

    Parameters
    ----------
    mesh : Mesh
        As the source delivers it.
    scale : (3,) float array
        From the mesh source's nm to true nm.

    Returns
    -------
    Mesh
        float32 vertices, each once.
    """
    vertices, merged = np.unique(mesh.vertices, axis=0, return_inverse=True)
    return Mesh((vertices * scale).astype(np.float32), merged.reshape(-1)[mesh.faces])


def ply(mesh: Mesh) -> bytes:
    """Write a mesh as binary PLY (float32 vertices, int32 triangles)."""
    import trimesh

    surface = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    return trimesh.exchange.ply.export_ply(surface, encoding="binary")


def pack_meshes(path: str | Path, cell_id: int, bundle: MeshBundle, scale: np.ndarray) -> int:
    """Pack the meshes of a cell as ``demonstration_meshes/<cell_id>/<mito_id>.ply``.

    Parameters
    ----------
    path : str or Path
        The archive, a ``.tar.gz``.
    cell_id : int
    bundle : MeshBundle
        Mitochondria without a mesh get no file.
    scale : (3,) float array
        From the mesh source's nm to true nm.

    Returns
    -------
    int
        The number of meshes packed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        files = []
        for mito_id, mesh in zip(bundle.mito_ids.tolist(), bundle, strict=True):
            if len(mesh.vertices):
                files.append(Path(scratch, f"{mito_id}.ply"))
                files[-1].write_bytes(ply(display_mesh(mesh, scale)))
        return pack(path, f"{FOLDER}/{cell_id}", files)
