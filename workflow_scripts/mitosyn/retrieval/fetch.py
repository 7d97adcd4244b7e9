"""Fetching the mitochondrial meshes of one cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mitosyn.meshes import (
    REMEDY,
    Mesh,
    MeshError,
    MeshStore,
    format_name,
    is_web_layer,
    local_layer,
    mesh_reader,
    named_mesh_folder,
    resolution_of,
    resolution_problem,
)
from mitosyn.retrieval.layer_files import LayerFiles, Transfer
from mitosyn.support import CONFIGURATION, InputError

# Meshes fetched together and kept if the cell is interrupted after them.
BATCH_MESHES = 200


class MeshLayer:
    """A layer with meshes, of a format that :mod:`mitosyn.meshes.formats.registry` lists.

    Parameters
    ----------
    path : str
        ``precomputed://…`` path.
    mesh_voxel_size_nm : three floats, optional
        The voxel size of its meshes that the config gives.
    lod : int
        The level of detail to read, 0 the finest.

    Attributes
    ----------
    format : str
        What its meshes are stored as.
    resolution_nm : list of three floats or None
        What its ``info`` says.

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
        self._files = LayerFiles(path, transfer, "meshes", REMEDY)
        local = local_layer(path)
        info = self._files.read_info("info")
        if info is None:
            raise self._files.unreadable("there is no info")
        folder = named_mesh_folder(info, path)
        if local is not None and not (local / folder).is_dir():
            raise self._files.unreadable(f"there is no folder {folder!r}")
        kept = self._files.read_info(f"{folder}/info") or {}
        try:
            self._meshes = mesh_reader(folder, kept, lod)
        except MeshError as error:
            raise self._files.unreadable(str(error)) from error
        problem = resolution_problem(info, mesh_voxel_size_nm or ())
        if problem:
            raise InputError(path, problem, "Correct the one that is wrong.", CONFIGURATION)
        self.format, self.resolution_nm = format_name(kept), resolution_of(info)

    def fetch(self, mito_ids: Iterable[int]) -> dict[int, Mesh | MeshError]:
        """Return the mesh of each mitochondrion, or what is wrong with it.

        Vertices are (V, 3) float32 in nm of the layer.

        Raises
        ------
        InputError
            A server fails or refuses, which says nothing about the meshes.
        """
        return self._meshes.read(mito_ids, self._files.download)


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
