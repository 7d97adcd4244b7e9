"""Whether the positions of some mitochondria fit their meshes and skeletons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from mitosyn.cells import (
    FITS,
    LIMITS,
    MESHES,
    Fit,
    all_cells,
    explain,
    fit_meshes,
    fit_skeleton,
    mesh_centres,
    place,
)
from mitosyn.meshes import Mesh, MeshError, bundle_meshes, source_scale
from mitosyn.preflight.findings import Findings, counted
from mitosyn.skeletons import Skeleton
from mitosyn.support import CHECKS, CONFIGURATION, InputError
from mitosyn.tables import Cell, numpy_values, positions_nm

# Of fewer mitochondria in all, positions that do not fit are odd, not wrong.
ENOUGH = LIMITS[MESHES].enough
# So near to its soma, an offset is that of the soma.
SOMA_NM = 15_000.0
# So near to the origin lies the root of a skeleton that counts from there.
ORIGIN_NM = 1_000.0


@dataclass(frozen=True)
class Sizes:
    """The voxel sizes of a description, in nm."""

    voxel_size_nm: tuple[float, float, float]
    mesh_voxel_size_nm: tuple[float, float, float]


class Sampled(NamedTuple):
    """A cell, and some of its mitochondria: ids (M,) int64, positions (M, 3) float64 in nm."""

    cell: Cell
    mito_ids: np.ndarray
    positions_nm: np.ndarray


class Compared(NamedTuple):
    """How the mitochondria of a cell fit; of a skeleton, whether it is centred on its soma."""

    cell: Cell
    fit: Fit
    is_centred: bool = False


def sample(
    cells: Iterable[Cell], mitochondria: pa.Table, cells_per_type: int, most: int
) -> list[Sampled]:
    """Return the first cells of each type that have mitochondria, with so many of these at most.

    They are spread over the rows of their cell.
    """
    owners = numpy_values(mitochondria["cell_id"])
    there = set(owners.tolist())
    taken = Counter[str]()
    chosen = []
    for cell in cells:
        if cell.cell_id in there and taken[cell.cell_type] < cells_per_type:
            taken[cell.cell_type] += 1
            rows = np.flatnonzero(owners == cell.cell_id)
            rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int)]
            table = mitochondria.take(pa.array(rows))
            chosen.append(Sampled(cell, numpy_values(table["mito_id"]), positions_nm(table)))
    return chosen


def check_meshes(
    found: Findings,
    layer: str,
    sampled: Sequence[Sampled],
    meshes: Mapping[int, Mesh | MeshError],
    sizes: Sizes,
) -> None:
    """Compare the positions of mitochondria with the centres of their meshes."""
    scale = source_scale(sizes.voxel_size_nm, sizes.mesh_voxel_size_nm)
    bundles = [bundle_meshes(each.mito_ids, meshes) for each in sampled]
    problems = [p for bundle in bundles for p in bundle.problems.tolist()]
    missing = [problem for problem in problems if problem]
    found.facts["meshes_tried"] = {"tried": len(problems), "unusable": len(missing)}
    if problems and 2 * len(missing) > len(problems):
        reason = Counter(missing).most_common(1)[0][0]
        problem = (
            f"no mesh that can be used for {len(missing)} of {len(problems)} mitochondria that "
            f"were tried ({reason})"
        )
        if len(missing) < len(problems):
            found.warnings.append(f"{layer}: {problem}")
        else:
            remedy = "Check that it is the layer that the tables' mito_id are of."
            found.refuse([InputError(layer, problem, remedy, CONFIGURATION)])
    centres = [mesh_centres(bundle, scale) for bundle in bundles]
    compared = [
        Compared(each.cell, fit_meshes(each.positions_nm, there))
        for each, there in zip(sampled, centres, strict=True)
    ]
    if compared:
        # All of them have one layer, and so one reason not to fit.
        positions = np.concatenate([each.positions_nm for each in sampled])
        _judge(found, layer, compared, fit_meshes(positions, np.concatenate(centres)), sizes)


def check_skeletons(
    found: Findings,
    folder: str,
    sampled: Sequence[Sampled],
    skeletons: Mapping[int, Skeleton],
    sizes: Sizes,
) -> None:
    """Compare the positions of mitochondria with the skeletons of their cells."""
    compared = []
    for cell, _, positions in sampled:
        skeleton = skeletons.get(cell.cell_id)
        if skeleton is not None:
            fit = fit_skeleton(positions, skeleton.vertices, skeleton.somatic)
            compared.append(Compared(cell, fit, _is_centred(cell, skeleton, fit)))
    if compared:
        _judge(found, folder, compared, all_cells([each.fit for each in compared]), sizes)


def _is_centred(cell: Cell, skeleton: Skeleton, fit: Fit) -> bool:
    """Whether a skeleton lies about as far off as its soma lies from the origin."""
    soma = cell.soma or cell.centroid
    if not fit.is_shifted:
        return False
    if soma is None:
        return bool(np.abs(skeleton.vertices[skeleton.root]).max() < ORIGIN_NM)
    return bool(np.linalg.norm(np.add(soma, fit.offset_nm)) < SOMA_NM)


def _judge(
    found: Findings, source: str, compared: Sequence[Compared], together: Fit, sizes: Sizes
) -> None:
    """Refuse positions that are far off in most cells; warn of cells that are odd."""
    rows = [{"cell_id": cell.cell_id, **_row(fit)} for cell, fit, _ in compared if fit.count]
    found.facts.setdefault("positions", []).extend(rows)
    odd = [each for each in compared if each.fit.verdict != FITS]
    far = together.median_nm > LIMITS[together.compared_with].far_nm
    if far and together.count >= ENOUGH:
        problem, remedy = _centred(compared) or explain(together, **asdict(sizes))
        problem = f"{counted(len(rows), 'cell')}: {problem}"
        found.refuse([InputError(source, problem, remedy, CHECKS)])
        return
    for cell, fit, centred in odd:
        problem = (_centred([Compared(cell, fit, centred)]) or explain(fit, **asdict(sizes)))[0]
        found.warnings.append(f"cell {cell.cell_id}: {problem}")


def _row(fit: Fit) -> dict[str, Any]:
    """Return what is written of a comparison."""
    row = {"compared_with": fit.compared_with, "count": fit.count}
    row |= {"median_nm": round(fit.median_nm, 1), "verdict": fit.verdict}
    changed = {"ratio": fit.ratio, "axes": fit.axes, "offset_nm": fit.offset_nm}
    return row if fit.verdict == FITS else row | changed


def _centred(compared: Sequence[Compared]) -> tuple[str, str] | None:
    """Return what is wrong and what to do, where most skeletons are centred on their soma."""
    centred = [each for each in compared if each.is_centred]
    if not centred or 2 * len(centred) < len(compared):
        return None
    cell, fit, _ = centred[0]
    others = len(centred) - 1
    more = f", those of {counted(others, 'other cell')} likewise" if others else ""
    return (
        f"the skeleton of cell {cell.cell_id} lies {place(fit.offset_nm)} nm off, about the "
        f"position of its soma: it is centred on the soma{more}",
        "Add to each skeleton the position of its soma, so that it counts from the volume's "
        "origin as the tables do.",
    )
