"""Whether the tables' positions, the meshes and the skeletons of cells lie at one place.

A wrong voxel size moves everything that is made from it by a factor along each axis. The factors
that would undo it are found from the positions themselves, so that an error can name the size
that was meant, and a cell that is odd for other reasons (a merge of two) is told from it.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mitosyn.meshes import MeshBundle
from mitosyn.skeletons import nearest_nodes
from mitosyn.support import CONFIGURATION, NM_PER_UM, InputError, write_text

MESHES, SKELETON = "meshes", "skeleton"
FITS, DOUBTFUL, CONTRADICTS = "fits", "doubtful", "contradicts"

# Of a mitochondrion in the soma and the one node there.
SOMA_RADIUS_NM = 10_000.0
# Factors explain a distance if they leave less than this share of it, and less than this.
# At least so many of the mitochondria have to be outside the soma then.
LEFT_SHARE, LEFT_NM, LEAST_TELLING = 1 / 5, 1_000.0, 1 / 5
# Factors nearer to 1 than this are none; those nearer to each other than this are one.
SAME, ALIKE = 0.005, 0.01
STEPS = 30


class Matched(NamedTuple):
    """Points, with factors on them, and what they are compared with.

    Attributes
    ----------
    targets : (M, 3) float64 array
    distances_nm : (M,) float64 array
    telling : (M,) bool array
        Points whose distance is that of a place, not of the wide surroundings of a soma.
    """

    targets: np.ndarray
    distances_nm: np.ndarray
    telling: np.ndarray


Match = Callable[[np.ndarray, np.ndarray], Matched]


class Limits(NamedTuple):
    """What is too far, and how many mitochondria it takes to be sure of it.

    Attributes
    ----------
    doubtful_nm : float
        Half of the mitochondria are farther: a warning.
    far_nm : float
        They are in a place of their own.
    enough : int
        With fewer, factors that bring them back may be chance.
    """

    doubtful_nm: float
    far_nm: float
    enough: int


# A table's position is the mean of the voxels, a mesh's that of its vertices: some 30 nm apart.
# A neurite is thin, but nodes may be some µm apart; and there is always a node not too far off.
LIMITS = {MESHES: Limits(1_000.0, 2_000.0, 8), SKELETON: Limits(2_500.0, 5_000.0, 20)}


@dataclass(frozen=True)
class Fit:
    """How the mitochondria of a cell, by their positions in the table, fit something else.

    Attributes
    ----------
    compared_with : {"meshes", "skeleton"}
    count : int
        Mitochondria that could be compared.
    median_nm : float
        Median of the distances; 0 where nothing was compared.
    fitted_median_nm : float
        What is left of it with the factors, outside the soma; the same without any factors.
    telling : int
        Mitochondria that this is the median of.
    ratio : three floats
        The factors on x, y and z with which the positions fit best; 1 where they fit.
    axes : three ints
        The axes of the positions that become x, y and z for that; 0, 1, 2 but where they
        are mixed up.
    """

    compared_with: str
    count: int
    median_nm: float
    fitted_median_nm: float
    telling: int = 0
    ratio: tuple[float, ...] = (1.0, 1.0, 1.0)
    axes: tuple[int, ...] = (0, 1, 2)

    @property
    def is_explained(self) -> bool:
        """Whether other voxel sizes would bring the two together."""
        left = self.fitted_median_nm
        return left <= min(LEFT_SHARE * self.median_nm, LEFT_NM) and self.count > 0

    @property
    def verdict(self) -> str:
        """``fits``, ``doubtful`` (a warning) or ``contradicts`` (the cell must not go on)."""
        limits = LIMITS[self.compared_with]
        if self.median_nm > limits.far_nm and self.is_explained and self.telling >= limits.enough:
            return CONTRADICTS
        return DOUBTFUL if self.median_nm > limits.doubtful_nm else FITS


def mesh_centres(bundle: MeshBundle, scale: np.ndarray) -> np.ndarray:
    """Return the mean vertex of each mesh, (M, 3) float64 in true nm; NaN where there is none."""
    centres = np.full((len(bundle.mito_ids), 3), np.nan)
    there = bundle.has_mesh
    if there.any():
        sums = np.add.reduceat(bundle.vertices, bundle.vertex_offsets[:-1][there], dtype=float)
        centres[there] = sums / np.diff(bundle.vertex_offsets)[there, None] * scale
    return centres


def fit_meshes(positions: np.ndarray, centres: np.ndarray) -> Fit:
    """Compare the positions of mitochondria with the centres of their meshes.

    Both are (M, 3) float64 in nm; a centre is NaN where there is no mesh.
    """
    known = np.isfinite(centres).all(axis=1)
    positions, centres = positions[known], centres[known]

    def match(points: np.ndarray, factors: np.ndarray) -> Matched:
        distances = _distances(points, factors, centres)
        return Matched(centres, distances, np.ones(len(points), bool))

    return _fit(MESHES, positions, centres, match)


def fit_skeleton(positions: np.ndarray, nodes: np.ndarray, somatic: np.ndarray) -> Fit:
    """Compare the positions of mitochondria with the nearest nodes of their cell's skeleton.

    ``positions`` are (M, 3) and ``nodes`` (N, 3) float64 in nm; from the ``somatic`` ones, (N,)
    bool, 10 µm do not count as a distance.
    """

    def match(points: np.ndarray, factors: np.ndarray) -> Matched:
        nearest = nearest_nodes(nodes, points * factors)
        distances = _distances(points, factors, nodes[nearest])
        within = SOMA_RADIUS_NM * somatic[nearest]
        return Matched(nodes[nearest], np.maximum(distances - within, 0), ~somatic[nearest])

    return _fit(SKELETON, positions, nodes, match)


def _fit(compared_with: str, points: np.ndarray, targets: np.ndarray, match: Match) -> Fit:
    """Measure the distances; where they are odd, look for factors that bring them down."""
    if len(points) == 0:
        return Fit(compared_with, 0, 0.0, 0.0)
    median = float(np.median(match(points, np.ones(3)).distances_nm))
    plain = best = Fit(compared_with, len(points), median, median)
    if median <= LIMITS[compared_with].doubtful_nm:
        return plain
    # The axes as they are come first.
    for axes in permutations(range(3)):
        turned = points[:, axes]
        for start in _starts(turned, targets):
            ratio = _improve(turned, start, match)
            _, distances, telling = match(turned, ratio)
            if telling.sum() < max(LEAST_TELLING * len(points), 1):
                continue
            left = float(np.median(distances[telling]))
            if left < best.fitted_median_nm:
                best = Fit(
                    compared_with, len(points), median, left, int(telling.sum()), tuple(ratio), axes
                )
        if best.is_explained:
            return best
    return plain


def _starts(points: np.ndarray, targets: np.ndarray) -> Iterator[np.ndarray]:
    """Yield factors that bring two clouds roughly to one place."""
    yield np.ones(3)
    for middle in (np.median, np.mean, lambda cloud, axis: cloud.min(axis) + cloud.max(axis)):
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = middle(targets, axis=0) / middle(points, axis=0)
        yield np.where(np.isfinite(ratio) & (ratio > 0), ratio, 1.0)


def _improve(points: np.ndarray, ratio: np.ndarray, match: Match) -> np.ndarray:
    """Take turns between the targets of the points and the factors that fit these best."""
    for _ in range(STEPS):
        previous = ratio
        axes = zip(points.T, match(points, ratio).targets.T, ratio, strict=True)
        ratio = np.array([_factor(here, there, factor) for here, there, factor in axes])
        if np.allclose(ratio, previous, rtol=1e-6):
            break
    return ratio


def _factor(points: np.ndarray, targets: np.ndarray, otherwise: float) -> float:
    """Return the factor f > 0 that makes the sum of abs(f points - targets) least, (M,) each.

    It is the median of the quotients, weighted by the points.
    """
    use = points != 0
    quotients, weights = targets[use] / points[use], np.abs(points[use])
    order = np.argsort(quotients)
    sums = np.cumsum(weights[order])
    found = quotients[order][np.searchsorted(sums, sums[-1] / 2)] if len(sums) else otherwise
    return float(found) if found > 0 else otherwise


def _distances(points: np.ndarray, factors: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return how far points with factors are from targets, (M,), in the unit that is larger.

    Factors near 0 bring everything together, but not in the unit of the points.
    """
    offsets = points * factors - targets
    unit = min(float(np.cbrt(np.prod(factors))), 1.0)
    return np.sqrt(np.einsum("ij,ij->i", offsets, offsets)) / unit


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


def write_fits(path: str | Path, cell_id: int, fits: Iterable[Fit]) -> None:
    """Write the fits of a cell as JSON."""
    write_text(path, json.dumps({"cell_id": cell_id, "fits": [asdict(fit) for fit in fits]}) + "\n")


def read_fits(path: str | Path) -> tuple[int, list[Fit]]:
    """Read what :func:`write_fits` wrote: the cell's id and its fits."""
    content = json.loads(Path(path).read_text())
    lists = ("ratio", "axes")
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
    return Fit(
        fits[0].compared_with,
        sum(fit.count for fit in fits),
        float(np.median([fit.median_nm for fit in fits])),
        float(np.median([fit.fitted_median_nm for fit in fits])),
        sum(fit.telling for fit in fits),
        tuple(np.median([fit.ratio for fit in middle], axis=0)) if middle else (1.0, 1.0, 1.0),
        Counter(fit.axes for fit in middle).most_common(1)[0][0] if middle else (0, 1, 2),
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
