"""Shape measures of mitochondrial meshes, many meshes at a time.

None of the measures cuts or caps a mesh. In the frame of a mesh's principal
axes, with the area-weighted centroid c as origin, the three section planes are
the coordinate planes. A triangle and c span a tetrahedron; the signed volumes of
those tetrahedra sum to the enclosed volume (divergence theorem), and because c
lies on each plane, the flat cap that would close a half spans no volume with it.
A section's area and length are sums over the triangles that the plane crosses.

A vertex exactly on a plane counts as above it, so that each triangle has either
none or two crossed edges and the outline of a closed mesh closes.

Arrays hold one coordinate after the other, (3, V) and not (V, 3): each step then
runs along memory, and its formula reads as on paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mitosyn.catalogue import MORPHOMETRICS
from mitosyn.meshes.batches import MeshBatch, mesh_batches
from mitosyn.meshes.bundle import MeshBundle
from mitosyn.meshes.hulls import convex_hull
from mitosyn.meshes.vectors import cross, dot

Values = TypeVar("Values", float, np.ndarray)

# Below these fractions of a mesh's own size a distance or a volume is rounding
# error of the float32 vertices: a flat mesh has no volume and no plane along it.
ON_PLANE = 1e-9
NO_VOLUME = 1e-9
# The corners of a triangle, in its sense, by the corner that they start at.
TURNS = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1]])


@dataclass(frozen=True)
class Crossings:
    """Where the three planes through c cross the F triangles of a batch, C times in all.

    Each crossed triangle has a piece of the outline, with two coordinates in the plane.
    """

    plane: np.ndarray  # (C,) int64, number k of the plane with normal PC k + 1
    triangle: np.ndarray  # (C,) int64
    share_above: np.ndarray  # (C,) float64, of the triangle's tetrahedron
    start: tuple[np.ndarray, np.ndarray]  # (C,) float64 each
    end: tuple[np.ndarray, np.ndarray]
    sense: np.ndarray  # (C,), 1.0 where start to end is the way around the part above, else -1.0


def measure_bundle(bundle: MeshBundle, scale: np.ndarray) -> dict[str, np.ndarray]:
    """Return the measures of every mesh of a cell, (M,) float64 each, in nm, nm² and nm³.

    They have the names in :data:`~mitosyn.catalogue.MORPHOMETRICS`, and are NaN where a mesh is
    missing or defeats the measure. ``scale`` (3,) are factors from the bundle's nm to true nm.
    """
    values = {name: np.full(len(bundle.mito_ids), np.nan) for name in MORPHOMETRICS}
    for batch in mesh_batches(bundle):
        for name, column in _measure(batch, scale).items():
            values[name][batch.rows] = column
    return values


def _measure(batch: MeshBatch, scale: np.ndarray) -> dict[str, np.ndarray]:
    """Return every morphometric of B meshes, (B,) each, as :func:`measure_bundle` names them."""
    about_mean = _about_mean(batch, scale)
    scatter, axes = _principal_axes(batch, about_mean)
    frame = _principal_frame(batch, about_mean, axes)
    normals = _normals(batch, frame)
    area, centroid = _area_and_centroid(batch, frame, normals)
    about_c = _about_centroid(batch, frame, centroid)
    tetrahedra = _tetrahedra(batch, about_c, normals)
    corners_above = _corners_above(batch, about_c)
    crossings = _cross(batch, about_c, corners_above)
    size = np.abs(batch.sum_faces(tetrahedra))
    size[size <= NO_VOLUME * area**1.5] = np.nan
    hulls = np.split(about_mean, batch.vertex_starts[1:], axis=1)
    hull_volume, hull_area = np.array(list(map(convex_hull, hulls))).T
    section_area, outline = _sections(batch, crossings)
    section_area[:, area == 0] = outline[:, area == 0] = np.nan
    symmetry = _symmetries(batch, crossings, corners_above, tetrahedra)
    symmetry[:, np.isnan(size)] = np.nan
    starts = batch.vertex_starts
    extent = np.maximum.reduceat(frame, starts, axis=1) - np.minimum.reduceat(frame, starts, axis=1)
    along_axes = {
        "CA": section_area,
        "Circum": outline,
        "Length": extent,
        "inertia moment": scatter.sum(axis=0) - scatter,
        "symmetry": symmetry,
    }
    values = {f"PC{k + 1} {name}": v[k] for name, v in along_axes.items() for k in range(3)}
    return values | {
        "mito size": size,
        "mito SA": area,
        "mito CA": section_area[2],
        "mito diam": values["PC1 Length"],
        "convex hull volume": hull_volume,
        "convex hull SA": hull_area,
        "convex hull compactness": size / hull_volume,
        "sphericity": sphericity(size, area),
    }


def sphericity(volume: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Return π^(1/3) (6 V)^(2/3) / A (Wadell 1935), 1 for a sphere, of nm³ and nm²."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.cbrt(np.pi) * np.cbrt(6 * volume) ** 2 / area


def complexity_index(area_um2: Values, volume_um3: Values) -> Values:
    """Return the mitochondrial complexity index SA³ / (16 π² V²).

    Vincent et al. 2019, as used by Turner et al. 2022, who take voxel count × voxel volume.
    """
    return area_um2**3 / (16 * np.pi**2 * volume_um3**2)


def _about_mean(batch: MeshBatch, scale: np.ndarray) -> np.ndarray:
    """Return the vertices (3, V), in true nm, from the mean of their mesh's.

    That keeps large coordinates from costing digits.
    """
    vertices = batch.vertices.T.astype(np.float64, order="C") * scale[:, None]
    return vertices - batch.to_vertices(batch.sum_vertices(vertices) / batch.vertex_counts)


def _principal_axes(batch: MeshBatch, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the scatter (3, B) along PC1, PC2, PC3 and their unit vectors (3, 3, B).

    The scatter is the summed squared distance of the vertices from their mean along the axis, in
    nm²; ``axes[k]`` holds the three coordinates of PC k + 1.
    """
    products = np.empty((len(batch.vertex_counts), 3, 3))
    for i in range(3):
        products[:, i:, i] = products[:, i, i:] = batch.sum_vertices(v[i] * v[i:]).T
    scatter, axes = np.linalg.eigh(products)
    return scatter.T[::-1], axes.T[::-1]


def _principal_frame(batch: MeshBatch, about_mean: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Return the coordinates (3, V) of the vertices along PC1, PC2, PC3 from their mean."""
    x, y, z = about_mean
    ax, ay, az = batch.to_vertices(axes.swapaxes(0, 1))
    return ax * x + ay * y + az * z


def _normals(batch: MeshBatch, frame: np.ndarray) -> np.ndarray:
    """Return the normals (3, F) of the triangles, twice a triangle's area long."""
    a, b, c = (frame.take(corners, axis=1) for corners in batch.faces)
    return cross(b - a, c - a)


def _area_and_centroid(
    batch: MeshBatch, frame: np.ndarray, normals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return summed triangle area (B,) and area-weighted centroid c (3, B).

    A triangle's centroid is the mean of its corners: each carries a third of the
    area. Where there is no area, the vertex mean stands in for c.
    """
    areas = np.sqrt(dot(normals, normals)) / 2
    area = batch.sum_faces(areas)
    at_vertex = sum(np.bincount(corners, areas, frame.shape[1]) for corners in batch.faces)
    moment = batch.sum_vertices(frame * at_vertex) / 3
    return area, moment / np.where(area > 0, area, 1)


def _about_centroid(batch: MeshBatch, frame: np.ndarray, centroid: np.ndarray) -> np.ndarray:
    """Return the coordinates (3, V) of the vertices from c.

    Distances that are rounding error are set to zero, so that a plane along a flat
    mesh misses it instead of crossing noise.
    """
    about_c = frame - batch.to_vertices(centroid)
    distance = np.abs(about_c)
    reach = np.maximum.reduceat(distance.max(axis=0), batch.vertex_starts)
    about_c[distance < batch.to_vertices(ON_PLANE * reach)] = 0
    return about_c


def _tetrahedra(batch: MeshBatch, about_c: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return the signed volume (F,) of each triangle's tetrahedron with c.

    A sixth of the dot product of its normal with the way from c to a corner.
    """
    return dot(about_c.take(batch.faces[0], axis=1), normals) / 6


def _corners_above(batch: MeshBatch, about_c: np.ndarray) -> np.ndarray:
    """Count the corners of each triangle above each plane: (3, F) uint8."""
    above = (about_c >= 0).view(np.uint8)
    # Two bits for each plane: one number holds the counts of all three.
    packed = above[0] + (above[1] << 2) + (above[2] << 4)
    first, second, third = packed.take(batch.faces)
    sums = first + second + third
    return np.stack([sums & 3, sums >> 2 & 3, sums >> 4])


def _cross(batch: MeshBatch, about_c: np.ndarray, corners_above: np.ndarray) -> Crossings:
    """Cross the triangles of a batch with the planes through c with normals PC1, PC2, PC3.

    The part of a tetrahedron on one side of a plane, which holds its apex c, is to
    the whole as that part of its triangle is to the triangle; the part with the
    triangle's lone corner is the product of the shares of its two crossed edges.
    """
    crossed = (corners_above == 1) | (corners_above == 2)
    plane, triangle = np.divmod(np.flatnonzero(crossed), crossed.shape[1])
    # In row k of these: the distance from plane k, and the coordinates in it.
    distance, x, y = about_c, about_c[[1, 2, 0]], about_c[[2, 0, 1]]
    corners = plane * about_c.shape[1] + batch.faces.take(triangle, axis=1)
    lone, following, preceding = _from_lone_corner(corners, distance)
    from_lone = distance.take(lone)
    to_following = from_lone / (from_lone - distance.take(following))
    to_preceding = from_lone / (from_lone - distance.take(preceding))
    lone_part = to_following * to_preceding
    lone_above = from_lone >= 0
    return Crossings(
        plane,
        triangle,
        np.where(lone_above, lone_part, 1 - lone_part),
        (_between(x, lone, following, to_following), _between(y, lone, following, to_following)),
        (_between(x, lone, preceding, to_preceding), _between(y, lone, preceding, to_preceding)),
        np.where(lone_above, 1.0, -1.0),
    )


def _from_lone_corner(corners: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Turn crossed triangles (3, C) to start at the corner that is alone on its side."""
    first, second, third = distance.take(corners) >= 0
    lone = np.where(first == second, 2, np.where(first == third, 1, 0))
    count = corners.shape[1]
    return corners.take(TURNS.take(lone, axis=1) * count + np.arange(count))


def _between(
    values: np.ndarray, start: np.ndarray, end: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Interpolate, at a share (C,) of the way, values at start (C,) and end (C,)."""
    at_start = values.take(start)
    return at_start + share * (values.take(end) - at_start)


def _sections(batch: MeshBatch, crossings: Crossings) -> tuple[np.ndarray, np.ndarray]:
    """Return area and outline length, (3, B) each, of the sections by the three planes.

    The outline runs around the section with the triangles' orientation, so half the
    cross products of its pieces' ends sum to the area (Green's theorem), holes
    counting negative.
    """
    (start_x, start_y), (end_x, end_y) = crossings.start, crossings.end
    along_x, along_y = end_x - start_x, end_y - start_y
    pieces = np.sqrt(along_x * along_x + along_y * along_y)
    outline = _sum_crossings(batch, crossings, pieces)
    cross = crossings.sense * (start_x * end_y - start_y * end_x)
    area = np.abs(_sum_crossings(batch, crossings, cross)) / 2
    missed = _sum_crossings(batch, crossings, np.ones_like(pieces)) == 0
    area[missed] = outline[missed] = np.nan
    return area, outline


def _sum_crossings(batch: MeshBatch, crossings: Crossings, values: np.ndarray) -> np.ndarray:
    """Sum values of crossings, (C,), for each plane and mesh: (3, B) float64."""
    count = len(batch.face_counts)
    owners = batch.to_faces(np.arange(count))
    group = crossings.plane * count + owners[crossings.triangle]
    # Without a weight to sum, bincount gives integers, which cannot hold NaN.
    return np.bincount(group, values, 3 * count).astype(float).reshape(3, count)


def _symmetries(
    batch: MeshBatch, crossings: Crossings, corners_above: np.ndarray, tetrahedra: np.ndarray
) -> np.ndarray:
    """Return 1 − abs(V₊ − V₋) / (V₊ + V₋), (3, B), of the volumes on the sides of the planes."""
    crossed_above = tetrahedra[crossings.triangle] * crossings.share_above
    upper = batch.sum_faces(np.where(corners_above == 3, tetrahedra, 0))
    upper += _sum_crossings(batch, crossings, crossed_above)
    lower = np.abs(batch.sum_faces(tetrahedra) - upper)
    upper = np.abs(upper)
    with np.errstate(invalid="ignore"):
        return 1 - np.abs(upper - lower) / (upper + lower)
