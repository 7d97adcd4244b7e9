"""Lengths along the skeletons of all neurons: covered by mitochondria, bearing synapses.

Skeleton nodes come as one table of all neurons, each neuron's nodes together and numbered
0, 1, 2, … with every parent before its children, as in its SWC file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from mitosyn.catalogue import COMPARTMENTS, POSTSYNAPTIC, SOMATIC
from mitosyn.skeletons import NO_PARENT
from mitosyn.support import NM_PER_UM

NODE_COLUMNS = ["cell_id", "node_id", "parent_id", "label", "x", "y", "z"]
SOMATIC_LABEL = COMPARTMENTS.index(SOMATIC)


@dataclass(frozen=True)
class Neurites:
    """The skeleton nodes of all neurons, N in all.

    Attributes
    ----------
    cell_ids : (N,) int64 array
        Each neuron's nodes together.
    parents : (N,) int64 array
        The row of the parent, -1 for a root.
    labels : (N,) int64 array
        Compartment labels, positions in :data:`~mitosyn.catalogue.COMPARTMENTS`.
    positions : (N, 3) float64 array
        In nm.
    """

    cell_ids: np.ndarray
    parents: np.ndarray
    labels: np.ndarray
    positions: np.ndarray

    @classmethod
    def from_table(cls, nodes: pa.Table) -> Neurites:
        """Take a table with :data:`NODE_COLUMNS`: nm, ``parent_id`` null for a root."""
        cell_ids = nodes["cell_id"].to_numpy()
        parent_ids = pc.fill_null(nodes["parent_id"], NO_PARENT).to_numpy()
        first = np.arange(len(cell_ids)) - nodes["node_id"].to_numpy()
        return cls(
            cell_ids=cell_ids,
            parents=np.where(parent_ids == NO_PARENT, NO_PARENT, parent_ids + first),
            labels=nodes["label"].to_numpy().astype(np.int64),
            positions=np.column_stack([nodes[axis].to_numpy() for axis in "xyz"]),
        )

    def steps_um(self) -> np.ndarray:
        """Give the length of the edge from each node to its parent, (N,), in µm; 0 at roots."""
        parents = np.where(self.parents == NO_PARENT, np.arange(len(self.parents)), self.parents)
        steps = self.positions - self.positions[parents]
        return np.sqrt(np.einsum("ij,ij->i", steps, steps)) / NM_PER_UM

    def cells(self) -> Iterator[tuple[int, slice]]:
        """Give each neuron's id and its rows."""
        starts = np.flatnonzero(np.diff(self.cell_ids, prepend=self.cell_ids[:1] - 1))
        ends = np.append(starts[1:], len(self.cell_ids))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            yield int(self.cell_ids[start]), slice(start, end)

    def rows_of(self, cell_ids: np.ndarray, node_ids: np.ndarray) -> np.ndarray:
        """Give the rows, (P,), of nodes that are named by cell and number in the cell."""
        firsts = {cell_id: rows.start for cell_id, rows in self.cells()}
        found, which = np.unique(cell_ids, return_inverse=True)
        return np.array([firsts[i] for i in found.tolist()], np.int64)[which] + node_ids

    def soma_distances_um(self) -> np.ndarray:
        """Give each node's path length to the nearest node of its soma, (N,), in µm.

        Infinite where the skeleton has no path to one.
        """
        steps, distances = self.steps_um(), np.full(len(self.parents), np.inf)
        for _, rows in self.cells():
            somatic = np.flatnonzero(self.labels[rows] == SOMATIC_LABEL)
            if len(somatic):
                count = rows.stop - rows.start
                child = np.flatnonzero(self.parents[rows] != NO_PARENT)
                parent = self.parents[rows][child] - rows.start
                # An edge of no length would be no edge to the sparse matrix.
                weights = np.maximum(steps[rows][child], np.finfo(float).tiny)
                edges = coo_array((weights, (child, parent)), shape=(count, count)).tocsr()
                distances[rows] = dijkstra(edges, directed=False, indices=somatic, min_only=True)
        return distances


def covered_edges(neurites: Neurites, coverage: pa.Table) -> np.ndarray:
    """Tell which edges some mitochondrion covers: one that covers both of their nodes.

    Parameters
    ----------
    neurites : Neurites
        N nodes.
    coverage : pyarrow.Table
        ``cell_id, mito_id, node_id``: a row for each node that a mitochondrion covers.

    Returns
    -------
    (N,) bool array
        For the edge from each node to its parent.
    """
    count = len(neurites.parents)
    covered = np.zeros(count, bool)
    if len(coverage):
        rows = neurites.rows_of(coverage["cell_id"].to_numpy(), coverage["node_id"].to_numpy())
        _, which = np.unique(coverage["mito_id"].to_numpy(), return_inverse=True)
        parents = neurites.parents[rows]
        pairs = np.sort(which * count + rows)
        wanted = np.where(parents == NO_PARENT, -1, which * count + parents)
        places = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        covered[rows[pairs[places] == wanted]] = True
    return covered


def neurite_lengths(neurites: Neurites, covered: np.ndarray) -> pd.DataFrame:
    """Sum lengths by cell and compartment; an edge is of its node farther from the root.

    Parameters
    ----------
    neurites : Neurites
    covered : (N,) bool array
        As :func:`covered_edges` gives it.

    Returns
    -------
    pandas.DataFrame
        ``cell_id, compartment, length_um, covered_um``.
    """
    steps = neurites.steps_um()
    table = pd.DataFrame(
        {
            "cell_id": neurites.cell_ids,
            "label": neurites.labels,
            "length_um": steps,
            "covered_um": np.where(covered, steps, 0.0),
        }
    )
    sums = table.groupby(["cell_id", "label"], sort=True).sum().reset_index()
    return named_compartments(sums)


def add_mitochondria(lengths: pd.DataFrame, mitochondria: pd.DataFrame) -> pd.DataFrame:
    """Add the number of ``mitochondria`` in each row's cell and compartment.

    Parameters
    ----------
    lengths : pandas.DataFrame
        As :func:`neurite_lengths` gives it.
    mitochondria : pandas.DataFrame
        ``cell_id, compartment``, by the names that skeleton labels have.
    """
    groups = ["cell_id", "compartment"]
    counts = mitochondria.groupby(groups).size().rename("mitochondria")
    merged = lengths.merge(counts.reset_index(), on=groups, how="left")
    return merged.assign(mitochondria=merged["mitochondria"].fillna(0).astype(int))


def add_cell_types(table: pd.DataFrame, cells: pa.Table) -> pd.DataFrame:
    """Add the ``cell_type`` of each row's ``cell_id``."""
    types = dict(zip(cells["cell_id"].to_pylist(), cells["cell_type"].to_pylist(), strict=True))
    return table.assign(cell_type=table["cell_id"].map(types))


def named_compartments(table: pd.DataFrame) -> pd.DataFrame:
    """Put the compartment's name in place of its label."""
    names = np.array(COMPARTMENTS, dtype=object)[table["label"].to_numpy()]
    return table.assign(compartment=names).drop(columns="label")


def locate_synapses(neurites: Neurites, synapses: pa.Table) -> pd.DataFrame:
    """Find the skeleton node of its own cell that each synapse end is nearest to.

    Parameters
    ----------
    neurites : Neurites
    synapses : pyarrow.Table
        ``cell_id, synapse_type, x, y, z`` (nm).

    Returns
    -------
    pandas.DataFrame
        ``cell_id, synapse_type, row``: the row of that node. Ends on cells without a
        skeleton are left out.
    """
    cell_ids = synapses["cell_id"].to_numpy()
    positions = np.column_stack([synapses[axis].to_numpy().astype(float) for axis in "xyz"])
    order = np.argsort(cell_ids, kind="stable")
    found = np.full(len(cell_ids), NO_PARENT)
    for cell_id, rows in neurites.cells():
        start, end = np.searchsorted(cell_ids, [cell_id, cell_id + 1], sorter=order)
        own = order[start:end]
        if len(own):
            tree = cKDTree(neurites.positions[rows])
            found[own] = rows.start + tree.query(positions[own])[1]
    kinds = synapses["synapse_type"].to_pandas().to_numpy()
    located = pd.DataFrame({"cell_id": cell_ids, "synapse_type": kinds, "row": found})
    return located[located["row"] >= 0].reset_index(drop=True)


def synapse_densities(neurites: Neurites, located: pd.DataFrame) -> pd.DataFrame:
    """Count postsynaptic sites by cell and compartment, beside the lengths there.

    Returns
    -------
    pandas.DataFrame
        ``cell_id, compartment, length_um, sites``.
    """
    lengths = neurite_lengths(neurites, np.zeros(len(neurites.parents), bool))
    sites = located[located["synapse_type"] == POSTSYNAPTIC]
    labels = neurites.labels[sites["row"].to_numpy()]
    counts = sites.assign(label=labels).groupby(["cell_id", "label"]).size()
    counted = named_compartments(counts.rename("sites").reset_index())
    merged = lengths.merge(counted, on=["cell_id", "compartment"], how="left")
    return merged.drop(columns="covered_um").assign(sites=merged["sites"].fillna(0).astype(int))
