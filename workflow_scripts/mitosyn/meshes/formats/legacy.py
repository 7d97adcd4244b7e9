"""Legacy precomputed meshes: for each a manifest ``<id>:0`` in JSON, which names its fragments."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from mitosyn.meshes.bundle import NO_MESH, Mesh, MeshError, check_mesh, concatenate
from mitosyn.meshes.formats.stored import (
    Content,
    Download,
    only_level,
    stored_transform,
    transformed,
)
from mitosyn.meshes.layers import is_file_name


class LegacyMeshes:
    """Reads legacy, unsharded meshes.

    ``CloudVolume.mesh.get`` refuses a whole list for one missing id and merges repeated
    vertices; here a bad mesh costs its own mitochondrion only, and vertices stay as stored.
    The folder of the meshes is relative to the layer; ``info`` is what its ``info`` holds.
    """

    def __init__(self, folder: str, info: dict[str, Any], lod: int) -> None:
        only_level(lod)
        self._folder, self._transform = folder, stored_transform(info)

    def read(self, ids: Iterable[int], download: Download) -> dict[int, Mesh | MeshError]:
        """Return each mesh, its fragments' vertices end to end, or what is wrong with it."""
        manifest_of = {mesh_id: f"{self._folder}/{mesh_id}:0" for mesh_id in ids}
        manifests = download(list(manifest_of.values()))
        fragments_of = {
            mesh_id: self._fragment_paths(manifest, manifests[manifest])
            for mesh_id, manifest in manifest_of.items()
        }
        wanted = [p for paths in fragments_of.values() if isinstance(paths, list) for p in paths]
        fragments = download(wanted)
        return {
            mesh_id: paths
            if isinstance(paths, MeshError)
            else self._assemble({p: fragments[p] for p in paths})
            for mesh_id, paths in fragments_of.items()
        }

    def _fragment_paths(self, manifest: str, content: Content) -> list[str] | MeshError:
        """Return the fragments that a manifest names, sorted as CloudVolume sorts them."""
        if content is None:
            return MeshError(NO_MESH)
        if isinstance(content, Exception):
            return MeshError(f"manifest {manifest} unreadable: {content}")
        try:
            names = json.loads(content)["fragments"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            return MeshError(f"manifest {manifest} names no fragments ({repr(error)[:100]})")
        if not isinstance(names, list) or not names or not all(map(is_file_name, names)):
            return MeshError(f"manifest {manifest} names no fragments ({repr(names)[:100]})")
        return sorted(f"{self._folder}/{name}" for name in names)

    def _assemble(self, fragments: dict[str, Content]) -> Mesh | MeshError:
        """Decode a mesh's fragments and put them together."""
        try:
            mesh = concatenate([decode_fragment(path, raw) for path, raw in fragments.items()])
            mesh = transformed(mesh, self._transform)
            check_mesh(mesh)
        except MeshError as error:
            return error
        return mesh


def decode_fragment(path: str, raw: Content) -> Mesh:
    """Decode one fragment: the number of its vertices, their positions, and its triangles.

    Raises
    ------
    MeshError
        It is missing or truncated.
    """
    if raw is None:
        raise MeshError(f"fragment {path} is missing")
    if isinstance(raw, Exception):
        raise MeshError(f"fragment {path} unreadable: {raw}")
    count = int.from_bytes(raw[:4], "little")
    faces_start = 4 + 12 * count
    if len(raw) < max(4, faces_start) or (len(raw) - faces_start) % 12:
        raise MeshError(
            f"fragment {path} truncated: it has {len(raw)} bytes and should begin with "
            f"{count} vertices"
        )
    return Mesh(
        np.frombuffer(raw[4:faces_start], "<f4").reshape(-1, 3),
        np.frombuffer(raw[faces_start:], "<u4").reshape(-1, 3),
    )
