"""Neuroglancer's multi-resolution meshes: for each a manifest, and fragments in Draco's coding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mitosyn.meshes.bundle import NO_MESH, Mesh, MeshError, check_mesh, concatenate
from mitosyn.meshes.formats.shards import Shards
from mitosyn.meshes.formats.stored import (
    Content,
    Download,
    Part,
    or_error,
    stored_transform,
    transformed,
    whole_part,
)

BITS = "vertex_quantization_bits"


@dataclass(frozen=True)
class _Level:
    """One level of detail of a mesh."""

    part: Part
    """Where its fragments are, end to end."""
    sizes: list[int]
    """The bytes of each fragment; 0 where there is nothing."""
    origins: np.ndarray
    """(n, 3) float64, the corner of each fragment's chunk, in stored units."""
    chunk: np.ndarray
    """(3,) float64, the size of a chunk, in stored units."""


class DracoMeshes:
    """Reads multi-resolution meshes that have a ``<id>.index`` and a ``<id>`` each.

    ``CloudVolume.mesh.get`` reads a list as a whole or not at all; here a bad mesh costs its own
    mitochondrion only. The folder of the meshes is relative to the layer; ``info`` is what its
    ``info`` holds.
    """

    def __init__(self, folder: str, info: dict[str, Any], lod: int) -> None:
        self._folder, self._lod, self._transform = folder, lod, stored_transform(info)
        bits = info.get(BITS)
        if type(bits) is not int or not 0 < bits <= 32:
            raise MeshError(f"their {BITS} is {str(bits)[:60]!r}")
        self._largest = 2**bits - 1

    def read(self, ids: Iterable[int], download: Download) -> dict[int, Mesh | MeshError]:
        """Return each mesh, its fragments' vertices end to end, or what is wrong with it."""
        levels = self._levels(ids, download)
        contents = download([level.part for level in levels.values() if isinstance(level, _Level)])
        return {
            mesh_id: or_error(self._decode, level, contents[level.part])
            if isinstance(level, _Level)
            else level
            for mesh_id, level in levels.items()
        }

    def _levels(self, ids: Iterable[int], download: Download) -> dict[int, _Level | MeshError]:
        """Read the manifest of each mesh."""
        path_of = {mesh_id: f"{self._folder}/{mesh_id}" for mesh_id in ids}
        contents = download([f"{path}.index" for path in path_of.values()])
        return {
            mesh_id: or_error(self._level_in, path, contents[f"{path}.index"])
            for mesh_id, path in path_of.items()
        }

    def _level_in(self, path: str, content: Content) -> _Level:
        if content is None:
            raise MeshError(NO_MESH)
        if isinstance(content, Exception):
            raise MeshError(f"manifest {path}.index unreadable: {content}")
        return self._level(f"manifest {path}.index", content, path)

    def _level(self, name: str, raw: bytes, path: str, end: int | None = None) -> _Level:
        """Decode a manifest; the levels follow each other in ``path``, from its start or to an end.

        Stored positions are defined in Neuroglancer's documentation (precomputed, meshes.md).
        """
        manifest, lod = _read_manifest(name, raw), self._lod
        if lod >= manifest.num_lods:
            others = f"0 to {manifest.num_lods - 1}" if manifest.num_lods > 1 else "only 0"
            raise MeshError(f"it has no level of detail {lod}, {others}")
        sizes = [int(of_level.sum(dtype=np.int64)) for of_level in manifest.fragment_offsets]
        first = 0 if end is None else end - sum(sizes)
        start = first + sum(sizes[:lod])
        if first < 0:
            raise MeshError(f"{name} names more bytes of fragments than lie before it")
        if not sizes[lod]:
            raise MeshError(f"empty mesh (no fragments at level of detail {lod})")
        chunk = manifest.chunk_shape.astype(float) * 2**lod
        origin = manifest.grid_origin.astype(float) + manifest.vertex_offsets[lod]
        return _Level(
            Part(path, start, start + sizes[lod]),
            manifest.fragment_offsets[lod].tolist(),
            origin + chunk * manifest.fragment_positions[lod],
            chunk,
        )

    def _decode(self, level: _Level, content: Content) -> Mesh:
        """Decode a mesh's fragments and put them together."""
        raw = whole_part(level.part, content, "fragments")
        starts = np.cumsum([0, *level.sizes]).tolist()
        fragments = [
            self._fragment(level, number, raw[start : start + size])
            for number, (start, size) in enumerate(zip(starts, level.sizes, strict=False))
            if size
        ]
        mesh = transformed(concatenate(fragments), self._transform)
        check_mesh(mesh)
        return mesh

    def _fragment(self, level: _Level, number: int, raw: bytes) -> Mesh:
        """Decode a fragment; the same place at the border of two chunks gets the same numbers."""
        import DracoPy

        try:
            found = DracoPy.decode(raw)
            points, faces = found.points.reshape(-1, 3), found.faces.reshape(-1, 3)
        except Exception as error:
            raise MeshError(
                f"fragment {number} of level {self._lod} in {level.part.path} does not decode "
                f"({str(error)[:100]})"
            ) from error
        return Mesh(level.origins[number] + level.chunk * (points / self._largest), faces)


class ShardedDracoMeshes(DracoMeshes):
    """Reads multi-resolution meshes in shards: the fragments of a mesh lie before its manifest."""

    def __init__(self, folder: str, info: dict[str, Any], lod: int) -> None:
        super().__init__(folder, info, lod)
        self._shards = Shards(folder, info["sharding"])

    def _levels(self, ids: Iterable[int], download: Download) -> dict[int, _Level | MeshError]:
        """Find and read the manifest of each mesh."""
        places = self._shards.locate(ids, download)
        contents = download([part for part in places.values() if isinstance(part, Part)])
        return {
            mesh_id: or_error(self._level_at, part, contents[part])
            if isinstance(part, Part)
            else part
            for mesh_id, part in places.items()
        }

    def _level_at(self, part: Part, content: Content) -> _Level:
        name = f"manifest in {part.path}"
        try:
            raw = self._shards.decompressed(whole_part(part, content, "manifest"))
        except MeshError:
            raise
        except Exception as error:
            raise MeshError(f"{name} does not decode ({error})") from error
        return self._level(name, raw, part.path, part.start)


def _read_manifest(name: str, raw: bytes) -> Any:
    """Decode a manifest by CloudVolume."""
    from cloudvolume.datasource.precomputed.mesh.multilod import MultiLevelPrecomputedMeshManifest

    try:
        # Counts in a spoilt one may overflow; what they say is then not in the file.
        with np.errstate(over="ignore"):
            return MultiLevelPrecomputedMeshManifest.from_binary(raw, segment_id=0)
    except Exception as error:
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise MeshError(f"{name} does not decode ({reason})") from error
