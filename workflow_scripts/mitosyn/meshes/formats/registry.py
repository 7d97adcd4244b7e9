"""Mesh formats of layers: which files a mesh is made of, and how they are decoded.

A format is a file in this folder with a class like :class:`~.legacy.LegacyMeshes`, and a line in
:data:`FORMATS`. How files are brought here is no part of it: a reader gets a function for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from mitosyn.meshes.bundle import Mesh, MeshError
from mitosyn.meshes.formats.draco import DracoMeshes, ShardedDracoMeshes
from mitosyn.meshes.formats.legacy import LegacyMeshes
from mitosyn.meshes.formats.stored import Download


class MeshReader(Protocol):
    """Reads the meshes of a layer."""

    def read(self, ids: Iterable[int], download: Download) -> dict[int, Mesh | MeshError]:
        """Return each mesh, vertices float32 in nm of the layer, or what is wrong with it."""


# By @type in the info of the folder of meshes, and whether they are sharded.
FORMATS: dict[tuple[str, bool], Callable[[str, dict[str, Any], int], MeshReader]] = {
    ("neuroglancer_legacy_mesh", False): LegacyMeshes,
    ("neuroglancer_multilod_draco", False): DracoMeshes,
    ("neuroglancer_multilod_draco", True): ShardedDracoMeshes,
}
DEFAULT = "neuroglancer_legacy_mesh"


def mesh_reader(folder: str, info: Any, lod: int = 0) -> MeshReader:
    """Return the reader of a layer's meshes in a folder relative to it.

    ``info`` is what the folder's ``info`` holds, as read from JSON; ``{}`` where there is none.
    ``lod`` is the level of detail to read, 0 the finest.

    Raises
    ------
    MeshError
        They are of no format that can be read, the text says of which; or not of that level.
    """
    if not isinstance(info, dict):
        raise MeshError(f"the info of their folder is {info!r}")
    kind, sharded = _format(info)
    reader = FORMATS.get((kind, sharded))
    if reader is None:
        raise MeshError(f"they are {'sharded ' if sharded else ''}{kind!r}")
    return reader(folder, info, lod)


def _format(info: dict[str, Any]) -> tuple[str, bool]:
    return str(info.get("@type", DEFAULT)), bool(info.get("sharding"))


def format_name(info: dict[str, Any]) -> str:
    """Return what the format is called of meshes whose folder has this ``info``."""
    kind, sharded = _format(info)
    return f"{kind}, sharded" if sharded else kind
