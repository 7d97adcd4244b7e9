"""What is said of positions that do not fit, and when it ends a run."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mitosyn.cells.fit import CONTRADICTS, DOUBTFUL, LIMITS, MESHES, Fit
from mitosyn.support import CONFIGURATION, NM_PER_UM, InputError, write_text

# Factors nearer to 1 than this are none; those nearer to each other than this are one.
SAME, ALIKE = 0.005, 0.01
SHIFTED = "Bring both to one origin: positions, meshes and skeletons count from the volume's."


def in_words(ratio: Iterable[float]) -> str:
    """Return which factors are not 1: ``x and y are multiplied by 0.895``; empty if all are."""
    groups: dict[str, list[str]] = {}
    for axis, factor in zip("xyz", _alike(ratio), strict=True):
        if abs(factor - 1) > SAME:
            groups.setdefault(f"{factor:.3g}", []).append(axis)
    named = {1: "{} is", 2: "{} and {} are", 3: "{}, {} and {} are"}
    words = {factor: named[len(axes)].format(*axes) for factor, axes in groups.items()}
    return " and ".join(f"{axes} multiplied by {factor}" for factor, axes in words.items())


def _alike(ratio: Iterable[float]) -> list[float]:
    """Put the mean for factors that differ by chance only."""
    ratio = list(ratio)
    return [float(np.mean([o for o in ratio if abs(o / r - 1) <= ALIKE])) for r in ratio]


def meant_size(voxel_size_nm: Sequence[float], ratio: Iterable[float]) -> list[float]:
    """Return the voxel size times the factors, in three digits where these are not 1."""
    return [
        size if abs(factor - 1) <= SAME else float(f"{size * factor:.3g}")
        for size, factor in zip(voxel_size_nm, _alike(ratio), strict=True)
    ]


def explain(
    fit: Fit, voxel_size_nm: Sequence[float], mesh_voxel_size_nm: Sequence[float]
) -> tuple[str, str]:
    """Return how far off positions are and what would fit, and what to look at."""
    ratio, meshes = np.array(fit.ratio), fit.compared_with == MESHES
    what = "centres of their meshes" if meshes else "skeleton of their cell"
    problem = (
        f"half of the positions of {fit.count} mitochondria are {fit.median_nm / NM_PER_UM:,.1f} "
        f"µm or more from the {what}"
    )
    changes = in_words(1 / ratio if meshes else ratio)
    if fit.is_shifted:
        lie = "the meshes lie" if meshes else "the skeleton lies"
        return f"{problem}; {lie} {place(fit.offset_nm)} nm off", SHIFTED
    if fit.axes != (0, 1, 2):
        order = ", ".join("xyz"[axis] for axis in fit.axes)
        problem += f"; they fit when x, y, z are taken from {order}"
        return problem, "Check the order of the columns, and of the voxel sizes in the config."
    if not (fit.is_explained and changes):
        return problem, "Check the voxel sizes in the config, and that the files belong together."
    problem += f"; the {'meshes' if meshes else 'positions'} fit when {changes}"
    if np.allclose(ratio, 1 / NM_PER_UM, rtol=ALIKE):
        return problem, f"Are the {fit.compared_with}'s vertices in µm? They have to be in nm."
    if not meshes and np.allclose(ratio * voxel_size_nm, 1, rtol=2 * ALIKE):
        return problem, "Are the skeleton's vertices in voxels? They have to be in nm."
    # Meshes are scaled by voxel_size_nm as positions are; what differs is their own size.
    name = "mesh_voxel_size_nm" if meshes else "voxel_size_nm"
    given = mesh_voxel_size_nm if meshes else voxel_size_nm
    return problem, f"Is {name} {meant_size(given, ratio)} meant? It is {list(given)}."


def place(position_nm: Iterable[float]) -> str:
    """Write a position or an offset, in whole nm."""
    return f"({', '.join(f'{value:.0f}' for value in position_nm)})"


def write_fits(path: str | Path, cell_id: int, fits: Iterable[Fit]) -> None:
    """Write the fits of a cell as JSON."""
    write_text(path, json.dumps({"cell_id": cell_id, "fits": [asdict(fit) for fit in fits]}) + "\n")


def read_fits(path: str | Path) -> tuple[int, list[Fit]]:
    """Read what :func:`write_fits` wrote: the cell's id and its fits."""
    content = json.loads(Path(path).read_text())
    lists = ("ratio", "axes", "offset_nm")
    rows = [fit | {name: tuple(fit[name]) for name in lists} for fit in content["fits"]]
    return content["cell_id"], [Fit(**row) for row in rows]


def fit_row(cell_id: int, fit: Fit) -> list[int | float | str]:
    """Return a row with the columns of ``tables/position_checks.csv``."""
    return [cell_id, fit.compared_with, fit.count, fit.median_nm, *fit.ratio, fit.verdict]


def refuse_contradiction(
    source: str | Path,
    fits: Sequence[Fit],
    voxel_size_nm: Sequence[float],
    mesh_voxel_size_nm: Sequence[float],
) -> None:
    """Refuse a cell of which many mitochondria are far off, and other sizes would fit."""
    for fit in fits:
        if fit.verdict == CONTRADICTS:
            problem, remedy = explain(fit, voxel_size_nm, mesh_voxel_size_nm)
            raise InputError(source, problem, remedy, CONFIGURATION)
        if fit.verdict == DOUBTFUL:
            logging.warning("%s", explain(fit, voxel_size_nm, mesh_voxel_size_nm)[0])


def all_cells(fits: Sequence[Fit]) -> Fit:
    """Return what holds for half of the cells; one that is odd counts once."""
    fits = [fit for fit in fits if fit.count]
    explained = [fit for fit in fits if fit.is_explained and fit.median_nm > 0]
    middle = explained if 2 * len(explained) > len(fits) else []
    shifted = [fit.offset_nm for fit in fits if fit.is_shifted]
    return Fit(
        fits[0].compared_with,
        sum(fit.count for fit in fits),
        float(np.median([fit.median_nm for fit in fits])),
        float(np.median([fit.fitted_median_nm for fit in fits])),
        sum(fit.telling for fit in fits),
        tuple(np.median([fit.ratio for fit in middle], axis=0)) if middle else (1.0, 1.0, 1.0),
        Counter(fit.axes for fit in middle).most_common(1)[0][0] if middle else (0, 1, 2),
        tuple(np.median(shifted, axis=0).tolist()) if 2 * len(shifted) > len(fits) else (0.0,) * 3,
    )


def refuse_without_meshes(layer: str, fits: Iterable[Fit]) -> None:
    """Refuse a mesh layer that has no mesh for a mitochondrion of any cell."""
    counts = [fit.count for fit in fits if fit.compared_with == MESHES]
    if not any(counts):
        raise InputError(
            layer,
            f"no mesh that can be used for any mitochondrion of the {len(counts)} cells",
            "Check that mitochondria_meshes in the config is the layer that the tables' mito_id "
            "are of; the logs of fetch_meshes say what each lacks.",
            CONFIGURATION,
        )


def check_all_cells(
    source: str | Path,
    fits: Iterable[Fit],
    voxel_size_nm: Sequence[float],
    mesh_voxel_size_nm: Sequence[float],
) -> None:
    """Refuse positions that are far off in half of the cells.

    The error names the factors that would fit, where they bring most of these cells back.
    """
    fits = list(fits)
    for compared_with, limits in LIMITS.items():
        those = [fit for fit in fits if fit.compared_with == compared_with and fit.count]
        together = all_cells(those) if those else None
        if together is not None and together.median_nm > limits.far_nm:
            problem, remedy = explain(together, voxel_size_nm, mesh_voxel_size_nm)
            raise InputError(source, f"{len(those)} cells: {problem}", remedy, CONFIGURATION)
