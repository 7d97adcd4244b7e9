"""The meshes that the demonstration notebook shows in 3D: of which cell, and in which form."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import trimesh

from mitosyn.catalogue import INHIBITORY, NEURON_TYPES, PRESYNAPTIC, PYRAMIDAL
from mitosyn.meshes import Mesh, MeshBundle
from mitosyn.support import pack
from mitosyn.tables import ID, TEXT

FOLDER = "demonstration_meshes"
COUNTED_COLUMNS = {"cell_id": ID, "cell_type": TEXT, "mitochondria": ID}
SYNAPSE_COLUMNS = {"synapse_type": TEXT, "pre_root_id": ID, "post_root_id": ID}


def rank_cells(cells: pa.Table, synapses: pa.Table) -> list[int]:
    """Rank the neurons by how well they suit a look at their meshes.

    Parameters
    ----------
    cells : pyarrow.Table
        With :data:`COUNTED_COLUMNS`.
    synapses : pyarrow.Table
        With :data:`SYNAPSE_COLUMNS`, a row for each neuron end.

    Returns
    -------
    list of int
        First the interneuron with the most synapses onto one pyramidal cell, if any has
        one; then the neurons by falling number of mitochondria. Ties: the smallest id.
    """
    rows = cells.to_pylist()
    neurons = {row["cell_id"]: row for row in rows if row["cell_type"] in NEURON_TYPES}
    ranked = sorted(neurons, key=lambda cell_id: (-neurons[cell_id]["mitochondria"], cell_id))
    types = {cell_id: row["cell_type"] for cell_id, row in neurons.items()}
    pairs = Counter(
        (before, after)
        for kind, before, after in zip(
            *(synapses[name].to_pylist() for name in SYNAPSE_COLUMNS), strict=True
        )
        if kind == PRESYNAPTIC and types.get(before) == INHIBITORY and types.get(after) == PYRAMIDAL
    )
    if not pairs:
        return ranked
    strongest, _ = min(pairs, key=lambda pair: (-pairs[pair], pair))
    return [strongest, *(cell_id for cell_id in ranked if cell_id != strongest)]


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
