"""One neuron: its trees, its mitochondria and its synaptic sites on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from mitosyn.positions.forest import Forest, forest_of
from mitosyn.positions.placement import Placement
from mitosyn.skeletons import Coverage, Skeleton, first_nearest_nodes
from mitosyn.tables import numpy_values


@dataclass(frozen=True)
class Neuron:
    """What is related to one another along the skeleton of a neuron.

    Attributes
    ----------
    cell_id : int
    placement : Placement
        The nodes that its M mitochondria cover, of N.
    labels : (M,) int64 array
        Compartment of each mitochondrion, by number.
    site_ids : (S,) int64 array
        Of the synapses with a site on the neuron.
    sites : (S, 3) float64 array
        In true nm.
    site_nodes : (S,) int64 array
        The node nearest to each site.
    pre, post : (S,) bool arrays
        An autapse's one site is both.
    """

    cell_id: int
    placement: Placement
    labels: np.ndarray
    site_ids: np.ndarray
    sites: np.ndarray
    site_nodes: np.ndarray
    pre: np.ndarray
    post: np.ndarray

    @property
    def forest(self) -> Forest:
        """The trees of the skeleton."""
        return self.placement.forest

    @cached_property
    def pre_sites(self) -> np.ndarray:
        """(N,) int64 array: how many presynaptic sites each node has."""
        return self._count(self.pre)

    @cached_property
    def post_sites(self) -> np.ndarray:
        """(N,) int64 array: how many postsynaptic sites each node has."""
        return self._count(self.post)

    @cached_property
    def distances(self) -> dict[str, np.ndarray]:
        """From each node to the nearest branch point, tip, pre and post site: (N,) float64, nm."""
        forest = self.forest
        return {
            "branch_point": forest.distances_to(forest.branch_points),
            "tip": forest.distances_to(forest.tips),
            "pre": forest.distances_to(self.pre_sites > 0),
            "post": forest.distances_to(self.post_sites > 0),
        }

    def _count(self, kind: np.ndarray) -> np.ndarray:
        return np.bincount(self.site_nodes[kind], minlength=len(self.forest.parents))


def neuron_of(
    cell_id: int,
    skeleton: Skeleton,
    coverage: Coverage,
    mito_ids: np.ndarray,
    labels: np.ndarray,
    ends: pa.Table,
) -> Neuron:
    """Put together what is known of a neuron.

    Parameters
    ----------
    coverage : Coverage
        Of the cell's M mitochondria.
    mito_ids, labels : (M,) int64 arrays
        Id and compartment of each.
    ends : pyarrow.Table
        With :data:`mitosyn.tables.synapses.ENDS_SCHEMA`; rows of other cells are passed over.
    """
    rows = np.flatnonzero(numpy_values(ends["cell_id"]) == cell_id)
    ids, pre, post, *sites = (
        numpy_values(ends[name])[rows] for name in ("id", "pre_root_id", "post_root_id", *"xyz")
    )
    forest, positions = forest_of(skeleton), np.column_stack(sites)
    nodes = skeleton.tree.swc_ids()[coverage.node]
    return Neuron(
        cell_id=cell_id,
        placement=Placement(forest, mito_ids, coverage.mitochondrion, nodes),
        labels=labels,
        site_ids=ids,
        sites=positions,
        site_nodes=first_nearest_nodes(forest.positions, positions),
        pre=pre == cell_id,
        post=post == cell_id,
    )
