"""Closed triangle meshes of tubes that follow a curve, and what is wrong with some.

The normals of triangles point outwards.
"""

from __future__ import annotations

from typing import NamedTuple

import manifold3d
import numpy as np
from numpy.random import Generator

from mitosyn.sample.space import Floats, Ints, points_along, run_lengths, unit

_AROUND = 12  # vertices around a tube
_CAP_RINGS = 4
_RING_SPACING_NM = 70.0
_MAX_RINGS = 80
_SHORTEST_EDGE_NM = 2.0  # shorter ones do not survive the float32 of the mesh files


class Mesh(NamedTuple):
    """A triangle mesh: vertices (n, 3) in nm, triangles (m, 3) of vertex numbers."""

    vertices: Floats
    triangles: Ints


def enclosed_volume(mesh: Mesh) -> float:
    """Return the signed enclosed volume, nm³, about the mean vertex."""
    a, b, c = np.moveaxis(_corners(mesh) - mesh.vertices.mean(axis=0), 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def surface_area(mesh: Mesh) -> float:
    """Return the area, nm²."""
    return float(_triangle_areas(mesh).sum())


def centroid(mesh: Mesh) -> Floats:
    """Return the mean of the triangle centroids weighted by area, nm (3,)."""
    return np.average(_corners(mesh).mean(axis=1), axis=0, weights=_triangle_areas(mesh))


def tube(axis: Floats, radius: float, rng: Generator, target: float) -> Mesh:
    """Return a closed, lumpy tube with round ends along a dense polyline (k, 3), nm.

    ``radius``, nm, is corrected to enclose the volume ``target``, nm³.
    """
    lumps = rng.normal(0, 1, 6)
    mesh = _sweep(axis, radius, lumps)
    mesh = _sweep(axis, radius * np.sqrt(target / enclosed_volume(mesh)), lumps)
    return scaled_to(mesh, target)


def scaled_to(mesh: Mesh, target: float) -> Mesh:
    """Return a mesh scaled about its centroid to enclose the volume ``target``, nm³."""
    middle = centroid(mesh)
    factor = np.cbrt(target / enclosed_volume(mesh))
    return Mesh(middle + factor * (mesh.vertices - middle), mesh.triangles)


def union(meshes: list[Mesh], shortest_edge_nm: float = _SHORTEST_EDGE_NM) -> Mesh:
    """Return one closed surface around overlapping meshes.

    Edges shorter than ``shortest_edge_nm`` are removed, and vertices less than that off a
    straight surface.
    """
    origin = meshes[0].vertices.mean(axis=0)
    solids = [
        manifold3d.Manifold(
            manifold3d.Mesh64(mesh.vertices - origin, mesh.triangles.astype(np.uint64))
        )
        for mesh in meshes
    ]
    solid = manifold3d.Manifold.batch_boolean(solids, manifold3d.OpType.Add)
    return surface_of(solid.as_original().simplify(shortest_edge_nm), origin)


def surface_of(solid: manifold3d.Manifold, origin: Floats) -> Mesh:
    """Return the surface of a solid, moved to an origin (3,), nm."""
    made = solid.to_mesh64()
    corners = np.asarray(made.tri_verts).astype(np.int64)
    return Mesh(np.asarray(made.vert_properties)[:, :3] + origin, corners)


def side_by_side(meshes: list[Mesh]) -> Mesh:
    """Return meshes as one, without joining their surfaces."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    triangles = [mesh.triangles + offset for mesh, offset in zip(meshes, offsets, strict=True)]
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(triangles))


def inside_out(mesh: Mesh) -> Mesh:
    """Return a mesh whose normals point inwards."""
    return Mesh(mesh.vertices, mesh.triangles[:, ::-1].copy())


def with_hole(mesh: Mesh) -> Mesh:
    """Return a mesh without the triangles around one place, some 6 % of all."""
    middles = _corners(mesh).mean(axis=1)
    distance = np.linalg.norm(middles - middles[len(middles) // 2], axis=1)
    keep = np.sort(np.argsort(distance, kind="stable")[len(middles) // 16 :])
    return Mesh(mesh.vertices, mesh.triangles[keep])


def flattened(mesh: Mesh) -> Mesh:
    """Return a mesh squeezed into one plane, as a mitochondrion in a single section is."""
    vertices = mesh.vertices.copy()
    vertices[:, 2] = vertices[0, 2]
    return Mesh(vertices, mesh.triangles)


def tetrahedron(centre: Floats, edge: float) -> Mesh:
    """Return the smallest closed mesh: four vertices around ``centre``, edges in nm."""
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])
    return Mesh(centre + signs * (edge / np.sqrt(8)), triangles)


def _corners(mesh: Mesh) -> Floats:
    """Return the corners of the triangles, (m, 3, 3)."""
    return mesh.vertices[mesh.triangles]


def _triangle_areas(mesh: Mesh) -> Floats:
    """Return the area of each triangle, nm² (m,)."""
    a, b, c = np.moveaxis(_corners(mesh), 1, 0)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def _sweep(axis: Floats, radius: float, lumps: Floats) -> Mesh:
    """Return a lumpy tube along an axis (k, 3), its ends rounded."""
    length = run_lengths(axis)[-1]
    cap = min(radius, 0.49 * length)
    rings = _ring_places(length, cap)
    middles = points_along(axis, rings)
    forward = unit(points_along(axis, rings + 20) - points_along(axis, rings - 20))
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


def _ring_places(length: float, cap: float) -> Floats:
    """Return the places of the rings along a tube, nm from its tip; denser in the caps."""
    turn = np.linspace(0, np.pi / 2, _CAP_RINGS + 1)[1:]
    start = cap * (1 - np.cos(turn))
    count = int(np.clip((length - 2 * cap) / _RING_SPACING_NM, 2, _MAX_RINGS))
    body = np.linspace(cap, length - cap, count + 2)[1:-1]
    return np.concatenate([start, body, length - start[::-1]])


def _profile(place: Floats, lumps: Floats) -> Floats:
    """Return the relative radius at places 0…1 along a tube: a few gentle waves."""
    waves = np.arange(1, 4)[:, None] * np.pi * 2 * place[None]
    phases = lumps[3:, None] * 3
    return 1 + 0.09 * np.sum(np.tanh(lumps[:3, None]) * np.sin(waves + phases), axis=0)


def _frames(forward: Floats) -> tuple[Floats, Floats]:
    """Return two unit vectors (r, 3) each at right angles to the headings (r, 3).

    They follow the direction in which the headings extend least, so that a tube does not twist.
    """
    least = np.linalg.eigh(forward.T @ forward)[1][:, 0]
    right = unit(least - forward * (forward @ least)[:, None])
    return right, np.cross(forward, right)


def tube_triangles(rings: int, around: int) -> Ints:
    """Return the triangles of stacked circles of ``around`` vertices and of two tips."""
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
