"""Where each mitochondrion of a neuron is, and what is nearest to it along the skeleton."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from mitosyn.positions.neuron import Neuron
from mitosyn.positions.placement import NONE, Placement

POSITION_FIELDS = {
    "nodes": pa.int64(),
    "soma_distance": pa.float64(),
    **dict.fromkeys(("branch_order", "tips_beyond", "branch_points_covered"), pa.int64()),
    **dict.fromkeys(("nearest_branch_point_path", "nearest_tip_path"), pa.float64()),
    "nearest_mito_id": pa.int64(),
    "nearest_mito_path": pa.float64(),
    **dict.fromkeys(("pre_sites", "post_sites"), pa.int64()),
    **dict.fromkeys(("nearest_pre_path", "nearest_post_path"), pa.float64()),
}
"""Distances and paths in nm. Null where there is no path, and of a mitochondrion that lies on no
node all but ``nodes``."""


def position_columns(
    neuron: Neuron, placement: Placement
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the columns of :data:`POSITION_FIELDS` for M mitochondria at some nodes.

    Each is (M,) numbers and (M,) bools, which of them are known.
    """
    forest = neuron.forest
    entry = _entries(placement)
    nodes = placement.total(np.ones(len(forest.parents), np.int64))
    there = nodes > 0
    nearest_ids, gaps = _nearest_others(placement)
    values = {
        "nodes": (nodes, np.ones(len(nodes), bool)),
        "soma_distance": _path(forest.ways_to_soma[0], placement),
        "branch_order": (forest.ways_to_soma[1][entry], there),
        "tips_beyond": (forest.tips_beyond[entry], there),
        "branch_points_covered": (placement.total(forest.branch_points), there),
        "nearest_mito_id": (nearest_ids, np.isfinite(gaps)),
        "nearest_mito_path": (gaps, np.isfinite(gaps)),
        "pre_sites": (placement.total(neuron.pre_sites), there),
        "post_sites": (placement.total(neuron.post_sites), there),
    }
    for name, distances in neuron.distances.items():
        values[f"nearest_{name}_path"] = _path(distances, placement)
    return values


def _path(distances: np.ndarray, placement: Placement) -> tuple[np.ndarray, np.ndarray]:
    """Return the least distance of each mitochondrion's nodes, and whether there is a path."""
    least = placement.least(distances)
    return least, np.isfinite(least)


def _entries(placement: Placement) -> np.ndarray:
    """Return each mitochondrion's node nearest to the soma, or without path to the root; (M,).

    Of equals the one nearest to the root, then the smallest. 0 for one that lies on no node.
    """
    distances, depths = placement.forest.ways_to_soma[0], placement.forest.depths
    node = placement.node
    order = np.lexsort((node, depths[node], distances[node], placement.mitochondrion))
    # Backwards: the first of each is written last.
    entries = np.zeros(len(placement.mito_ids), np.int64)
    entries[placement.mitochondrion[order[::-1]]] = node[order[::-1]]
    return entries


def _nearest_others(placement: Placement) -> tuple[np.ndarray, np.ndarray]:
    """Return the id of the mitochondrion nearest to each, (M,), and the gap between, nm or inf."""
    distances, rows = placement.nearest
    own, node = placement.mitochondrion, placement.node
    other = (rows[node, 0] == own).astype(np.int64)
    gaps, others = distances[node, other], rows[node, other]
    ids = np.append(placement.mito_ids, NONE)[others]
    order = np.lexsort((ids, gaps, own))[::-1]
    nearest_ids = np.full(len(placement.mito_ids), NONE)
    nearest_gaps = np.full(len(placement.mito_ids), np.inf)
    nearest_ids[own[order]], nearest_gaps[own[order]] = ids[order], gaps[order]
    return nearest_ids, nearest_gaps
