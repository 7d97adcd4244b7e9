"""Mitochondria: curved, sometimes branched tubes that follow the neurites of a cell.

Dirt made here, as in the published meshes:

- a mitochondrion without a mesh in the first pyramidal and the first inhibitory cell;
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

from mitosyn.columns import COMPARTMENTS
from mitosyn.synthetic import tubes
from mitosyn.synthetic.neurites import Label, Skeleton
from mitosyn.synthetic.space import inside, unit

PYRAMIDAL_PLAN = ("missing", "hole", "tiny", "inside out", "ordinary", "inside out")
"""What is wrong with the first mitochondria of the first pyramidal cell."""
INHIBITORY_PLAN = ("missing", "flat", "pieces", "inside out")
"""The same of the first inhibitory cell."""
ASTROCYTE_PLAN = ("inside out",)
"""The same of the first astrocyte."""


_PYRAMIDAL_SHARES = {
    Label.BASAL: 0.28,
    Label.AXONAL: 0.07,
    Label.APICAL: 0.11,
    Label.SOMATIC: 0.49,
    Label.UNKNOWN: 0.03,
    Label.UNKNOWN_DENDRITIC: 0.02,
}
_INHIBITORY_SHARES = {Label.BASAL: 0.32, Label.AXONAL: 0.26, Label.SOMATIC: 0.42}

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


@dataclass(frozen=True)
class Mitochondrion:
    """One mitochondrion.

    Attributes
    ----------
    cell_id : int
        Its cell.
    compartment : str
        Where it was put, by name.
    volume_nm3 : float
        Volume in the segmentation, nm³; that of the mesh before anything went wrong
        with it.
    path_length_nm : float
        Length along its axis, nm.
    mesh : Mesh
        As the mesh source delivers it.
    defect : str
        ``ordinary`` or what is wrong; without a mesh in the source if ``missing``.
    """

    cell_id: int
    compartment: str
    volume_nm3: float
    path_length_nm: float
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
    made = []
    for label, share in _quotas(shares, count).items():
        volumes = _volumes(rng, VOLUME_QUARTILES_UM3[label], share)
        for target in volumes:
            radius = _radius(rng, target)
            length = _length(target, radius)
            if label == Label.SOMATIC:
                axis = _around_nucleus(rng, skeleton.nodes[0], length)
            else:
                axis = _along_neurite(rng, skeleton, label, length)
            made.append((COMPARTMENTS[label], target, radius, axis))
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
        ("Branch", count - near - far, 10_000.0, 50_000.0, _APICAL_UM3),
        ("Somatic", near, 3_000.0, 5_000.0, _SOMATIC_UM3),
        ("Far", far, 76_000.0, 110_000.0, _APICAL_UM3),
    )
    made = []
    for compartment, share, low, high, quartiles in ranges:
        for target in _volumes(rng, quartiles, share):
            radius = _radius(rng, target)
            length = _length(target, radius)
            middle = _place_at(rng, soma_nm, rng.uniform(low, high), length)
            axis = _free_path(rng, middle, length)
            made.append((compartment, target, radius, axis))
    return _build(rng, cell_id, made, plan)


_Planned = tuple[str, float, float, NDArray[np.float64]]


def _build(
    rng: np.random.Generator, cell_id: int, planned: Sequence[_Planned], plan: Sequence[str]
) -> list[Mitochondrion]:
    """Mitochondria of (compartment, volume, radius, axis), the first with defects."""
    defects = [*plan, *["ordinary"] * len(planned)]
    built = []
    for (compartment, target, radius, axis), defect in zip(planned, defects, strict=False):
        whole, mesh = _mesh(rng, axis, radius, target, defect)
        built.append(
            Mitochondrion(
                cell_id=cell_id,
                compartment=compartment,
                volume_nm3=tubes.volume(whole),
                path_length_nm=_polyline_length(axis) * rng.normal(1, 0.02),
                mesh=mesh,
                defect=defect,
            )
        )
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
    arm_volume = np.pi * arm_radius**2 * (_polyline_length(arm) - 0.7 * arm_radius)
    both = tubes.union([trunk, tubes.tube(arm, arm_radius, rng, arm_volume)])
    return tubes.scaled_to(both, target)


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
    exact = np.array(list(shares.values())) * count
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
    normal = np.clip(ndtri(quantiles), -1.9, 1.9)
    low, median, high = np.log(quartiles_um3)
    spread = np.where(normal < 0, median - low, high - median) / ndtri(0.75)
    return np.exp(median + spread * normal) * _UM3


def _radius(rng: np.random.Generator, volume_nm3: float) -> float:
    """Radius, nm, of a tube of some volume: the larger, the thicker and longer."""
    typical = 130.0 * (volume_nm3 / (0.095 * _UM3)) ** 0.24
    return float(np.clip(typical * np.exp(rng.normal(0, 0.1)), 50.0, 250.0))


def _length(volume_nm3: float, radius: float) -> float:
    """Length, nm, tip to tip, of a round-ended tube of some volume and radius."""
    return max(2.2 * radius, volume_nm3 / (np.pi * radius**2) + 2 * radius / 3)


def _along_neurite(
    rng: np.random.Generator, skeleton: Skeleton, label: Label, length: float
) -> NDArray[np.float64]:
    """Axis (k, 3) that follows a neurite of a kind, a little beside the skeleton."""
    reach = _reach(skeleton)
    own = np.flatnonzero(skeleton.labels == label)
    margin = 1_500.0
    roomy = own[reach[own] > length + margin]
    node = int(rng.choice(roomy)) if len(roomy) else int(own[np.argmax(reach[own])])
    path = [node]
    while reach[node] > 0 and reach[path[0]] - reach[node] < length + margin:
        node = int(skeleton.parents[node])
        path.append(node)
    points = skeleton.nodes[path]
    run = reach[path[0]] - reach[path]
    start = rng.uniform(0, max(0.0, min(margin, run[-1] - length)))
    places = np.linspace(start, min(start + length, run[-1]), _samples(length))
    return CubicSpline(run, points)(places) + _sway(rng, places)


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
    """Axis (k, 3) that bends around the nucleus, 3 to 5.5 µm off its centre."""
    outward = unit(rng.normal(size=3))
    random = rng.normal(size=3)
    aside = unit(random - outward * (random @ outward))
    height = rng.uniform(3_000, 5_500)
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
    bend = (places**2 / rng.uniform(4_000, 12_000))[:, None]
    return middle + forward * places[:, None] + aside * bend + _sway(rng, places)


def _place_at(
    rng: np.random.Generator, soma_nm: NDArray[np.float64], distance: float, length: float
) -> NDArray[np.float64]:
    """Point (3,) at a distance from the soma with room for a length in the volume."""
    # Far ones can only lie sideways: the volume is thin in z and y.
    flatten = 1.0 if distance < 30_000 else 0.2
    directions = unit(rng.normal(size=(256, 3)) * [1, flatten, flatten])
    places = soma_nm + distance * directions
    return places[np.argmax(inside(places, 0.7 * length))]


def _sway(rng: np.random.Generator, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offsets (k, 3), nm, by which a mitochondrion winds within its neurite."""
    waves = rng.uniform(2_000, 5_000, 3)
    phases = rng.uniform(0, 2 * np.pi, 3)
    return 70.0 * np.sin(2 * np.pi * places[:, None] / waves + phases)


def _samples(length: float) -> int:
    """Choose the number of points of an axis."""
    return max(20, int(length / _AXIS_STEP_NM))


def _polyline_length(points: NDArray[np.float64]) -> float:
    """Length of a polyline (k, 3), nm."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
