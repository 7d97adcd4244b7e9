"""The surface mesh of one cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from mitosyn.meshes.bundle import Mesh, MeshError, check_mesh, read_bundle, source_scale
from mitosyn.meshes.surfaces import merged_vertices
from mitosyn.support import (
    NM_PER_UM,
    InputError,
    open_h5,
    read_positions,
    read_vertex_numbers,
)

LINKS = "link_edges"
PRECOMPUTED = "precomputed"
# What follows the cell's id in the name of its file; a mesh of a layer is fetched into a bundle.
CELL_MESH_ENDINGS = {"meshparty": "_mesh.h5", "ply": ".ply", "obj": ".obj", PRECOMPUTED: ".npz"}
REMEDY = "Replace the cell mesh file."


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


def cell_mesh_scale(
    unit: str,
    voxel_size_nm: tuple[float, float, float],
    mesh_voxel_size_nm: tuple[float, float, float],
) -> np.ndarray:
    """Return the (3,) float64 factors from the unit of a cell mesh to true nm.

    ``nm`` are those of the mesh source, ``um`` and ``voxel`` are true to ``voxel_size_nm``.
    """
    scales = {
        "nm": source_scale(voxel_size_nm, mesh_voxel_size_nm),
        "um": np.full(3, NM_PER_UM, float),
        "voxel": np.asarray(voxel_size_nm, float),
    }
    return scales[unit]


def read_cell_mesh(
    path: str | Path, scale: np.ndarray | Sequence[float], form: str = "meshparty"
) -> CellMesh:
    """Read the mesh of a cell; ``scale`` (3,) are factors from its unit to true nm.

    A file of MeshParty is HDF5 with ``vertices`` (V, 3), ``faces`` (F, 3), or the same end to end,
    and perhaps ``link_edges`` (L, 2). PLY and OBJ files are as trimesh reads them, faces of more
    corners as triangles. What was fetched of a precomputed layer is a bundle of one mesh.

    Raises
    ------
    InputError
        The file is missing or unreadable, or does not hold a mesh.
    """
    if form == "meshparty":
        vertices, faces, links = _read_meshparty(Path(path))
    else:
        mesh = _read_fetched(path) if form == PRECOMPUTED else _read_by_trimesh(path, form)
        vertices, faces, links = mesh.vertices, mesh.faces, np.empty((0, 2), np.int64)
    if len(faces) == 0:
        raise InputError(path, "the mesh has no triangles", REMEDY)
    return CellMesh(vertices * np.asarray(scale, float), faces.astype(np.int64), links)


def _read_meshparty(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with open_h5(path, "cell mesh file") as file:
        vertices = read_positions(file)
        faces = read_vertex_numbers(file, "faces", 3, len(vertices), flat=True)
        links = np.empty((0, 2), np.int64)
        if LINKS in file:
            links = read_vertex_numbers(file, LINKS, 2, len(vertices))
    return vertices, faces, links


def _read_by_trimesh(path: str | Path, form: str) -> Mesh:
    import trimesh

    try:
        with Path(path).open("rb") as file:
            found = trimesh.load_mesh(file, file_type=form, process=False, skip_materials=True)
        mesh = Mesh(np.asarray(found.vertices, float), np.asarray(found.faces, np.int64))
    except FileNotFoundError as error:
        raise InputError(path, "no such cell mesh file", "Add the file.") from error
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise InputError(path, f"not a mesh in {form.upper()} ({reason})", REMEDY) from error
    try:
        check_mesh(mesh)
    except MeshError as error:
        raise InputError(path, str(error), REMEDY) from error
    return mesh


def _read_fetched(path: str | Path) -> Mesh:
    """Read the only mesh of a bundle."""
    bundle = read_bundle(path)
    if bundle.problems[0]:
        raise InputError(path, str(bundle.problems[0]), "Check the layer of the cell meshes.")
    return next(iter(bundle))
