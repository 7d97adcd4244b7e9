"""Volume and area of convex hulls, none of which is used before it is certified.

Marching cubes put vertices halfway between voxels, many to a plane and many to a line, where
manifold3d's quick hull can leave some out and be wrong by a few per cent without a sign of it. So a
hull is a proposal: triangles between vertices of the mesh. It is right if they form a closed
surface and no vertex lies beyond the plane of any of them. Such a hull K has a ball inside whose
radius is at least volume / area. If no vertex lies farther than d beyond a plane, the true hull
fits into K enlarged by 1 + d · area / volume about the ball's centre; so volume and area are
right to three times d · area / volume.

Proposals seldom fail: 6 and 35 of 8,000 marching-cubes meshes for the two ways of proposing, none
for both. What fails goes to Qhull, which takes as long to import as hundreds of meshes to measure.
"""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from mitosyn.meshes.vectors import cross, dot

# Shares of the extent by which vertices are moved for a proposal, so that no four lie on
# a plane. Far fewer proposals fail than for vertices in place, and those of one size are not
# those of the other.
SHIFTS = (3e-8, 1e-9)
# Powers of 1 / g where g⁴ = g + 1.
R3_STEPS = np.array([0.8191725133961645, 0.6710436067037893, 0.5497004779019703])
# How far beyond a plane a vertex may lie, as a share of volume / area.
TOLERANCE = 1e-7
# Six times the volume, as a share of diagonal³, that rounding makes of a flat tetrahedron: up to
# 5e-15 is seen. Three vertices in a line have no plane but such tetrahedra.
ROUNDING = 1e-14
# A hull of less volume / area^1.5 (0.09 for a sphere) is flat but for rounding.
FLAT = 1e-9
# Distances between vertices and planes that are held at a time: huge meshes have billions.
TABLE_SIZE = 1 << 18
# Distances that are worth half a second; for a mesh with more (100,000 vertices have some 10^8,
# but 10^10 if they lie on a ball), Qhull is faster, and taken at its word.
MOST_DISTANCES = 3e8


def convex_hull(points: np.ndarray) -> tuple[float, float]:
    """Return volume and area of the convex hull of some points, right to 1e-6.

    They are NaN where the points lie in a plane, or no hull passes the test. The points (3, V)
    float64 are finite, in any unit; about their mean, for rounding's sake.
    """
    for shift in SHIFTS:
        triangles = _propose(points, shift)
        measures = _certify(points, triangles) if triangles is not None else None
        if measures is not None:
            return measures
    return _by_qhull(points)


def _propose(points: np.ndarray, shift: float) -> np.ndarray | None:
    """Return a hull as corners (3, T) of triangles, numbers of points; None where one is none.

    ``shift`` is the share of their extent by which the points are moved.
    """
    steps = np.arange(points.shape[1]) * R3_STEPS[:, None]
    # The R₃ sequence (Roberts 2018) fills a cube evenly and without a pattern.
    moved = points + shift * np.ptp(points, axis=1)[:, None] * (steps - np.floor(steps) - 0.5)
    hull = Manifold.hull_points(np.ascontiguousarray(moved.T)).to_mesh64()
    corners = hull.vert_properties.T[:3]
    order = np.argsort(moved[0])
    found = order.take(np.searchsorted(moved[0], corners[0], sorter=order), mode="clip")
    if not np.array_equal(moved[:, found], corners):
        return None
    return found[hull.tri_verts.T.astype(np.int64)]


def _certify(points: np.ndarray, triangles: np.ndarray) -> tuple[float, float] | None:
    """Return volume and area of a hull if it is right, else None.

    The corners (3, T) of its triangles are numbers of points (3, V), counter-clockwise.
    """
    if triangles.shape[1] * points.shape[1] > MOST_DISTANCES:
        return None
    a, b, c = (points.take(corner, axis=1) for corner in triangles)
    normals = cross(b - a, c - a)
    doubled, sixfold = np.sqrt(dot(normals, normals)), dot(normals, a)
    volume, area = float(sixfold.sum()) / 6, float(doubled.sum()) / 2
    rounding = ROUNDING * float(np.linalg.norm(np.ptp(points, axis=1))) ** 3
    # Thin hulls are lost in rounding; one without triangles or inside out is none.
    if volume * TOLERANCE <= rounding * len(sixfold) or not _is_closed(triangles):
        return None
    beyond = _farthest(normals.T, points) - sixfold
    allowed = TOLERANCE * (volume / area) * doubled + rounding
    return (volume, area) if (beyond <= allowed).all() else None


def _is_closed(triangles: np.ndarray) -> bool:
    """Whether triangles (3, T) run once through each of their edges, and once back."""
    starts, ends = triangles, triangles[[1, 2, 0]]
    base = triangles.max() + 1
    there = np.sort((starts * base + ends).ravel())
    back = np.sort((ends * base + starts).ravel())
    return bool((np.diff(there) > 0).all()) and np.array_equal(there, back)


def _farthest(normals: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the largest product (T,) of normals (T, 3) with any of the points (3, V)."""
    step = max(1, TABLE_SIZE // len(normals))
    farthest = np.full(len(normals), -np.inf)
    for start in range(0, points.shape[1], step):
        products = normals @ points[:, start : start + step]
        np.maximum(farthest, products.max(axis=1), out=farthest)
    return farthest


def _by_qhull(points: np.ndarray) -> tuple[float, float]:
    """Return volume and area of Qhull's hull, NaN where it is flat or a point lies outside it."""
    # Imported here, as most cells do without it.
    from scipy.spatial import ConvexHull, QhullError

    try:
        hull = ConvexHull(points.T)
    except QhullError:
        return np.nan, np.nan
    if hull.volume <= FLAT * hull.area**1.5:
        return np.nan, np.nan
    normals, offsets = hull.equations[:, :3], hull.equations[:, 3]
    if len(normals) * points.shape[1] <= MOST_DISTANCES:
        beyond = (_farthest(normals, points) + offsets).max()
        if beyond > TOLERANCE * hull.volume / hull.area:
            return np.nan, np.nan
    return float(hull.volume), float(hull.area)
