"""Grow skeletons of pyramidal and inhibitory cells.

Neurites that are to have synapses with one another run side by side for a while
(:class:`Visit`): an axon beside a dendrite, of another cell or its own, or beside the
beginning of an axon.

Dirt made here, as in the published skeletons:

- the first pyramidal and the first inhibitory cell have a skeleton in two pieces (an
  axon collateral that is not connected);
- some nodes carry the labels 4 (Unknown dendritic) and 5 (Unknown);
- neurites end where the imaged volume ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from scipy.ndimage import gaussian_filter1d

from mitosyn.sample.skeleton import INITIAL_SEGMENT_NM, RADII_NM, SOMA_RADIUS_NM, Label, Skeleton
from mitosyn.sample.space import (
    VOLUME_NM,
    Floats,
    Ints,
    inside,
    points_along,
    run_lengths,
    square,
    unit,
)

_STEP_NM = (450.0, 900.0)  # distance between neighbouring nodes
_GAP_NODES = 5  # missing between a piece of axon and the axon that it belongs to
_UNSURE_NODES = 22  # at the end of a neurite that is labelled unknown
_UP = np.array([0.0, -1.0, 0.0])  # towards the pia
_SIDE_BY_SIDE = 16  # nodes for which a neurite runs beside another
_BETWEEN_NM = 120.0  # membranes that run side by side, where both are as thick as can be
_OFF_SOMA_NM = 14_000.0  # from the centre of a soma to where others run beside its neurites
_AROUND_SOMA_NM = 8_500.0  # neurites that pass a soma keep this off its centre


@dataclass(frozen=True)
class Visit:
    """A neurite that is to run beside one of another neuron, or of its own."""

    label: Label  # AXONAL or BASAL
    beside: Label  # if both are AXONAL, the beginning of an axon
    host: Skeleton | None  # the other neuron; None for its own dendrites


@dataclass(frozen=True)
class Habit:
    """How the neurites of one kind grow."""

    label: Label
    lengths_nm: tuple[tuple[float, float], ...]  # shortest and longest branch of each order
    drift: Floats  # (3,), where they turn as they grow; longer is stronger
    wander: float = 0.35  # how much they wind, relative to a unit direction


@dataclass
class _Growing:
    """A skeleton under construction; node 0 is the centre of the soma."""

    nodes: list[Floats]
    parents: list[int] = field(default_factory=lambda: [-1])
    labels: list[int] = field(default_factory=lambda: [int(Label.SOMATIC)])

    def extend(self, points: Floats, parent: int, label: Label) -> Ints:
        """Append a chain of points (n, 3) to a node; return the numbers (n,) of the new ones."""
        first = len(self.nodes)
        numbers = np.arange(first, first + len(points))
        self.nodes.extend(points)
        self.parents.extend([parent, *numbers[:-1].tolist()][: len(points)])
        self.labels.extend([int(label)] * len(points))
        return numbers

    def skeleton(self) -> Skeleton:
        """Return what has grown so far."""
        parents = np.array(self.parents, dtype=np.int64)
        return Skeleton(np.array(self.nodes), parents, np.array(self.labels, dtype=np.uint8))

    def direction(self, node: int) -> Floats:
        """Return the unit vector (3,) along which the skeleton arrives at a node."""
        return unit(self.nodes[node] - self.nodes[self.parents[node]])


_BASAL = Habit(Label.BASAL, ((10_000, 20_000), (45_000, 75_000)), drift=np.array([0.0, 0.1, 0.0]))
_OBLIQUE = Habit(Label.APICAL, ((25_000, 50_000),), drift=_UP * 0.1)
_TUFT = Habit(Label.APICAL, ((12_000, 20_000), (20_000, 35_000)), drift=_UP * 0.5)
_TRUNK = Habit(Label.APICAL, ((50_000, 75_000),), drift=_UP * 0.8, wander=0.15)
_COLLATERAL = Habit(Label.AXONAL, ((25_000, 45_000),), drift=np.zeros(3), wander=0.4)
_AXON = Habit(Label.AXONAL, ((60_000, 80_000),), drift=_UP * -0.7, wander=0.2)
_AFTER_VISIT = Habit(Label.AXONAL, ((20_000, 30_000),), drift=np.zeros(3))
_INTERNEURON_DENDRITE = Habit(
    Label.BASAL, ((10_000, 20_000), (40_000, 65_000)), drift=np.zeros(3), wander=0.45
)
_INTERNEURON_AXON = Habit(
    Label.AXONAL,
    ((25_000, 40_000), (20_000, 35_000), (15_000, 25_000)),
    drift=np.zeros(3),
    wander=0.5,
)
_UNSURE_AXON = (Label.AXONAL, Label.UNKNOWN)
_UNSURE_DENDRITE = (Label.BASAL, Label.UNKNOWN_DENDRITIC)


def grow_pyramidal(
    rng: Generator, soma_nm: Floats, *, loose_piece: bool, visits: Sequence[Visit] = ()
) -> Skeleton:
    """Return a pyramidal cell around ``soma_nm``: basal tree, apical trunk with tuft, axon.

    ``loose_piece`` disconnects an axon collateral; ``visits`` are further neurites.
    """
    tree = _Growing([soma_nm])
    for direction in _spread_directions(rng, _stems(rng, visits), tilt=0.45):
        _grow_bush(rng, tree, 0, direction, _BASAL)

    trunk = _grow_one(rng, tree, 0, unit(_UP + rng.normal(0, 0.08, 3)), _TRUNK)
    for node in _along(rng, trunk, (0.35, 0.8), 2):
        _grow_one(rng, tree, node, _sideways(rng, tree.direction(node)), _OBLIQUE)
    for _ in range(2):
        _grow_bush(rng, tree, trunk[-1], _fork(rng, tree.direction(trunk[-1])), _TUFT)

    axon = _grow_one(rng, tree, 0, unit(-_UP + rng.normal(0, 0.15, 3)), _AXON)
    _grow_collaterals(rng, tree, axon, loose_piece)
    _grow_visits(rng, tree, axon, visits)
    return _finish(rng, tree, (_UNSURE_DENDRITE, _UNSURE_AXON))


def grow_inhibitory(
    rng: Generator,
    soma_nm: Floats,
    subtype: str,
    *,
    loose_piece: bool,
    visits: Sequence[Visit] = (),
) -> Skeleton:
    """Return an interneuron: dendrites (all basal) and a dense axon; see :func:`grow_pyramidal`.

    ``bipolar`` cells have dendrites up and down, ``martinotti`` cells an axon that climbs; the
    others grow to all sides.
    """
    tree = _Growing([soma_nm])
    if subtype == "bipolar":
        poles = unit(np.array([[0.3, -1, 0], [-0.3, -1, 0.2], [0.3, 1, 0], [-0.3, 1, -0.2]]))
    else:
        poles = _spread_directions(rng, _stems(rng, visits), tilt=0.0)
    for direction in poles:
        _grow_bush(rng, tree, 0, direction, _INTERNEURON_DENDRITE)

    start = _UP if subtype == "martinotti" else unit(rng.normal(size=3) * [1, 1, 0.5])
    axon = _grow_bush(rng, tree, 0, start, _INTERNEURON_AXON)
    _grow_collaterals(rng, tree, axon, loose_piece)
    _grow_visits(rng, tree, axon, visits)
    return _finish(rng, tree, (_UNSURE_AXON,))


def _grow_bush(
    rng: Generator, tree: _Growing, node: int, direction: Floats, habit: Habit, order: int = 0
) -> Ints:
    """Grow a branch that forks as often as the habit has orders; return its own nodes."""
    branch = _grow_one(rng, tree, node, direction, habit, order)
    wanted = habit.lengths_nm[order][0] / _STEP_NM[1]
    # A branch that the edge of the volume cut short has no forks.
    if order + 1 < len(habit.lengths_nm) and len(branch) > wanted:
        for _ in range(2):
            heading = _fork(rng, tree.direction(branch[-1]))
            _grow_bush(rng, tree, branch[-1], heading, habit, order + 1)
    return branch


def _grow_one(
    rng: Generator, tree: _Growing, node: int, direction: Floats, habit: Habit, order: int = 0
) -> Ints:
    """Grow one unforked branch from a node; return the numbers (n,) of its nodes."""
    points = _wind(rng, tree.nodes[node], direction, habit, order)
    return tree.extend(points, node, habit.label)


def _wind(rng: Generator, start: Floats, direction: Floats, habit: Habit, order: int) -> Floats:
    """Return a smooth winding path (n, 3), without its start, up to the edge of the volume."""
    length = rng.uniform(*habit.lengths_nm[order])
    count = max(3, int(length / np.mean(_STEP_NM)))
    noise = gaussian_filter1d(rng.normal(size=(count, 3)), 7.0, axis=0, mode="reflect")
    noise *= habit.wander / noise.std()
    # The path leaves its start straight, without a kink.
    noise *= (1 - np.exp(-np.arange(count) / 6))[:, None]
    along = np.linspace(0, 1, count)[:, None]
    headings = unit(direction + noise + habit.drift * along)
    points = start + np.cumsum(headings * rng.uniform(*_STEP_NM, (count, 1)), axis=0)
    stays = inside(points)
    return points if stays.all() else points[: np.argmin(stays)]


def _grow_collaterals(rng: Generator, tree: _Growing, axon: Ints, loose_piece: bool) -> None:
    """Grow collaterals off an axon; the last one is not connected if so wanted."""
    for node in _along(rng, axon, (0.6, 0.95), 1):
        _grow_one(rng, tree, node, _sideways(rng, tree.direction(node)), _COLLATERAL)
    if loose_piece:
        start = tree.nodes[axon[len(axon) * 2 // 3]]
        # Towards the middle, so that the edge leaves a good piece, yet not back to the soma.
        heading = square(VOLUME_NM.mean(axis=0) - start, unit(start - tree.nodes[0]))
        points = _wind(rng, start, heading, _COLLATERAL, 0)
        tree.extend(points[_GAP_NODES:], -1, Label.AXONAL)


def _stems(rng: Generator, visits: Sequence[Visit]) -> int:
    """Return the number of basal dendrites besides those that visit."""
    return int(rng.integers(4, 6)) - sum(visit.label == Label.BASAL for visit in visits)


def _grow_visits(rng: Generator, tree: _Growing, axon: Ints, visits: Sequence[Visit]) -> None:
    """Grow neurites that run beside others: axons off the axon, dendrites off the soma."""
    for visit in visits:
        host = visit.host or tree.skeleton()
        start = int(rng.choice(axon[len(axon) // 3 :])) if visit.label == Label.AXONAL else 0
        stretch = _stretch_beside(rng, host, tree.nodes[0], tree.nodes[start], visit)
        # A dendrite starts at the centre of its own soma.
        somas = [host.nodes[0], tree.nodes[0]][: 1 if start == 0 else 2]
        points = _way_to(rng, tree.nodes[start], stretch, somas)
        last = tree.extend(points, start, visit.label)[-1]
        tail = _wind(rng, points[-1], tree.direction(last), _AFTER_VISIT, 0)
        tree.extend(tail, last, visit.label)


def _stretch_beside(
    rng: Generator, host: Skeleton, soma_nm: Floats, start: Floats, visit: Visit
) -> Floats:
    """Return points (k, 3) beside a near stretch of a host's neurite, the near end first."""
    chains = [np.arange(len(host.nodes))]
    for _ in range(_SIDE_BY_SIDE - 1):
        chains.append(host.parents[chains[-1]])
    chain = np.stack(chains, axis=1)
    points = host.nodes[chain]
    fits = np.all((chain >= 0) & (host.labels[chain] == visit.beside), axis=1)
    off_host = np.linalg.norm(points - host.nodes[0], axis=2)
    fits &= off_host.min(axis=1) > _OFF_SOMA_NM
    fits &= np.linalg.norm(points - soma_nm, axis=2).min(axis=1) > _OFF_SOMA_NM
    fits &= inside(points.reshape(-1, 3), 2_000.0).reshape(chain.shape).all(axis=1)
    if visit.label == visit.beside == Label.AXONAL:
        fits &= off_host.max(axis=1) < INITIAL_SEGMENT_NM
    distance = np.linalg.norm(points.mean(axis=1) - start, axis=1) * rng.uniform(1, 1.4, len(fits))
    stretch = points[np.argmin(np.where(fits, distance, np.inf))]
    if np.linalg.norm(stretch[-1] - start) < np.linalg.norm(stretch[0] - start):
        stretch = stretch[::-1]
    apart = 1.06 * (RADII_NM[visit.label] + RADII_NM[visit.beside]) + _BETWEEN_NM
    return stretch + apart * _sideways(rng, unit(stretch[-1] - stretch[0]))


def _way_to(rng: Generator, start: Floats, stretch: Floats, somas: Sequence[Floats]) -> Floats:
    """Return the nodes (n, 3) of a smooth way from a point to a stretch (k, 3) and along it."""
    across = stretch[0] - start
    length = float(np.linalg.norm(across))
    t = np.linspace(0, 1, max(20, int(length / 100)))[:, None]
    arrival = 0.6 * length * unit(stretch[1] - stretch[0])
    # Hermite's cubic, which leaves towards the stretch and arrives along it.
    way = start + (t**3 - 2 * t**2 + t + 3 * t**2 - 2 * t**3) * across + (t**3 - t**2) * arrival
    phases, turns = rng.uniform(0, 2 * np.pi, 3), rng.uniform(2, 4, 3)
    way = way + 0.03 * length * np.sin(np.pi * t) ** 2 * np.sin(2 * np.pi * t * turns + phases)
    for soma in somas:
        off = way - soma
        distance = np.linalg.norm(off, axis=1, keepdims=True)
        way = soma + off * np.maximum(1, _AROUND_SOMA_NM / np.maximum(distance, 1.0))
    way = np.clip(np.concatenate([way, stretch[1:]]), VOLUME_NM[0] + 500, VOLUME_NM[1] - 500)
    # Without kinks shorter than some 1 µm.
    way = points_along(way, np.arange(0, run_lengths(way)[-1], 100.0))
    way = np.concatenate([start[None], gaussian_filter1d(way, 10.0, axis=0, mode="nearest")[10:]])
    places = np.cumsum(rng.uniform(*_STEP_NM, int(run_lengths(way)[-1] / _STEP_NM[0]) + 1))
    return points_along(way, places[places < run_lengths(way)[-1]])


def _finish(rng: Generator, tree: _Growing, unsure: Sequence[tuple[Label, Label]]) -> Skeleton:
    """Return the skeleton with its soma labelled, and as unknown the ends of some neurites."""
    skeleton = tree.skeleton()
    for kind, label in unsure:
        _relabel_end(rng, skeleton, kind, label)
    skeleton.labels[skeleton.off_soma() < SOMA_RADIUS_NM] = Label.SOMATIC
    return skeleton


def _relabel_end(rng: Generator, skeleton: Skeleton, kind: Label, label: Label) -> None:
    """Relabel, in place, the last stretch of one unforked neurite of a kind."""
    parents, labels = skeleton.parents, skeleton.labels
    forks = np.bincount(parents[parents >= 0], minlength=len(parents))
    ends = np.flatnonzero((forks == 0) & (labels == kind))
    rng.shuffle(ends)
    for end in ends:
        stretch = np.arange(end - _UNSURE_NODES + 1, end + 1)
        chained = np.array_equal(parents[stretch[1:]], stretch[:-1])
        if chained and np.all(forks[stretch[:-1]] == 1) and np.all(labels[stretch] == kind):
            labels[stretch] = label
            return


def _spread_directions(rng: Generator, count: int, tilt: float) -> Floats:
    """Return directions (count, 3) evenly around the vertical, flattened in z, tilted down."""
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(count) / count
    rise = rng.uniform(-0.6, 0.6, count) + tilt
    return unit(np.stack([np.cos(angles), rise, 0.6 * np.sin(angles)], axis=1))


def _along(rng: Generator, branch: Ints, span: tuple[float, float], count: int) -> list[int]:
    """Return the nodes of a branch where others leave it, spread over a part of its length."""
    places = np.linspace(*span, count) + rng.uniform(-0.04, 0.04, count)
    return branch[(places * (len(branch) - 1)).astype(int)].tolist()


def _fork(rng: Generator, heading: Floats) -> Floats:
    """Return the direction (3,) of a fork's arm, some 35 degrees off the heading."""
    return unit(heading + 0.75 * _sideways(rng, heading))


def _sideways(rng: Generator, heading: Floats) -> Floats:
    """Return a random direction (3,) at a right angle to the heading, flattened in z."""
    return square(rng.normal(size=3) * [1, 1, 0.6], heading)
