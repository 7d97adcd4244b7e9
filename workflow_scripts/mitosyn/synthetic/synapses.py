"""Synapses onto, from and beside the neurons.

Dirt made here, as in the published table:

- most partners are not analysed, and some synapses lie wholly outside;
- autapses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mitosyn.synthetic.neurites import Label, Skeleton
from mitosyn.synthetic.space import VOLUME_NM, Purpose, anywhere, distinct_integers, stream, unit

FEWEST = 40
"""Fewest synapses that hold one of every sort."""

AUTAPSES = 4
INTERNEURON_CONTACTS = 8
"""Synapses of the first interneuron onto the first pyramidal cell, at least."""

_PAIR_SHARE, _OUTGOING_SHARE, _FOREIGN_SHARE = 0.03, 0.06, 0.10
_NEIGHBOURS = 2
_FOREIGN_IDS = (648518346300000000, 648518346349000000)  # apart from the cells of the cast
_REACH_NM = (80.0, 380.0)  # from a skeleton node to the membrane


@dataclass(frozen=True)
class Synapses:
    """Synapses in the order of their table.

    Attributes
    ----------
    ids, pre, post : ndarray (n,) int64
        Ids of the synapses and of their two cells.
    cleft_vx : ndarray (n,) int64
        Size of the cleft, voxels.
    positions : ndarray (n, 3) float64
        Centres, nm.
    """

    ids: NDArray[np.int64]
    pre: NDArray[np.int64]
    post: NDArray[np.int64]
    cleft_vx: NDArray[np.int64]
    positions: NDArray[np.float64]


@dataclass(frozen=True)
class _Part:
    """Synapses of one sort: cells (n,), (n,) and positions (n, 3), nm."""

    pre: NDArray[np.int64]
    post: NDArray[np.int64]
    positions: NDArray[np.float64]


def make_synapses(
    seed: int,
    count: int,
    pyramidal: Mapping[int, Skeleton],
    inhibitory: Mapping[int, Skeleton],
    bystanders: list[int],
) -> Synapses:
    """Draw all synapses.

    Parameters
    ----------
    seed : int
        Seed of the dataset.
    count : int
        Number of synapses, at least :data:`FEWEST`.
    pyramidal, inhibitory : mapping of int to Skeleton
        The analysed neurons by id.
    bystanders : list of int
        Other cells of the volume, that may be partners.

    Returns
    -------
    Synapses
    """
    neurons = {**pyramidal, **inhibitory}
    first_pyramidal, first_inhibitory = next(iter(pyramidal)), next(iter(inhibitory))
    outgoing, foreign, pairs = (
        round(share * count) for share in (_OUTGOING_SHARE, _FOREIGN_SHARE, _PAIR_SHARE)
    )
    incoming = count - outgoing - foreign - pairs - AUTAPSES - INTERNEURON_CONTACTS

    rng = stream(seed, Purpose.SYNAPSES)
    strangers = _strangers(rng, max(10, count // 4), bystanders)
    parts = [
        _contacts(rng, neurons, first_inhibitory, first_pyramidal, INTERNEURON_CONTACTS),
        _contacts(rng, neurons, first_pyramidal, first_pyramidal, AUTAPSES // 2),
        _contacts(rng, neurons, first_inhibitory, first_inhibitory, AUTAPSES // 2),
        *_random_pairs(rng, neurons, pairs),
        _incoming(rng, neurons, strangers, incoming),
        _outgoing(rng, neurons, strangers, outgoing),
        _foreign(rng, strangers, foreign),
    ]
    order = rng.permutation(count)
    return Synapses(
        ids=distinct_integers(rng, 1_000_000, 1_000_000_000, count),
        pre=np.concatenate([part.pre for part in parts])[order],
        post=np.concatenate([part.post for part in parts])[order],
        cleft_vx=np.clip(rng.lognormal(5.5, 0.8, count), 25, 4_000).astype(np.int64),
        positions=np.concatenate([part.positions for part in parts])[order],
    )


def _strangers(rng: np.random.Generator, count: int, bystanders: list[int]) -> NDArray[np.int64]:
    """Ids of possible partners that are not analysed."""
    fragments = distinct_integers(rng, *_FOREIGN_IDS, count)
    return np.concatenate([fragments, np.array(bystanders, dtype=np.int64)])


def _contacts(
    rng: np.random.Generator,
    neurons: Mapping[int, Skeleton],
    pre: int,
    post: int,
    count: int,
) -> _Part:
    """Synapses where the axon of one neuron passes nearest to the dendrites of another."""
    axon = neurons[pre].nodes[neurons[pre].labels == Label.AXONAL]
    targets = _receiving(neurons[post])
    distance, nearest = cKDTree(axon).query(targets)
    # Of each stretch of axon only its best contact, lest all synapses share one place.
    ranked = np.argsort(distance, kind="stable")
    _, first = np.unique(nearest[ranked] // 4, return_index=True)
    best = ranked[np.sort(first)]
    chosen = best[np.arange(count) % len(best)]
    positions = _at_membrane(rng, targets[chosen])
    return _Part(np.full(count, pre), np.full(count, post), positions)


def _random_pairs(
    rng: np.random.Generator, neurons: Mapping[int, Skeleton], count: int
) -> list[_Part]:
    """Synapses between neighbouring analysed neurons, whose axons come near enough."""
    ids = np.array(list(neurons), dtype=np.int64)
    somas = np.array([skeleton.nodes[0] for skeleton in neurons.values()])
    _, neighbours = cKDTree(somas).query(somas, k=min(1 + _NEIGHBOURS, len(ids)))
    pre = rng.integers(len(ids), size=count)
    post = neighbours[pre, rng.integers(1, neighbours.shape[1], size=count)]
    pairs, numbers = np.unique(np.stack([pre, post], axis=1), axis=0, return_counts=True)
    return [
        _contacts(rng, neurons, int(ids[a]), int(ids[b]), int(number))
        for (a, b), number in zip(pairs, numbers, strict=True)
    ]


def _incoming(
    rng: np.random.Generator,
    neurons: Mapping[int, Skeleton],
    strangers: NDArray[np.int64],
    count: int,
) -> _Part:
    """Synapses of strangers onto somas and dendrites."""
    post = rng.choice(np.array(list(neurons), dtype=np.int64), count)
    nodes = np.array([rng.choice(_receiving(neurons[cell])) for cell in post.tolist()])
    return _Part(rng.choice(strangers, count), post, _at_membrane(rng, nodes))


def _outgoing(
    rng: np.random.Generator,
    neurons: Mapping[int, Skeleton],
    strangers: NDArray[np.int64],
    count: int,
) -> _Part:
    """Synapses of the analysed axons onto strangers."""
    pre = rng.choice(np.array(list(neurons), dtype=np.int64), count)
    axons = {cell: skel.nodes[skel.labels == Label.AXONAL] for cell, skel in neurons.items()}
    nodes = np.array([rng.choice(axons[cell]) for cell in pre.tolist()]).reshape(-1, 3)
    return _Part(pre, rng.choice(strangers, count), _at_membrane(rng, nodes))


def _foreign(rng: np.random.Generator, strangers: NDArray[np.int64], count: int) -> _Part:
    """Synapses between strangers, anywhere."""
    positions = anywhere(rng, count)
    return _Part(rng.choice(strangers, count), rng.choice(strangers, count), positions)


def _receiving(skeleton: Skeleton) -> NDArray[np.float64]:
    """Nodes (k, 3) of the soma and the dendrites."""
    axonal = np.isin(skeleton.labels, [Label.AXONAL, Label.UNKNOWN])
    return skeleton.nodes[~axonal]


def _at_membrane(rng: np.random.Generator, nodes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places (n, 3) a little beside skeleton nodes (n, 3)."""
    offsets = unit(rng.normal(size=nodes.shape)) * rng.uniform(*_REACH_NM, (len(nodes), 1))
    return np.clip(nodes + offsets, *VOLUME_NM)
