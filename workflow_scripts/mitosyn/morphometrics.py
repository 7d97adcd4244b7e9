"""Shape measures of mitochondrial meshes, many meshes at a time.

None of the measures cuts or caps a mesh. In the frame of a mesh's principal
axes, with the area-weighted centroid c as origin, the three section planes are
the coordinate planes. A triangle and c span a tetrahedron; the signed volumes of
those tetrahedra sum to the enclosed volume (divergence theorem), and because c
lies on each plane, the flat cap that would close a half spans no volume with it.
A section's area and length are sums over the triangles that the plane crosses.

A vertex exactly on a plane counts as above it, so that each triangle has either
none or two crossed edges and the outline of a closed mesh closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from mitosyn.columns import MORPHOMETRICS
from mitosyn.meshes import Mesh, MeshBundle

Values = TypeVar("Values", float, np.ndarray)

# Below these fractions of a mesh's own size a distance or a volume is rounding
# error of the float32 vertices: a flat mesh has no volume and no plane along it.
ON_PLANE = 1e-9
NO_VOLUME = 1e-9
# Meshes are measured in batches of about this many triangles, to stay in the cache
# and to bound memory whatever the size of the cell.
BATCH_TRIANGLES = 50_000


@dataclass(frozen=True)
class MeshBatch:
    """B meshes end to end, each in true nm about its own vertex mean.

    Attributes
    ----------
    vertices : (V, 3) float64 array
        About the mean, which keeps large coordinates from costing digits.
    faces : (F, 3) int64 array
        Triangles by row of ``vertices``.
    vertex_counts, face_counts : (B,) int64 arrays
        At least one of each in every mesh.
    """

    vertices: np.ndarray
    faces: np.ndarray
    vertex_counts: np.ndarray
    face_counts: np.ndarray

    @classmethod
    def of(cls, meshes: Sequence[Mesh], scale: np.ndarray) -> MeshBatch:
        """Batch some (at least one) meshes, scaled by ``scale`` (3,) to true nm."""
        vertex_counts = np.array([len(m.vertices) for m in meshes])
        face_counts = np.array([len(m.faces) for m in meshes])
        starts = np.cumsum(vertex_counts) - vertex_counts
        vertices = np.concatenate([m.vertices for m in meshes]).astype(np.float64) * scale
        mean = np.add.reduceat(vertices, starts) / vertex_counts[:, None]
        faces = np.concatenate([m.faces for m in meshes]).astype(np.int64)
        return cls(
            vertices - np.repeat(mean, vertex_counts, axis=0),
            faces + np.repeat(starts, face_counts)[:, None],
            vertex_counts,
            face_counts,
        )

    @property
    def vertex_starts(self) -> np.ndarray:
        """(B,) int64 array: the first vertex of each mesh."""
        return np.cumsum(self.vertex_counts) - self.vertex_counts

    @property
    def face_starts(self) -> np.ndarray:
        """(B,) int64 array: the first triangle of each mesh."""
        return np.cumsum(self.face_counts) - self.face_counts

    def sum_vertices(self, values: np.ndarray) -> np.ndarray:
        """Sum per-vertex values, (V, …), into per-mesh values, (B, …)."""
        return np.add.reduceat(values, self.vertex_starts)

    def sum_faces(self, values: np.ndarray) -> np.ndarray:
        """Sum per-triangle values, (F, …), into per-mesh values, (B, …)."""
        return np.add.reduceat(values, self.face_starts)

    def split_vertices(self) -> list[np.ndarray]:
        """Give the vertices of each mesh, B arrays of shape (Vᵢ, 3)."""
        return np.split(self.vertices, self.vertex_starts[1:])


@dataclass(frozen=True)
class Crossing:
    """Where the plane k = 0 of a frame crosses C of the F triangles of a batch.

    Attributes
    ----------
    share_above : (F,) float64 array
        The share of each triangle's tetrahedron that lies above the plane.
    crossed : (C,) int64 array
        The crossed triangles.
    start, end : (2, C) float64 arrays
        Ends of each triangle's piece of the outline, in the plane, in the sense in
        which the outline runs around the part above.
    """

    share_above: np.ndarray
    crossed: np.ndarray
    start: np.ndarray
    end: np.ndarray


def measure_bundle(bundle: MeshBundle, scale: np.ndarray) -> dict[str, np.ndarray]:
    """Measure every mesh of a cell.

    Parameters
    ----------
    bundle : MeshBundle
        M mitochondria.
    scale : (3,) float64 array
        Factors from the bundle's nm to true nm.

    Returns
    -------
    dict of (M,) float64 arrays
        One for each name in :data:`mitosyn.columns.MORPHOMETRICS`, in nm, nm² and
        nm³. NaN where a mesh is missing or defeats that measure.
    """
    values = {name: np.full(len(bundle.mito_ids), np.nan) for name in MORPHOMETRICS}
    meshes = list(bundle)
    for rows in _batches(bundle):
        batch = MeshBatch.of([meshes[row] for row in rows], scale)
        for name, column in measure_meshes(batch).items():
            values[name][rows] = column
    return values


def _batches(bundle: MeshBundle) -> list[np.ndarray]:
    """Give the row numbers of the meshes to measure together."""
    rows = np.flatnonzero(bundle.has_mesh)
    if len(rows) == 0:
        return []
    triangles = np.cumsum(np.diff(bundle.face_offsets)[rows])
    return np.split(rows, np.flatnonzero(np.diff(triangles // BATCH_TRIANGLES)) + 1)


def measure_meshes(batch: MeshBatch) -> dict[str, np.ndarray]:
    """Compute every morphometric of B meshes.

    Returns
    -------
    dict of (B,) float64 arrays
        As :func:`measure_bundle`.
    """
    scatter, axes = _principal_axes(batch)
    frame = _principal_frame(batch, axes)
    corner, normals = _corners_and_normals(batch, frame)
    area, centroid = _area_and_centroid(batch, corner, normals)
    about_c = _about_centroid(batch, frame, centroid)
    tetrahedra = _tetrahedra(batch, corner[:, 0], normals, centroid)
    size = np.abs(batch.sum_faces(tetrahedra))
    size[size <= NO_VOLUME * area**1.5] = np.nan
    hull_volume, hull_area = _convex_hulls(batch)
    values = {
        "mito size": size,
        "mito SA": area,
        "convex hull volume": hull_volume,
        "convex hull SA": hull_area,
        "convex hull compactness": size / hull_volume,
        "sphericity": sphericity(size, area),
    }
    for k in range(3):
        crossing = _cross(batch, about_c, k)
        section_area, outline = _section(batch, crossing)
        section_area[area == 0] = outline[area == 0] = np.nan
        symmetry = _symmetry(batch, crossing, tetrahedra)
        symmetry[np.isnan(size)] = np.nan
        values |= {
            f"PC{k + 1} CA": section_area,
            f"PC{k + 1} Circum": outline,
            f"PC{k + 1} Length": _extent(batch, frame[k]),
            f"PC{k + 1} inertia moment": scatter.sum(axis=1) - scatter[:, k],
            f"PC{k + 1} symmetry": symmetry,
        }
    return values | {"mito CA": values["PC3 CA"], "mito diam": values["PC1 Length"]}


def sphericity(volume: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Give π^(1/3) (6 V)^(2/3) / A (Wadell 1935), 1 for a sphere.

    Parameters
    ----------
    volume, area : float arrays
        In nm³ and nm².
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.cbrt(np.pi) * np.cbrt(6 * volume) ** 2 / area


def complexity_index(area_um2: Values, volume_um3: Values) -> Values:
    """Give the mitochondrial complexity index SA³ / (16 π² V²).

    Vincent et al. 2019, as used by Turner et al. 2022.

    Parameters
    ----------
    area_um2, volume_um3 : float arrays or floats
        Surface area in µm² and volume in µm³ (voxel count × voxel volume).
    """
    return area_um2**3 / (16 * np.pi**2 * volume_um3**2)


def _principal_axes(batch: MeshBatch) -> tuple[np.ndarray, np.ndarray]:
    """Give scatter (B, 3) along and unit vectors (B, 3, 3; in columns) of PC1, PC2, PC3.

    The scatter is the sum over the vertices of their squared distance from the
    mean along the axis, in nm².
    """
    v = batch.vertices
    products = np.empty((len(batch.vertex_counts), 3, 3))
    for i in range(3):
        for j in range(i, 3):
            products[:, i, j] = products[:, j, i] = batch.sum_vertices(v[:, i] * v[:, j])
    scatter, axes = np.linalg.eigh(products)
    return scatter[:, ::-1], axes[:, :, ::-1]


def _principal_frame(batch: MeshBatch, axes: np.ndarray) -> np.ndarray:
    """Give the coordinates (3, V) of the vertices along PC1, PC2, PC3 from their mean."""
    meshes = zip(batch.split_vertices(), axes, strict=True)
    return np.concatenate([axis.T @ vertices.T for vertices, axis in meshes], axis=1)


def _corners_and_normals(batch: MeshBatch, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the triangles' corners (3 coordinates, 3 corners, F) and normals (3, F).

    A normal is the cross product of two edges, twice the triangle's area long.
    """
    corner = frame[:, batch.faces.T]
    (ux, uy, uz), (vx, vy, vz) = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    return corner, np.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx])


def _area_and_centroid(
    batch: MeshBatch, corner: np.ndarray, normals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give summed triangle area (B,) and area-weighted centroid c (3, B).

    Where there is no area, the vertex mean stands in for c.
    """
    nx, ny, nz = normals
    areas = np.sqrt(nx * nx + ny * ny + nz * nz) / 2
    area = batch.sum_faces(areas)
    moment = [batch.sum_faces((a + b + c) * areas) / 3 for a, b, c in corner]
    return area, np.stack(moment) / np.where(area > 0, area, 1)


def _about_centroid(batch: MeshBatch, frame: np.ndarray, centroid: np.ndarray) -> np.ndarray:
    """Give the coordinates (3, V) of the vertices from c.

    Distances that are rounding error are set to zero, so that a plane along a flat
    mesh misses it instead of crossing noise.
    """
    about_c = frame - np.repeat(centroid, batch.vertex_counts, axis=1)
    reach = np.maximum.reduceat(np.abs(about_c).max(axis=0), batch.vertex_starts)
    about_c[np.abs(about_c) < ON_PLANE * np.repeat(reach, batch.vertex_counts)] = 0
    return about_c


def _tetrahedra(
    batch: MeshBatch, corner: np.ndarray, normals: np.ndarray, centroid: np.ndarray
) -> np.ndarray:
    """Give the signed volume (F,) of each triangle's tetrahedron with c.

    A sixth of the dot product of its normal with the way from c to a corner (3, F).
    """
    x, y, z = corner - np.repeat(centroid, batch.face_counts, axis=1)
    nx, ny, nz = normals
    return (x * nx + y * ny + z * nz) / 6


def _convex_hulls(batch: MeshBatch) -> tuple[np.ndarray, np.ndarray]:
    """Give volume and surface area, (B,) each, of the convex hulls; NaN where flat."""
    # Qhull, not the lighter manifold3d: of vertices that lie on a voxel grid,
    # manifold3d 3.5 leaves some outside its hull (area off by up to 4 %).
    volume = np.full(len(batch.vertex_counts), np.nan)
    area = volume.copy()
    for i, vertices in enumerate(batch.split_vertices()):
        try:
            hull = ConvexHull(vertices)
        except (QhullError, ValueError):
            continue
        volume[i], area[i] = hull.volume, hull.area
    return volume, area


def _extent(batch: MeshBatch, distance: np.ndarray) -> np.ndarray:
    """Give the range (B,) of per-vertex distances (V,)."""
    starts = batch.vertex_starts
    return np.maximum.reduceat(distance, starts) - np.minimum.reduceat(distance, starts)


def _cross(batch: MeshBatch, about_c: np.ndarray, k: int) -> Crossing:
    """Cross the triangles of a batch with the plane through c with normal PC ``k + 1``.

    The part of a tetrahedron on one side of the plane, which holds its apex c, is to
    the whole as that part of its triangle is to the triangle; the part with the
    triangle's lone corner is the product of the shares of its two crossed edges.
    """
    distance = about_c[k]
    above = (distance >= 0)[batch.faces]
    corners_above = above[:, 0].astype(np.int8) + above[:, 1] + above[:, 2]
    share_above = (corners_above == 3).astype(float)
    crossed = np.flatnonzero((corners_above == 1) | (corners_above == 2))
    lone, following, preceding = _from_lone_corner(batch.faces[crossed], above[crossed])
    share_following = distance[lone] / (distance[lone] - distance[following])
    share_preceding = distance[lone] / (distance[lone] - distance[preceding])
    lone_part = share_following * share_preceding
    lone_above = distance[lone] >= 0
    share_above[crossed] = np.where(lone_above, lone_part, 1 - lone_part)
    # In the plane: the other two coordinates.
    plane = about_c[[(k + 1) % 3, (k + 2) % 3]]
    start = plane[:, lone] + share_following * (plane[:, following] - plane[:, lone])
    end = plane[:, lone] + share_preceding * (plane[:, preceding] - plane[:, lone])
    return Crossing(
        share_above,
        crossed,
        np.where(lone_above, start, end),
        np.where(lone_above, end, start),
    )


def _from_lone_corner(
    faces: np.ndarray, above: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the corners of crossed triangles (C, 3), starting at the one alone on its side."""
    is_lone = above == (above.sum(axis=1) == 1)[:, None]
    corner = np.argmax(is_lone, axis=1)
    rows = np.arange(len(faces))
    return (
        faces[rows, corner],
        faces[rows, (corner + 1) % 3],
        faces[rows, (corner + 2) % 3],
    )


def _section(batch: MeshBatch, crossing: Crossing) -> tuple[np.ndarray, np.ndarray]:
    """Give area and outline length, (B,) each, of a section.

    The outline runs around the section with the triangles' orientation, so half the
    cross products of its pieces' ends sum to the area (Green's theorem), holes
    counting negative.
    """
    (start_x, start_y), (end_x, end_y) = crossing.start, crossing.end
    pieces = np.hypot(end_x - start_x, end_y - start_y)
    cross = start_x * end_y - start_y * end_x
    count = len(batch.face_counts)
    owner = np.searchsorted(batch.face_starts, crossing.crossed, side="right") - 1
    # Without a weight to sum, bincount gives integers, which cannot hold NaN.
    outline = np.bincount(owner, pieces, count).astype(float)
    area = np.abs(np.bincount(owner, cross, count)) / 2
    missed = np.bincount(owner, minlength=count) == 0
    area[missed] = outline[missed] = np.nan
    return area, outline


def _symmetry(batch: MeshBatch, crossing: Crossing, tetrahedra: np.ndarray) -> np.ndarray:
    """Give 1 − abs(V₊ − V₋) / (V₊ + V₋), (B,), of the volumes on the sides of a plane."""
    upper = np.abs(batch.sum_faces(tetrahedra * crossing.share_above))
    lower = np.abs(batch.sum_faces(tetrahedra * (1 - crossing.share_above)))
    with np.errstate(invalid="ignore"):
        return 1 - np.abs(upper - lower) / (upper + lower)
