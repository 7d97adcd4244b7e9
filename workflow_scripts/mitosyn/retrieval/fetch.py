"""Fetching the mitochondrial meshes of one cell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tqdm import tqdm

from mitosyn.meshes import (
    LAYER,
    REMEDY,
    Content,
    Mesh,
    MeshError,
    MeshStore,
    Part,
    Wanted,
    is_web_layer,
    local_layer,
    mesh_reader,
    named_mesh_folder,
    resolution_problem,
)
from mitosyn.retrieval.transfer import (
    DamagedError,
    Policy,
    RefusedError,
    TransientError,
    get_file,
    open_session,
)
from mitosyn.support import CONFIGURATION, RETRIEVAL, InputError

# Meshes fetched together and kept if the cell is interrupted after them.
BATCH_MESHES = 200


@dataclass(frozen=True)
class Transfer:
    """How meshes are brought over the network."""

    policy: Policy = field(default_factory=Policy)
    connections: int = 32
    """Requests at once."""
    progress: bool = False
    """Whether to show a progress bar."""


class MeshLayer:
    """A layer with meshes, of a format that :mod:`mitosyn.meshes.formats.registry` lists.

    Files are brought here without CloudVolume, which does not read ``info`` with a time-out and
    takes 403 for a missing one.

    Parameters
    ----------
    path : str
        ``precomputed://…`` path.
    mesh_voxel_size_nm : three floats, optional
        The voxel size of its meshes that the config gives.
    lod : int
        The level of detail to read, 0 the finest.

    Raises
    ------
    InputError
        The layer cannot be read, or its resolution contradicts that voxel size.
    """

    def __init__(
        self,
        path: str,
        transfer: Transfer,
        mesh_voxel_size_nm: Sequence[float] | None = None,
        lod: int = 0,
    ) -> None:
        # It takes longer than most jobs work, so that only what reads a layer imports it.
        from cloudfiles.paths import to_https_protocol

        self.path, self.transfer = path, transfer
        local = local_layer(path)
        web = to_https_protocol(path.removeprefix(LAYER))
        self._root = f"file://{local.resolve()}" if local else web
        info = self._read_info("info")
        if info is None:
            raise self._unreadable("there is no info")
        folder = named_mesh_folder(info, path)
        if local is not None and not (local / folder).is_dir():
            raise self._unreadable(f"there is no folder {folder!r}")
        try:
            self._meshes = mesh_reader(folder, self._read_info(f"{folder}/info") or {}, lod)
        except MeshError as error:
            raise self._unreadable(str(error)) from error
        problem = resolution_problem(info, mesh_voxel_size_nm or ())
        if problem:
            raise InputError(path, problem, "Correct the one that is wrong.", CONFIGURATION)

    def _read_info(self, path: str) -> Any:
        """Read an ``info``, None where there is none."""
        content = self._download([path])[path]
        try:
            if isinstance(content, Exception):
                raise content
            return None if content is None else json.loads(content)
        except Exception as error:
            raise self._unreadable(f"{path}: {error}") from error

    def _unreadable(self, problem: str) -> InputError:
        reason = problem.strip().partition("\n")[0][:300]
        return InputError(
            self.path, f"not a layer with meshes that can be read ({reason})", REMEDY, CONFIGURATION
        )

    def fetch(self, mito_ids: Iterable[int]) -> dict[int, Mesh | MeshError]:
        """Return the mesh of each mitochondrion, or what is wrong with it.

        Vertices are (V, 3) float32 in nm of the layer.

        Raises
        ------
        InputError
            A server fails or refuses, which says nothing about the meshes.
        """
        return self._meshes.read(mito_ids, self._download)

    def _download(self, wanted: Sequence[Wanted]) -> dict[Wanted, Content]:
        """Return the content of each file or part of one, as :data:`mitosyn.meshes.Content`."""
        if is_web_layer(self.path):
            return self._download_from_web(wanted)
        from cloudfiles import CloudFiles

        files = CloudFiles(self._root, progress=self.transfer.progress)
        asked = [each._asdict() if isinstance(each, Part) else each for each in wanted]
        results = files.get(asked, raise_errors=False)
        # In any order.
        return {
            r["path"] if None in r["byte_range"] else Part(r["path"], *r["byte_range"]): r[
                "content"
            ]
            if r["error"] is None
            else r["error"]
            for r in results
        }

    def _download_from_web(self, wanted: Sequence[Wanted]) -> dict[Wanted, Content]:
        transfer = self.transfer
        hidden = not transfer.progress or len(wanted) == 1
        with open_session(transfer.connections, transfer.policy) as session:

            def get(each: Wanted) -> Content:
                path = each.path if isinstance(each, Part) else each
                span = (each.start, each.end) if isinstance(each, Part) else None
                try:
                    # A manifest may name any file: "#" and "?" would end the path of a URL.
                    url = f"{self._root}/{quote(path, safe='/:')}"
                    return get_file(session, url, transfer.policy, span)
                except DamagedError as error:
                    return error

            pool = ThreadPoolExecutor(transfer.connections)
            try:
                results = tqdm(
                    pool.map(get, wanted), total=len(wanted), disable=hidden, unit="file"
                )
                return dict(zip(wanted, results, strict=True))
            except (TransientError, RefusedError) as error:
                raise InputError(
                    self.path,
                    f"the server does not give the meshes ({error})",
                    "Run again later: the cell goes on with the meshes it lacks.",
                    RETRIEVAL,
                ) from error
            finally:
                pool.shutdown(cancel_futures=True)


def fetch_in_batches(
    path: str,
    mito_ids: Sequence[int],
    transfer: Transfer,
    store: MeshStore,
    mesh_voxel_size_nm: Sequence[float] | None = None,
    lod: int = 0,
) -> dict[int, Mesh | MeshError]:
    """Return the mesh of each mitochondrion of a cell, or what is wrong with it.

    Each batch is kept in ``store``, so that an interrupted cell continues; meshes of a local layer
    are not: reading them again costs nothing.

    Raises
    ------
    InputError
        As :class:`MeshLayer`; the batches before are in the store.
    """
    if not is_web_layer(path):
        return MeshLayer(path, transfer, mesh_voxel_size_nm, lod).fetch(mito_ids)
    meshes = store.read()
    waiting = [mito_id for mito_id in mito_ids if mito_id not in meshes]
    if not waiting:
        return meshes
    layer = MeshLayer(path, transfer, mesh_voxel_size_nm, lod)
    for start in range(0, len(waiting), BATCH_MESHES):
        fetched = layer.fetch(waiting[start : start + BATCH_MESHES])
        store.add(fetched)
        meshes |= fetched
    return meshes
