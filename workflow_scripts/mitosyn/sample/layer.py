"""The layer of mitochondrial meshes on disk: legacy, unsharded precomputed meshes.

Dirt made here, as in the published layer:

- a mesh that reaches over the border of a chunk comes in several fragments, each with
  vertices of its own: those on the border repeat;
- lengths are those of the mesh voxel size, not of the true one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mitosyn.sample.space import VOLUME_NM, Floats, Ints
from mitosyn.sample.tubes import Mesh

CHUNK_VOXELS = 1024
"""Edge of a chunk, mesh voxels."""


class Grid(NamedTuple):
    """The true voxel size (3,), and the one that the layer believes in, both in nm."""

    voxel_nm: Floats
    mesh_voxel_nm: Floats

    def voxels(self, positions: Floats) -> Ints:
        """Return the voxels (…, 3) that hold positions (…, 3) in nm."""
        return np.floor(positions / self.voxel_nm).astype(np.int64)

    def as_delivered(self, mesh: Mesh) -> Mesh:
        """Return a mesh in true nm as the layer holds it: float32, in nm of its voxel size."""
        scale = self.mesh_voxel_nm / self.voxel_nm
        return Mesh((mesh.vertices * scale).astype(np.float32), mesh.triangles)

    def in_true_nm(self, vertices: Floats) -> Floats:
        """Return vertices (n, 3) of :meth:`as_delivered` in true nm, float64."""
        return vertices.astype(np.float64) * (self.voxel_nm / self.mesh_voxel_nm)


def write_info(folder: Path, grid: Grid) -> None:
    """Write the layer's ``info``, and make ``folder/mesh``."""
    size = np.ceil(VOLUME_NM[1] / grid.voxel_nm / CHUNK_VOXELS).astype(int) * CHUNK_VOXELS
    resolution = [int(edge) if edge == int(edge) else edge for edge in grid.mesh_voxel_nm.tolist()]
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


def write_mesh(folder: Path, mito_id: int, delivered: Mesh, grid: Grid) -> None:
    """Write the manifest ``<id>:0`` and the fragments ``<id>:0:<x>-<y>-<z>`` of a mesh.

    ``delivered`` is from :meth:`Grid.as_delivered`, ``folder`` the layer.
    """
    names = []
    for chunk, triangles in _by_chunk(delivered, grid):
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


def delivered_vertices(delivered: Mesh, grid: Grid) -> Floats:
    """Return the vertices (n, 3) of all fragments of a mesh, those on a border repeatedly."""
    parts = [np.unique(triangles) for _, triangles in _by_chunk(delivered, grid)]
    return delivered.vertices[np.concatenate(parts)]


def _by_chunk(mesh: Mesh, grid: Grid) -> list[tuple[tuple[int, int, int], Ints]]:
    """Return each chunk: its origin, voxels, and the triangles (k, 3) whose middle lies in it."""
    edges_nm = CHUNK_VOXELS * grid.mesh_voxel_nm
    middles = mesh.vertices[mesh.triangles].astype(np.float64).mean(axis=1)
    chunks = np.floor(middles / edges_nm).astype(np.int64)
    present, member = np.unique(chunks, axis=0, return_inverse=True)
    member = member.ravel()
    return [
        ((int(x), int(y), int(z)), mesh.triangles[member == number])
        for number, (x, y, z) in enumerate(present * CHUNK_VOXELS)
    ]
