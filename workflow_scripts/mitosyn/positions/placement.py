"""Which nodes the mitochondria of a neuron lie on, and which mitochondria are near."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mitosyn.positions.forest import Forest

NONE = -1


@dataclass(frozen=True)
class Placement:
    """The nodes that M mitochondria lie on; some may lie on none.

    Attributes
    ----------
    forest : Forest
        N nodes.
    mito_ids : (M,) int64 array
    mitochondrion : (P,) int64 array
        Row of the mitochondrion.
    node : (P,) int64 array
        Each pair is there once.
    """

    forest: Forest
    mito_ids: np.ndarray
    mitochondrion: np.ndarray
    node: np.ndarray

    def least(self, values: np.ndarray) -> np.ndarray:
        """Return the least of nodes' values, (N,), over each mitochondrion, (M,); inf without."""
        least = np.full(len(self.mito_ids), np.inf)
        np.minimum.at(least, self.mitochondrion, values[self.node])
        return least

    def total(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of nodes' integers, (N,), over each mitochondrion, (M,) int64."""
        total = np.zeros(len(self.mito_ids), np.int64)
        np.add.at(total, self.mitochondrion, values[self.node])
        return total

    @cached_property
    def nearest(self) -> tuple[np.ndarray, np.ndarray]:
        """The two mitochondria that are nearest to each node along the skeleton.

        Returns
        -------
        distances : (N, 2) float64 array
            From the node to the nearest node that each lies on, in nm, infinite for none.
        rows : (N, 2) int64 array
            Of two that are as near, the smaller id comes first; -1 for none.
        """
        order = np.argsort(self.mito_ids, kind="stable")
        ranks = np.empty_like(order)
        ranks[order] = np.arange(len(order))
        found: list[list] = [[np.inf, NONE, np.inf, NONE] for _ in range(len(self.forest.parents))]
        pairs = self.node.tolist(), ranks[self.mitochondrion].tolist()
        for node, rank in zip(*pairs, strict=True):
            _offer(found[node], 0.0, rank)
        for start, end, length in self.forest.moves():
            first, first_rank, second, second_rank = found[start]
            if first_rank != NONE:
                _offer(found[end], first + length, first_rank)
            if second_rank != NONE:
                _offer(found[end], second + length, second_rank)
        both = np.array(found).reshape(-1, 4)
        # The last of these is that of no mitochondrion.
        return both[:, ::2], np.append(order, NONE)[both[:, 1::2].astype(np.int64)]


def _offer(nearest: list, distance: float, rank: int) -> None:
    """Put a mitochondrion among the two nearest different ones, if it is nearer than they are."""
    first, first_rank, second, second_rank = nearest
    if distance > second:
        return
    if rank == first_rank:
        nearest[0] = min(first, distance)
    elif distance < first or (distance == first and rank < first_rank):
        nearest[:] = distance, rank, first, first_rank
    elif rank == second_rank:
        nearest[2] = min(second, distance)
    elif distance < second or rank < second_rank:
        nearest[2:] = distance, rank
