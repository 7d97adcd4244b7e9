"""Closed triangle meshes of tubes that follow a curve, and what is wrong with some.

A mesh is a pair of vertices (n, 3) float64, nm, and triangles (m, 3) int64, whose
normals point outwards.
"""

from __future__ import annotations

from typing import NamedTuple

import manifold3d
import numpy as np
from numpy.typing import NDArray

from mitosyn.sample.space import unit

_AROUND = 12  # vertices around a tube
_CAP_RINGS = 4
_RING_SPACING_NM = 70.0
_MAX_RINGS = 80
_SHORTEST_EDGE_NM = 2.0  # shorter ones do not survive the float32 of the mesh files


class Mesh(NamedTuple):
    """A triangle mesh.

    Attributes
    ----------
    vertices : ndarray (n, 3) float64
        Positions, nm.
    triangles : ndarray (m, 3) int64
        Vertex numbers.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]


def volume(mesh: Mesh) -> float:
    """Compute the signed enclosed volume, nm³, about the mean vertex."""
    a, b, c = np.moveaxis(_corners(mesh) - mesh.vertices.mean(axis=0), 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def surface_area(mesh: Mesh) -> float:
    """Sum the triangle areas, nm²."""
    return float(_triangle_areas(mesh).sum())


def centroid(mesh: Mesh) -> NDArray[np.float64]:
    """Average the triangle centroids weighted by area, nm (3,)."""
    return np.average(_corners(mesh).mean(axis=1), axis=0, weights=_triangle_areas(mesh))


def tube(axis: NDArray[np.float64], radius: float, rng: np.random.Generator, target: float) -> Mesh:
    """Sweep a closed, lumpy tube with round ends.

    Parameters
    ----------
    axis : ndarray (k, 3) float64
        Dense polyline from tip to tip, nm.
    radius : float
        Wanted mean radius, nm; corrected to meet the volume.
    rng : Generator
        For the lumps.
    target : float
        Volume to enclose, nm³.

    Returns
    -------
    Mesh
    """
    lumps = rng.normal(0, 1, 6)
    mesh = _sweep(axis, radius, lumps)
    mesh = _sweep(axis, radius * np.sqrt(target / volume(mesh)), lumps)
    return scaled_to(mesh, target)


def scaled_to(mesh: Mesh, target: float) -> Mesh:
    """Scale a mesh about its centroid to enclose the volume ``target``, nm³."""
    middle = centroid(mesh)
    factor = np.cbrt(target / volume(mesh))
    return Mesh(middle + factor * (mesh.vertices - middle), mesh.triangles)


def union(meshes: list[Mesh], shortest_edge_nm: float = _SHORTEST_EDGE_NM) -> Mesh:
    """Put one closed surface around overlapping meshes.

    Shorter edges than ``shortest_edge_nm`` go, and vertices less than that off a straight
    surface.
    """
    origin = meshes[0].vertices.mean(axis=0)
    solids = [
        manifold3d.Manifold(
            manifold3d.Mesh64(mesh.vertices - origin, mesh.triangles.astype(np.uint64))
        )
        for mesh in meshes
    ]
    solid = manifold3d.Manifold.batch_boolean(solids, manifold3d.OpType.Add)
    merged = solid.as_original().simplify(shortest_edge_nm).to_mesh64()
    return Mesh(
        np.asarray(merged.vert_properties)[:, :3] + origin,
        np.asarray(merged.tri_verts).astype(np.int64),
    )


def side_by_side(meshes: list[Mesh]) -> Mesh:
    """Put meshes into one without joining their surfaces."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate(
            [mesh.triangles + offset for mesh, offset in zip(meshes, offsets, strict=True)]
        ),
    )


def inside_out(mesh: Mesh) -> Mesh:
    """Turn the normals of a mesh inwards."""
    return Mesh(mesh.vertices, mesh.triangles[:, ::-1].copy())


def with_hole(mesh: Mesh) -> Mesh:
    """Take the triangles around one place out of a mesh, some 6 % of all."""
    middles = _corners(mesh).mean(axis=1)
    distance = np.linalg.norm(middles - middles[len(middles) // 2], axis=1)
    keep = np.sort(np.argsort(distance, kind="stable")[len(middles) // 16 :])
    return Mesh(mesh.vertices, mesh.triangles[keep])


def flattened(mesh: Mesh) -> Mesh:
    """Squeeze a mesh into one plane, as a mitochondrion in a single section is."""
    vertices = mesh.vertices.copy()
    vertices[:, 2] = vertices[0, 2]
    return Mesh(vertices, mesh.triangles)


def tetrahedron(centre: NDArray[np.float64], edge: float) -> Mesh:
    """Make the smallest closed mesh: four vertices around ``centre``, edges in nm."""
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])
    return Mesh(centre + signs * (edge / np.sqrt(8)), triangles)


def _corners(mesh: Mesh) -> NDArray[np.float64]:
    """Corners of the triangles, (m, 3, 3)."""
    return mesh.vertices[mesh.triangles]


def _triangle_areas(mesh: Mesh) -> NDArray[np.float64]:
    """Area of each triangle, nm² (m,)."""
    a, b, c = np.moveaxis(_corners(mesh), 1, 0)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def _sweep(axis: NDArray[np.float64], radius: float, lumps: NDArray[np.float64]) -> Mesh:
    """Sweep a lumpy circle along an axis (k, 3); the ends are rounded."""
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(axis, axis=0), axis=1))])
    length = run[-1]
    cap = min(radius, 0.49 * length)
    rings = _ring_places(length, cap)
    middles = _at(axis, run, rings)
    forward = unit(_at(axis, run, rings + 20) - _at(axis, run, rings - 20))
    right, up = _frames(forward)

    angles = 2 * np.pi * np.arange(_AROUND) / _AROUND
    end = np.clip((cap - np.minimum(rings, length - rings)) / cap, 0, 1)
    radii = radius * np.sqrt(1 - end**2) * _profile(rings / length, lumps)
    oval = radii[:, None] * (1 + 0.12 * np.cos(2 * angles + lumps[0]))[None]
    circles = (
        middles[:, None]
        + (oval * np.cos(angles))[..., None] * right[:, None]
        + (oval * np.sin(angles))[..., None] * up[:, None]
    )
    vertices = np.concatenate([circles.reshape(-1, 3), axis[[0, -1]]])
    return Mesh(vertices, tube_triangles(len(rings), _AROUND))


def _ring_places(length: float, cap: float) -> NDArray[np.float64]:
    """Places of the rings along a tube, nm from its tip; denser in the caps."""
    turn = np.linspace(0, np.pi / 2, _CAP_RINGS + 1)[1:]
    start = cap * (1 - np.cos(turn))
    count = int(np.clip((length - 2 * cap) / _RING_SPACING_NM, 2, _MAX_RINGS))
    body = np.linspace(cap, length - cap, count + 2)[1:-1]
    return np.concatenate([start, body, length - start[::-1]])


def _profile(place: NDArray[np.float64], lumps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Relative radius at places 0…1 along a tube: a few gentle waves."""
    waves = np.arange(1, 4)[:, None] * np.pi * 2 * place[None]
    phases = lumps[3:, None] * 3
    return 1 + 0.09 * np.sum(np.tanh(lumps[:3, None]) * np.sin(waves + phases), axis=0)


def _at(
    axis: NDArray[np.float64], run: NDArray[np.float64], places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points (p, 3) of a polyline at run lengths (p,)."""
    return np.stack([np.interp(places, run, axis[:, k]) for k in range(3)], axis=1)


def _frames(
    forward: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two unit vectors (r, 3) each at right angles to the headings (r, 3).

    They lean on the direction that the headings have least to do with, so that a
    tube does not twist.
    """
    least = np.linalg.eigh(forward.T @ forward)[1][:, 0]
    right = unit(least - forward * (forward @ least)[:, None])
    return right, np.cross(forward, right)


def tube_triangles(rings: int, around: int) -> NDArray[np.int64]:
    """Triangles of ``rings`` stacked circles of ``around`` vertices and the two tips after them."""
    here = np.arange(around)
    after = (here + 1) % around
    first = (np.arange(rings - 1) * around)[:, None]
    a, b = first + here, first + after
    c, d = a + around, b + around
    sides = np.concatenate([np.stack([a, b, c], -1), np.stack([b, d, c], -1)])
    last = (rings - 1) * around
    tip, tail = rings * around, rings * around + 1
    bottom = np.stack([np.full(around, tip), after, here], axis=1)
    top = np.stack([np.full(around, tail), last + here, last + after], axis=1)
    return np.concatenate([sides.reshape(-1, 3), bottom, top])
