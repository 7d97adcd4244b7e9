"""The layer of mitochondrial meshes on disk: legacy, unsharded precomputed meshes.

Dirt made here, as in the published layer:

- a mesh that reaches over the border of a chunk comes in several fragments, each with
  vertices of its own: those on the border repeat;
- lengths are those of the mesh voxel size, not of the true one.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mitosyn.sample.space import VOLUME_NM
from mitosyn.sample.tubes import Mesh

CHUNK_VOXELS = 1024
"""Edge of a chunk, mesh voxels."""

_Lengths = tuple[float, float, float]


def as_delivered(mesh: Mesh, voxel_nm: _Lengths, mesh_voxel_nm: _Lengths) -> Mesh:
    """Mesh as the layer holds it.

    Parameters
    ----------
    mesh : Mesh
        Vertices in true nm.
    voxel_nm, mesh_voxel_nm : tuple of float
        True voxel size, and the one that the layer believes in.

    Returns
    -------
    Mesh
        Vertices float32, nm of the mesh voxel size.
    """
    scale = np.array(mesh_voxel_nm) / np.array(voxel_nm)
    return Mesh((mesh.vertices * scale).astype(np.float32), mesh.triangles)


def in_true_nm(delivered: Mesh, voxel_nm: _Lengths, mesh_voxel_nm: _Lengths) -> Mesh:
    """Reverse of :func:`as_delivered` but for the rounding to float32."""
    scale = np.array(voxel_nm) / np.array(mesh_voxel_nm)
    return Mesh(delivered.vertices.astype(np.float64) * scale, delivered.triangles)


def write_info(folder: Path, voxel_nm: _Lengths, mesh_voxel_nm: _Lengths) -> None:
    """Write the layer's ``info``; makes ``folder/mesh``.

    Parameters
    ----------
    folder : Path
        The layer.
    voxel_nm, mesh_voxel_nm : tuple of float
        True voxel size, and the one that the layer believes in.
    """
    size = np.ceil(VOLUME_NM[1] / voxel_nm / CHUNK_VOXELS).astype(int) * CHUNK_VOXELS
    resolution = [int(edge) if edge == int(edge) else edge for edge in mesh_voxel_nm]
    info = {
        "@type": "segmentation",
        "type": "segmentation",
        "data_type": "uint64",
        "num_channels": 1,
        "mesh": "mesh",
        "scales": [
            {
                "key": "_".join(str(edge) for edge in resolution),
                "size": size.tolist(),
                "resolution": resolution,
                "voxel_offset": [0, 0, 0],
                "chunk_sizes": [[64, 64, 64]],
                "encoding": "raw",
            }
        ],
    }
    (folder / "mesh").mkdir(parents=True, exist_ok=True)
    (folder / "info").write_text(json.dumps(info), encoding="utf-8")


def write_mesh(folder: Path, mito_id: int, delivered: Mesh, mesh_voxel_nm: _Lengths) -> None:
    """Write the manifest ``<id>:0`` and the fragments ``<id>:0:<x>-<y>-<z>`` of a mesh.

    Parameters
    ----------
    folder : Path
        The layer, with its folder ``mesh``.
    mito_id : int
        The mitochondrion.
    delivered : Mesh
        From :func:`as_delivered`.
    mesh_voxel_nm : tuple of float
        Voxel size of the layer, nm.
    """
    names = []
    for chunk, triangles in _by_chunk(delivered, mesh_voxel_nm):
        name = f"{mito_id}:0:" + "-".join(str(edge) for edge in chunk)
        used, local = np.unique(triangles, return_inverse=True)
        (folder / "mesh" / name).write_bytes(
            np.uint32(len(used)).astype("<u4").tobytes()
            + delivered.vertices[used].astype("<f4").tobytes()
            + local.astype("<u4").tobytes()
        )
        names.append(name)
    manifest = json.dumps({"fragments": names})
    (folder / "mesh" / f"{mito_id}:0").write_text(manifest, encoding="utf-8")


def delivered_vertices(delivered: Mesh, mesh_voxel_nm: _Lengths) -> NDArray[np.float64]:
    """Give the vertices (n, 3) of all fragments of a mesh, those on a border repeatedly."""
    parts = [np.unique(triangles) for _, triangles in _by_chunk(delivered, mesh_voxel_nm)]
    return delivered.vertices[np.concatenate(parts)]


def _by_chunk(
    mesh: Mesh, mesh_voxel_nm: _Lengths
) -> list[tuple[tuple[int, int, int], NDArray[np.int64]]]:
    """Origin of each chunk, voxels, with the triangles (k, 3) whose middle lies in it."""
    edges_nm = CHUNK_VOXELS * np.array(mesh_voxel_nm)
    middles = mesh.vertices[mesh.triangles].astype(np.float64).mean(axis=1)
    chunks = np.floor(middles / edges_nm).astype(np.int64)
    present, member = np.unique(chunks, axis=0, return_inverse=True)
    member = member.ravel()
    return [
        ((int(x), int(y), int(z)), mesh.triangles[member == number])
        for number, (x, y, z) in enumerate(present * CHUNK_VOXELS)
    ]
