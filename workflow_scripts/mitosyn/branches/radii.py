"""How thick a neurite is at each node of its skeleton, measured on the cell's mesh."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import dijkstra

from mitosyn.branches.division import skeleton_graph
from mitosyn.branches.grouped import Grouped
from mitosyn.meshes import CellMesh
from mitosyn.skeletons import Skeleton


def node_radii(mesh: CellMesh, skeleton: Skeleton, node_of_vertex: np.ndarray) -> np.ndarray:
    """Give the radius of the cell at each node, from the part of the surface that is its own.

    The median distance of the node's own mesh vertices from the skeleton edges at the node,
    each vertex from the edge that it is nearest to; from the node itself where it has no
    edge. A node without vertices takes the radius of the node with vertices that is
    nearest along the skeleton.

    Parameters
    ----------
    mesh : CellMesh
        V vertices.
    skeleton : Skeleton
        N nodes.
    node_of_vertex : (V,) int64 array
        As :func:`mitosyn.branches.geodesic.assign_vertices` gives it; -1 for none.

    Returns
    -------
    (N,) float64 array
        In nm; NaN where no path along the skeleton leads to a node with vertices.
    """
    own = np.flatnonzero(node_of_vertex >= 0)
    nodes = node_of_vertex[own]
    distances = _edge_distances(mesh.vertices[own], nodes, skeleton)
    radii = Grouped.of(distances, nodes, len(skeleton.vertices)).median
    measured = np.flatnonzero(~np.isnan(radii))
    if len(measured) == 0:
        return radii
    graph = skeleton_graph(skeleton)
    _, _, source = dijkstra(graph, indices=measured, min_only=True, return_predecessors=True)
    # SciPy names no source by a negative number.
    reached = source >= 0
    return np.where(reached, radii[np.where(reached, source, 0)], np.nan)


def _edge_distances(points: np.ndarray, nodes: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Give the distance of each point from the nearest edge at its node, (P,) float64."""
    a, b = skeleton.edges.T
    ends, others = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.argsort(ends, kind="stable")
    others = others[order]
    degrees = np.bincount(ends, minlength=len(skeleton.vertices))
    first = np.cumsum(degrees) - degrees
    offsets = points - skeleton.vertices[nodes]
    nearest = np.where(degrees[nodes] == 0, np.einsum("ij,ij->i", offsets, offsets), np.inf)
    # One edge of every node at a time: hardly any node has more than three.
    for turn in range(int(degrees.max(initial=0))):
        rows = np.flatnonzero(degrees[nodes] > turn)
        node = nodes[rows]
        along = skeleton.vertices[others[first[node] + turn]] - skeleton.vertices[node]
        square = np.einsum("ij,ij->i", along, along)
        share = np.einsum("ij,ij->i", offsets[rows], along) / np.where(square > 0, square, 1)
        apart = offsets[rows] - np.clip(share, 0, 1)[:, None] * along
        nearest[rows] = np.minimum(nearest[rows], np.einsum("ij,ij->i", apart, apart))
    return np.sqrt(nearest)
