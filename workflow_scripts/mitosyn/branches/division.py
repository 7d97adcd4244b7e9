"""Branches of a skeleton: runs of nodes that hang together and share something.

What they share is a number for each node, the template; see :func:`template`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mitosyn.catalogue import BRANCH_TYPES, COMPARTMENTS
from mitosyn.skeletons import NO_PARENT, Skeleton

FULL, DISTANCE_BINS, DISTAL_BRANCHES, BRANCH_POINT_SEGMENTS, COVERED_OR_NOT = BRANCH_TYPES

BIN_NM = 10_000.0
DISTAL_BEYOND_NM = 60_000.0
# Template values of what is kept apart; labels, bins and counts are not negative.
SOMA, UNREACHABLE, PROXIMAL = -1, -2, -3
# Added to the compartment of an uncovered branch of `coveredornot`, where there are no names but
# the published ones.
UNCOVERED = len(COMPARTMENTS)


@dataclass(frozen=True)
class Branches:
    """The B branches of a skeleton of N nodes; every node is in exactly one.

    Attributes
    ----------
    kind : str
        One of :data:`~mitosyn.catalogue.BRANCH_TYPES`.
    branch_of_node : (N,) int64 array
        The row of the node's branch in ``ids`` and ``compartments``.
    ids : (B,) int64 array
        Ascending. The skeleton node of the branch that is nearest to the soma along the
        skeleton; farthest from it for ``coveredornot``. The smallest of equals, and of
        nodes without a path to a soma.
    compartments : (B,) int64 array
        Label of that node; plus the number of labels for uncovered branches of ``coveredornot``.
    """

    kind: str
    branch_of_node: np.ndarray
    ids: np.ndarray
    compartments: np.ndarray


def template(kind: str, skeleton: Skeleton, covered: np.ndarray | None = None) -> np.ndarray:
    """Return for each of N nodes the number that it shares with the others of its branch, int64.

    - ``full``: the compartment label.
    - ``distancebins``: how many whole 10 µm of path lead to the soma, 10 µm itself
      being 1. Somatic nodes apart, nodes without a path to a soma apart.
    - ``distalbranches``: the compartment label of nodes at 60 µm or more from the soma,
      and of somatic ones; all others share a number, those without a path to a soma
      another.
    - ``branchpointsegments``: see :func:`most_branch_points`; somatic nodes apart.
    - ``coveredornot``: 1 where some mitochondrion covers the node, else 0.

    Which nodes some mitochondrion covers, (N,) bool, is needed for ``coveredornot`` alone.

    Raises
    ------
    ValueError
        There is no such type of branch, or ``covered`` is missing.
    """
    if kind == FULL:
        return skeleton.labels
    if kind == COVERED_OR_NOT:
        if covered is None:
            raise ValueError(f"{kind}: which nodes are covered?")
        return covered.astype(np.int64)
    somatic = skeleton.somatic
    if kind == BRANCH_POINT_SEGMENTS:
        return np.where(somatic, SOMA, most_branch_points(skeleton))
    distances = skeleton.soma_distances
    unreachable = np.isinf(distances)
    if kind == DISTANCE_BINS:
        bins = np.floor(np.where(unreachable, 0, distances) / BIN_NM).astype(np.int64)
        return np.select([somatic, unreachable], [SOMA, UNREACHABLE], bins)
    if kind == DISTAL_BRANCHES:
        proximal = ~somatic & (distances < DISTAL_BEYOND_NM)
        return np.select([unreachable, proximal], [UNREACHABLE, PROXIMAL], skeleton.labels)
    raise ValueError(f"no branch type {kind!r}, expected one of {', '.join(BRANCH_TYPES)}")


def most_branch_points(skeleton: Skeleton) -> np.ndarray:
    """Count the branch points on the way to each node from the tip below it that has most.

    A branch point is a node with more than one child in the SWC file, and counts itself:
    c(n) = max over children of c(child), plus 1 if n is a branch point, (N,) int64. So a path from
    a tip has 0 up to the first fork, from there on the count of the fork's richest side, plus 1.
    """
    tree, children = skeleton.tree, skeleton.children
    counts = [0] * len(children)
    # Children come after their parents.
    for node, parent in reversed(list(enumerate(tree.parents.tolist()))):
        counts[node] += int(children[node] > 1)
        if parent != NO_PARENT:
            counts[parent] = max(counts[parent], counts[node])
    return np.array(counts, np.int64)[tree.swc_ids()]


def split(skeleton: Skeleton, template: np.ndarray, kind: str, labels: int = UNCOVERED) -> Branches:
    """Divide a skeleton into branches: nodes that hang together and share a number.

    The numbers are those that :func:`template` returns for this kind of branch; ``labels`` is how
    many labels the dataset has.
    """
    count = len(skeleton.vertices)
    a, b = skeleton.edges[template[skeleton.edges[:, 0]] == template[skeleton.edges[:, 1]]].T
    joined = coo_array((np.ones(len(a), bool), (a, b)), shape=(count, count))
    _, component = connected_components(joined, directed=False)
    distances = skeleton.soma_distances
    ranks = -distances if kind == COVERED_OR_NOT else distances
    # Stable: of equals in a component, the smallest node comes first.
    order = np.lexsort((ranks, component))
    ids, row_of_component = _first_nodes(order, component)
    compartments = skeleton.labels[ids]
    if kind == COVERED_OR_NOT:
        compartments = np.where(template[ids] == 0, compartments + labels, compartments)
    return Branches(kind, row_of_component[component], ids, compartments.astype(np.int64))


def _first_nodes(order: np.ndarray, component: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first node of each component in some order, ascending, and each one's row."""
    ordered = component[order]
    first = order[np.append(True, ordered[1:] != ordered[:-1])[: len(order)]]
    ids = np.sort(first)
    rows = np.empty(len(first), np.int64)
    rows[component[ids]] = np.arange(len(ids))
    return ids.astype(np.int64), rows
