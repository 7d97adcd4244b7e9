"""How much lies within some distances of each mitochondrion, in its own compartment."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from mitosyn.catalogue import MITO_BINS_NM, SITE_BINS_NM
from mitosyn.positions.forest import Forest
from mitosyn.positions.neuron import Neuron
from mitosyn.positions.placement import NONE, Placement
from mitosyn.skeletons import NO_PARENT


def count_columns(site_bins_nm: Sequence[int], mito_bins_nm: Sequence[int]) -> list[str]:
    """Return the names of the counts, by what is counted and by distance.

    The bins are edges in nm: from the first excluded up to the second included, and so on.
    """
    return [
        f"{what}_{begin}_{end}_nm"
        for what, bins in (
            ("pre_sites", site_bins_nm),
            ("post_sites", site_bins_nm),
            ("branch_points", site_bins_nm),
            ("mitochondria", mito_bins_nm),
        )
        for begin, end in pairwise(bins)
    ]


def count_by_distance(
    neuron: Neuron,
    placement: Placement,
    site_bins_nm: Sequence[int] = SITE_BINS_NM,
    mito_bins_nm: Sequence[int] = MITO_BINS_NM,
) -> dict[str, np.ndarray]:
    """Count what is in each mitochondrion's own compartment by path distance from it.

    Sites and branch points are where their node is. The columns, (M,) int64, are those of
    :func:`count_columns`; those of a mitochondrion that lies on no node are 0.
    """
    forest, labels = neuron.forest, neuron.labels
    count = len(labels)
    farthest = max(site_bins_nm[-1], mito_bins_nm[-1])
    reached = within(placement, farthest)
    mitochondrion, node, distance = reached
    own = forest.labels[node] == labels[mitochondrion]
    counts = [
        _count(mitochondrion[own], distance[own], weights[node[own]], site_bins_nm, count)
        for weights in (neuron.pre_sites, neuron.post_sites, forest.branch_points)
    ]
    first, second, gap = _pairs(placement, reached)
    own = labels[first] == labels[second]
    counts.append(_count(first[own], gap[own], np.ones(own.sum()), mito_bins_nm, count))
    columns = np.concatenate(counts, axis=1).T
    return dict(zip(count_columns(site_bins_nm, mito_bins_nm), columns, strict=True))


def within(placement: Placement, farthest_nm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each mitochondrion and node that are not farther than some distance apart.

    Returns
    -------
    mitochondrion, node : (K,) int64 arrays
        Each pair once.
    distance : (K,) float64 array
        Path in nm, 0 where it lies on the node.
    """
    forest = placement.forest
    count = len(forest.parents)
    sources, targets, lengths = _edges(forest)
    starts = np.searchsorted(sources, np.arange(count + 1))
    mitochondrion, node = placement.mitochondrion, placement.node
    covered = np.sort(mitochondrion * count + node)
    came_from, distance = np.full(len(node), NONE), np.zeros(len(node))
    found = [(mitochondrion, node, distance)]
    # All ways at once, an edge at a time, until each is too long or at the mitochondrion's own.
    while len(node):
        way, edge = _ranges(starts[node], starts[node + 1])
        reached, farther = targets[edge], distance[way] + lengths[edge]
        go = (reached != came_from[way]) & (farther <= farthest_nm)
        go[go] = ~_among(covered, mitochondrion[way[go]] * count + reached[go])
        way, came_from = way[go], node[way[go]]
        mitochondrion, node, distance = mitochondrion[way], reached[go], farther[go]
        found.append((mitochondrion, node, distance))
    mitochondrion, node, distance = (np.concatenate(part) for part in zip(*found, strict=True))
    nearest = _nearest_of_each(mitochondrion * count + node, distance)
    return mitochondrion[nearest], node[nearest], distance[nearest]


def _edges(forest: Forest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the edges both ways: nodes, ascending, the nodes that they lead to, and lengths."""
    below = np.flatnonzero(forest.parents != NO_PARENT)
    ends = below, forest.parents[below]
    sources, targets = np.concatenate(ends), np.concatenate(ends[::-1])
    order = np.argsort(sources, kind="stable")
    return sources[order], targets[order], np.tile(forest.lengths[below], 2)[order]


def _ranges(starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers from each start to its end, end to end, and which range each is of."""
    counts = ends - starts
    which = np.repeat(np.arange(len(starts)), counts)
    return which, np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(len(which))


def _among(ascending: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return which values are among some others, of which there is at least one."""
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return ascending[places] == values


def _nearest_of_each(keys: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Return where the least distance of each key stands, by key."""
    order = np.lexsort((distances, keys))
    ordered = keys[order]
    return order[np.append(True, ordered[1:] != ordered[:-1])[: len(order)]]


def _pairs(
    placement: Placement, reached: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mitochondria, others that they have :func:`within` reach, and the gaps between, nm."""
    mitochondrion, node, distance = reached
    order = np.argsort(placement.node, kind="stable")
    starts = np.searchsorted(placement.node[order], np.arange(len(placement.forest.parents) + 1))
    way, place = _ranges(starts[node], starts[node + 1])
    own, other, gap = mitochondrion[way], placement.mitochondrion[order[place]], distance[way]
    count = len(placement.mito_ids)
    apart = own != other
    own, other, gap = own[apart], other[apart], gap[apart]
    nearest = _nearest_of_each(own * count + other, gap)
    return own[nearest], other[nearest], gap[nearest]


def _count(
    rows: np.ndarray,
    distances: np.ndarray,
    weights: np.ndarray,
    bins_nm: Sequence[int],
    count: int,
) -> np.ndarray:
    """Sum weights by row and bin of distance, (count, bins) int64; 0 nm and too far are in none."""
    bins = len(bins_nm) - 1
    places = np.searchsorted(bins_nm, distances, side="left") - 1
    inside = (places >= 0) & (places < bins)
    sums = np.bincount(rows[inside] * bins + places[inside], weights[inside], count * bins)
    return sums.astype(np.int64).reshape(count, bins)
