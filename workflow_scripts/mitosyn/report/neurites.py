"""Lengths along the skeletons of all neurons: covered by mitochondria, bearing synapses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mitosyn.catalogue import COMPARTMENTS
from mitosyn.skeletons import NO_PARENT, Coverage, Skeleton, covering_mitochondria, nearest_nodes
from mitosyn.support import NM_PER_UM

GROUP = ["cell_id", "compartment"]


def read_neurons(nodes: pa.Table) -> dict[int, Skeleton]:
    """Return the skeleton of each neuron; each edge leads from a node to its parent.

    Parameters
    ----------
    nodes : pyarrow.Table
        ``cell_id, node_id, parent_id`` (null for a root), ``label, x, y, z`` (nm): the nodes of a
        neuron are numbered 0, 1, 2, … in their order, as in its SWC file.
    """
    positions = _positions(nodes)
    labels = nodes["label"].to_numpy().astype(np.int64)
    all_parents = pc.fill_null(nodes["parent_id"], NO_PARENT).to_numpy()
    neurons = {}
    for cell_id, rows in _rows_by_cell(nodes).items():
        parents = all_parents[rows]
        child = np.flatnonzero(parents != NO_PARENT)
        edges = np.column_stack([child, parents[child]])
        neurons[cell_id] = Skeleton(positions[rows], edges, labels[rows], root=0)
    return neurons


def _rows_by_cell(table: pa.Table) -> dict[int, np.ndarray]:
    """Return the numbers of each cell's rows, ascending."""
    cell_ids = table["cell_id"].to_numpy()
    order = np.argsort(cell_ids, kind="stable")
    found, starts = np.unique(cell_ids[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, starts)[1:], strict=True))


def _positions(table: pa.Table) -> np.ndarray:
    return np.column_stack([table[axis].to_numpy().astype(float) for axis in "xyz"])


def sum_lengths(
    neurons: Mapping[int, Skeleton],
    coverage: pa.Table | None = None,
    names: Sequence[str] = COMPARTMENTS,
) -> pd.DataFrame:
    """Sum lengths by cell and compartment; an edge is of its node farther from the root.

    Parameters
    ----------
    coverage : pyarrow.Table, optional
        ``cell_id, mito_id, node_id``: a row for each node that a mitochondrion covers.
    names : sequence of str
        Compartments by their label.

    Returns
    -------
    pandas.DataFrame
        ``cell_id, compartment, length_um, covered_um``; covered is an edge if one mitochondrion
        covers both of its nodes.
    """
    covering = {} if coverage is None else _rows_by_cell(coverage)
    parts: list[tuple] = []
    for cell_id, skeleton in neurons.items():
        lengths = np.zeros((2, len(skeleton.vertices)))
        outer = skeleton.edges[:, 0]
        lengths[0, outer] = skeleton.edge_lengths() / NM_PER_UM
        if coverage is not None and cell_id in covering:
            own = coverage.take(covering[cell_id])
            _, mitochondrion = np.unique(own["mito_id"].to_numpy(), return_inverse=True)
            pairs = Coverage(mitochondrion, own["node_id"].to_numpy(), np.ones(len(own), np.int64))
            covered = covering_mitochondria(pairs, skeleton) > 0
            lengths[1, outer[covered]] = lengths[0, outer[covered]]
        parts += [
            (cell_id, names[label], *lengths[:, skeleton.labels == label].sum(axis=1))
            for label in np.unique(skeleton.labels)
        ]
    columns = {"cell_id": np.int64, "compartment": object, "length_um": float, "covered_um": float}
    return pd.DataFrame(parts, columns=list(columns)).astype(columns)


def add_counts(lengths: pd.DataFrame, things: pd.DataFrame, name: str) -> pd.DataFrame:
    """Add a column with the number of things in each row's ``cell_id`` and ``compartment``."""
    counts = things.groupby(GROUP).size().rename(name)
    merged = lengths.merge(counts.reset_index(), on=GROUP, how="left")
    return merged.assign(**{name: merged[name].fillna(0).astype(int)})


def add_cell_types(table: pd.DataFrame, cells: pa.Table) -> pd.DataFrame:
    """Add the ``cell_type`` of each row's ``cell_id``."""
    types = dict(zip(cells["cell_id"].to_pylist(), cells["cell_type"].to_pylist(), strict=True))
    return table.assign(cell_type=table["cell_id"].map(types))


def locate_synapses(
    neurons: Mapping[int, Skeleton], synapses: pa.Table, names: Sequence[str] = COMPARTMENTS
) -> pd.DataFrame:
    """Return where each synapse end is: at the node of its own cell that it is nearest to.

    Parameters
    ----------
    synapses : pyarrow.Table
        ``cell_id, synapse_type, x, y, z`` (nm).
    names : sequence of str
        Compartments by their label.

    Returns
    -------
    pandas.DataFrame
        ``cell_id, synapse_type, compartment, distance_um``: the path length from that node to the
        soma, infinite where no path leads there. Ends on cells without a skeleton are left out.
    """
    positions = _positions(synapses)
    labels, distances = np.full(len(synapses), -1), np.zeros(len(synapses))
    for cell_id, rows in _rows_by_cell(synapses).items():
        if cell_id in neurons:
            skeleton = neurons[cell_id]
            nodes = nearest_nodes(skeleton.vertices, positions[rows])
            labels[rows] = skeleton.labels[nodes]
            distances[rows] = skeleton.soma_distances[nodes] / NM_PER_UM
    located = synapses.select(["cell_id", "synapse_type"]).to_pandas()
    located = located.assign(compartment=np.array(names, object)[labels], distance_um=distances)
    # By cell, in their order.
    return located[labels >= 0].sort_values("cell_id", kind="stable", ignore_index=True)
