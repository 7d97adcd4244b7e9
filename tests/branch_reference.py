"""The branch analysis one branch at a time: masks of the whole mesh, networkx and plain loops.

Written from the definitions as an oracle for, and the thing to beat by,
:mod:`mitosyn.branches.measures`, in the way in which such an analysis is usually put together: each
branch's mesh is cut out of the cell's by a mask, its rims are found by counting edges, each
rim is closed in turn, and the branch's nodes are looked up edge by edge.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import networkx as nx
import numpy as np
import trimesh
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

SOMA, UNREACHABLE, PROXIMAL = "soma", "unreachable", "proximal"


def skeleton_graph(vertices: np.ndarray, edges: np.ndarray) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(vertices)))
    for a, b in edges.tolist():
        graph.add_edge(a, b, weight=float(np.linalg.norm(vertices[a] - vertices[b])))
    return graph


def distances(graph: nx.Graph, nodes: Iterable[int]) -> list[float]:
    """Give each node's path length to the nearest of some, infinite without a path."""
    sources = set(nodes)
    found = nx.multi_source_dijkstra_path_length(graph, sources) if sources else {}
    return [found.get(node, math.inf) for node in graph]


def children_from(graph: nx.Graph, roots: list[int]) -> nx.DiGraph:
    """Turn the edges of each piece away from its root."""
    tree = nx.DiGraph()
    tree.add_nodes_from(graph)
    for root in roots:
        tree.add_edges_from(nx.bfs_edges(graph, root))
    return tree


def find_tips(graph: nx.Graph, roots: list[int]) -> list[int]:
    """Give the nodes without children; the first root is the skeleton's, others are no tips."""
    tree = children_from(graph, roots)
    return [node for node in graph if not tree.out_degree(node) and node not in roots[1:]]


def branch_points_to_tips(graph: nx.Graph, roots: list[int]) -> list[int]:
    """Count the branch points of every way from a node to an end below it; give the most."""
    tree = children_from(graph, roots)
    most = []
    for node in graph:
        below = nx.descendants(tree, node) | {node}
        ways = [nx.shortest_path(tree, node, end) for end in below if not tree.out_degree(end)]
        most.append(max(sum(tree.out_degree(n) > 1 for n in way) for way in ways))
    return most


def template(kind: str, graph: nx.Graph, labels: np.ndarray, covered: set[int], roots: list[int]):
    """Give each node what it shares with its branch; ``roots`` holds one a piece."""
    to_soma = distances(graph, np.flatnonzero(labels == 0).tolist())
    if kind == "full":
        return labels.tolist()
    if kind == "coveredornot":
        return [node in covered for node in graph]
    if kind == "branchpointsegments":
        counts = branch_points_to_tips(graph, roots)
        return [SOMA if labels[node] == 0 else counts[node] for node in graph]
    shared = []
    for node, distance in enumerate(to_soma):
        if labels[node] == 0:
            shared.append(SOMA)
        elif math.isinf(distance):
            shared.append(UNREACHABLE)
        elif kind == "distancebins":
            shared.append(int(distance // 10_000))
        else:
            shared.append(PROXIMAL if distance < 60_000 else int(labels[node]))
    return shared


def find_branches(graph: nx.Graph, shared: list) -> list[set[int]]:
    within = nx.Graph()
    within.add_nodes_from(graph)
    within.add_edges_from((a, b) for a, b in graph.edges if shared[a] == shared[b])
    return list(nx.connected_components(within))


def assign(mesh: trimesh.Trimesh, nodes: np.ndarray) -> np.ndarray:
    """Give the node that each vertex of a mesh is geodesically nearest to, -1 for none."""
    apart, nearest = cKDTree(mesh.vertices).query(nodes)
    owner: dict[int, int] = {}
    for node, vertex in enumerate(nearest.tolist()):
        if vertex not in owner or apart[node] < apart[owner[vertex]]:
            owner[vertex] = node
    a, b = mesh.edges_unique.T
    count = len(mesh.vertices)
    graph = coo_matrix((mesh.edges_unique_length, (a, b)), shape=(count, count)).tocsr()
    _, _, sources = dijkstra(
        graph, directed=False, indices=list(owner), min_only=True, return_predecessors=True
    )
    return np.array([owner.get(source, -1) for source in sources.tolist()])


def mask_mesh(mesh: trimesh.Trimesh, mask: np.ndarray) -> trimesh.Trimesh:
    """Cut out the vertices of a mask and the triangles between them."""
    number = np.full(len(mask), -1)
    number[mask] = np.arange(mask.sum())
    faces = mesh.faces[mask[mesh.faces].all(axis=1)]
    return trimesh.Trimesh(mesh.vertices[mask], number[faces], process=False)


def rim_edges(mesh: trimesh.Trimesh) -> list[tuple[int, int]]:
    """Give the edges that only one triangle has, in that triangle's sense."""
    edges = [tuple(edge) for edge in mesh.edges.tolist()]
    times = Counter(tuple(sorted(edge)) for edge in edges)
    return [edge for edge in edges if times[tuple(sorted(edge))] == 1]


def seal(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Close each rim with a fan to its mean point, one rim after the other."""
    rims = list(nx.connected_components(nx.Graph(rim_edges(mesh))))
    for rim in rims:
        point = mesh.vertices[sorted(rim)].mean(axis=0)
        fan = [(b, a, len(mesh.vertices)) for a, b in rim_edges(mesh) if a in rim and b in rim]
        mesh = trimesh.Trimesh(
            np.vstack([mesh.vertices, point]), np.vstack([mesh.faces, fan]), process=False
        )
    return mesh


def volume(mesh: trimesh.Trimesh) -> float:
    centred = mesh.vertices - mesh.vertices.mean(axis=0)
    a, b, c = (centred[corner] for corner in mesh.faces.T)
    return float(abs((np.cross(a, b) * c).sum()) / 6)


def ratio(above: float | None, below: float | None) -> float | None:
    return None if above is None or not below else above / below


def measure_branches(  # noqa: C901
    cell_id: int,
    vertices: np.ndarray,
    edges: np.ndarray,
    labels: np.ndarray,
    kind: str,
    *,
    roots: list[int],
    mesh: trimesh.Trimesh | None,
    node_of_vertex: np.ndarray | None,
    diameters: np.ndarray | None,
    coverage: list[tuple[int, int, int]],
    mitochondria_um3: list[float | None],
    synapse_nodes: list[int],
) -> list[dict]:
    """Measure each branch; ``coverage`` holds mitochondrion, node and number of vertices."""
    graph = skeleton_graph(vertices, edges)
    to_soma = distances(graph, np.flatnonzero(labels == 0).tolist())
    to_tip = distances(graph, find_tips(graph, roots))
    covering: dict[int, set[int]] = {}
    for mitochondrion, node, _ in coverage:
        covering.setdefault(node, set()).add(mitochondrion)
    shared = template(kind, graph, labels, set(covering), roots)
    totals: Counter[int] = Counter()
    for mitochondrion, _, count in coverage:
        totals[mitochondrion] += count
    rows = []
    for branch in find_branches(graph, shared):
        nodes = sorted(branch)
        if kind == "coveredornot":
            name = max(nodes, key=lambda node: (to_soma[node], -node))
        else:
            name = min(nodes, key=lambda node: (to_soma[node], node))
        row: dict = {"cellid": cell_id, "branchid": name, "compartment": int(labels[name])}
        if kind == "coveredornot" and not shared[name]:
            row["compartment"] += 6
        row["nodes"] = len(nodes)
        inner = [(a, b) for a, b in edges.tolist() if a in branch and b in branch]
        steps = [float(np.linalg.norm(vertices[a] - vertices[b])) / 1000 for a, b in inner]
        times = [len(covering.get(a, set()) & covering.get(b, set())) for a, b in inner]
        row["pathlength"] = sum(steps)
        row["coveredpathlength"] = sum(s * t for s, t in zip(steps, times, strict=True))
        row["uncoveredpathlength"] = sum(s for s, t in zip(steps, times, strict=True) if not t)
        row["extracoveragelength"] = sum(
            s * (t - 1) for s, t in zip(steps, times, strict=True) if t > 1
        )
        row["synapsecount"] = sum(node in branch for node in synapse_nodes)
        row["mitovol"] = 0.0
        for mitochondrion, node, count in coverage:
            if node in branch and row["mitovol"] is not None:
                known = mitochondria_um3[mitochondrion]
                share = count / totals[mitochondrion]
                row["mitovol"] = None if known is None else row["mitovol"] + known * share
        row |= {"vertices": None, "surfacearea": None, "volume": None}
        if mesh is not None:
            mask = np.isin(node_of_vertex, nodes)
            row["vertices"] = int(mask.sum())
            patch = mask_mesh(mesh, mask)
            if len(patch.faces):
                row["surfacearea"] = float(patch.area) / 1e6
                row["volume"] = volume(seal(patch)) / 1e9
        row["mitovoldensity"] = ratio(row["mitovol"], row["volume"])
        row["linearmitocoverage"] = ratio(row["coveredpathlength"], row["pathlength"])
        row["surfsynapsedensity"] = ratio(row["synapsecount"], row["surfacearea"])
        row["linearsynapsedensity"] = ratio(row["synapsecount"], row["pathlength"])
        known = [] if diameters is None else [d for d in diameters[nodes] if not math.isnan(d)]
        soma = [to_soma[node] / 1000 for node in nodes if not math.isinf(to_soma[node])]
        tip = [to_tip[node] / 1000 for node in nodes if not math.isinf(to_tip[node])]
        for name_, values in (("diam", known), ("disttosoma", soma)):
            for what, of in (("min", min), ("mean", np.mean), ("max", max)):
                row[what + name_] = float(of(values)) if values else None
        row["mediandiam"] = float(np.median(known)) if known else None
        row["mindisttoleaf"] = min(tip) if tip else None
        rows.append(row)
    return sorted(rows, key=lambda row: row["branchid"])
