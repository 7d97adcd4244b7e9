"""Mitochondria: curved, sometimes branched tubes that follow the neurites of a cell.

A cell has a tenth as many as the published ones. So that they cover as much of its
neurites, each is :data:`LARGER` times as large, and more of them are outside the soma. Here
and there two lie side by side, and both cover the same nodes.

Dirt made here, as in the published meshes:

- a mitochondrion without a mesh in the first pyramidal and the first inhibitory cell;
- in the first pyramidal cell one whose published compartment and length were measured on
  another skeleton;
- meshes that come inside out, in the first cell of each kind;
- in the first pyramidal cell a mesh with a hole and a tiny one (four vertices);
- in the first inhibitory cell a flat mesh and one of two separate pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import ndtri

from mitosyn.sample import tubes
from mitosyn.sample.neurites import Label, Skeleton
from mitosyn.sample.space import VOLUME_NM, unit

OTHER_SKELETON = "other skeleton"
PYRAMIDAL_PLAN = ("missing", "hole", "tiny", "inside out", OTHER_SKELETON, "inside out")
"""What is wrong with the first mitochondria of the first pyramidal cell."""
INHIBITORY_PLAN = ("missing", "flat", "pieces", "inside out")
"""The same of the first inhibitory cell."""
ASTROCYTE_PLAN = ("inside out",)
"""The same of the first astrocyte."""


_PYRAMIDAL_SHARES = {
    Label.BASAL: 0.37,
    Label.AXONAL: 0.23,
    Label.APICAL: 0.16,
    Label.SOMATIC: 0.19,
    Label.UNKNOWN: 0.025,
    Label.UNKNOWN_DENDRITIC: 0.025,
}
_INHIBITORY_SHARES = {Label.BASAL: 0.45, Label.AXONAL: 0.35, Label.SOMATIC: 0.20}
_ONE_OF_EACH = 10  # from so many mitochondria on, each compartment has one

LARGER = 5.0
"""The volumes of this dataset relative to the published ones."""

# Published quartiles of the volumes of pyramidal mitochondria, µm³.
_AXONAL_UM3 = (0.0076, 0.0130, 0.0209)
_SOMATIC_UM3 = (0.013, 0.033, 0.080)
_APICAL_UM3 = (0.019, 0.062, 0.205)
_BASAL_UM3 = (0.027, 0.095, 0.242)
VOLUME_QUARTILES_UM3 = {
    Label.AXONAL: _AXONAL_UM3,
    Label.SOMATIC: _SOMATIC_UM3,
    Label.APICAL: _APICAL_UM3,
    Label.BASAL: _BASAL_UM3,
    Label.UNKNOWN_DENDRITIC: _APICAL_UM3,
    Label.UNKNOWN: _AXONAL_UM3,
}

_UM3 = 1e9  # nm³
_BRANCHED_SHARE = 0.15
_SHORTEST_BRANCHED_NM = 1_200.0
_AXIS_STEP_NM = 20.0
_TINY_EDGE_NM = 70.0
_GOLDEN = (np.sqrt(5) - 1) / 2
_WIDEST = 1.1  # standard deviations of the logarithm of a volume
_IN_AXON_NM, _IN_DENDRITE_NM = 78.0, 120.0  # radii of mitochondria of the median volume
_PAIRED_SHARE = 0.2  # of the dendritic ones, if there is one to lie beside
_TRIES = 40  # to find a free place that is long enough
_LONGEST_SCATTERED_NM = 15_000.0
_ROOMY_NM = 60_000.0  # so near to the soma a dendrite holds two side by side


@dataclass(frozen=True)
class Mitochondrion:
    """One mitochondrion.

    Attributes
    ----------
    cell_id : int
        Its cell.
    volume_nm3 : float
        Volume in the segmentation, nm³; that of the mesh before anything went wrong
        with it.
    mesh : Mesh
        As the mesh source delivers it.
    defect : str
        ``ordinary`` or what is wrong; without a mesh in the source if ``missing``.
    """

    cell_id: int
    volume_nm3: float
    mesh: tubes.Mesh
    defect: str

    @property
    def has_mesh(self) -> bool:
        """Whether the mesh source knows it."""
        return self.defect != "missing"


def neuron_mitochondria(
    rng: np.random.Generator,
    cell_id: int,
    skeleton: Skeleton,
    count: int,
    *,
    pyramidal: bool,
    plan: Sequence[str] = (),
) -> list[Mitochondrion]:
    """Lay mitochondria into the soma and along the neurites of a cell.

    Parameters
    ----------
    rng : Generator
        Random stream of this cell's mitochondria.
    cell_id : int
        The cell.
    skeleton : Skeleton
        Its skeleton.
    count : int
        How many.
    pyramidal : bool
        Whether the shares of the compartments are those of a pyramidal cell.
    plan : sequence of str, optional
        Defects of the first ones.

    Returns
    -------
    list of Mitochondrion
        Neurites first, the soma late.
    """
    shares = _PYRAMIDAL_SHARES if pyramidal else _INHIBITORY_SHARES
    free = np.ones(len(skeleton.nodes), bool)
    made: list[_Planned] = []
    for label, share in _quotas(shares, count).items():
        quartiles = VOLUME_QUARTILES_UM3[label]
        volumes = _volumes(rng, quartiles, share)
        radii = _radii(rng, volumes, quartiles, label in (Label.AXONAL, Label.UNKNOWN))
        if label == Label.SOMATIC:
            axes = [
                _around_nucleus(rng, skeleton.nodes[0], _length(volume, radius))
                for volume, radius in zip(volumes, radii, strict=True)
            ]
        else:
            axes = _along_neurites(rng, skeleton, label, free, volumes, radii)
        made += zip(radii.tolist(), axes, strict=True)
    return _build(rng, cell_id, made, plan)


def scattered_mitochondria(
    rng: np.random.Generator,
    cell_id: int,
    soma_nm: NDArray[np.float64],
    count: int,
    plan: Sequence[str] = (),
) -> list[Mitochondrion]:
    """Scatter mitochondria around a soma, as in a cell without a skeleton.

    Parameters
    ----------
    rng : Generator
        Random stream of this cell's mitochondria.
    cell_id : int
        The cell.
    soma_nm : ndarray (3,) float64
        Centre of its soma.
    count : int
        How many; at three and more, some lie nearer than 7 µm, most between and some
        farther than 70 µm.
    plan : sequence of str, optional
        Defects of the first ones.

    Returns
    -------
    list of Mitochondrion
    """
    near = max(1, round(0.12 * count)) if count >= 3 else 0
    far = max(1, round(0.04 * count)) if count >= 3 else 0
    ranges = (
        (count - near - far, 10_000.0, 50_000.0, _APICAL_UM3),
        (near, 3_000.0, 5_000.0, _SOMATIC_UM3),
        (far, 80_000.0, 110_000.0, _APICAL_UM3),
    )
    made: list[_Planned] = []
    for share, low, high, quartiles in ranges:
        volumes = _volumes(rng, quartiles, share)
        radii = _radii(rng, volumes, quartiles, thin=False)
        for volume, radius in zip(volumes.tolist(), radii.tolist(), strict=True):
            length = min(_length(volume, radius), _LONGEST_SCATTERED_NM)
            middle = _place_at(rng, soma_nm, rng.uniform(low, high), length)
            made.append((radius, _free_path(rng, middle, length)))
    return _build(rng, cell_id, made, plan)


_Planned = tuple[float, NDArray[np.float64]]


def _build(
    rng: np.random.Generator, cell_id: int, planned: Sequence[_Planned], plan: Sequence[str]
) -> list[Mitochondrion]:
    """Mitochondria of (radius, axis), the first with defects."""
    defects = [*plan, *["ordinary"] * len(planned)]
    built = []
    for (radius, axis), defect in zip(planned, defects, strict=False):
        target = _volume(_polyline_length(axis), radius)
        whole, mesh = _mesh(rng, axis, radius, target, defect)
        built.append(Mitochondrion(cell_id, tubes.volume(whole), mesh, defect))
    return built


def _mesh(
    rng: np.random.Generator,
    axis: NDArray[np.float64],
    radius: float,
    target: float,
    defect: str,
) -> tuple[tubes.Mesh, tubes.Mesh]:
    """Mesh before and after it went wrong."""
    if defect == "tiny":
        tiny = tubes.tetrahedron(axis[len(axis) // 2], _TINY_EDGE_NM)
        return tiny, tiny
    if defect == "pieces":
        third = len(axis) // 3
        halves = (axis[: third + 1], axis[-third - 1 :])
        pieces = tubes.side_by_side([tubes.tube(h, radius, rng, target / 2) for h in halves])
        return pieces, pieces
    whole = _closed_mesh(rng, axis, radius, target)
    spoil = {
        "hole": tubes.with_hole,
        "flat": tubes.flattened,
        "inside out": tubes.inside_out,
    }
    return whole, spoil[defect](whole) if defect in spoil else whole


def _closed_mesh(
    rng: np.random.Generator, axis: NDArray[np.float64], radius: float, target: float
) -> tubes.Mesh:
    """Tube along an axis, now and then with a side arm if there is room for one."""
    trunk = tubes.tube(axis, radius, rng, target)
    branches = rng.random() < _BRANCHED_SHARE
    if not branches or _polyline_length(axis) < _SHORTEST_BRANCHED_NM:
        return trunk
    arm = _side_arm(rng, axis, radius)
    arm_radius = 0.8 * radius
    arm_volume = _volume(_polyline_length(arm), arm_radius)
    return tubes.union([trunk, tubes.tube(arm, arm_radius, rng, arm_volume)])


def _side_arm(
    rng: np.random.Generator, axis: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """Axis (k, 3) of an arm that leaves a tube and bends back to run beside it."""
    at = int(len(axis) * rng.uniform(0.25, 0.6))
    forward = unit(axis[at + 5] - axis[at - 5])
    random = rng.normal(size=3)
    outward = unit(random - forward * (random @ forward))
    length = min(0.3 * _polyline_length(axis), rng.uniform(600, 1_500))
    along = np.linspace(0, length, max(10, int(length / _AXIS_STEP_NM)))[:, None]
    away = (3.2 * radius) * np.tanh(along / (2.5 * radius))
    return axis[at] + forward * along * 0.8 + outward * away


def _quotas(shares: dict[Label, float], count: int) -> dict[Label, int]:
    """Whole numbers that add up to ``count``, in proportion to the shares."""
    least = int(count >= _ONE_OF_EACH)
    exact = np.array(list(shares.values())) * (count - least * len(shares)) + least
    whole = np.floor(exact + 1e-9).astype(int)
    rest = np.argsort(-(exact - whole), kind="stable")[: count - whole.sum()]
    whole[rest] += 1
    return dict(zip(shares, whole.tolist(), strict=True))


def _volumes(
    rng: np.random.Generator, quartiles_um3: tuple[float, float, float], count: int
) -> NDArray[np.float64]:
    """Volumes (count,), nm³, lognormal on either side of the median.

    The quantiles step by the golden ratio from a random start: even a few volumes
    are spread over the whole distribution.
    """
    quantiles = (rng.random() + _GOLDEN * np.arange(count)) % 1
    normal = np.clip(ndtri(quantiles), -_WIDEST, _WIDEST)
    low, median, high = np.log(np.multiply(quartiles_um3, LARGER))
    spread = np.where(normal < 0, median - low, high - median) / ndtri(0.75)
    return np.exp(median + spread * normal) * _UM3


def _radii(
    rng: np.random.Generator,
    volumes_nm3: NDArray[np.float64],
    quartiles_um3: tuple[float, float, float],
    thin: bool,
) -> NDArray[np.float64]:
    """Radii (n,), nm, of tubes of some volumes: the larger, the longer and a little thicker."""
    median = LARGER * quartiles_um3[1] * _UM3
    typical = (_IN_AXON_NM if thin else _IN_DENDRITE_NM) * (volumes_nm3 / median) ** 0.1
    return typical * np.exp(rng.normal(0, 0.06, len(volumes_nm3)))


def _length(volume_nm3: float, radius: float) -> float:
    """Length, nm, tip to tip, of a round-ended tube of some volume and radius."""
    return max(2.2 * radius, volume_nm3 / (np.pi * radius**2) + 2 * radius / 3)


def _volume(length: float, radius: float) -> float:
    """Volume, nm³, of a round-ended tube of some length and radius."""
    return np.pi * radius**2 * (length - 2 * radius / 3)


def _along_neurites(
    rng: np.random.Generator,
    skeleton: Skeleton,
    label: Label,
    free: NDArray[np.bool_],
    volumes_nm3: NDArray[np.float64],
    radii: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    """Axes (k, 3) that follow neurites of a kind, the longest first to find a place.

    Where none is long enough, the longest that was found is filled. Nodes that have got
    a mitochondrion, and those next to them, are no longer ``free``. Some dendritic ones lie
    beside one that is there already.
    """
    reach = _reach(skeleton)
    own = np.flatnonzero((skeleton.labels == label) & (reach > 0))
    roomy = reach < _ROOMY_NM
    sway = 20.0 if label in (Label.AXONAL, Label.UNKNOWN) else 50.0
    axes: dict[int, NDArray[np.float64]] = {}
    hosts: list[int] = []
    places: dict[int, NDArray[np.int64]] = {}
    for number in np.argsort(-volumes_nm3, kind="stable").tolist():
        length = _length(float(volumes_nm3[number]), float(radii[number]))
        if hosts and label in (Label.BASAL, Label.APICAL) and rng.random() < _PAIRED_SHARE:
            host = hosts.pop()
            path = places[host]
            aside = _aside(rng, skeleton.nodes[path])
            apart = 1.15 * (radii[host] + radii[number]) + 30.0
            axes[host] = axes[host] + aside * apart / 2
            run = reach[path[0]] - reach[path]
            length = min(length, 0.7 * float(run[-1]))
            start = rng.uniform(0, run[-1] - length)
            axes[number] = _on_path(rng, skeleton.nodes[path], run, start, length, 20.0)
            axes[number] = axes[number] - aside * apart / 2
            continue
        path = _free_way(rng, skeleton, own, free, reach, length + 1_000.0)
        run = reach[path[0]] - reach[path]
        length = min(length, float(run[-1]))
        start = rng.uniform(0, run[-1] - length)
        axes[number] = _on_path(rng, skeleton.nodes[path], run, start, length, sway)
        places[number] = path
        if roomy[path].all():
            hosts.append(number)
        free[path] = False
        free[skeleton.parents[path]] = False
        free[np.isin(skeleton.parents, path)] = False
    return [axes[number] for number in range(len(volumes_nm3))]


def _free_way(
    rng: np.random.Generator,
    skeleton: Skeleton,
    own: NDArray[np.int64],
    free: NDArray[np.bool_],
    reach: NDArray[np.float64],
    length: float,
) -> NDArray[np.int64]:
    """Nodes (k,) towards the soma, of one label, free, and as long as wanted if possible."""
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
    rng: np.random.Generator,
    points: NDArray[np.float64],
    run: NDArray[np.float64],
    start: float,
    length: float,
    sway: float,
) -> NDArray[np.float64]:
    """Axis (k, 3) of a length along points (n, 3) at run lengths (n,), a little beside them."""
    places = np.linspace(start, start + length, _samples(length))
    return CubicSpline(run, points)(places) + _sway(rng, places, sway)


def _aside(rng: np.random.Generator, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Direction (3,) that a path (n, 3) has least to do with."""
    steps = np.diff(points, axis=0)
    return np.linalg.eigh(steps.T @ steps)[1][:, 0] * rng.choice([-1.0, 1.0])


def _reach(skeleton: Skeleton) -> NDArray[np.float64]:
    """Length, nm (n,), of the way from each node towards the soma within its label."""
    parents = skeleton.parents
    steps = np.linalg.norm(skeleton.nodes - skeleton.nodes[parents], axis=1)
    stays = (parents >= 0) & (skeleton.labels == skeleton.labels[parents])
    reach = np.zeros(len(parents))
    for node in np.flatnonzero(stays):
        reach[node] = reach[parents[node]] + steps[node]
    return reach


def _around_nucleus(
    rng: np.random.Generator, soma_nm: NDArray[np.float64], length: float
) -> NDArray[np.float64]:
    """Axis (k, 3) that bends around the nucleus, 4.5 to 5.6 µm off its centre."""
    outward = unit(rng.normal(size=3))
    random = rng.normal(size=3)
    aside = unit(random - outward * (random @ outward))
    height = rng.uniform(4_500, 5_600)
    places = np.linspace(-length / 2, length / 2, _samples(length))
    turn = (places / height)[:, None]
    return soma_nm + height * (np.cos(turn) * outward + np.sin(turn) * aside) + _sway(rng, places)


def _free_path(
    rng: np.random.Generator, middle: NDArray[np.float64], length: float
) -> NDArray[np.float64]:
    """Axis (k, 3) of a gently bent path through a point."""
    forward = unit(rng.normal(size=3) * [1, 1, 0.6])
    random = rng.normal(size=3)
    aside = unit(random - forward * (random @ forward))
    places = np.linspace(-length / 2, length / 2, _samples(length))
    bend = (places**2 / (rng.uniform(1, 3) * max(length, 4_000)))[:, None]
    return middle + forward * places[:, None] + aside * bend + _sway(rng, places)


def _place_at(
    rng: np.random.Generator, soma_nm: NDArray[np.float64], distance: float, length: float
) -> NDArray[np.float64]:
    """Point (3,) at a distance from the soma with room in the volume, for a length if there is."""
    # Far ones can only lie sideways: the volume is thin in z and y.
    flatten = 1.0 if distance < 30_000 else 0.2
    directions = unit(rng.normal(size=(256, 3)) * [1, flatten, flatten])
    places = soma_nm + distance * directions
    room = np.minimum(places - VOLUME_NM[0], VOLUME_NM[1] - places).min(axis=1)
    fits = room > 0.7 * length
    return places[np.argmax(fits if fits.any() else room)]


def _sway(
    rng: np.random.Generator, places: NDArray[np.float64], width: float = 70.0
) -> NDArray[np.float64]:
    """Offsets (k, 3), nm, by which a mitochondrion winds within its neurite."""
    waves = rng.uniform(2_000, 5_000, 3)
    phases = rng.uniform(0, 2 * np.pi, 3)
    return width * np.sin(2 * np.pi * places[:, None] / waves + phases)


def _samples(length: float) -> int:
    """Choose the number of points of an axis."""
    return max(20, int(length / _AXIS_STEP_NM))


def _polyline_length(points: NDArray[np.float64]) -> float:
    """Length of a polyline (k, 3), nm."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
