"""Which part of a cell's surface belongs to which node of its skeleton."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from mitosyn.meshes import CellMesh
from mitosyn.skeletons import Skeleton, nearest_nodes
from mitosyn.support import NM_PER_UM, InputError

NO_NODE = -1
# A skeleton runs within its cell's surface, whose neurites are thin and whose soma has a
# radius of some µm. Another cell's, or one in other units, is tens of µm away.
FAR_NM = 5_000.0


@dataclass(frozen=True)
class MeshAssignment:
    """The skeleton node of each of the V vertices of a cell's mesh.

    Attributes
    ----------
    node_of_vertex : (V,) int64 array
        -1 where no path over the mesh leads to a node's vertex.
    pieces : int
        Connected pieces of the mesh.
    unreached : int
        Vertices without a node.
    """

    node_of_vertex: np.ndarray
    pieces: int
    unreached: int


def assign_vertices(
    mesh: CellMesh,
    skeleton: Skeleton,
    mesh_path: str | Path = "cell mesh",
    skeleton_path: str | Path = "skeleton",
) -> MeshAssignment:
    """Assign each mesh vertex to the node that it is nearest to over the surface.

    Each node starts at the mesh vertex nearest to it; where several start at one, the
    nearest of them does, the smallest of equals. Every vertex goes to the start with the
    shortest path along mesh edges and links. Repeated vertices are one place.

    Parameters
    ----------
    mesh : CellMesh
        V vertices, in true nm.
    skeleton : Skeleton
        In true nm.
    mesh_path, skeleton_path : str or Path
        For errors.

    Raises
    ------
    InputError
        The median distance of the nodes from the mesh exceeds 5 µm: they are not of the
        same cell, or not in the same unit.
    """
    if len(mesh.triangles) == 0:
        raise InputError(mesh_path, "no triangle of the mesh has an area", "Replace the mesh file.")
    links = mesh.merged[mesh.links]
    # Vertices that nothing joins are not of the surface.
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.triangles] = used[links] = True
    in_use = np.flatnonzero(used)
    number = np.cumsum(used, dtype=np.int32) - 1
    a, b, c = number[mesh.triangles].T
    edges = np.concatenate([[a, b], [b, c], [c, a], number[links].T], axis=1)
    positions = mesh.vertices[in_use]
    starts, nodes = _starts(positions, skeleton, mesh_path, skeleton_path)
    graph = _graph(positions, edges)
    pieces, _ = connected_components(graph, directed=False)
    _, _, source = dijkstra(graph, indices=starts, min_only=True, return_predecessors=True)
    node_of_start = np.full(len(in_use), NO_NODE, np.int64)
    node_of_start[starts] = nodes
    # SciPy names no source by a negative number.
    reached = source >= 0
    node_of_place = np.full(len(mesh.vertices), NO_NODE, np.int64)
    node_of_place[in_use[reached]] = node_of_start[source[reached]]
    node_of_vertex = node_of_place[mesh.merged]
    return MeshAssignment(node_of_vertex, int(pieces), int((node_of_vertex == NO_NODE).sum()))


def _starts(
    positions: np.ndarray, skeleton: Skeleton, mesh_path: str | Path, skeleton_path: str | Path
) -> tuple[np.ndarray, np.ndarray]:
    """Give the places at which nodes start, ascending, and which node does."""
    nearest = nearest_nodes(positions, skeleton.vertices)
    offsets = positions[nearest] - skeleton.vertices
    distances = np.sqrt(np.einsum("ij,ij->i", offsets, offsets))
    median = float(np.median(distances))
    if median > FAR_NM:
        raise InputError(
            mesh_path,
            f"half of the nodes of {skeleton_path} are {median / NM_PER_UM:.1f} µm or more from "
            f"this mesh, expected less than {FAR_NM / NM_PER_UM:g} µm",
            "Check that both are of the same cell, and mesh_voxel_size_nm in the config.",
        )
    # Stable: of equals, the smallest node comes first.
    order = np.lexsort((distances, nearest))
    starts, first = np.unique(nearest[order], return_index=True)
    return starts, order[first]


def _graph(positions: np.ndarray, edges: np.ndarray) -> csr_array:
    """Return the lengths of edges (2, E), nm, as a sparse matrix, both ways."""
    count = len(positions)
    a, b = edges
    # An edge of two triangles is there twice, which the matrix makes one.
    ones = np.ones(len(a), np.int8)
    half = coo_array((ones, (np.minimum(a, b), np.maximum(a, b))), shape=(count, count)).tocsr()
    a, b = np.repeat(np.arange(count), np.diff(half.indptr)), half.indices
    offsets = positions[a] - positions[b]
    # The square of a tiny length may be nothing, and the edge none.
    lengths = np.maximum(np.sqrt(np.einsum("ij,ij->i", offsets, offsets)), np.finfo(float).tiny)
    half = csr_array((lengths, half.indices, half.indptr), shape=(count, count))
    return (half + half.T).tocsr()
