"""Skeletons of the made-up cells, and their files.

Dirt made here, as in the published skeletons:

- only every other skeleton has the vertex property ``rs``, the local calibre, and that
  not at every node;
- node numbers follow position, not topology, and the root is not node 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path

import numpy as np
from meshparty.skeleton import SkeletonMetadata
from meshparty.skeleton_io import write_skeleton_h5_by_part
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mitosyn.sample.space import Bools, Floats, Ints

_UNMEASURED_EVERY = 97  # one in so many nodes has no calibre


class Label(IntEnum):
    """Compartment label of a skeleton node."""

    SOMATIC = 0
    AXONAL = 1
    BASAL = 2
    APICAL = 3
    UNKNOWN_DENDRITIC = 4
    UNKNOWN = 5


SOMA_RADIUS_NM = 6_500.0
"""Nodes nearer to the centre of the soma than this are somatic."""

RADII_NM = {
    Label.AXONAL: 150.0,
    Label.BASAL: 350.0,
    Label.APICAL: 600.0,
    Label.UNKNOWN_DENDRITIC: 350.0,
    Label.UNKNOWN: 150.0,
}
"""Radius of a neurite of each kind where it leaves the soma; it swells by 6 % there."""

INITIAL_SEGMENT_NM = 45_000.0
"""An axon begins nearer to the soma than this; axo-axonic synapses are there."""


@dataclass(frozen=True)
class Skeleton:
    """A grown skeleton, parents before their children; node 0 is the centre of the soma."""

    nodes: Floats  # (n, 3), nm
    parents: Ints  # (n,), -1 for the root and for the first node of a loose piece
    labels: NDArray[np.uint8]  # (n,), the Label of each node

    @cached_property
    def tree(self) -> cKDTree:
        """Its nodes, to find the nearest ones."""
        return cKDTree(self.nodes)

    def off_soma(self) -> Floats:
        """Return the straight distance of each node from the centre of the soma, nm (n,)."""
        return np.linalg.norm(self.nodes - self.nodes[0], axis=1)

    def path_lengths(self, joined: Bools) -> Floats:
        """Return the path to each node from the last one that is not joined to its parent, nm."""
        steps = np.linalg.norm(self.nodes - self.nodes[self.parents], axis=1)
        lengths = np.zeros(len(steps))
        for node in np.flatnonzero(joined):
            lengths[node] = lengths[self.parents[node]] + steps[node]
        return lengths


def write_skeleton(
    folder: Path, cell_id: int, skeleton: Skeleton, calibres: Floats | None = None
) -> None:
    """Write ``<cell>_skeleton.h5`` and ``<cell>_skeleton_label.npy`` into an existing folder.

    Nodes are renumbered by position, as skeletonisation of voxels leaves them. ``calibres``
    (n,), the local diameters in nm, become the vertex property ``rs``.
    """
    order = np.lexsort(np.floor(skeleton.nodes / 1_000).T[::-1])
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    children = np.flatnonzero(skeleton.parents >= 0)
    edges = np.sort(np.stack([number[children], number[skeleton.parents[children]]], 1), axis=1)
    properties = {}
    if calibres is not None:
        properties["rs"] = np.round(calibres[order], 3)
        properties["rs"][::_UNMEASURED_EVERY] = np.nan
    write_skeleton_h5_by_part(
        folder / f"{cell_id}_skeleton.h5",
        vertices=skeleton.nodes[order],
        edges=edges[np.lexsort(edges.T[::-1])],
        meta=SkeletonMetadata(),
        vertex_properties=properties,
        root=number[0],
        overwrite=True,
    )
    np.save(folder / f"{cell_id}_skeleton_label.npy", skeleton.labels[order])
