"""Skeletons of neurons: checking, rooting, and the order of their nodes in SWC."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mitosyn.catalogue import COMPARTMENTS, SOMATIC, UNKNOWN
from mitosyn.support import InputError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NO_PARENT = -1
SOMATIC_LABEL = COMPARTMENTS.index(SOMATIC)
UNKNOWN_LABEL = COMPARTMENTS.index(UNKNOWN)


@dataclass(frozen=True)
class Skeleton:
    """A forest of skeleton nodes: one tree for each piece of the skeleton.

    Attributes
    ----------
    vertices : (N, 3) float64 array
        Node positions in nm.
    edges : (E, 2) int64 array
        Pairs of node numbers, each pair once.
    labels : (N,) int64 array
        Compartment labels: positions in :data:`~mitosyn.catalogue.COMPARTMENTS`, from there on
        those of names that the dataset's description adds.
    root : int
        Node at which the tree of the main piece starts.
    radii : (N,) float64 array or None
        What the source has for the radius at each node, in nm; not positive where not known.
    """

    vertices: np.ndarray
    edges: np.ndarray
    labels: np.ndarray
    root: int
    radii: np.ndarray | None = None

    @cached_property
    def somatic(self) -> np.ndarray:
        """(N,) bool array: which nodes are of the soma."""
        return self.labels == SOMATIC_LABEL

    @cached_property
    def neighbours(self) -> list[list[int]]:
        """The nodes that each node is joined to, N lists."""
        neighbours: list[list[int]] = [[] for _ in range(len(self.vertices))]
        for a, b in self.edges.tolist():
            neighbours[a].append(b)
            neighbours[b].append(a)
        return neighbours

    @cached_property
    def pieces(self) -> list[np.ndarray]:
        """The nodes of each connected piece, ascending, by their smallest node."""
        seen = bytearray(len(self.vertices))
        pieces = []
        for node in range(len(self.vertices)):
            if not seen[node]:
                piece = [n for n, _ in _walk(self.neighbours, node, seen)]
                pieces.append(np.sort(piece))
        return pieces

    @cached_property
    def tree(self) -> SwcTree:
        """The nodes in the order of the SWC file."""
        return swc_tree(self)

    @cached_property
    def children(self) -> np.ndarray:
        """(N,) int64 array: how many children each SWC id of :attr:`tree` has."""
        parents = self.tree.parents
        return np.bincount(parents[parents != NO_PARENT], minlength=len(parents))

    @cached_property
    def tips(self) -> np.ndarray:
        """(T,) int64 array: the nodes without children, ascending, somatic ones too.

        Children are those of the SWC file. The root of a piece that is apart from the
        skeleton's own root is none, not even where it is the only node.
        """
        apart = (self.tree.parents == NO_PARENT) & (self.tree.nodes != self.root)
        return np.sort(self.tree.nodes[(self.children == 0) & ~apart])

    @cached_property
    def graph(self) -> csr_array:
        """The lengths of the edges, nm, as a sparse (N, N) matrix, both ways."""
        from scipy.sparse import coo_array

        # An edge of no length would be no edge to the sparse matrix.
        lengths = np.maximum(self.edge_lengths(), np.finfo(float).tiny)
        a, b = self.edges.T
        places = (np.concatenate([a, b]), np.concatenate([b, a]))
        return coo_array((np.tile(lengths, 2), places), shape=2 * (len(self.vertices),)).tocsr()

    @cached_property
    def soma_distances(self) -> np.ndarray:
        """(N,) float64 array: each node's path length to the nearest somatic node, in nm.

        0 for somatic nodes, infinite where no path leads to one.
        """
        return self._distances_to(np.flatnonzero(self.somatic))

    @cached_property
    def tip_distances(self) -> np.ndarray:
        """(N,) float64 array: each node's path length to the nearest tip, in nm, or infinite."""
        return self._distances_to(self.tips)

    def _distances_to(self, nodes: np.ndarray) -> np.ndarray:
        if len(nodes) == 0:
            return np.full(len(self.vertices), np.inf)
        from scipy.sparse.csgraph import dijkstra

        return dijkstra(self.graph, indices=nodes, min_only=True)

    def edge_lengths(self) -> np.ndarray:
        """Return the length of each edge, (E,) float64, in nm."""
        a, b = self.vertices[self.edges[:, 0]], self.vertices[self.edges[:, 1]]
        return np.sqrt(((a - b) ** 2).sum(axis=1))


def _bad_skeleton(path: str | Path, problem: str) -> InputError:
    return InputError(path, problem, "Replace the skeleton file.")


def unique_edges(path: str | Path, edges: np.ndarray) -> np.ndarray:
    """Return each of (E, 2) edges once, with its smaller node first, ascending.

    An edge stated twice says nothing new; counted twice it would look like a cycle. One that joins
    a node to itself is an InputError.
    """
    loops = np.flatnonzero(edges[:, 0] == edges[:, 1])
    if len(loops):
        raise _bad_skeleton(path, f"edge {loops[0]} joins vertex {edges[loops[0], 0]} to itself")
    return np.unique(np.sort(edges, axis=1), axis=0)


def check_forest(skeleton: Skeleton, path: str | Path) -> None:
    """Refuse cycles: a forest of N nodes in P pieces has N - P edges."""
    pieces = len(skeleton.pieces)
    expected = len(skeleton.vertices) - pieces
    if len(skeleton.edges) != expected:
        raise _bad_skeleton(
            path,
            f"the skeleton has cycles: {len(skeleton.edges)} edges join {len(skeleton.vertices)} "
            f"vertices in {pieces} pieces, expected {expected}",
        )


def _walk(neighbours: list[list[int]], root: int, seen: bytearray) -> list[tuple[int, int]]:
    """Visit what hangs together with ``root``: (node, parent) pairs, parents first.

    Marks the nodes as ``seen``.
    """
    visited = []
    stack = [(root, NO_PARENT)]
    while stack:
        node, parent = stack.pop()
        if seen[node]:
            continue
        seen[node] = True
        visited.append((node, parent))
        stack += [(n, node) for n in neighbours[node] if not seen[n]]
    return visited


def _distances(skeleton: Skeleton, start: int, in_nm: bool) -> dict[int, float]:
    """Return the distance along the skeleton of each node of a piece from one of them.

    In nm they are MeshParty's to the last bit: sums, from ``start`` on, of lengths in
    single precision. Otherwise in edges.
    """
    steps = _walk(skeleton.neighbours, start, bytearray(len(skeleton.vertices)))[1:]
    nodes, parents = np.array(steps, np.int64).reshape(-1, 2).T
    if in_nm:
        offsets = skeleton.vertices[nodes] - skeleton.vertices[parents]
        lengths = np.linalg.norm(offsets, axis=1).astype(np.float32).tolist()
    else:
        lengths = [1.0] * len(steps)
    distances = {start: 0.0}
    for (node, parent), length in zip(steps, lengths, strict=True):
        distances[node] = distances[parent] + length
    return distances


def _far_end(skeleton: Skeleton, start: int, in_nm: bool) -> int:
    """Return an end of the longest path of a piece, as MeshParty's ``find_far_points_graph``.

    It goes on to the farthest node, the smallest of equals, as long as that is farther than
    the last one was; the result is where the last such step began.
    """
    end, here, longest = start, start, 0.0
    while True:
        distances = _distances(skeleton, here, in_nm)
        farthest = max(distances, key=lambda node: (distances[node], -node))
        if distances[farthest] <= longest:
            return end
        end, here, longest = here, farthest, distances[farthest]


def default_root(skeleton: Skeleton) -> int:
    """Return the node at which MeshParty roots a skeleton whose file names none."""
    return _far_end(skeleton, 0, in_nm=True) if len(skeleton.pieces) == 1 else 0


def piece_roots(skeleton: Skeleton) -> list[int]:
    """Return a root for each piece: the skeleton's own first, then the others'.

    A piece that is not connected to the root's starts, as in MeshParty, at an end of its
    longest path, counted in edges.
    """
    others = (int(piece[0]) for piece in skeleton.pieces if skeleton.root not in piece)
    return [skeleton.root, *(_far_end(skeleton, node, in_nm=False) for node in others)]


@dataclass(frozen=True)
class SwcTree:
    """The order in which a skeleton's nodes stand in its SWC file.

    Attributes
    ----------
    nodes : (N,) int64 array
        Skeleton node of each SWC id 0, 1, 2, …; a parent before its children.
    parents : (N,) int64 array
        SWC id of each one's parent, -1 for roots.
    """

    nodes: np.ndarray
    parents: np.ndarray

    def swc_ids(self) -> np.ndarray:
        """(N,) int64 array: the SWC id of each skeleton node."""
        ids = np.empty_like(self.nodes)
        ids[self.nodes] = np.arange(len(self.nodes))
        return ids


def swc_tree(skeleton: Skeleton) -> SwcTree:
    """Order the nodes of a skeleton for SWC as MeshParty's ``Skeleton.export_to_swc`` does.

    Its cover paths follow one another: from each tip towards the root to the first node that
    an earlier path has, the farthest tip from the root first, each written from the root's
    side. Tips of pieces that are apart from the root's are infinitely far.
    """
    count = len(skeleton.vertices)
    parents = np.full(count, NO_PARENT)
    seen = bytearray(count)
    for root in piece_roots(skeleton):
        pairs = np.array(_walk(skeleton.neighbours, root, seen), np.int64)
        parents[pairs[:, 0]] = pairs[:, 1]
    near = _distances(skeleton, skeleton.root, in_nm=True)
    distances = np.full(count, np.inf)
    distances[list(near)] = list(near.values())
    tips = np.setdiff1d(np.arange(count), parents)
    # How equals come out is up to NumPy's sorting, for doubles another one on each kind of
    # processor; for long doubles it is the one of the time of the published files on all.
    order = tips[np.argsort(distances[tips].astype(np.longdouble))[::-1]]
    nodes = _cover(parents.tolist(), order.tolist())
    ids = SwcTree(nodes, parents).swc_ids()
    return SwcTree(nodes, np.where(parents == NO_PARENT, NO_PARENT, ids[parents])[nodes])


def _cover(parents: list[int], tips: list[int]) -> np.ndarray:
    """Return the nodes of the paths from tips to the first node that an earlier one has."""
    seen = bytearray(len(parents))
    nodes: list[int] = []
    for tip in tips:
        start, node = len(nodes), tip
        while node != NO_PARENT and not seen[node]:
            seen[node] = True
            nodes.append(node)
            node = parents[node]
        nodes[start:] = reversed(nodes[start:])
    return np.array(nodes, np.int64)
