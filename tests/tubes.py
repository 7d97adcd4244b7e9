"""Made-up cells: closed tubes around paths, and a whole arbor with a soma."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh
from manifold3d import Manifold, Mesh64, OpType
from mitosyn.meshes.cell_mesh import CellMesh
from mitosyn.skeletons.skeleton import Skeleton
from mitosyn.skeletons.swc import node_table, write_swc


def export(path: Path, skeleton: Skeleton, radii: np.ndarray | None = None) -> None:
    """Write a skeleton as SWC as its job does; radii in nm, of the skeleton's nodes."""
    write_swc(path, node_table(1, skeleton, radii))


def rings(path: np.ndarray, radii: np.ndarray, sides: int) -> np.ndarray:
    """Give regular polygons across a path, (n, sides, 3), that do not turn about it."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1)[:, None]
    angles = 2 * np.pi * np.arange(sides) / sides
    across = np.cross(along[0], np.eye(3)[np.argmin(np.abs(along[0]))])
    made = np.empty((len(path), sides, 3))
    for i, direction in enumerate(along):
        across = across - (across @ direction) * direction
        across /= np.linalg.norm(across)
        other = np.cross(direction, across)
        made[i] = np.outer(np.cos(angles), across) + np.outer(np.sin(angles), other)
    return path[:, None] + radii[:, None, None] * made


def tube(path: np.ndarray, radii: np.ndarray | float, sides: int = 16) -> CellMesh:
    """Give a closed tube: its rings in the order of the path, then the two ends' middles."""
    count = len(path)
    vertices = rings(path, np.broadcast_to(radii, count), sides).reshape(-1, 3)
    ring, side = np.arange(count - 1)[:, None] * sides, np.arange(sides)
    after = (side + 1) % sides
    a, b = (ring + side).ravel(), (ring + after).ravel()
    first, last = len(vertices), (count - 1) * sides
    faces = [
        np.column_stack([a, b, b + sides]),
        np.column_stack([a, b + sides, a + sides]),
        np.column_stack([after, side, np.full(sides, first)]),
        np.column_stack([last + side, last + after, np.full(sides, first + 1)]),
    ]
    return CellMesh(np.vstack([vertices, path[[0, -1]]]), np.concatenate(faces))


def line(length: float, step: float, direction: tuple = (1, 0, 0)) -> np.ndarray:
    """Give a straight path from the origin with a point every so often."""
    return np.arange(0, length + step / 2, step)[:, None] * np.asarray(direction, float)


def path_skeleton(path: np.ndarray, labels: np.ndarray) -> Skeleton:
    """Join the points of a path."""
    nodes = np.arange(len(path))
    return Skeleton(path, np.column_stack([nodes[:-1], nodes[1:]]), np.asarray(labels), 0)


def wandering(rng: np.random.Generator, start, direction, length: float, step: float):
    """Give a path that wanders about a direction."""
    count = max(int(length / step), 8)
    turns = np.cumsum(rng.normal(0, 0.02, (count, 3)), axis=0)
    along = direction + turns - turns.mean(axis=0) * 0.5
    along /= np.linalg.norm(along, axis=1)[:, None]
    return start + np.vstack([np.zeros(3), np.cumsum(along, axis=0)]) * step


def arbor(
    rng: np.random.Generator, dendrites: int, length: float, step: float = 60, sides: int = 16
) -> tuple[CellMesh, Skeleton]:
    """Make a cell: a soma with dendrites, each with two side branches, as one closed surface.

    Parameters
    ----------
    rng : numpy.random.Generator
    dendrites : int
    length : float
        Of each dendrite, in nm; its side branches have half of it each.
    step : float
        Between the rings of the mesh, in nm; skeleton nodes are six times as far apart.
    sides : int
        Vertices of each ring.
    """
    stride, soma_nm = 6, 5_000.0
    ball = trimesh.creation.icosphere(3, soma_nm)
    parts = [CellMesh(ball.vertices, ball.faces)]
    nodes, edges, labels = [np.zeros((1, 3))], [], [np.zeros(1, np.int64)]
    # Directions spread over the sphere.
    turn = np.arange(dendrites) + 0.5
    height, angle = 1 - 2 * turn / dendrites, np.pi * (1 + 5**0.5) * turn
    flat = np.sqrt(1 - height**2)
    directions = np.column_stack([flat * np.cos(angle), flat * np.sin(angle), height])
    count = 1
    for number, direction in enumerate(directions):
        label = 1 + number % 3
        start = soma_nm * 0.8 * direction
        trunk = wandering(rng, start, direction, length, step)
        paths = [(trunk, 0, 350.0)]
        for share in (0.3, 0.6):
            at = int(share * len(trunk)) // stride * stride
            side = rng.normal(size=3)
            side += 1.5 * direction - (side @ direction) * direction
            side /= np.linalg.norm(side)
            branch = wandering(rng, trunk[at], side, length / 2, step)
            paths.append((branch, count + at // stride, 200.0))
        for path, parent, radius in paths:
            parts.append(tube(path, radius, sides))
            # A side branch starts at a node of the trunk, which it does not repeat.
            along = path[::stride] if parent == 0 else path[stride::stride]
            own = count + np.arange(len(along))
            edges.append(np.column_stack([np.append(parent, own[:-1]), own]))
            nodes.append(along)
            inside = np.linalg.norm(along, axis=1) < soma_nm
            labels.append(np.where(inside, 0, label))
            count += len(along)
    solids = [
        Manifold(Mesh64(part.vertices, part.faces.astype(np.uint64), tolerance=1e-6))
        for part in parts
    ]
    made = Manifold.batch_boolean(solids, OpType.Add).to_mesh64()
    mesh = CellMesh(np.array(made.vert_properties[:, :3]), np.array(made.tri_verts, np.int64))
    return mesh, Skeleton(np.vstack(nodes), np.vstack(edges), np.concatenate(labels), 0)
