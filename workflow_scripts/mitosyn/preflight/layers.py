"""A look at layers of meshes, segmentations and skeletons: are they there, and what are they."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from mitosyn.meshes import REMEDY, is_web_layer, resolution_of, resolution_problem, source_scale
from mitosyn.preflight.alignment import Sizes, check_meshes, check_skeletons, sample
from mitosyn.preflight.findings import Findings, named
from mitosyn.retrieval import LayerFiles, MeshLayer, Transfer, fetch_skeletons
from mitosyn.skeletons import Skeleton, SkeletonForm, read_skeleton, skeleton_endings
from mitosyn.support import CONFIGURATION, InputError
from mitosyn.tables import Cell, positions_nm

CELLS_PER_TYPE, MITOCHONDRIA_PER_CELL = 3, 20
# Over the network, of all types together.
FETCHED_MESHES = 12


class Look(NamedTuple):
    """What is looked at: the analysed cells with their mitochondria, and how."""

    found: Findings
    cells: Sequence[Cell]
    mitochondria: pa.Table | None
    sizes: Sizes
    transfer: Transfer
    offline: bool


def _is_out_of_reach(look: Look, path: str) -> bool:
    """Whether a layer is on the network, which is not to be used; said as a fact."""
    if not (look.offline and is_web_layer(path)):
        return False
    look.found.facts.setdefault("not_looked_at", []).append(f"{path}: offline is true")
    return True


def check_mesh_layer(look: Look, path: str, lod: int) -> None:
    """Open the layer of the meshes of mitochondria; compare some of them with their positions."""
    found, sizes = look.found, look.sizes
    if _is_out_of_reach(look, path):
        return
    with found.caught():
        layer = MeshLayer(path, look.transfer, sizes.mesh_voxel_size_nm, lod)
        found.facts["mesh_layer"] = {
            "path": path,
            "format": layer.format,
            "lod": lod,
            "resolution_nm": layer.resolution_nm,
        }
        if look.mitochondria is None:
            return
        sampled = sample(look.cells, look.mitochondria, CELLS_PER_TYPE, MITOCHONDRIA_PER_CELL)
        if is_web_layer(path):
            types = {cell.cell_type for cell in look.cells}
            sampled = sample(look.cells, look.mitochondria, 1, -(-FETCHED_MESHES // len(types)))
        meshes = layer.fetch([mito_id for each in sampled for mito_id in each.mito_ids.tolist()])
        check_meshes(found, path, sampled, meshes, sizes)


def check_segmentation(look: Look, path: str) -> None:
    """Open the segmentation of mitochondria; see whether their positions lie in it."""
    found, sizes = look.found, look.sizes
    if _is_out_of_reach(look, path):
        return
    with found.caught():
        files = LayerFiles(path, look.transfer, "a segmentation", REMEDY)
        info = files.read_info("info")
        resolution = resolution_of(info)
        if resolution is None:
            raise files.unreadable("there is no info with a resolution")
        found.facts["segmentation"] = {"path": path, "resolution_nm": resolution}
        problem = resolution_problem(info, sizes.mesh_voxel_size_nm)
        if problem:
            raise InputError(path, problem, "Correct the one that is wrong.", CONFIGURATION)
        if look.mitochondria is not None:
            _refuse_outside(look, path, info["scales"][0], resolution)


def _refuse_outside(look: Look, path: str, scale: dict[str, Any], resolution: list[float]) -> None:
    """Refuse a segmentation in which most mitochondria do not lie."""
    first = np.array(scale.get("voxel_offset", (0, 0, 0))) * resolution
    last = first + np.array(scale["size"]) * resolution
    factors = source_scale(look.sizes.voxel_size_nm, look.sizes.mesh_voxel_size_nm)
    positions = positions_nm(look.mitochondria) / factors
    inside = ((positions >= first) & (positions < last)).all(axis=1)
    if 2 * inside.sum() < len(inside):
        middle = np.median(positions, axis=0).round().tolist()
        raise InputError(
            path,
            f"{len(inside) - inside.sum():,} of {len(inside):,} mitochondria lie outside of it: it "
            f"spans {first.tolist()} to {last.tolist()} nm, they lie about {middle}",
            "Check the unit of their positions, the voxel sizes, and the order of the columns.",
            CONFIGURATION,
        )


def check_skeleton_source(
    look: Look, form: SkeletonForm, folder: str, layer: str | None, kept: str | Path
) -> None:
    """Read the skeletons of some cells from a folder or a layer; compare them with positions.

    What is fetched of a layer is put into the folder ``kept``.
    """
    found = look.found
    found.facts["skeletons"] = {"path": layer or folder, "format": form["format"]}
    if look.mitochondria is None or (layer is not None and _is_out_of_reach(look, layer)):
        return
    with_skeletons = [cell for cell in look.cells if cell.skeleton]
    sampled = sample(with_skeletons, look.mitochondria, CELLS_PER_TYPE, MITOCHONDRIA_PER_CELL)
    place = Path(kept if layer else folder)
    ids = [each.cell.cell_id for each in sampled]
    with found.caught():
        if layer is not None:
            fetch_skeletons(layer, ids, look.transfer, place)
        skeletons = _read_skeletons(found, layer or folder, place, ids, form)
        check_skeletons(found, layer or folder, sampled, skeletons, look.sizes)


def _read_skeletons(
    found: Findings, source: str, folder: Path, cell_ids: Sequence[int], form: SkeletonForm
) -> dict[int, Skeleton]:
    """Read the skeletons of some cells; each that is bad costs its cell, all of them the run."""
    paths = {i: folder / f"{i}{skeleton_endings(form)[0]}" for i in cell_ids}
    there = {cell_id: path for cell_id, path in paths.items() if path.exists()}
    without = [cell_id for cell_id in cell_ids if cell_id not in there]
    if without:
        found.warnings.append(f"{source}: no skeleton of {named(without)}, left out")
    skeletons, errors = {}, []
    for cell_id, path in there.items():
        try:
            skeletons[cell_id] = read_skeleton(path, form)
        except InputError as error:
            errors.append(error)
    if errors and not skeletons:
        found.refuse(errors)
    else:
        found.warnings += map(str, errors)
    return skeletons
