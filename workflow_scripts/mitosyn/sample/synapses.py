"""Synapses onto, from and beside the neurons.

An output lies on the neuron's axon, an input on its dendrites or its soma, the more of them
the thicker a dendrite is and where it has mitochondria, as published. Of two analysed
neurons both are true, where the one's axon runs beside the other's dendrites. Some inputs
lie on the beginning of an axon.

Dirt made here, as in the published table:

- most partners are not analysed, and some synapses lie wholly outside;
- autapses.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from scipy.spatial import cKDTree

from mitosyn.sample.cell_meshes import SOMA_SPHERE_NM, node_radii
from mitosyn.sample.cells import Cast
from mitosyn.sample.layer import Grid
from mitosyn.sample.skeleton import INITIAL_SEGMENT_NM, RADII_NM, Label, Skeleton
from mitosyn.sample.space import (
    Bools,
    Floats,
    Ints,
    Purpose,
    anywhere,
    distinct_integers,
    inside,
    stream,
    unit,
)

FEWEST = 40
"""Fewest synapses that hold one of every sort."""

AUTAPSES = 4
INTERNEURON_CONTACTS = 8
"""Synapses of the first interneuron onto one pyramidal cell, at least."""

CONTACT_NM = 1_100.0
"""Nodes of two neurons that are as near as this have membranes that touch, or nearly."""

_PAIR_SHARE, _OUTGOING_SHARE, _FOREIGN_SHARE = 0.03, 0.06, 0.10
_SOMATIC_SHARE, _AXONAL_SHARE = 0.04, 0.01  # of the inputs
_MORE_WHERE_COVERED = 2.5
_CONNECTED_SHARE = 0.7  # of the pairs whose membranes touch somewhere
_FOREIGN_IDS = (648518346300000000, 648518346349000000)  # apart from the cells of the cast
_BOUTON_NM = (10.0, 120.0)  # from the membrane of an axon to the cleft
_SPINE_NM = (20.0, 400.0)  # from that of a dendrite
_RECEIVING = (Label.SOMATIC, Label.BASAL, Label.APICAL, Label.UNKNOWN_DENDRITIC)


class _Part(NamedTuple):
    """Synapses of one sort: cells (n,), (n,) and positions (n, 3), nm."""

    pre: Ints
    post: Ints
    positions: Floats


def synapse_rows(
    seed: int,
    count: int,
    cast: Cast,
    neurons: Mapping[int, Skeleton],
    covered: Mapping[int, Bools],
    grid: Grid,
) -> list[list[int]]:
    """Return the rows of the synapse table, at least :data:`FEWEST`, with a leading index.

    ``neurons`` are the skeletons by cell id, ``covered`` says which nodes (n,) of each have
    mitochondria.
    """
    first_pyramidal, first_inhibitory = cast.pyramidal[0].cell_id, cast.inhibitory[0].cell_id
    pairs = product(neurons, repeat=2)
    contacts = {(pre, post): _contacts(neurons[pre], neurons[post]) for pre, post in pairs}
    pyramidal = [cell.cell_id for cell in cast.pyramidal]
    touched = max(pyramidal, key=lambda cell: len(contacts[first_inhibitory, cell]))
    outgoing, foreign, mutual = (
        round(share * count) for share in (_OUTGOING_SHARE, _FOREIGN_SHARE, _PAIR_SHARE)
    )
    incoming = count - outgoing - foreign - mutual - AUTAPSES - INTERNEURON_CONTACTS

    rng = stream(seed, Purpose.SYNAPSES)
    fragments = distinct_integers(rng, *_FOREIGN_IDS, max(10, count // 4))
    strangers = np.append(fragments, [cell.cell_id for cell in cast.bystanders])
    parts = [
        _connect(rng, contacts, (first_inhibitory, touched), INTERNEURON_CONTACTS),
        _connect(rng, contacts, (first_pyramidal, first_pyramidal), AUTAPSES // 2),
        _connect(rng, contacts, (first_inhibitory, first_inhibitory), AUTAPSES // 2),
        *_random_pairs(rng, contacts, mutual),
        _incoming(rng, neurons, covered, strangers, incoming),
        _outgoing(rng, neurons, strangers, outgoing),
    ]
    outside = anywhere(rng, foreign)
    parts.append(_Part(rng.choice(strangers, foreign), rng.choice(strangers, foreign), outside))
    order = rng.permutation(count)
    pre, post, positions = (np.concatenate(column)[order] for column in zip(*parts, strict=True))
    ids = distinct_integers(rng, 1_000_000, 1_000_000_000, count)
    cleft_vx = np.clip(rng.lognormal(5.5, 0.8, count), 25, 4_000).astype(np.int64)
    columns = [np.arange(count), ids, pre, post, cleft_vx, grid.voxels(positions)]
    return np.column_stack(columns).tolist()


_Pair = tuple[int, int]


def _contacts(pre: Skeleton, post: Skeleton) -> Floats:
    """Return places (n, 3), nm, between an axon and what it runs beside.

    Nearer than any other node of either neuron is one of the axon and one of a dendrite, of
    the soma, or of the beginning of an axon.
    """
    axon = pre.nodes[pre.labels == Label.AXONAL]
    targets = np.flatnonzero(_receives(post) | (_is_initial_segment(post) & (pre is not post)))
    distance, nearest = cKDTree(axon).query(post.nodes[targets], distance_upper_bound=CONTACT_NM)
    near = np.isfinite(distance)
    targets, axon = targets[near], axon[nearest[near]]
    radii = np.array([RADII_NM.get(Label(label), 0.0) for label in post.labels[targets]])
    share = (radii / (radii + RADII_NM[Label.AXONAL]))[:, None]
    places = post.nodes[targets] + share * (axon - post.nodes[targets])
    if pre is post:
        return places
    own = pre.labels[pre.tree.query(places)[1]] == Label.AXONAL
    meant = post.tree.query(places)[1] == targets
    return places[own & meant]


def _connect(rng: Generator, contacts: Mapping[_Pair, Floats], pair: _Pair, count: int) -> _Part:
    """Return synapses where the axon of one neuron touches another, each place in turn."""
    places = rng.permutation(contacts[pair])
    chosen = places[np.arange(count) % max(1, len(places))] if count else np.empty((0, 3))
    chosen = chosen + rng.uniform(-40, 40, chosen.shape)
    return _Part(np.full(count, pair[0]), np.full(count, pair[1]), chosen)


def _random_pairs(rng: Generator, contacts: Mapping[_Pair, Floats], count: int) -> list[_Part]:
    """Return synapses between analysed neurons; some that touch have none."""
    pairs = [pair for pair, places in contacts.items() if len(places) and pair[0] != pair[1]]
    weights = rng.gamma(1.0, size=len(pairs)) * (rng.random(len(pairs)) < _CONNECTED_SHARE)
    weights[0] += 1e-3  # one of them has some in any case
    numbers = rng.multinomial(count, weights / weights.sum())
    return [
        _connect(rng, contacts, pair, number)
        for pair, number in zip(pairs, numbers.tolist(), strict=True)
    ]


def _incoming(
    rng: Generator,
    neurons: Mapping[int, Skeleton],
    covered: Mapping[int, Bools],
    strangers: Ints,
    count: int,
) -> _Part:
    """Return synapses of strangers onto somas, dendrites and, few, beginnings of axons."""
    post = np.sort(rng.choice(np.array(list(neurons), dtype=np.int64), count))
    ids, numbers = np.unique(post, return_counts=True)
    positions = []
    for cell, number in zip(ids.tolist(), numbers.tolist(), strict=True):
        skeleton = neurons[cell]
        somatic = rng.binomial(number, _SOMATIC_SHARE)
        axonal = rng.binomial(number, _AXONAL_SHARE)
        dendritic = _receives(skeleton) & (skeleton.labels != Label.SOMATIC)
        dendritic = dendritic * np.where(covered[cell], _MORE_WHERE_COVERED, 1.0)
        positions += [
            _on_soma(rng, skeleton, somatic),
            _on_neurite(rng, skeleton, _is_initial_segment(skeleton), axonal, _BOUTON_NM),
            _on_neurite(rng, skeleton, dendritic, number - somatic - axonal, _SPINE_NM),
        ]
    return _Part(rng.choice(strangers, count), post, np.concatenate(positions))


def _outgoing(
    rng: Generator, neurons: Mapping[int, Skeleton], strangers: Ints, count: int
) -> _Part:
    """Return synapses of the analysed axons onto strangers."""
    pre = np.sort(rng.choice(np.array(list(neurons), dtype=np.int64), count))
    ids, numbers = np.unique(pre, return_counts=True)
    positions = [np.empty((0, 3))]
    for cell, number in zip(ids.tolist(), numbers.tolist(), strict=True):
        axon = neurons[cell].labels == Label.AXONAL
        positions.append(_on_neurite(rng, neurons[cell], axon, number, _BOUTON_NM))
    return _Part(pre, rng.choice(strangers, count), np.concatenate(positions))


def _receives(skeleton: Skeleton) -> Bools:
    """Whether each node (n,) is of the soma or of a dendrite."""
    return np.isin(skeleton.labels, _RECEIVING)


def _is_initial_segment(skeleton: Skeleton) -> Bools:
    """Whether each node (n,) is where an axon begins."""
    return (skeleton.labels == Label.AXONAL) & (skeleton.off_soma() < INITIAL_SEGMENT_NM)


def _on_soma(rng: Generator, skeleton: Skeleton, count: int) -> Floats:
    """Return places (count, 3) on the soma, nearest to one of its own nodes."""
    found = np.empty((0, 3))
    while len(found) < count:
        places = skeleton.nodes[0] + 1.01 * SOMA_SPHERE_NM * unit(rng.normal(size=(count, 3)))
        on_soma = skeleton.labels[skeleton.tree.query(places)[1]] == Label.SOMATIC
        found = np.concatenate([found, places[on_soma & inside(places)]])
    return found[:count]


def _on_neurite(
    rng: Generator,
    skeleton: Skeleton,
    wanted: Bools | Floats,
    count: int,
    off_membrane_nm: tuple[float, float],
) -> Floats:
    """Return places (count, 3) beside nodes of a neurite, nearer to such a node than to others.

    The thicker it is and the more a node is wanted, the more there are.
    """
    radii = node_radii(skeleton)
    weights = wanted * radii
    headings = unit(skeleton.nodes - skeleton.nodes[skeleton.parents] + 1e-9)
    found = np.empty((0, 3))
    while len(found) < count:
        nodes = rng.choice(len(radii), 2 * count, p=weights / weights.sum())
        random = rng.normal(size=(2 * count, 3))
        along = np.einsum("ij,ij->i", random, headings[nodes])[:, None]
        off = radii[nodes] + rng.uniform(*off_membrane_nm, 2 * count)
        places = skeleton.nodes[nodes] + off[:, None] * unit(random - along * headings[nodes])
        meant = (wanted[skeleton.tree.query(places)[1]] > 0) & inside(places)
        found = np.concatenate([found, places[meant]])
    return found[:count]
