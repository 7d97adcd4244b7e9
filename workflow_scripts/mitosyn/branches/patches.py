"""Area and volume of the patches that branches take of a cell's surface, all at a time.

A patch is open where it borders on others. Its volume is that of the patch with each rim
closed by a fan of triangles to the rim's mean point. The triangles of the fans come one for
each edge of a rim, against the sense of the patch's triangle there: patch and fans make one
closed surface, so the sum of the signed tetrahedra that the triangles span with any point is
its volume (divergence theorem).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mitosyn.meshes import cross, dot
from mitosyn.skeletons import AssignedMesh


@dataclass(frozen=True)
class Patches:
    """The patches of B branches.

    Attributes
    ----------
    vertices : (V, 3) float64 array
        Of the whole mesh, in nm.
    triangles : (T, 3) int64 array
        Those with all three vertices in one branch, by merged vertices.
    branches : (T,) int64 array
        The branch of each.
    branch_of_vertex : (V,) int64 array
        Negative for vertices of no branch.
    count : int
        B.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    branches: np.ndarray
    branch_of_vertex: np.ndarray
    count: int

    @classmethod
    def of(cls, mesh: AssignedMesh, branch_of_vertex: np.ndarray, count: int) -> Patches:
        """Take a mesh apart; vertices of no branch have a negative one."""
        a, b, c = branch_of_vertex[mesh.triangles].T
        whole = (a == b) & (b == c) & (a >= 0)
        return cls(mesh.vertices, mesh.triangles[whole], a[whole], branch_of_vertex, count)

    @cached_property
    def corners(self) -> np.ndarray:
        """(3, 3, T) float64 array: the positions of the corners; corner, coordinate, triangle."""
        coordinates = np.ascontiguousarray(self.vertices.T)
        return np.stack([coordinates.take(corner, axis=1) for corner in self.triangles.T])


def areas(patches: Patches) -> np.ndarray:
    """Return the area of each patch, (B,) float64, in nm²; NaN where there is no triangle."""
    a, b, c = patches.corners
    normals = cross(b - a, c - a)
    doubled = np.sqrt(dot(normals, normals))
    return _known(patches, np.bincount(patches.branches, doubled, patches.count) / 2)


def volumes(patches: Patches) -> np.ndarray:
    """Return the volume of each patch with its rims closed, (B,) float64, in nm³.

    A rim is a run of edges that hang together; rims that touch in a vertex are one. NaN
    where there is no triangle.
    """
    centres = _centres(patches)
    a, b, c = patches.corners - centres[:, patches.branches]
    sixfold = np.bincount(patches.branches, dot(a, cross(b, c)), patches.count)
    starts, ends, branch, times = _rim_edges(patches)
    points = _rim_points(patches, starts, ends)
    centre = centres[:, branch]
    a, b = patches.vertices[ends].T - centre, patches.vertices[starts].T - centre
    fans = times * dot(a, cross(b, points - centre))
    sixfold = sixfold + np.bincount(branch, fans, patches.count)
    return _known(patches, np.abs(sixfold) / 6)


def _known(patches: Patches, values: np.ndarray) -> np.ndarray:
    triangles = np.bincount(patches.branches, minlength=patches.count)
    return np.where(triangles > 0, values, np.nan)


def _centres(patches: Patches) -> np.ndarray:
    """Return the mean corner of each patch, (3, B): about it, large coordinates cost no digits."""
    triangles = np.maximum(np.bincount(patches.branches, minlength=patches.count), 1)
    sums = [
        np.bincount(patches.branches, axis, patches.count) for axis in patches.corners.sum(axis=0)
    ]
    return np.stack(sums) / (3 * triangles)


def _rim_edges(patches: Patches) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the edges of all rims: start, end and branch, and how many fans each needs.

    An edge is of a rim if the triangles run through it more often in one direction than in
    the other, from start to end: once, on a proper mesh. A closed surface has none, even
    where parts of it touch along an edge.
    """
    count = len(patches.vertices)
    a = patches.triangles.T.reshape(-1)
    b = patches.triangles[:, [1, 2, 0]].T.reshape(-1)
    forward = a < b
    sense = np.where(forward, 1, -1).astype(np.int32)
    # The matrix adds up what an edge is run through in one direction and in the other.
    places = (np.where(forward, a, b), np.where(forward, b, a))
    net = coo_array((sense, places), shape=(count, count)).tocsr()
    net.eliminate_zeros()
    low, high = np.repeat(np.arange(count), np.diff(net.indptr)), net.indices.astype(np.int64)
    along = net.data > 0
    starts, ends = np.where(along, low, high), np.where(along, high, low)
    return starts, ends, patches.branch_of_vertex[starts], np.abs(net.data)


def _rim_points(patches: Patches, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the mean of the vertices of each edge's rim, (3, R)."""
    in_use, compact = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    a, b = compact.reshape(2, -1)
    joined = coo_array((np.ones(len(a), bool), (a, b)), shape=(len(in_use), len(in_use)))
    rims, rim_of_vertex = connected_components(joined, directed=False)
    sizes = np.bincount(rim_of_vertex, minlength=rims)
    sums = [np.bincount(rim_of_vertex, axis, rims) for axis in patches.vertices[in_use].T]
    return (np.stack(sums) / sizes)[:, rim_of_vertex[a]]
