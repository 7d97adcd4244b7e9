"""A null model: the mitochondria of a neuron placed anew in their compartments, at random."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mitosyn.positions.forest import Forest
from mitosyn.positions.neuron import Neuron
from mitosyn.positions.placement import NONE, Placement
from mitosyn.skeletons import NO_PARENT

ATTEMPTS = 1000


def shuffles_of(neuron: Neuron, shuffles: int, seed: int) -> Iterator[tuple[Placement, np.ndarray]]:
    """Place the mitochondria that lie on a node outside the soma anew, again and again.

    A mitochondrion starts at a node of its compartment, drawn with a probability proportional to
    the length of the edge to the parent, and goes from there towards the root until half of its
    length is reached, then from the start to a random child at each fork until all of it is. Where
    it leaves the compartment or the skeleton it is drawn again, at most :data:`ATTEMPTS` times,
    then given up. The others stay where they are.

    Parameters
    ----------
    shuffles : int
    seed : int
        Not negative. Each shuffle depends on it, on the cell's id and on its number alone.

    Yields
    ------
    placement : Placement
        Those that are given up lie on no node.
    placed : (M,) bool array
        Which were placed anew. Those that were to be are :func:`movable`.
    """
    lengths = placed_lengths(neuron.placement)
    for stream in np.random.SeedSequence([seed, neuron.cell_id]).spawn(shuffles):
        yield _shuffle(neuron, lengths, np.random.Generator(np.random.PCG64(stream)))


def movable(neuron: Neuron) -> np.ndarray:
    """Return which mitochondria lie on a node outside the soma, (M,) bool."""
    return neuron.placement.total(~neuron.forest.somatic) > 0


def placed_lengths(placement: Placement) -> np.ndarray:
    """Return the summed lengths of the edges that each mitochondrion lies on, (M,) float64 nm."""
    forest = placement.forest
    count = len(forest.parents)
    mitochondrion, node = placement.mitochondrion, placement.node
    parents = forest.parents[node]
    # Keys of parents that there are not are those of no node.
    above = np.where(parents == NO_PARENT, NONE, mitochondrion * count + parents)
    both = np.isin(above, mitochondrion * count + node)
    lengths = forest.lengths[node[both]]
    return np.bincount(mitochondrion[both], lengths, len(placement.mito_ids)).astype(float)


def _shuffle(
    neuron: Neuron, lengths: np.ndarray, random: np.random.Generator
) -> tuple[Placement, np.ndarray]:
    """Place all movable mitochondria anew; return where all lie, and which were placed."""
    placement = neuron.placement
    moves = movable(neuron)
    stay = ~moves[placement.mitochondrion]
    rows, nodes = [placement.mitochondrion[stay]], [placement.node[stay]]
    placed = np.zeros(len(moves), bool)
    # By id, so that the order of the rows is of no consequence.
    order = np.argsort(placement.mito_ids, kind="stable")
    for label in np.unique(neuron.labels[moves]).tolist():
        waiting = order[(moves & (neuron.labels == label))[order]]
        tried = 0
        while len(waiting) and tried < ATTEMPTS:
            # As many again at each turn: most need few, some would need very many.
            times = min(max(tried, 1), ATTEMPTS - tried)
            row, node, good = _draw(neuron.forest, label, lengths[waiting], times, random)
            rows.append(waiting[row])
            nodes.append(node)
            placed[waiting[good]] = True
            waiting, tried = waiting[~good], tried + times
    row, node = np.concatenate(rows), np.concatenate(nodes)
    order = np.lexsort((node, row))
    return replace(placement, mitochondrion=row[order], node=node[order]), placed


def _draw(
    forest: Forest, label: int, lengths: np.ndarray, times: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw places for L lengths in a compartment some times each; keep the first that will do.

    Return the rows of the lengths and the nodes of their places, and which have one, (L,) bool.
    """
    starts = np.flatnonzero((forest.labels == label) & (forest.lengths > 0))
    count = len(lengths)
    if len(starts) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.zeros(count, bool)
    ends = np.cumsum(forest.lengths[starts])
    drawn = np.searchsorted(ends, random.random(count * times) * ends[-1], side="right")
    start = starts[np.minimum(drawn, len(starts) - 1)]
    attempt, node, good = _walk(forest, start, np.repeat(lengths, times), random)
    good = good.reshape(count, times)
    # The first good one of each.
    kept = (good & (good.cumsum(axis=1) == 1)).ravel()[attempt]
    return attempt[kept] // times, node[kept], np.asarray(good.any(axis=1))


def _walk(
    forest: Forest, start: np.ndarray, lengths: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Walk from A starts towards the root for half of each length, then away for the rest.

    Return the attempts and nodes, (K,) each, and which stayed in the compartment, (A,) bool.
    """
    labels, walked = forest.labels[start], np.zeros(len(start))
    good = np.ones(len(start), bool)
    attempts, nodes = [np.arange(len(start))], [start]

    def step(on: np.ndarray, to: np.ndarray, by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Go to some nodes; return the attempts that are still in the compartment, and where."""
        stays = (to != NONE) & (forest.labels[to] == labels[on])
        good[on[~stays]] = False
        on, to = on[stays], to[stays]
        walked[on] += by[stays]
        attempts.append(on)
        nodes.append(to)
        return on, to

    on = np.flatnonzero(lengths > 0)
    here = start[on]
    while len(on):
        on, here = step(on, forest.parents[here], forest.lengths[here])
        more = walked[on] < lengths[on] / 2
        on, here = on[more], here[more]
    on = np.flatnonzero(good & (walked < lengths))
    here = start[on]
    while len(on):
        child = _random_children(forest, here, random)
        on, here = step(on, child, forest.lengths[child])
        more = walked[on] < lengths[on]
        on, here = on[more], here[more]
    return np.concatenate(attempts), np.concatenate(nodes), good


def _random_children(forest: Forest, nodes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a random child of each node, -1 where it has none."""
    children, begin = forest.children
    counts = begin[nodes + 1] - begin[nodes]
    drawn = begin[nodes] + (random.random(len(nodes)) * counts).astype(np.int64)
    return np.append(children, NONE)[np.where(counts > 0, drawn, -1)]
