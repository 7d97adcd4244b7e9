"""A cell's mesh by skeleton node, as a file: the node of each vertex, the diameter at each node."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mitosyn.support import InputError, whole_file


@dataclass(frozen=True)
class AssignedMesh:
    """What a cell's mesh says of its skeleton.

    Attributes
    ----------
    node_of_vertex : (V,) int64 array or None
        Skeleton node of each mesh vertex, -1 where none; None without a usable mesh.
    diameters : (N,) float64 array
        Of each skeleton node, in nm: the skeleton's calibres where it has them, else twice
        the radii measured on the mesh; NaN where not known.
    """

    node_of_vertex: np.ndarray | None
    diameters: np.ndarray


def known_diameters(diameters: np.ndarray) -> np.ndarray:
    """Tell which diameters, (N,) in nm, are known: (N,) bool."""
    return np.isfinite(diameters) & (diameters > 0)


def write_assigned(path: str | Path, assigned: AssignedMesh) -> None:
    """Write ``assigned`` as a NumPy ``.npz`` file, without ``node_of_vertex`` if it is None."""
    arrays = {name: array for name, array in vars(assigned).items() if array is not None}
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_assigned(path: str | Path) -> AssignedMesh:
    """Read what :func:`write_assigned` wrote.

    Raises
    ------
    InputError
        The file is something else.
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            node_of_vertex = arrays.get("node_of_vertex")
            return AssignedMesh(node_of_vertex, arrays["diameters"])
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            path, f"not an assigned cell mesh ({error})", "Delete it and run again."
        ) from error
