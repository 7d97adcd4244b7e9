"""What readers of meshes share: the content of files, and the way from stored positions to nm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mitosyn.meshes.bundle import Mesh, MeshError

# None where there is no file, the error where it could not be read.
Content = bytes | Exception | None
# From paths relative to the layer to the content of each.
Download = Callable[[list[str]], dict[str, Content]]


def stored_transform(info: dict[str, Any]) -> np.ndarray:
    """Return the (4, 4) float64 matrix from stored vertices to nm of the layer.

    Raises
    ------
    MeshError
        The ``info`` of the meshes has something else.
    """
    rows = info.get("transform", np.eye(4)[:3].ravel().tolist())
    try:
        transform = np.array([*rows, 0, 0, 0, 1], float).reshape(4, 4)
    except (TypeError, ValueError):
        transform = np.full((4, 4), np.nan)
    if not np.isfinite(transform).all():
        raise MeshError(f"their transform is {rows!r}")
    return transform


def transformed(mesh: Mesh, transform: np.ndarray) -> Mesh:
    """Return a stored mesh in nm of the layer."""
    if np.array_equal(transform, np.eye(4)):
        return mesh
    vertices = mesh.vertices @ transform[:3, :3].T + transform[:3, 3]
    return Mesh(vertices.astype(np.float32), mesh.faces)
