"""Where mitochondria lie: axes along neurites, around the nucleus and around a soma.

An axis is a dense polyline (k, 3) in nm, from tip to tip of a mitochondrion.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.interpolate import CubicSpline

from mitosyn.sample.skeleton import Label, Skeleton
from mitosyn.sample.space import VOLUME_NM, Bools, Floats, Ints, square, unit

_AXIS_STEP_NM = 20.0
_PAIRED_SHARE = 0.2  # of the dendritic ones, if there is one to lie beside
_TRIES = 40  # to find a free place that is long enough
_ROOMY_NM = 60_000.0  # so near to the soma a dendrite holds two side by side


def tube_length(volume_nm3: float, radius: float) -> float:
    """Return the length, nm, tip to tip, of a round-ended tube of some volume and radius."""
    return max(2.2 * radius, volume_nm3 / (np.pi * radius**2) + 2 * radius / 3)


def tube_volume(length: float, radius: float) -> float:
    """Return the volume, nm³, of a round-ended tube of some length and radius."""
    return np.pi * radius**2 * (length - 2 * radius / 3)


def polyline_length(points: Floats) -> float:
    """Return the length of a polyline (k, 3), nm."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def along_neurites(
    rng: Generator,
    skeleton: Skeleton,
    label: Label,
    free: Bools,
    volumes_nm3: Floats,
    radii: Floats,
) -> list[Floats]:
    """Return axes that follow neurites of a kind; the largest volumes find a place first.

    Where none is long enough, the longest that was found is filled. ``free`` (n,) becomes
    false at nodes that hold a mitochondrion, and at those next to them. Some dendritic ones lie
    beside one that is there already.
    """
    labels, parents = skeleton.labels, skeleton.parents
    # The path towards the soma, as far as the compartment goes.
    reach = skeleton.path_lengths((parents >= 0) & (labels == labels[parents]))
    own = np.flatnonzero((labels == label) & (reach > 0))
    roomy = reach < _ROOMY_NM
    sway = 20.0 if label in (Label.AXONAL, Label.UNKNOWN) else 50.0
    axes: dict[int, Floats] = {}
    hosts: list[int] = []
    places: dict[int, Ints] = {}
    for number in np.argsort(-volumes_nm3, kind="stable").tolist():
        length = tube_length(float(volumes_nm3[number]), float(radii[number]))
        if hosts and label in (Label.BASAL, Label.APICAL) and rng.random() < _PAIRED_SHARE:
            host = hosts.pop()
            path = places[host]
            aside = _aside(rng, skeleton.nodes[path])
            apart = 1.15 * (radii[host] + radii[number]) + 30.0
            axes[host] = axes[host] + aside * apart / 2
            beside = _on_path(rng, skeleton, path, reach, length, 0.7, 20.0)
            axes[number] = beside - aside * apart / 2
            continue
        path = _free_way(rng, skeleton, own, free, reach, length + 1_000.0)
        axes[number] = _on_path(rng, skeleton, path, reach, length, 1.0, sway)
        places[number] = path
        if roomy[path].all():
            hosts.append(number)
        free[path] = False
        free[parents[path]] = False
        free[np.isin(parents, path)] = False
    return [axes[number] for number in range(len(volumes_nm3))]


def around_nucleus(rng: Generator, soma_nm: Floats, length: float) -> Floats:
    """Return an axis that bends around the nucleus, 4.5 to 5.6 µm off its centre."""
    outward = unit(rng.normal(size=3))
    aside = square(rng.normal(size=3), outward)
    height = rng.uniform(4_500, 5_600)
    places = np.linspace(-length / 2, length / 2, _samples(length))
    turn = (places / height)[:, None]
    return soma_nm + height * (np.cos(turn) * outward + np.sin(turn) * aside) + _sway(rng, places)


def free_path(rng: Generator, middle: Floats, length: float) -> Floats:
    """Return the axis of a gently bent path through a point."""
    forward = unit(rng.normal(size=3) * [1, 1, 0.6])
    aside = square(rng.normal(size=3), forward)
    places = np.linspace(-length / 2, length / 2, _samples(length))
    bend = (places**2 / (rng.uniform(1, 3) * max(length, 4_000)))[:, None]
    return middle + forward * places[:, None] + aside * bend + _sway(rng, places)


def place_at(rng: Generator, soma_nm: Floats, distance: float, length: float) -> Floats:
    """Return a point (3,) at a distance from the soma, with room for a length if there is any."""
    # Far ones can only lie sideways: the volume is thin in z and y.
    flatten = 1.0 if distance < 30_000 else 0.2
    directions = unit(rng.normal(size=(256, 3)) * [1, flatten, flatten])
    places = soma_nm + distance * directions
    room = np.minimum(places - VOLUME_NM[0], VOLUME_NM[1] - places).min(axis=1)
    fits = room > 0.7 * length
    return places[np.argmax(fits if fits.any() else room)]


def side_arm(rng: Generator, axis: Floats, radius: float) -> Floats:
    """Return the axis of an arm that leaves a tube and bends back to run beside it."""
    at = int(len(axis) * rng.uniform(0.25, 0.6))
    forward = unit(axis[at + 5] - axis[at - 5])
    outward = square(rng.normal(size=3), forward)
    length = min(0.3 * polyline_length(axis), rng.uniform(600, 1_500))
    along = np.linspace(0, length, max(10, int(length / _AXIS_STEP_NM)))[:, None]
    away = (3.2 * radius) * np.tanh(along / (2.5 * radius))
    return axis[at] + forward * along * 0.8 + outward * away


def _free_way(
    rng: Generator, skeleton: Skeleton, own: Ints, free: Bools, reach: Floats, length: float
) -> Ints:
    """Return nodes (k,) towards the soma, of one label, free, and as long as wanted if possible."""
    ends = own[free[own]] if free[own].any() else own
    best = np.empty(0, np.int64)
    longest = -1.0
    for end in rng.choice(ends, _TRIES).tolist():
        path = [end]
        while reach[path[-1]] > 0 and reach[end] - reach[path[-1]] < length:
            parent = int(skeleton.parents[path[-1]])
            if not free[parent] and len(path) > 1:
                break
            path.append(parent)
        found = reach[end] - reach[path[-1]]
        if found > longest:
            best, longest = np.array(path), found
        if longest >= length:
            break
    return best


def _on_path(
    rng: Generator,
    skeleton: Skeleton,
    path: Ints,
    reach: Floats,
    length: float,
    most: float,
    sway: float,
) -> Floats:
    """Return an axis near nodes (n,), of a length or the most, as a share, that they have."""
    run = reach[path[0]] - reach[path]
    length = min(length, most * float(run[-1]))
    start = rng.uniform(0, run[-1] - length)
    places = np.linspace(start, start + length, _samples(length))
    return CubicSpline(run, skeleton.nodes[path])(places) + _sway(rng, places, sway)


def _aside(rng: Generator, points: Floats) -> Floats:
    """Return the direction (3,) in which a path (n, 3) extends least."""
    steps = np.diff(points, axis=0)
    return np.linalg.eigh(steps.T @ steps)[1][:, 0] * rng.choice([-1.0, 1.0])


def _sway(rng: Generator, places: Floats, width: float = 70.0) -> Floats:
    """Return the offsets (k, 3), nm, by which a mitochondrion winds within its neurite."""
    waves = rng.uniform(2_000, 5_000, 3)
    phases = rng.uniform(0, 2 * np.pi, 3)
    return width * np.sin(2 * np.pi * places[:, None] / waves + phases)


def _samples(length: float) -> int:
    """Return the number of points of an axis."""
    return max(20, int(length / _AXIS_STEP_NM))
