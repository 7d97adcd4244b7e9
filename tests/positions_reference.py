"""Where mitochondria and sites sit, one pair at a time, in plain loops.

Written from the definitions as an oracle for :mod:`mitosyn.positions`, with paths that networkx
finds; with the ways of two nodes to their root in place of these, the thing to beat by, in the
manner in which such an analysis is usually put together.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import networkx as nx
import numpy as np

SITE_BINS = (0, 300, 600, 1200, 2500)
MITO_BINS = (0, 500, 1200, 2500, 5000, 10000)


@dataclass(frozen=True)
class Tree:
    """Nodes, positions in nm, with their parents, -1 for roots; ``root`` is the skeleton's own."""

    positions: list[list[float]]
    parents: list[int]
    labels: list[int]
    root: int

    def length(self, node: int) -> float:
        """Give the length of the edge to the parent."""
        return math.dist(self.positions[node], self.positions[self.parents[node]])

    def way_up(self, node: int) -> list[int]:
        """Give the nodes on the way to the root, both ends included."""
        way = [node]
        while self.parents[way[-1]] != -1:
            way.append(self.parents[way[-1]])
        return way

    def with_children(self, least: int, most: int) -> set[int]:
        counts = dict.fromkeys(range(len(self.parents)), 0)
        for parent in self.parents:
            if parent != -1:
                counts[parent] += 1
        return {node for node, count in counts.items() if least <= count <= most}

    @cached_property
    def tips(self) -> set[int]:
        """Give the nodes without children, but for roots that are not the skeleton's own."""
        ends = self.with_children(0, 0)
        return {node for node in ends if self.parents[node] != -1 or node == self.root}

    @cached_property
    def branch_points(self) -> set[int]:
        return self.with_children(2, len(self.parents))

    @cached_property
    def soma(self) -> set[int]:
        return {node for node, label in enumerate(self.labels) if label == 0}


@dataclass(frozen=True)
class Mitochondrion:
    label: int
    nodes: Collection[int]
    vertices: np.ndarray


@dataclass(frozen=True)
class Site:
    position: Sequence[float]
    pre: bool
    post: bool


class Searched:
    """Path lengths that networkx finds."""

    def __init__(self, tree: Tree) -> None:
        self.graph = nx.Graph()
        self.graph.add_nodes_from(range(len(tree.parents)))
        for node, parent in enumerate(tree.parents):
            if parent != -1:
                self.graph.add_edge(node, parent, weight=tree.length(node))
        self.found: dict[frozenset, dict[int, float]] = {}

    def between(self, some: Collection[int], others: Collection[int]) -> float:
        """Give the length of the shortest path between two sets of nodes, or infinity."""
        nodes = frozenset(some)
        if nodes and nodes not in self.found:
            self.found[nodes] = nx.multi_source_dijkstra_path_length(self.graph, nodes)
        lengths = self.found.get(nodes, {})
        return min((lengths.get(other, math.inf) for other in others), default=math.inf)

    def way(self, some: Collection[int], node: int) -> list[int]:
        """Give the way from the nearest of some nodes to another; empty without one."""
        if math.isinf(self.between(some, [node])):
            return []
        return nx.multi_source_dijkstra(self.graph, set(some), node)[1]


class Climbed:
    """Path lengths by the ways of two nodes to their root, which are kept."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.found: dict[int, dict[int, float]] = {}

    def up(self, node: int) -> dict[int, float]:
        """Give the nodes on the way to the root with their path lengths, once for each node."""
        if node not in self.found:
            lengths, length = {}, 0.0
            for passed in self.tree.way_up(node):
                lengths[passed] = length
                length += self.tree.length(passed) if self.tree.parents[passed] != -1 else 0
            self.found[node] = lengths
        return self.found[node]

    def between(self, some: Collection[int], others: Collection[int]) -> float:
        """Give the length of the shortest path between two sets of nodes, or infinity."""
        return min((self._pair(a, b) for a in some for b in others), default=math.inf)

    def way(self, some: Collection[int], node: int) -> list[int]:
        """Give the way from the nearest of some nodes to another; empty without one."""
        nearest = min(some, key=lambda other: (tied(self._pair(other, node)), other), default=None)
        if nearest is None or math.isinf(self._pair(nearest, node)):
            return []
        there, back = self.tree.way_up(nearest), self.tree.way_up(node)
        common = {n for n in there if n in back}
        top = next(n for n in there if n in common)
        return [n for n in there if n not in common] + [top] + [n for n in back if n not in common]

    def _pair(self, a: int, b: int) -> float:
        passed = self.up(a)
        for node, length in self.up(b).items():
            if node in passed:
                return passed[node] + length
        return math.inf


Paths = Searched | Climbed


def tied(value: float, digits: int = 6) -> float:
    """Round, so that lengths that are the same tie in whatever order they were added up."""
    return round(value, digits)


def known(value: float) -> float | None:
    return None if math.isinf(value) else value


def node_of(tree: Tree, position: Sequence[float]) -> int:
    """Give the node nearest to a position, the smallest of equals."""
    nodes = range(len(tree.positions))
    return min(nodes, key=lambda node: (tied(math.dist(tree.positions[node], position), 9), node))


def relate_site(
    tree: Tree, paths: Paths, mitochondria: Mapping[int, Mitochondrion], site: Site
) -> dict:
    """Give the row of a site."""
    node = node_of(tree, site.position)
    gaps = {i: paths.between(m.nodes, [node]) for i, m in mitochondria.items()}
    nearest = min(gaps, key=lambda i: (tied(gaps[i]), i), default=None)
    if nearest is not None and math.isinf(gaps[nearest]):
        nearest = None
    vertices = [] if nearest is None else mitochondria[nearest].vertices.tolist()
    return {
        "node_id": node,
        "node_distance": math.dist(tree.positions[node], site.position),
        "compartment": tree.labels[node],
        "soma_distance": known(paths.between(tree.soma, [node])),
        "nearest_mito_id": nearest,
        "nearest_mito_path": None if nearest is None else gaps[nearest],
        "nearest_mito_distance": min(
            (math.dist(vertex, site.position) for vertex in vertices), default=None
        ),
    }


def entry_of(tree: Tree, paths: Paths, nodes: Collection[int]) -> int:
    """Give the node nearest to the soma, then to the root, the smallest of equals."""

    def rank(node: int) -> tuple[float, float, int]:
        way = tree.way_up(node)
        depth = sum(tree.length(n) for n in way[:-1])
        return tied(paths.between(tree.soma, [node])), tied(depth), node

    return min(nodes, key=rank)


def branch_order(tree: Tree, paths: Paths, entry: int) -> int:
    """Count the branch points from a node to the soma, which is none, or to the root."""
    way = paths.way(tree.soma, entry)[1:] or tree.way_up(entry)
    return 0 if entry in tree.soma else sum(node in tree.branch_points for node in way)


def relate_mitochondrion(
    tree: Tree,
    paths: Paths,
    mitochondria: Mapping[int, Mitochondrion],
    sites: Sequence[tuple[int, Site]],
    mito_id: int,
) -> dict:
    """Give the row of a mitochondrion and its counts; ``sites`` have their nodes."""
    own = mitochondria[mito_id]
    names = ("soma_distance", "branch_order", "tips_beyond", "branch_points_covered")
    names += ("nearest_branch_point_path", "nearest_tip_path", "nearest_mito_id")
    names += ("nearest_mito_path", "pre_sites", "post_sites")
    names += ("nearest_pre_path", "nearest_post_path")
    if not own.nodes:
        return {"nodes": 0, **dict.fromkeys(names)}
    entry = entry_of(tree, paths, own.nodes)
    gaps = {i: paths.between(own.nodes, m.nodes) for i, m in mitochondria.items() if i != mito_id}
    nearest = min(gaps, key=lambda i: (tied(gaps[i]), i), default=None)
    if nearest is not None and math.isinf(gaps[nearest]):
        nearest = None
    pre = [node for node, site in sites if site.pre]
    post = [node for node, site in sites if site.post]
    tips = [tip for tip in tree.tips if entry in tree.way_up(tip)]
    row = {
        "nodes": len(own.nodes),
        "soma_distance": known(paths.between(tree.soma, own.nodes)),
        "branch_order": branch_order(tree, paths, entry),
        "tips_beyond": len(tips),
        "branch_points_covered": sum(node in tree.branch_points for node in own.nodes),
        "nearest_branch_point_path": known(paths.between(own.nodes, tree.branch_points)),
        "nearest_tip_path": known(paths.between(own.nodes, tree.tips)),
        "nearest_mito_id": nearest,
        "nearest_mito_path": None if nearest is None else gaps[nearest],
        "pre_sites": sum(node in own.nodes for node in pre),
        "post_sites": sum(node in own.nodes for node in post),
        "nearest_pre_path": known(paths.between(own.nodes, pre)),
        "nearest_post_path": known(paths.between(own.nodes, post)),
    }
    near = {"pre_sites": pre, "post_sites": post, "branch_points": tree.branch_points}
    for what, nodes in near.items():
        there = [n for n in nodes if tree.labels[n] == own.label]
        row |= in_bins(what, [paths.between(own.nodes, [n]) for n in there], SITE_BINS)
    others = [gap for i, gap in gaps.items() if mitochondria[i].label == own.label]
    return row | in_bins("mitochondria", others, MITO_BINS)


def in_bins(what: str, lengths: Sequence[float], bins: Sequence[int]) -> dict[str, int]:
    """Count lengths by bins, each without its lower edge and with its upper one."""
    return {
        f"{what}_{begin}_{end}_nm": sum(begin < tied(length) <= end for length in lengths)
        for begin, end in pairwise(bins)
    }


def relate(
    tree: Tree, paths: Paths, mitochondria: Mapping[int, Mitochondrion], sites: Sequence[Site]
) -> tuple[list[dict], dict[int, dict]]:
    """Give the rows of the sites and those of the mitochondria by id."""
    of_sites = [relate_site(tree, paths, mitochondria, site) for site in sites]
    at = [(row["node_id"], site) for row, site in zip(of_sites, sites, strict=True)]
    rows = {i: relate_mitochondrion(tree, paths, mitochondria, at, i) for i in mitochondria}
    return of_sites, rows
