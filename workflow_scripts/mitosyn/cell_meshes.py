"""The surface mesh of one cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np

from mitosyn.errors import InputError
from mitosyn.surfaces import merged_vertices


@dataclass(frozen=True)
class CellMesh:
    """The surface of a cell as triangles.

    Attributes
    ----------
    vertices : (V, 3) float64 array
        Positions in true nm.
    faces : (F, 3) int64 array
        The vertices of each triangle.
    """

    vertices: np.ndarray
    faces: np.ndarray

    @cached_property
    def merged(self) -> np.ndarray:
        """(V,) int64 array: for each vertex one at its position, the same for all there.

        Mesh sources repeat vertices at the borders of the chunks that they cut a mesh into;
        the surface goes on there.
        """
        return merged_vertices(self.vertices)

    @cached_property
    def triangles(self) -> np.ndarray:
        """(T, 3) int64 array: the triangles by merged vertices, without those of no area."""
        a, b, c = corners = self.merged[self.faces].T
        return corners.T[(a != b) & (b != c) & (c != a)]


def read_cell_mesh(path: str | Path, scale: np.ndarray) -> CellMesh:
    """Read the mesh of a cell.

    Parameters
    ----------
    path : str or Path
        HDF5 with ``vertices`` (V, 3) in the nm of the mesh source and ``faces`` (F, 3), or
        the same end to end.
    scale : (3,) float64 array
        Factors from the mesh source's nm to true nm.

    Raises
    ------
    InputError
        The file is missing or unreadable, or does not hold a mesh.
    """
    vertices, faces = _read_h5(path)
    if vertices.ndim != 2 or vertices.shape[1] != 3 or len(vertices) == 0:
        raise _bad_mesh(path, f"vertices have shape {vertices.shape}, expected (V, 3)")
    finite = np.isfinite(vertices).all(axis=1)
    if not finite.all():
        first = int(np.argmin(finite))
        raise _bad_mesh(path, f"vertex {first} is not finite: {vertices[first].tolist()}")
    if len(faces) == 0:
        raise _bad_mesh(path, "the mesh has no triangles")
    outside = ((faces < 0) | (faces >= len(vertices))).any(axis=1)
    if outside.any():
        first = int(np.argmax(outside))
        raise _bad_mesh(
            path, f"face {first} names {faces[first].tolist()}, there are {len(vertices)} vertices"
        )
    return CellMesh(vertices * scale, faces)


def _read_h5(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with h5py.File(path) as file:
            vertices = np.asarray(file["vertices"], np.float64)
            faces = np.asarray(file["faces"]).reshape(-1, 3)
    except FileNotFoundError as error:
        raise InputError(
            path, "no such cell mesh file", "Add the file or take the cell off the tables."
        ) from error
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise _bad_mesh(path, f"not a readable mesh file ({error})") from error
    if faces.dtype.kind not in "iu":
        raise _bad_mesh(path, f"faces are {faces.dtype}, expected integers")
    return vertices, faces.astype(np.int64)


def _bad_mesh(path: str | Path, problem: str) -> InputError:
    return InputError(path, problem, "Replace the mesh file.")
