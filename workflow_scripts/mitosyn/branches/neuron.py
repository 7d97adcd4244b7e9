"""One neuron: its skeleton and what lies along it, out of tables of all cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from mitosyn.skeletons import AssignedMesh, Coverage, Skeleton, covering_mitochondria
from mitosyn.support import NM3_PER_UM3
from mitosyn.tables import numpy_values


@dataclass(frozen=True)
class Neuron:
    """What the branches of a neuron are measured on, whatever their type.

    Attributes
    ----------
    skeleton : Skeleton
        N nodes, in true nm.
    mesh : AssignedMesh or None
        None for a cell without.
    diameters : (N,) float64 array
        At each node, in nm; NaN where not known.
    coverage : Coverage
        Of the M mitochondria of the cell.
    mitochondria_um3 : (M,) float64 array
        What of each lies in this cell, in µm³; NaN where not known.
    synapse_nodes : (S,) int64 array
        The node nearest to each postsynaptic site.
    """

    cell_id: int
    skeleton: Skeleton
    mesh: AssignedMesh | None
    diameters: np.ndarray
    coverage: Coverage
    mitochondria_um3: np.ndarray
    synapse_nodes: np.ndarray

    @cached_property
    def covered(self) -> np.ndarray:
        """(N,) bool array: which nodes some mitochondrion covers."""
        covered = np.zeros(len(self.skeleton.vertices), bool)
        covered[self.coverage.node] = True
        return covered

    @cached_property
    def covering(self) -> np.ndarray:
        """(E,) int64 array: how many mitochondria cover both nodes of each edge."""
        return covering_mitochondria(self.coverage, self.skeleton)

    @cached_property
    def shares_um3(self) -> np.ndarray:
        """(P,) float64 array: the volume of its mitochondrion at each node that it covers.

        A mitochondrion's volume is shared out by the mesh vertices that are nearest to each.
        """
        mitochondrion, vertices = self.coverage.mitochondrion, self.coverage.vertices
        total = np.bincount(mitochondrion, vertices, len(self.mitochondria_um3))
        known = np.zeros(len(total))
        per_vertex = np.divide(self.mitochondria_um3, total, where=total > 0, out=known)
        return vertices * per_vertex[mitochondrion]


def coverage_of_cell(nodes: pa.Table, mito_ids: np.ndarray) -> Coverage:
    """Return a coverage by the rows of mitochondria instead of by their ids.

    ``nodes`` has :data:`mitosyn.cells.export.NODES_SCHEMA`; ``mito_ids`` are all of the cell.
    """
    order = np.argsort(mito_ids, kind="stable")
    found = numpy_values(nodes["mito_id"])
    return Coverage(
        mitochondrion=order[np.searchsorted(mito_ids, found, sorter=order)],
        node=numpy_values(nodes["skeleton_node"]),
        vertices=numpy_values(nodes["vertices"]),
    )


def overlap_volumes(
    overlaps: pa.Table, cell_id: int, mito_ids: np.ndarray, voxel_size_nm: tuple[float, ...]
) -> np.ndarray:
    """Return the volume of each of M mitochondria within one cell, (M,) float64 in µm³.

    It is NaN for one without an overlap with this cell. ``overlaps`` are those that
    :func:`mitosyn.sources.read_overlaps` returns, in EM voxels.
    """
    cells = numpy_values(overlaps["cell_id"])
    begin, end = np.searchsorted(cells, [cell_id, cell_id + 1])
    of_cell = numpy_values(overlaps["mito_id"])[begin:end]
    # A last one that no id is equal to, so that every place found is one to look at.
    voxels = np.append(numpy_values(overlaps["voxels"])[begin:end], np.nan)
    places = np.searchsorted(of_cell, mito_ids)
    found = np.append(of_cell, -1)[places] == mito_ids
    return np.where(found, voxels[places], np.nan) * np.prod(voxel_size_nm) / NM3_PER_UM3
