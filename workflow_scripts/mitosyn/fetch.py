"""Fetching the mitochondrial meshes of one cell through CloudVolume."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from cloudfiles import CloudFiles
from cloudvolume import CloudVolume
from cloudvolume.exceptions import MeshDecodeError
from cloudvolume.mesh import Mesh as PrecomputedMesh

from mitosyn.errors import CONFIGURATION, RETRIEVAL, InputError
from mitosyn.layers import FILE_LAYER, is_web_layer, local_layer, resolution_problem
from mitosyn.meshes import NO_MESH, Mesh, MeshError, MeshStore, check_mesh, concatenate
from mitosyn.transfer import (
    DamagedError,
    Policy,
    RefusedError,
    TransientError,
    get_file,
    in_parallel,
    open_session,
)

# Meshes fetched together and kept if the cell is interrupted after them.
BATCH_MESHES = 200
Content = bytes | Exception | None


def layer_path(path: str) -> str:
    """Make the folder of a local layer absolute; other paths stay as they are."""
    folder = local_layer(path)
    return path if folder is None else FILE_LAYER + str(folder.resolve())


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
    vertices; here every mitochondrion is its own affair, and vertices stay as delivered.

    Parameters
    ----------
    path : str
        ``precomputed://…`` path.
    transfer : Transfer
    mesh_voxel_size_nm : three floats, optional
        The voxel size of its meshes after the config.

    Raises
    ------
    InputError
        The layer cannot be read, or its resolution contradicts that voxel size.
    """

    def __init__(
        self, path: str, transfer: Transfer, mesh_voxel_size_nm: Sequence[float] | None = None
    ) -> None:
        self.path, self.transfer = path, transfer
        try:
            volume = CloudVolume(layer_path(path), progress=False, use_https=True)
            self._folder = volume.mesh.path
            self._manifest_path = volume.mesh.manifest_path
            self._transform = volume.mesh.transform
        except Exception as error:
            raise InputError(
                path,
                f"not a layer with legacy meshes ({type(error).__name__}: {error})",
                "Check mitochondria_meshes in the config: the layer's info must name its mesh "
                "folder.",
                CONFIGURATION,
            ) from error
        problem = resolution_problem(volume.info, mesh_voxel_size_nm or ())
        if problem:
            raise InputError(path, problem, "Correct the one that is wrong.", CONFIGURATION)
        self._root = volume.cloudpath.removeprefix("precomputed://")

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
        manifest_of = {mito_id: self._manifest_path(mito_id) for mito_id in mito_ids}
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
        """Give the content of each file, None where there is none, the error where it failed."""
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
                    return get_file(session, f"{self._root}/{path}", transfer.policy)
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
    """Fetch the meshes of a cell, keeping each batch so that an interrupted cell goes on.

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
        return sorted(f"{folder}/{name}" for name in names)
    except (ValueError, KeyError, TypeError) as error:
        return MeshError(f"manifest {manifest} names no fragments ({error!r})")


def _assemble(fragments: dict[str, Content], transform: np.ndarray) -> Mesh | MeshError:
    """Decode a mitochondrion's fragments and put them together."""
    try:
        mesh = concatenate([decode_fragment(path, raw) for path, raw in fragments.items()])
        check_mesh(mesh)
    except MeshError as error:
        return error
    if np.array_equal(transform, np.eye(4)[: len(transform)]):
        return mesh
    vertices = mesh.vertices @ transform[:3, :3].T + transform[:3, 3]
    return Mesh(vertices.astype(np.float32), mesh.faces)


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
    try:
        decoded = PrecomputedMesh.from_precomputed(raw)
    except (MeshDecodeError, struct.error, ValueError) as error:
        raise MeshError(f"fragment {path} truncated: it has {len(raw)} bytes") from error
    mesh = Mesh(decoded.vertices, decoded.faces)
    if len(mesh.faces) and int(mesh.faces.max()) >= len(mesh.vertices):
        # Before fragments are joined: afterwards the number could be another's vertex.
        check_mesh(mesh)
    return mesh
