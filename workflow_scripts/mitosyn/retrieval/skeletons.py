"""Fetching the skeletons of cells from a precomputed layer, each into a file of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from posixpath import join
from typing import Any

import numpy as np

from mitosyn.meshes import NO_MESH, MeshError, Part, Shards, Wanted, is_file_name, whole_part
from mitosyn.retrieval.layer_files import LayerFiles, Transfer
from mitosyn.skeletons import SKELETON_TYPE, SkeletonError, StoredSkeletons, write_fetched

# Skeletons fetched together, of which an interruption costs what is not written.
BATCH_SKELETONS = 100
REMEDY = (
    "Check skeletons in the config: the path has to be that of a folder of precomputed skeletons, "
    "or of a layer whose info names one."
)
Stored = dict[str, np.ndarray]


class SkeletonLayer:
    """A layer with precomputed skeletons, in shards or not.

    ``path`` (``precomputed://…``) is that of the folder of skeletons or of a layer whose ``info``
    names one.

    Raises
    ------
    InputError
        The layer cannot be read.
    """

    def __init__(self, path: str, transfer: Transfer) -> None:
        self._files = LayerFiles(path.rstrip("/"), transfer, "skeletons", REMEDY)
        self._folder, info = "", self._read_info("")
        if info.get("@type") != SKELETON_TYPE:
            name = info.get("skeletons")
            if not is_file_name(name):
                raise self._files.unreadable(f"its info has skeletons {name!r}")
            self._folder, info = name, self._read_info(name)
        if info.get("@type") != SKELETON_TYPE:
            raise self._files.unreadable(f"{self._folder}/info has @type {info.get('@type')!r}")
        try:
            self._stored = StoredSkeletons.from_info(info)
            sharding = info.get("sharding")
            self._shards = Shards(self._folder, sharding) if sharding else None
        except (SkeletonError, MeshError) as error:
            raise self._files.unreadable(str(error)) from error

    def _read_info(self, folder: str) -> dict[str, Any]:
        path = join(folder, "info")
        info = self._files.read_info(path)
        if not isinstance(info, dict):
            raise self._files.unreadable(
                f"there is no {path}" if info is None else f"{path}: {info}"
            )
        return info

    def source(self, cell_id: int) -> str:
        """Return how errors name the skeleton of a cell."""
        return join(self._files.path, self._folder, str(cell_id))

    def fetch(self, cell_ids: Sequence[int]) -> dict[int, Stored | SkeletonError]:
        """Return what is stored of each skeleton, or what is wrong with it; none that is missing.

        Raises
        ------
        InputError
            A server fails or refuses, which says nothing about the skeletons.
        """
        parts: Mapping[int, Wanted | MeshError] = {i: join(self._folder, str(i)) for i in cell_ids}
        if self._shards is not None:
            parts = self._shards.locate(cell_ids, self._files.download)
        wanted = [part for part in parts.values() if not isinstance(part, MeshError)]
        contents = self._files.download(wanted)
        found = {}
        for cell_id, part in parts.items():
            content = part if isinstance(part, MeshError) else contents[part]
            if content is not None and str(content) != NO_MESH:
                found[cell_id] = self._decode(part, content)
        return found

    def _decode(
        self, part: Wanted | MeshError, content: bytes | Exception
    ) -> Stored | SkeletonError:
        try:
            if isinstance(part, Part) and self._shards is not None:
                content = self._shards.decompressed(whole_part(part, content, "skeleton"))
            if isinstance(content, Exception):
                raise content
            return self._stored.decode(content)
        except Exception as error:
            return SkeletonError(str(error).partition("\n")[0])


def fetch_skeletons(
    path: str, cell_ids: Iterable[int], transfer: Transfer, folder: str | Path
) -> None:
    """Fetch the skeletons of cells that a folder lacks into it, as ``<cell_id>.npz``.

    A cell that has none in the layer gets no file; one whose skeleton is damaged gets one that
    says so. Files are whole, so that a fetching that was interrupted goes on.

    Raises
    ------
    InputError
        The layer cannot be read; what has come is in the folder.
    """
    there = {file.stem for file in Path(folder).glob("*.npz")}
    waiting = [cell_id for cell_id in cell_ids if str(cell_id) not in there]
    layer = SkeletonLayer(path, transfer)
    for start in range(0, len(waiting), BATCH_SKELETONS):
        for cell_id, stored in layer.fetch(waiting[start : start + BATCH_SKELETONS]).items():
            kept = str(stored) if isinstance(stored, SkeletonError) else stored
            write_fetched(Path(folder) / f"{cell_id}.npz", layer.source(cell_id), kept)
