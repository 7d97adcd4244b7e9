"""Fetching the mitochondrial meshes of one cell through CloudVolume."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from cloudfiles import CloudFiles
from cloudvolume import CloudVolume
from cloudvolume.exceptions import MeshDecodeError
from cloudvolume.mesh import Mesh as PrecomputedMesh

from mitosyn.errors import InputError
from mitosyn.meshes import NO_MESH, Mesh, MeshError, check_mesh, concatenate

FILE_LAYER = "precomputed://file://"


def layer_path(path: str) -> str:
    """Make the folder of a local layer absolute; other paths stay as they are."""
    if not path.startswith(FILE_LAYER):
        return path
    return FILE_LAYER + str(Path(path.removeprefix(FILE_LAYER)).resolve())


def fetch_meshes(path: str, mito_ids: Iterable[int]) -> dict[int, Mesh | MeshError]:
    """Fetch legacy (unsharded) precomputed meshes.

    ``CloudVolume.mesh.get`` refuses a whole list for one missing id and merges repeated
    vertices; here every mitochondrion is its own affair, and vertices stay as delivered.

    Parameters
    ----------
    path : str
        ``precomputed://…`` path of the layer.
    mito_ids : iterable of int

    Returns
    -------
    dict from mitochondrion id to its mesh, or to what is wrong with it
        Vertices (V, 3) float32 in nm of the layer.

    Raises
    ------
    InputError
        The layer itself cannot be read.
    """
    try:
        volume = CloudVolume(layer_path(path), progress=False, use_https=True)
        source = volume.mesh
        manifest_of = {mito_id: source.manifest_path(mito_id) for mito_id in mito_ids}
        transform = source.transform
    except Exception as error:
        raise InputError(
            path,
            f"not a layer with legacy meshes ({type(error).__name__}: {error})",
            "Check mitochondria_meshes in the config: the layer's info must name its mesh folder.",
        ) from error
    files = CloudFiles(volume.cloudpath.removeprefix("precomputed://"), progress=False)
    manifests = _download(files, list(manifest_of.values()))
    fragments_of = {
        mito_id: _fragment_paths(source.path, manifest, manifests[manifest])
        for mito_id, manifest in manifest_of.items()
    }
    wanted = [p for paths in fragments_of.values() if isinstance(paths, list) for p in paths]
    fragments = _download(files, wanted)
    return {
        mito_id: paths
        if isinstance(paths, MeshError)
        else _assemble({p: fragments[p] for p in paths}, transform)
        for mito_id, paths in fragments_of.items()
    }


def _download(files: CloudFiles, paths: list[str]) -> dict[str, bytes | Exception | None]:
    """Give the content of each file, None where there is none, the error where it failed."""
    results = files.get(paths, raise_errors=False)
    return {r["path"]: r["error"] if r["error"] is not None else r["content"] for r in results}


def _fragment_paths(
    folder: str, manifest: str, content: bytes | Exception | None
) -> list[str] | MeshError:
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


def _assemble(
    fragments: dict[str, bytes | Exception | None], transform: np.ndarray
) -> Mesh | MeshError:
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


def decode_fragment(path: str, raw: bytes | Exception | None) -> Mesh:
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
