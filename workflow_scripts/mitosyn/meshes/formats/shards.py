"""Files that hold the data of many ids each, Neuroglancer's ``neuroglancer_uint64_sharded_v1``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from posixpath import join
from typing import Any

import numpy as np

from mitosyn.meshes.bundle import NO_MESH, MeshError
from mitosyn.meshes.formats.stored import Content, Download, Part, or_error, whole_part

# An index of a shard has 16 bytes for each minishard, and is read as a whole.
MOST_BITS = {"preshift_bits": 63, "minishard_bits": 24, "shard_bits": 64}


class Shards:
    """Finds the data of ids in the shards of a folder; each index is brought once.

    CloudVolume's reader decodes them, but brings what it decodes by itself, without time-outs.

    Raises
    ------
    MeshError
        The ``sharding`` of an ``info`` is none.
    """

    def __init__(self, folder: str, sharding: Any) -> None:
        from cloudvolume.datasource.precomputed.sharding import ShardingSpecification, ShardReader

        self._folder = folder
        try:
            # CloudVolume counts up to what it does not refuse, such as -1.
            for name, most in MOST_BITS.items():
                if type(sharding[name]) is not int or not 0 <= sharding[name] <= most:
                    raise ValueError(name)
            self._reader = ShardReader(None, None, ShardingSpecification.from_dict(sharding))
        except Exception as error:
            raise MeshError(f"their sharding is {str(sharding)[:100]}") from error
        self._known: dict[Part, np.ndarray | None] = {}

    def locate(self, ids: Iterable[int], download: Download) -> dict[int, Part | MeshError]:
        """Return where the data of each id are, or why they are not there."""
        index_of, number_of = {}, {}
        for each in ids:
            name, number = self._reader.compute_shard_location(each)
            length = self._reader.spec.index_length()
            index_of[each] = Part(join(self._folder, name), 0, length)
            number_of[each] = int(number)
        indexes = self._tables(index_of.values(), self._decode_index, download)
        minishard_of = {
            each: or_error(_minishard, part, indexes[part], number_of[each])
            for each, part in index_of.items()
        }
        parts = [part for part in minishard_of.values() if isinstance(part, Part)]
        minishards = self._tables(parts, self._decode_minishard, download)
        return {
            each: or_error(_entry, part, minishards[part], each) if isinstance(part, Part) else part
            for each, part in minishard_of.items()
        }

    def decompressed(self, content: bytes) -> bytes:
        """Undo the compression of the data of an id."""
        from cloudvolume.compression import decompress

        encoding = self._reader.spec.data_encoding
        return content if encoding == "raw" else decompress(content, encoding)

    def _tables(
        self,
        parts: Iterable[Part],
        decode: Callable[[Part, Content], np.ndarray | None],
        download: Download,
    ) -> dict[Part, np.ndarray | MeshError | None]:
        """Bring and decode what is not known yet; what failed may be better next time."""
        wanted = [part for part in dict.fromkeys(parts) if part not in self._known]
        contents = download(wanted)
        found = {part: or_error(decode, part, contents[part]) for part in wanted}
        self._known |= {p: t for p, t in found.items() if not isinstance(t, MeshError)}
        return self._known | found

    def _decode_index(self, part: Part, content: Content) -> np.ndarray | None:
        """Return where each minishard's index is, (n, 2) uint64; None where there is no shard."""
        if content is None:
            return None
        return self._reader.decode_index(whole_part(part, content, "shard index"))

    def _decode_minishard(self, part: Part, content: Content) -> np.ndarray:
        """Return (n, 3) uint64: id, first byte and size of its data."""
        raw = whole_part(part, content, "minishard index")
        try:
            return self._reader.decode_minishard_index(raw)
        except Exception as error:
            raise MeshError(f"minishard index in {part.path} does not decode ({error})") from error


def _minishard(part: Part, index: np.ndarray | MeshError | None, number: int) -> Part:
    """Return where the index of a minishard is."""
    if isinstance(index, MeshError):
        raise index
    start, end = (0, 0) if index is None else map(int, index[number])
    if start == end:
        raise MeshError(NO_MESH)
    if start > end:
        raise MeshError(f"shard index: {part.path} has a minishard from byte {start} to {end}")
    return Part(part.path, start, end)


def _entry(part: Part, minishard: np.ndarray | MeshError | None, wanted: int) -> Part:
    """Return where the data of an id are."""
    if isinstance(minishard, MeshError):
        raise minishard
    rows = () if minishard is None else minishard[minishard[:, 0] == wanted].tolist()
    if not rows:
        raise MeshError(NO_MESH)
    _, start, size = rows[0]
    if size == 0:
        raise MeshError(f"minishard index: {part.path} has 0 bytes of it")
    return Part(part.path, start, start + size)
