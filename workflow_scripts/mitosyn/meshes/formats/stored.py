"""What readers of meshes share: the content of files, and the way from stored positions to nm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from mitosyn.meshes.bundle import Mesh, MeshError

T = TypeVar("T")


class Part(NamedTuple):
    """Some bytes of a file, one at least."""

    path: str
    start: int
    end: int


# A file, by its path relative to the layer, or a part of it.
Wanted = str | Part
# None where there is no file, the error where it could not be read; of a part less than was
# asked for where the file ends before.
Content = bytes | Exception | None
Download = Callable[[Sequence[Wanted]], dict[Wanted, Content]]


def or_error(decode: Callable[..., T], *arguments: Any) -> T | MeshError:
    """Return what a function returns, or the error with which it refuses a mesh."""
    try:
        return decode(*arguments)
    except MeshError as error:
        return error


def whole_part(part: Part, content: Content, what: str) -> bytes:
    """Return the content of a part of a file.

    Raises
    ------
    MeshError
        The file is missing, unreadable or ends before; the text says ``what`` was to be read.
    """
    path, start, end = part
    if content is None:
        raise MeshError(f"{what}: {path} is missing")
    if isinstance(content, Exception):
        raise MeshError(f"{what}: {path} unreadable: {content}")
    if len(content) != end - start:
        raise MeshError(
            f"{what}: {path} is cut short, it has {len(content)} of the bytes {start} to {end}"
        )
    return content


def only_level(lod: int) -> None:
    """Refuse levels of detail in a format that has none.

    Raises
    ------
    MeshError
        Another than the finest is asked for.
    """
    if lod:
        raise MeshError(f"they have no level of detail {lod}, only 0")


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
    """Return a stored mesh in nm of the layer, vertices float32."""
    vertices = mesh.vertices
    if not np.array_equal(transform, np.eye(4)):
        vertices = vertices @ transform[:3, :3].T + transform[:3, 3]
    return Mesh(vertices.astype(np.float32, copy=False), mesh.faces)
