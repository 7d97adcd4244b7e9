"""A cell's mesh along its skeleton: the node of each vertex, and how thick the cell is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from mitosyn.branches.grouped import Grouped
from mitosyn.branches.problems import CELL_MESH, SKELETON
from mitosyn.meshes import CellMesh, read_cell_mesh
from mitosyn.skeletons import AssignedMesh, Skeleton, known_diameters, nearest_nodes
from mitosyn.support import NM_PER_UM, InputError

NO_NODE = -1
# A skeleton runs within its cell's surface, whose neurites are thin and whose soma has a
# radius of some µm. Another cell's, or one in other units, is tens of µm away.
FAR_NM = 5_000.0


def assign_mesh(
    path: str | Path,
    scale: np.ndarray,
    skeleton: Skeleton,
    calibres: np.ndarray | None,
    form: str = "meshparty",
) -> tuple[np.ndarray, AssignedMesh | None, list[tuple[str, str]]]:
    """Assign the vertices of a cell's mesh to the nodes of its skeleton.

    A mesh that is missing, unreadable or not the skeleton's costs the cell what is measured
    on it, not its other measures.

    Parameters
    ----------
    path : str or Path
        The mesh file, which need not exist.
    scale : (3,) float64 array
        Factors from the mesh's unit to true nm.
    calibres : (N,) float64 array or None
        See :func:`mitosyn.skeletons.standard_swc.read_calibres`.
    form : str
        The format of the mesh, see :func:`mitosyn.meshes.read_cell_mesh`.

    Returns
    -------
    (N,) float64 array
        Diameters at the nodes, in nm: the calibres where the skeleton has them, else twice the
        radii measured on the mesh; NaN where not known.
    AssignedMesh or None
        None without a usable mesh.
    list of (subject, problem)
    """
    count = len(skeleton.vertices)
    problems = []
    assigned, radii = None, np.full(count, np.nan)
    if not Path(path).exists():
        problems.append((CELL_MESH, f"no file {Path(path).name}"))
    else:
        try:
            mesh = read_cell_mesh(path, scale, form)
            assigned, pieces = assign_vertices(mesh, skeleton, path)
        except InputError as error:
            problems.append((CELL_MESH, error.problem))
        else:
            radii = node_radii(assigned, skeleton)
            problems += _pieces(assigned.node_of_vertex, pieces)
    measured = 2 * radii if calibres is None else calibres
    diameters = np.where(np.isfinite(measured), measured, np.nan)
    unknown = count - known_diameters(diameters).sum()
    if unknown:
        problems.append((SKELETON, f"{unknown} of {count} nodes without a known radius"))
    return diameters, assigned, problems


def _pieces(node_of_vertex: np.ndarray, pieces: int) -> list[tuple[str, str]]:
    if pieces <= 1:
        return []
    vertices, unreached = len(node_of_vertex), (node_of_vertex == NO_NODE).sum()
    share = f"{unreached} of {vertices} vertices ({unreached / vertices:.2%})"
    return [(CELL_MESH, f"in {pieces} pieces, {share} in pieces without a skeleton node")]


def assign_vertices(
    mesh: CellMesh, skeleton: Skeleton, path: str | Path = "cell mesh"
) -> tuple[AssignedMesh, int]:
    """Assign each mesh vertex to the node that it is nearest to over the surface.

    Each node starts at the mesh vertex nearest to it; where several start at one, the
    nearest of them does, the smallest of equals. Every vertex goes to the start with the
    shortest path along mesh edges and links. Repeated vertices are one place.

    Parameters
    ----------
    mesh, skeleton
        Both in true nm.
    path : str or Path
        Of the mesh, for errors.

    Returns
    -------
    AssignedMesh
        Without a node where no path over the mesh leads to one's start.
    int
        Connected pieces of the mesh.

    Raises
    ------
    InputError
        The median distance of the nodes from the mesh exceeds 5 µm: they are not of the
        same cell, or not in the same unit.
    """
    if len(mesh.triangles) == 0:
        raise InputError(path, "no triangle of the mesh has an area", "Replace the mesh file.")
    links = mesh.merged[mesh.links]
    # Vertices that nothing joins are not of the surface.
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.triangles] = used[links] = True
    in_use = np.flatnonzero(used)
    number = np.cumsum(used, dtype=np.int32) - 1
    a, b, c = number[mesh.triangles].T
    edges = np.concatenate([[a, b], [b, c], [c, a], number[links].T], axis=1)
    positions = mesh.vertices[in_use]
    starts, nodes = _starts(positions, skeleton, path)
    graph = _graph(positions, edges)
    pieces, _ = connected_components(graph, directed=False)
    _, _, source = dijkstra(graph, indices=starts, min_only=True, return_predecessors=True)
    node_of_start = np.full(len(in_use), NO_NODE, np.int64)
    node_of_start[starts] = nodes
    # SciPy names no source by a negative number.
    reached = source >= 0
    node_of_place = np.full(len(mesh.vertices), NO_NODE, np.int64)
    node_of_place[in_use[reached]] = node_of_start[source[reached]]
    return AssignedMesh(mesh.vertices, mesh.triangles, node_of_place[mesh.merged]), int(pieces)


def _starts(
    positions: np.ndarray, skeleton: Skeleton, path: str | Path
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places at which nodes start, ascending, and which node does."""
    nearest = nearest_nodes(positions, skeleton.vertices)
    offsets = positions[nearest] - skeleton.vertices
    distances = np.sqrt(np.einsum("ij,ij->i", offsets, offsets))
    median = float(np.median(distances))
    if median > FAR_NM:
        raise InputError(
            path,
            f"half of the nodes of the skeleton are {median / NM_PER_UM:.1f} µm or more from "
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


def node_radii(mesh: AssignedMesh, skeleton: Skeleton) -> np.ndarray:
    """Return the radius of the cell at each node, from the part of the surface that is its own.

    The median distance of the node's own mesh vertices from the skeleton edges at the node,
    each vertex from the edge that it is nearest to; from the node itself where it has no
    edge. A node without vertices takes the radius of the node with vertices that is
    nearest along the skeleton. (N,) float64 in nm; NaN where no path along the skeleton leads to a
    node with vertices.
    """
    own = np.flatnonzero(mesh.node_of_vertex >= 0)
    nodes = mesh.node_of_vertex[own]
    distances = _edge_distances(mesh.vertices[own], nodes, skeleton)
    radii = Grouped.of(distances, nodes, len(skeleton.vertices)).median
    measured = np.flatnonzero(~np.isnan(radii))
    if len(measured) == 0:
        return radii
    _, _, source = dijkstra(
        skeleton.graph, indices=measured, min_only=True, return_predecessors=True
    )
    # SciPy names no source by a negative number.
    reached = source >= 0
    return np.where(reached, radii[np.where(reached, source, 0)], np.nan)


def _edge_distances(points: np.ndarray, nodes: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return the distance of each point from the nearest edge at its node, (P,) float64."""
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
