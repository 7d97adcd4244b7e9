"""Whether the tables' positions, the meshes and the skeletons of cells lie at one place.

A wrong voxel size moves everything that is made from it by a factor along each axis, another
origin by an offset. What would undo it is found from the positions themselves, so that an error can
name what was meant, and a cell that is odd for other reasons (a merge of two) is told from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import permutations
from typing import NamedTuple

import numpy as np

from mitosyn.meshes import MeshBundle
from mitosyn.skeletons import nearest_nodes

MESHES, SKELETON = "meshes", "skeleton"
FITS, DOUBTFUL, CONTRADICTS = "fits", "doubtful", "contradicts"

# Of a mitochondrion in the soma and the one node there.
SOMA_RADIUS_NM = 10_000.0
# Factors explain a distance if they leave less than this share of it, and less than this.
# At least so many of the mitochondria have to be outside the soma then.
LEFT_SHARE, LEFT_NM, LEAST_TELLING = 1 / 5, 1_000.0, 1 / 5
STEPS = 30
# An offset is found by votes of so many points and nodes at most, for cells of this size.
VOTERS, CANDIDATES, VOTE_NM = 100, 4_000, 4_000.0
# An offset explains what factors explain too if it leaves less than this share of what they leave;
# three times that where these differ in x and y by more than by chance.
BETTER, UNLIKELY, SQUARE = 1 / 2, 3, 0.03


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
    offset_nm : three floats
        Where the other thing lies off the positions, if an offset brings them together better
        than factors do; else 0.
    """

    compared_with: str
    count: int
    median_nm: float
    fitted_median_nm: float
    telling: int = 0
    ratio: tuple[float, ...] = (1.0, 1.0, 1.0)
    axes: tuple[int, ...] = (0, 1, 2)
    offset_nm: tuple[float, ...] = (0.0, 0.0, 0.0)

    @property
    def is_shifted(self) -> bool:
        """Whether an offset would bring the two together."""
        return any(self.offset_nm)

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

    fit = _fit(MESHES, positions, centres, match)
    if not _is_odd(fit):
        return fit
    return _shifted(fit, positions, np.median(centres - positions, axis=0), match)


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

    fit = _fit(SKELETON, positions, nodes, match)
    if not _is_odd(fit):
        return fit
    return _shifted(fit, positions, _voted_offset(positions, nodes), match)


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
            found = Fit(
                compared_with, len(points), median, left, int(telling.sum()), tuple(ratio), axes
            )
            if _doubt(found) < _doubt(best):
                best = found
        if best.is_explained and _doubt(best) == best.fitted_median_nm:
            return best
    if best.is_explained:
        return best
    return plain


def _doubt(fit: Fit) -> float:
    """Return what factors leave, a multiple of it where x and y differ: voxels are square there."""
    x, y, _ = fit.ratio
    return fit.fitted_median_nm * (1 if abs(x / y - 1) < SQUARE else UNLIKELY)


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


def _is_odd(fit: Fit) -> bool:
    return fit.median_nm > LIMITS[fit.compared_with].doubtful_nm


def _shifted(fit: Fit, points: np.ndarray, offset: np.ndarray, match: Match) -> Fit:
    """Add the offset near one that is given, if it explains the distance better than factors."""
    ones = np.ones(3)
    for _ in range(STEPS):
        targets, distances, telling = match(points + offset, ones)
        if telling.sum() < max(LEAST_TELLING * len(points), 1):
            return fit
        move = np.median((targets - points - offset)[telling], axis=0)
        if np.abs(move).max() < 1.0:
            break
        offset = offset + move
    left = float(np.median(distances[telling]))
    if left > min(LEFT_SHARE * fit.median_nm, LEFT_NM):
        return fit
    if fit.is_explained and left > BETTER * _doubt(fit):
        return fit
    return replace(fit, offset_nm=tuple(offset.tolist()))


def _voted_offset(points: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Return the offset, (3,), with which most of some points have a node nearby.

    Of all differences of a point and a node, those that most points have in common.
    """
    points = points[:: -(-len(points) // VOTERS)]
    nodes = nodes[:: -(-len(nodes) // CANDIDATES)]
    differences = nodes[None] - points[:, None]
    cells = np.floor(differences / VOTE_NM).astype(np.int64)
    cells -= cells.min(axis=(0, 1))
    sizes = cells.max(axis=(0, 1)) + 1
    numbers = (cells[..., 0] * sizes[1] + cells[..., 1]) * sizes[2] + cells[..., 2]
    # A point votes once for each offset.
    votes = np.concatenate([np.unique(row) for row in numbers])
    found, counts = np.unique(votes, return_counts=True)
    return np.median(differences[numbers == found[np.argmax(counts)]], axis=0)
