"""Area and volume of the patches that branches take of a cell's surface, all at a time.

A patch is open where it borders on others. Its volume is that of the patch with each rim
closed by a fan of triangles to the rim's mean point. The triangles of the fans come one for
each edge of a rim, against the sense of the patch's triangle there: patch and fans make one
closed surface, so the sum of the signed tetrahedra that the triangles span with any point is
its volume (divergence theorem).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mitosyn.cell_meshes import CellMesh


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
    count : int
        B.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    branches: np.ndarray
    count: int

    @classmethod
    def of(cls, mesh: CellMesh, branch_of_vertex: np.ndarray, count: int) -> Patches:
        """Take a mesh apart.

        Parameters
        ----------
        mesh : CellMesh
            V vertices.
        branch_of_vertex : (V,) int64 array
            Negative for vertices of no branch.
        count : int
            B, the number of branches.
        """
        a, b, c = branch_of_vertex[mesh.triangles].T
        whole = (a == b) & (b == c) & (a >= 0)
        return cls(mesh.vertices, mesh.triangles[whole], a[whole], count)


def areas(patches: Patches) -> np.ndarray:
    """Give the area of each patch, (B,) float64, in nm²; NaN where there is no triangle."""
    a, b, c = (patches.vertices[corner] for corner in patches.triangles.T)
    normals = np.cross(b - a, c - a)
    doubled = np.sqrt(np.einsum("ij,ij->i", normals, normals))
    return _known(patches, np.bincount(patches.branches, doubled, patches.count) / 2)


def volumes(patches: Patches) -> np.ndarray:
    """Give the volume of each patch with its rims closed, (B,) float64, in nm³.

    A rim is a run of edges that hang together; rims that touch in a vertex are one. NaN
    where there is no triangle.
    """
    centres = _centres(patches)
    centre = centres[patches.branches]
    a, b, c = (patches.vertices[corner] - centre for corner in patches.triangles.T)
    sixfold = np.bincount(patches.branches, _determinants(a, b, c), patches.count)
    starts, ends, branch, times = _rim_edges(patches)
    if len(starts):
        points = _rim_points(patches, starts, ends)
        centre = centres[branch]
        a, b = patches.vertices[ends] - centre, patches.vertices[starts] - centre
        fans = times * _determinants(a, b, points - centre)
        sixfold = sixfold + np.bincount(branch, fans, patches.count)
    return _known(patches, np.abs(sixfold) / 6)


def _known(patches: Patches, values: np.ndarray) -> np.ndarray:
    triangles = np.bincount(patches.branches, minlength=patches.count)
    return np.where(triangles > 0, values, np.nan)


def _determinants(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", a, np.cross(b, c))


def _centres(patches: Patches) -> np.ndarray:
    """Give the mean corner of each patch, (B, 3): about it, large coordinates cost no digits."""
    corners = np.maximum(np.bincount(patches.branches, minlength=patches.count), 1) * 3
    sums = [
        np.bincount(patches.branches, patches.vertices[:, axis][patches.triangles].sum(axis=1))
        for axis in range(3)
    ]
    padded = [np.pad(s, (0, patches.count - len(s))) for s in sums]
    return np.column_stack(padded) / corners[:, None]


def _rim_edges(patches: Patches) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give the edges of all rims: start, end and branch, and how many fans each needs.

    An edge is of a rim if the triangles run through it more often in one direction than in
    the other, from start to end: once, on a proper mesh. A closed surface has none, even
    where parts of it touch along an edge.
    """
    count = len(patches.vertices)
    triangles = patches.triangles
    a = triangles.T.reshape(-1)
    b = triangles[:, [1, 2, 0]].T.reshape(-1)
    keys = np.minimum(a, b) * count + np.maximum(a, b)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    sums = np.append(0, np.cumsum(np.where(a < b, 1, -1)[order]))
    net = np.diff(sums[np.append(first, len(keys))])
    rim = net != 0
    low, high = keys[first[rim]] // count, keys[first[rim]] % count
    forward = net[rim] > 0
    starts, ends = np.where(forward, low, high), np.where(forward, high, low)
    branch = np.tile(patches.branches, 3)[order[first[rim]]]
    return starts, ends, branch, np.abs(net[rim])


def _rim_points(patches: Patches, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Give the mean of the vertices of each edge's rim, (R, 3)."""
    in_use, compact = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    a, b = compact.reshape(2, -1)
    joined = coo_array((np.ones(len(a), bool), (a, b)), shape=(len(in_use), len(in_use)))
    rims, rim_of_vertex = connected_components(joined, directed=False)
    sizes = np.bincount(rim_of_vertex, minlength=rims)
    sums = [np.bincount(rim_of_vertex, axis, rims) for axis in patches.vertices[in_use].T]
    return (np.column_stack(sums) / sizes[:, None])[rim_of_vertex[a]]
