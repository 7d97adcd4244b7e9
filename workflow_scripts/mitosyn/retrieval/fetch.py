"""Fetching the mitochondrial meshes of one cell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import numpy as np
from cloudfiles import CloudFiles
from cloudfiles.paths import to_https_protocol

from mitosyn.meshes import (
    LAYER,
    NO_MESH,
    REMEDY,
    Mesh,
    MeshError,
    MeshStore,
    check_mesh,
    concatenate,
    is_file_name,
    is_web_layer,
    local_layer,
    named_mesh_folder,
    resolution_problem,
)
from mitosyn.retrieval.transfer import (
    DamagedError,
    Policy,
    RefusedError,
    TransientError,
    get_file,
    in_parallel,
    open_session,
)
from mitosyn.support import CONFIGURATION, RETRIEVAL, InputError

# Meshes fetched together and kept if the cell is interrupted after them.
BATCH_MESHES = 200
LEGACY = "neuroglancer_legacy_mesh"
Content = bytes | Exception | None


@dataclass(frozen=True)
class Transfer:
    """How meshes are brought over the network.

    Attributes
    ----------
    policy : Policy
    connections : int
        Requests at once.
    progress : bool
        Show a progress bar.
    """

    policy: Policy = field(default_factory=Policy)
    connections: int = 32
    progress: bool = False


class MeshLayer:
    """A layer with legacy (unsharded) precomputed meshes.

    ``CloudVolume.mesh.get`` refuses a whole list for one missing id and merges repeated
    vertices; here each mitochondrion is fetched on its own, and vertices stay as delivered. Nor
    does it read ``info`` with a time-out, and it takes 403 for a missing one.

    Parameters
    ----------
    path : str
        ``precomputed://…`` path.
    transfer : Transfer
    mesh_voxel_size_nm : three floats, optional
        The voxel size of its meshes that the config gives.

    Raises
    ------
    InputError
        The layer cannot be read, or its resolution contradicts that voxel size.
    """

    def __init__(
        self, path: str, transfer: Transfer, mesh_voxel_size_nm: Sequence[float] | None = None
    ) -> None:
        self.path, self.transfer = path, transfer
        local = local_layer(path)
        if local is None:
            self._root = to_https_protocol(path.removeprefix(LAYER))
        else:
            self._root = f"file://{local.resolve()}"
        info = self._read_info("info")
        if info is None:
            raise self._unreadable("there is no info")
        self._folder = named_mesh_folder(info, path)
        if local is not None and not (local / self._folder).is_dir():
            raise self._unreadable(f"there is no folder {self._folder!r}")
        self._transform = self._read_transform()
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

    def _read_transform(self) -> np.ndarray:
        """Read the (4, 4) float64 matrix from stored vertices to nm; refuse other formats."""
        info = self._read_info(f"{self._folder}/info") or {}
        if not isinstance(info, dict):
            raise self._unreadable(f"the info of their folder is {info!r}")
        kind, sharded = info.get("@type", LEGACY), bool(info.get("sharding"))
        if kind != LEGACY or sharded:
            raise self._unreadable(f"they are {'sharded ' if sharded else ''}{kind!r}")
        rows = info.get("transform", np.eye(4)[:3].ravel().tolist())
        try:
            transform = np.array([*rows, 0, 0, 0, 1], float).reshape(4, 4)
        except (TypeError, ValueError):
            transform = np.full((4, 4), np.nan)
        if not np.isfinite(transform).all():
            raise self._unreadable(f"their transform is {rows!r}")
        return transform

    def _unreadable(self, problem: str) -> InputError:
        return InputError(
            self.path,
            f"not a layer with legacy meshes ({problem.strip().partition(chr(10))[0][:300]})",
            REMEDY,
            CONFIGURATION,
        )

    def fetch(self, mito_ids: Iterable[int]) -> dict[int, Mesh | MeshError]:
        """Fetch the meshes of some mitochondria.

        Parameters
        ----------
        mito_ids : iterable of int

        Returns
        -------
        dict from mitochondrion id to its mesh, or to what is wrong with it
            Vertices (V, 3) float32 in nm of the layer.

        Raises
        ------
        InputError
            A server fails or refuses, which says nothing about the meshes.
        """
        manifest_of = {mito_id: f"{self._folder}/{mito_id}:0" for mito_id in mito_ids}
        manifests = self._download(list(manifest_of.values()))
        fragments_of = {
            mito_id: _fragment_paths(self._folder, manifest, manifests[manifest])
            for mito_id, manifest in manifest_of.items()
        }
        wanted = [p for paths in fragments_of.values() if isinstance(paths, list) for p in paths]
        fragments = self._download(wanted)
        return {
            mito_id: paths
            if isinstance(paths, MeshError)
            else _assemble({p: fragments[p] for p in paths}, self._transform)
            for mito_id, paths in fragments_of.items()
        }

    def _download(self, paths: list[str]) -> dict[str, Content]:
        """Return the content of each file, None where there is none, the error where it failed."""
        if is_web_layer(self.path):
            return self._download_from_web(paths)
        files = CloudFiles(self._root, progress=self.transfer.progress)
        results = files.get(paths, raise_errors=False)
        return {r["path"]: r["error"] if r["error"] is not None else r["content"] for r in results}

    def _download_from_web(self, paths: list[str]) -> dict[str, Content]:
        transfer = self.transfer
        with open_session(transfer.connections, transfer.policy) as session:

            def get(path: str) -> Content:
                try:
                    # A manifest may name any file: "#" and "?" would end the path of a URL.
                    url = f"{self._root}/{quote(path, safe='/:')}"
                    return get_file(session, url, transfer.policy)
                except DamagedError as error:
                    return error

            try:
                return in_parallel(get, paths, transfer.connections, transfer.progress)
            except (TransientError, RefusedError) as error:
                raise InputError(
                    self.path,
                    f"the server does not give the meshes ({error})",
                    "Run again later: the cell goes on with the meshes it lacks.",
                    RETRIEVAL,
                ) from error


def fetch_in_batches(
    path: str,
    mito_ids: Sequence[int],
    transfer: Transfer,
    store: MeshStore,
    mesh_voxel_size_nm: Sequence[float] | None = None,
) -> dict[int, Mesh | MeshError]:
    """Fetch the meshes of a cell, keeping each batch, so that an interrupted cell continues.

    Meshes of a local layer are not kept: reading them again costs nothing.

    Parameters
    ----------
    path : str
        ``precomputed://…`` path of the layer.
    mito_ids : sequence of int
    transfer : Transfer
    store : MeshStore
        Of this cell and layer.
    mesh_voxel_size_nm : three floats, optional
        As of :class:`MeshLayer`.

    Returns
    -------
    dict from mitochondrion id to its mesh, or to what is wrong with it

    Raises
    ------
    InputError
        As :class:`MeshLayer`; the batches before are in the store.
    """
    if not is_web_layer(path):
        return MeshLayer(path, transfer, mesh_voxel_size_nm).fetch(mito_ids)
    meshes = store.read()
    waiting = [mito_id for mito_id in mito_ids if mito_id not in meshes]
    if not waiting:
        return meshes
    layer = MeshLayer(path, transfer, mesh_voxel_size_nm)
    for start in range(0, len(waiting), BATCH_MESHES):
        fetched = layer.fetch(waiting[start : start + BATCH_MESHES])
        store.add(fetched)
        meshes |= fetched
    return meshes


def _fragment_paths(folder: str, manifest: str, content: Content) -> list[str] | MeshError:
    """Read which fragments a manifest names, sorted as CloudVolume sorts them."""
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
    return sorted(f"{folder}/{name}" for name in names)


def _assemble(fragments: dict[str, Content], transform: np.ndarray) -> Mesh | MeshError:
    """Decode a mitochondrion's fragments and put them together."""
    try:
        mesh = concatenate([decode_fragment(path, raw) for path, raw in fragments.items()])
        if not np.array_equal(transform, np.eye(4)):
            vertices = mesh.vertices @ transform[:3, :3].T + transform[:3, 3]
            mesh = Mesh(vertices.astype(np.float32), mesh.faces)
        check_mesh(mesh)
    except MeshError as error:
        return error
    return mesh


def decode_fragment(path: str, raw: Content) -> Mesh:
    """Decode one fragment of a legacy precomputed mesh.

    Raises
    ------
    MeshError
        It is missing or truncated, or names a vertex that it does not hold.
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
    mesh = Mesh(
        np.frombuffer(raw[4:faces_start], "<f4").reshape(-1, 3),
        np.frombuffer(raw[faces_start:], "<u4").reshape(-1, 3),
    )
    if len(mesh.faces) and int(mesh.faces.max()) >= len(mesh.vertices):
        # Before fragments are joined: afterwards the number could be another's vertex.
        check_mesh(mesh)
    return mesh
