"""Which skeleton nodes a mitochondrion covers, its compartment and its length there."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from mitosyn.catalogue import ASTROCYTE_COMPARTMENTS
from mitosyn.meshes import MeshBundle
from mitosyn.skeletons.skeleton import UNKNOWN_LABEL
from mitosyn.support import NM_PER_UM

if TYPE_CHECKING:
    from mitosyn.skeletons.skeleton import Skeleton

LEAF_SIZE = 10
LAST_BITS = 1e-12


@dataclass(frozen=True)
class Coverage:
    """The skeleton nodes that the M mitochondria of a cell cover.

    Attributes
    ----------
    mitochondrion : (P,) int64 array
        Row of the mitochondrion, ascending.
    node : (P,) int64 array
        Skeleton node, ascending within a mitochondrion.
    vertices : (P,) int64 array
        How many of the mitochondrion's mesh vertices are nearest to that node.
    """

    mitochondrion: np.ndarray
    node: np.ndarray
    vertices: np.ndarray


def associate(bundle: MeshBundle, scale: np.ndarray, skeleton: Skeleton) -> Coverage:
    """Assign each mesh vertex to the nearest node of the cell's skeleton.

    Parameters
    ----------
    bundle : MeshBundle
        M mitochondria, V mesh vertices.
    scale : (3,) float64 array
        Factors from the bundle's nm to true nm.
    skeleton : Skeleton
        N nodes, in true nm.
    """
    count = len(skeleton.vertices)
    owner = np.repeat(np.arange(len(bundle.mito_ids)), np.diff(bundle.vertex_offsets))
    if len(owner) == 0:
        nothing = np.empty(0, np.int64)
        return Coverage(nothing, nothing, nothing)
    nearest = nearest_nodes(skeleton.vertices, bundle.vertices * scale)
    pairs, vertices = np.unique(owner * count + nearest, return_counts=True)
    return Coverage(pairs // count, pairs % count, vertices)


def nearest_nodes(nodes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the number of the node nearest to each point, the search tree's choice of equals.

    ``nodes``, at least one, are (N, 3) and ``points`` (P, 3) float64 in the same unit; the result
    is (P,) int64.
    """
    return _neighbours(nodes, points, 1)[:, 0]


def first_nearest_nodes(nodes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the number of the node nearest to each point as :func:`nearest_nodes`.

    Of nodes that are as near, to the last bits of their squared distances, it is the smallest.
    """
    if len(points) == 0:
        return np.empty(0, np.int64)
    candidates = _neighbours(nodes, points, min(2, len(nodes)))
    nearest = candidates[:, 0]
    squared = ((nodes[candidates] - points[:, None]) ** 2).sum(axis=2)
    for point in np.flatnonzero(squared[:, -1] <= squared[:, 0] * (1 + LAST_BITS)):
        squared_all = ((nodes - points[point]) ** 2).sum(axis=1)
        nearest[point] = (squared_all <= squared_all.min() * (1 + LAST_BITS)).argmax()
    return nearest


def _neighbours(nodes: np.ndarray, points: np.ndarray, count: int) -> np.ndarray:
    """Return some nodes that are nearest to each point, the nearest first, (P, count) int64."""
    tree = _nanoflann().KDTree64(count, LEAF_SIZE, "l2", 0.0)
    tree.fit(nodes, "")
    _, nearest = tree.kneighbors(points, count)
    return nearest.astype(np.int64)


def _nanoflann() -> ModuleType:
    """Load nanoflann's binding without its package.

    The package imports scikit-learn wherever that is installed, which costs several
    times what the search for a whole cell does.
    """
    package = find_spec("pynanoflann")
    folders = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec("nanoflann_ext", folders) if folders else None
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("pynanoflann is not installed; see requirements.txt")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def majority_labels(coverage: Coverage, skeleton: Skeleton, count: int) -> np.ndarray:
    """Return the label that most vertices of each of M mitochondria are nearest to, (M,) int64.

    Ties go to the smallest; ``Unknown`` where nothing is covered. ``count`` is M.
    """
    votes = np.zeros((count, skeleton.labels.max() + 1), np.int64)
    np.add.at(votes, (coverage.mitochondrion, skeleton.labels[coverage.node]), coverage.vertices)
    # argmax takes the first of equals, the smallest label.
    return np.where(votes.any(axis=1), votes.argmax(axis=1), UNKNOWN_LABEL)


def covered_lengths(coverage: Coverage, skeleton: Skeleton, count: int) -> np.ndarray:
    """Sum the lengths of the skeleton edges whose two nodes a mitochondrion both covers.

    (M,) float64 in nm; 0 where no edge is covered.
    """
    mitochondrion, edge = _covered_edges(coverage, skeleton)
    return np.bincount(mitochondrion, skeleton.edge_lengths()[edge], count).astype(float)


def covering_mitochondria(coverage: Coverage, skeleton: Skeleton) -> np.ndarray:
    """Count the mitochondria that cover both nodes of each skeleton edge, (E,) int64."""
    _, edge = _covered_edges(coverage, skeleton)
    return np.bincount(edge, minlength=len(skeleton.edges))


def _covered_edges(coverage: Coverage, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Return each mitochondrion and edge of which it covers both nodes: (C,) rows of each."""
    nodes = len(skeleton.vertices)
    order = np.argsort(skeleton.edges[:, 0], kind="stable")
    starts, ends = skeleton.edges[order].T
    # Every covered node is tried as the first node of its edges.
    first = np.searchsorted(starts, coverage.node, side="left")
    tried = np.searchsorted(starts, coverage.node, side="right") - first
    pair = np.repeat(np.arange(len(coverage.node)), tried)
    edge = np.repeat(first - (np.cumsum(tried) - tried), tried) + np.arange(len(pair))
    mitochondrion = coverage.mitochondrion[pair]
    covered = coverage.mitochondrion * nodes + coverage.node
    both = np.isin(mitochondrion * nodes + ends[edge], covered)
    return mitochondrion[both], order[edge[both]]


def astrocyte_compartments(
    positions: np.ndarray, soma: np.ndarray, limits_um: tuple[float, float] = (7.0, 70.0)
) -> list[str]:
    """Label mitochondria at (M, 3) by their distance from the soma at (3,), both in nm.

    ``Somatic`` below the first limit, ``Far`` (likely a merge error) above the second, else
    ``Branch``.
    """
    within_nm, far_nm = (NM_PER_UM * limit for limit in limits_um)
    distance = np.sqrt(((positions - soma) ** 2).sum(axis=1))
    somatic, branch, far = ASTROCYTE_COMPARTMENTS
    return np.where(
        distance < within_nm, somatic, np.where(distance > far_nm, far, branch)
    ).tolist()
