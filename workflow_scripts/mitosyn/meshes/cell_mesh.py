"""The surface mesh of one cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from mitosyn.meshes.surfaces import merged_vertices
from mitosyn.support import InputError, open_h5, read_positions, read_vertex_numbers

LINKS = "link_edges"


@dataclass(frozen=True)
class CellMesh:
    """The surface of a cell as triangles.

    Vertices are linked that are joined without a triangle, as where a gap was bridged by hand.
    """

    vertices: np.ndarray  # (V, 3) float64, in true nm
    faces: np.ndarray  # (F, 3) int64
    links: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int64))

    @cached_property
    def merged(self) -> np.ndarray:
        """(V,) int64 array: for each vertex one at its position, the same for all there.

        Mesh sources repeat vertices at the borders of chunks, where the surface goes on.
        """
        return merged_vertices(self.vertices)

    @cached_property
    def triangles(self) -> np.ndarray:
        """(T, 3) int64 array: the triangles by merged vertices, without those of no area."""
        a, b, c = corners = self.merged[self.faces].T
        return corners.T[(a != b) & (b != c) & (c != a)]


def read_cell_mesh(path: str | Path, scale: np.ndarray) -> CellMesh:
    """Read the mesh of a cell; ``scale`` (3,) are factors from the mesh source's nm to true nm.

    The file is HDF5 with ``vertices`` (V, 3) in the nm of the mesh source, ``faces`` (F, 3), or the
    same end to end, and perhaps MeshParty's ``link_edges`` (L, 2).

    Raises
    ------
    InputError
        The file is missing or unreadable, or does not hold a mesh.
    """
    with open_h5(path, "cell mesh file") as file:
        vertices = read_positions(file)
        faces = read_vertex_numbers(file, "faces", 3, len(vertices), flat=True)
        links = np.empty((0, 2), np.int64)
        if LINKS in file:
            links = read_vertex_numbers(file, LINKS, 2, len(vertices))
    if len(faces) == 0:
        raise InputError(path, "the mesh has no triangles", "Replace the cell mesh file.")
    return CellMesh(vertices * scale, faces, links)
