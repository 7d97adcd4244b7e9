"""The meshes of a bundle, many at a time: few enough to stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mitosyn.meshes.bundle import MeshBundle

# Triangles in a batch, about; also bounds memory whatever the size of the cell.
BATCH_TRIANGLES = 30_000


@dataclass(frozen=True)
class MeshBatch:
    """B meshes of a bundle end to end, with at least one vertex and one triangle each."""

    rows: np.ndarray  # (B,) int64, of the meshes in the bundle
    vertices: np.ndarray  # (V, 3) float, as in the bundle
    faces: np.ndarray  # (3, F) int64, the triangles' corners by row of vertices
    vertex_counts: np.ndarray  # (B,) int64
    face_counts: np.ndarray  # (B,) int64

    @property
    def vertex_starts(self) -> np.ndarray:
        """(B,) int64 array: the first vertex of each mesh."""
        return np.cumsum(self.vertex_counts) - self.vertex_counts

    def sum_vertices(self, values: np.ndarray) -> np.ndarray:
        """Sum per-vertex values, (…, V), into per-mesh values, (…, B)."""
        return np.add.reduceat(values, self.vertex_starts, axis=-1)

    def sum_faces(self, values: np.ndarray) -> np.ndarray:
        """Sum per-triangle values, (…, F), into per-mesh values, (…, B)."""
        face_starts = np.cumsum(self.face_counts) - self.face_counts
        return np.add.reduceat(values, face_starts, axis=-1)

    def to_vertices(self, values: np.ndarray) -> np.ndarray:
        """Repeat per-mesh values, (…, B), for each vertex, (…, V)."""
        return np.repeat(values, self.vertex_counts, axis=-1)

    def to_faces(self, values: np.ndarray) -> np.ndarray:
        """Repeat per-mesh values, (…, B), for each triangle, (…, F)."""
        return np.repeat(values, self.face_counts, axis=-1)


def mesh_batches(bundle: MeshBundle) -> Iterator[MeshBatch]:
    """Yield the usable meshes of a cell in batches of about :data:`BATCH_TRIANGLES`."""
    usable = np.flatnonzero(bundle.has_mesh)
    batch = bundle.face_offsets[usable] // BATCH_TRIANGLES
    for rows in np.split(usable, np.flatnonzero(np.diff(batch)) + 1) if len(usable) else []:
        # What lies between the first and the last one and has no mesh has no vertices.
        ends = [rows[0], rows[-1] + 1]
        vertices, faces = slice(*bundle.vertex_offsets[ends]), slice(*bundle.face_offsets[ends])
        vertex_counts = np.diff(bundle.vertex_offsets)[rows]
        face_counts = np.diff(bundle.face_offsets)[rows]
        starts = np.repeat(np.cumsum(vertex_counts) - vertex_counts, face_counts)
        corners = bundle.faces[faces].T.astype(np.int64, order="C") + starts
        yield MeshBatch(rows, bundle.vertices[vertices], corners, vertex_counts, face_counts)
