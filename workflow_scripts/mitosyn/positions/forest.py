"""A skeleton as trees to walk along, and path distances on them.

Every length is rounded to a whole multiple of 2^-28 nm. Sums of such numbers are exact up to
33 mm: a path has one length in whatever order it is added up, and equals are equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mitosyn.skeletons import NO_PARENT, Skeleton

PER_NM = 2.0**28


@dataclass(frozen=True)
class Forest:
    """The N nodes of a skeleton, numbered as in its SWC file: a parent before its children.

    Attributes
    ----------
    positions : (N, 3) float64 array
        In nm.
    parents : (N,) int64 array
        -1 for the roots, one for each piece.
    lengths : (N,) float64 array
        From the node to its parent, in nm; 0 for roots.
    labels : (N,) int64 array
        Compartment of the node, by number.
    somatic, branch_points, tips : (N,) bool arrays
        A branch point has more than one child; tips are those of the skeleton.
    """

    positions: np.ndarray
    parents: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    somatic: np.ndarray
    branch_points: np.ndarray
    tips: np.ndarray

    def moves(self) -> Iterator[tuple[int, int, float]]:
        """Yield a node, the next one and the nm between, for all edges up from the tips, then down.

        In this order, one relaxation of each brings what is nearest to every node.
        """
        return zip(*self._moves, strict=True)

    @cached_property
    def _moves(self) -> tuple[list[int], list[int], list[float]]:
        """Where each move starts and ends, and how long it is."""
        below = np.flatnonzero(self.parents != NO_PARENT)
        above, lengths = self.parents[below], self.lengths[below]
        starts, ends = np.concatenate([below[::-1], above]), np.concatenate([above[::-1], below])
        return starts.tolist(), ends.tolist(), np.concatenate([lengths[::-1], lengths]).tolist()

    @cached_property
    def children(self) -> tuple[np.ndarray, np.ndarray]:
        """The children of all nodes, end to end, and where those of each begin, (N + 1,)."""
        below = np.flatnonzero(self.parents != NO_PARENT)
        counts = np.bincount(self.parents[below], minlength=len(self.parents))
        order = np.argsort(self.parents[below], kind="stable")
        return below[order], np.append(0, np.cumsum(counts))

    @cached_property
    def depths(self) -> np.ndarray:
        """(N,) float64 array: path length to the root of the piece, in nm."""
        return self._summed_from_root(self.lengths.tolist(), np.float64)

    @cached_property
    def tips_beyond(self) -> np.ndarray:
        """(N,) int64 array: the tips whose way to the root passes the node, itself included."""
        counts = self.tips.astype(np.int64).tolist()
        for node, parent in reversed(list(enumerate(self.parents.tolist()))):
            if parent != NO_PARENT:
                counts[parent] += counts[node]
        return np.array(counts, np.int64)

    @cached_property
    def ways_to_soma(self) -> tuple[np.ndarray, np.ndarray]:
        """Return each node's path length to the soma and the branch points on the way.

        Returns
        -------
        distances : (N,) float64 array
            To the nearest somatic node, in nm, infinite without a path.
        branch_orders : (N,) int64 array
            Branch points on that way, the node itself included, the soma excluded; without a path
            to a soma, on the way to the root, both ends included.
        """
        steps = self.branch_points.astype(np.int64).tolist()
        found = [(0.0, 0) if somatic else (np.inf, 0) for somatic in self.somatic.tolist()]
        for start, end, length in self.moves():
            distance, order = found[start]
            # Of two ways that are as long, the one with fewer branch points.
            found[end] = min(found[end], (distance + length, order + steps[end]))
        distances = np.array([distance for distance, _ in found])
        to_root = self._summed_from_root(steps, np.int64)
        orders = np.array([order for _, order in found], np.int64)
        return distances, np.where(np.isinf(distances), to_root, orders)

    def distances_to(self, nodes: np.ndarray) -> np.ndarray:
        """Return each node's path length to the nearest of some, in nm.

        ``nodes`` are (K,) numbers or (N,) bool; the result is (N,) float64, infinite without a
        path.
        """
        start_from = np.full(len(self.parents), np.inf)
        start_from[nodes] = 0
        found = start_from.tolist()
        for start, end, length in self.moves():
            distance = found[start] + length
            if distance < found[end]:
                found[end] = distance
        return np.array(found, np.float64)

    def _summed_from_root(self, values: list, dtype: type) -> np.ndarray:
        """Sum values of nodes, N, over the way from the root to each, both ends included."""
        sums = values.copy()
        for node, parent in enumerate(self.parents.tolist()):
            if parent != NO_PARENT:
                sums[node] += sums[parent]
        return np.array(sums, dtype)


def forest_of(skeleton: Skeleton) -> Forest:
    """Return the trees of a skeleton."""
    tree = skeleton.tree
    positions = skeleton.vertices[tree.nodes]
    below = tree.parents != NO_PARENT
    steps = positions - positions[tree.parents]
    lengths = np.where(below, np.sqrt((steps**2).sum(axis=1)), 0)
    tips = np.zeros(len(lengths), bool)
    tips[tree.swc_ids()[skeleton.tips]] = True
    return Forest(
        positions=positions,
        parents=tree.parents,
        lengths=np.rint(lengths * PER_NM) / PER_NM,
        labels=skeleton.labels[tree.nodes],
        somatic=skeleton.somatic[tree.nodes],
        branch_points=skeleton.children > 1,
        tips=tips,
    )
