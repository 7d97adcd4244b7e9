"""A cell's mesh by skeleton node, as a file: its surface, and the diameter at each node."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from mitosyn.support import InputError, whole_file

T = TypeVar("T")


@dataclass(frozen=True)
class AssignedMesh:
    """The surface of a cell, and which node of its skeleton each vertex belongs to.

    Attributes
    ----------
    vertices : (V, 3) float64 array
        Positions in true nm.
    triangles : (T, 3) integer array
        Of vertices at the same position all name the same one. None is without an area.
    node_of_vertex : (V,) integer array
        Skeleton node of each vertex, -1 for none.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    node_of_vertex: np.ndarray


def known_diameters(diameters: np.ndarray) -> np.ndarray:
    """Return which diameters, (N,) in nm, are known: (N,) bool."""
    return np.isfinite(diameters) & (diameters > 0)


def write_assigned(path: str | Path, diameters: np.ndarray, mesh: AssignedMesh | None) -> None:
    """Write the diameters at the nodes, in nm, and the mesh if there is one, as ``.npz``.

    Nothing that follows reads the cell's own mesh file again.
    """
    arrays = {"diameters": diameters}
    if mesh is not None:
        small = {n: getattr(mesh, n).astype(np.int32) for n in ("triangles", "node_of_vertex")}
        arrays |= {"vertices": mesh.vertices, **small}
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_diameters(path: str | Path) -> np.ndarray:
    """Read the diameters that :func:`write_assigned` wrote, (N,) float64 in nm, NaN if unknown."""
    return _read(path, lambda arrays: arrays["diameters"])


def read_assigned(path: str | Path) -> AssignedMesh | None:
    """Read the mesh that :func:`write_assigned` wrote, None if there was none."""
    names = AssignedMesh.__dataclass_fields__
    return _read(
        path,
        lambda arrays: (
            AssignedMesh(*(arrays[name] for name in names)) if "vertices" in arrays else None
        ),
    )


def _read(path: str | Path, pick: Callable[[np.lib.npyio.NpzFile], T]) -> T:
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return pick(arrays)
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            path, f"not an assigned cell mesh ({error})", "Delete it and run again."
        ) from error
