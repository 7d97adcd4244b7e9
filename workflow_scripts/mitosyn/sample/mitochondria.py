"""Mitochondria: curved, sometimes branched tubes that follow the neurites of a cell.

A cell has a tenth as many as the published ones. So that they cover as much of its
neurites, each is :data:`LARGER` times as large, and more of them are outside the soma. Here
and there two lie side by side, and both cover the same nodes.

Dirt made here, as in the published meshes:

- a mitochondrion without a mesh in the first pyramidal and the first inhibitory cell;
- in the first pyramidal cell one whose published compartment and length were measured on
  another skeleton;
- meshes that are inside out, in the first cell of each kind;
- in the first pyramidal cell a mesh with a hole and a tiny one (four vertices);
- in the first inhibitory cell a flat mesh and one of two separate pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.special import ndtri

from mitosyn.sample.axes import (
    along_neurites,
    around_nucleus,
    free_path,
    place_at,
    polyline_length,
    side_arm,
    tube_length,
    tube_volume,
)
from mitosyn.sample.skeleton import Label, Skeleton
from mitosyn.sample.space import Floats
from mitosyn.sample.tubes import (
    Mesh,
    enclosed_volume,
    flattened,
    inside_out,
    side_by_side,
    tetrahedron,
    tube,
    union,
    with_hole,
)

OTHER_SKELETON = "other skeleton"
# What is wrong with the first mitochondria of the first cell of each kind.
PYRAMIDAL_PLAN = ("missing", "hole", "tiny", "inside out", OTHER_SKELETON, "inside out")
INHIBITORY_PLAN = ("missing", "flat", "pieces", "inside out")
ASTROCYTE_PLAN = ("inside out",)

_Planned = tuple[float, Floats]

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
_TINY_EDGE_NM = 70.0
_GOLDEN = (np.sqrt(5) - 1) / 2
_WIDEST = 1.1  # standard deviations of the logarithm of a volume
_IN_AXON_NM, _IN_DENDRITE_NM = 78.0, 120.0  # radii of mitochondria of the median volume
_LONGEST_SCATTERED_NM = 15_000.0


@dataclass(frozen=True)
class Mitochondrion:
    """One mitochondrion of a cell."""

    cell_id: int
    volume_nm3: float  # in the segmentation: of the mesh before it was spoiled
    mesh: Mesh  # in true nm; the source has none if the defect is "missing"
    defect: str  # "ordinary" or what is wrong


def neuron_mitochondria(
    rng: Generator,
    cell_id: int,
    skeleton: Skeleton,
    count: int,
    *,
    pyramidal: bool,
    plan: Sequence[str] = (),
) -> list[Mitochondrion]:
    """Return ``count`` mitochondria along the neurites and in the soma of a cell.

    ``pyramidal`` decides their shares of the compartments, ``plan`` the defects of the first.
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
                around_nucleus(rng, skeleton.nodes[0], tube_length(volume, radius))
                for volume, radius in zip(volumes, radii, strict=True)
            ]
        else:
            axes = along_neurites(rng, skeleton, label, free, volumes, radii)
        made += zip(radii.tolist(), axes, strict=True)
    return _build(rng, cell_id, made, plan)


def scattered_mitochondria(
    rng: Generator, cell_id: int, soma_nm: Floats, count: int, plan: Sequence[str] = ()
) -> list[Mitochondrion]:
    """Return ``count`` mitochondria around a soma, as in a cell without a skeleton.

    Of three and more some lie nearer than 7 µm, most between and some farther than 70 µm.
    ``plan`` has the defects of the first ones.
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
            length = min(tube_length(volume, radius), _LONGEST_SCATTERED_NM)
            middle = place_at(rng, soma_nm, rng.uniform(low, high), length)
            made.append((radius, free_path(rng, middle, length)))
    return _build(rng, cell_id, made, plan)


def _build(
    rng: Generator, cell_id: int, planned: Sequence[_Planned], plan: Sequence[str]
) -> list[Mitochondrion]:
    """Return mitochondria of (radius, axis), the first with defects."""
    defects = [*plan, *["ordinary"] * len(planned)]
    built = []
    for (radius, axis), defect in zip(planned, defects, strict=False):
        target = tube_volume(polyline_length(axis), radius)
        whole, mesh = _mesh(rng, axis, radius, target, defect)
        built.append(Mitochondrion(cell_id, enclosed_volume(whole), mesh, defect))
    return built


def _mesh(
    rng: Generator, axis: Floats, radius: float, target: float, defect: str
) -> tuple[Mesh, Mesh]:
    """Return a mesh before and after it was spoiled."""
    if defect == "tiny":
        tiny = tetrahedron(axis[len(axis) // 2], _TINY_EDGE_NM)
        return tiny, tiny
    if defect == "pieces":
        third = len(axis) // 3
        halves = (axis[: third + 1], axis[-third - 1 :])
        pieces = side_by_side([tube(h, radius, rng, target / 2) for h in halves])
        return pieces, pieces
    whole = _closed_mesh(rng, axis, radius, target)
    spoil = {"hole": with_hole, "flat": flattened, "inside out": inside_out}
    return whole, spoil[defect](whole) if defect in spoil else whole


def _closed_mesh(rng: Generator, axis: Floats, radius: float, target: float) -> Mesh:
    """Return a tube along an axis, now and then with a side arm if there is room for one."""
    trunk = tube(axis, radius, rng, target)
    branches = rng.random() < _BRANCHED_SHARE
    if not branches or polyline_length(axis) < _SHORTEST_BRANCHED_NM:
        return trunk
    arm = side_arm(rng, axis, radius)
    arm_radius = 0.8 * radius
    arm_volume = tube_volume(polyline_length(arm), arm_radius)
    return union([trunk, tube(arm, arm_radius, rng, arm_volume)])


def _quotas(shares: dict[Label, float], count: int) -> dict[Label, int]:
    """Return whole numbers that add up to ``count``, in proportion to the shares."""
    least = int(count >= _ONE_OF_EACH)
    exact = np.array(list(shares.values())) * (count - least * len(shares)) + least
    whole = np.floor(exact + 1e-9).astype(int)
    rest = np.argsort(-(exact - whole), kind="stable")[: count - whole.sum()]
    whole[rest] += 1
    return dict(zip(shares, whole.tolist(), strict=True))


def _volumes(rng: Generator, quartiles_um3: tuple[float, float, float], count: int) -> Floats:
    """Return volumes (count,), nm³, lognormal on either side of the median."""
    # In steps of the golden ratio, which spread even a few over the whole distribution.
    quantiles = (rng.random() + _GOLDEN * np.arange(count)) % 1
    normal = np.clip(ndtri(quantiles), -_WIDEST, _WIDEST)
    low, median, high = np.log(np.multiply(quartiles_um3, LARGER))
    spread = np.where(normal < 0, median - low, high - median) / ndtri(0.75)
    return np.exp(median + spread * normal) * _UM3


def _radii(
    rng: Generator, volumes_nm3: Floats, quartiles_um3: tuple[float, float, float], thin: bool
) -> Floats:
    """Return radii (n,), nm, of tubes: the larger the volume, the longer and a little thicker."""
    median = LARGER * quartiles_um3[1] * _UM3
    typical = (_IN_AXON_NM if thin else _IN_DENDRITE_NM) * (volumes_nm3 / median) ** 0.1
    return typical * np.exp(rng.normal(0, 0.06, len(volumes_nm3)))
