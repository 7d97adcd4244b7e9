"""Where each synaptic site of a neuron is, and its nearest mitochondrion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mitosyn.meshes import MeshBundle
from mitosyn.positions.neuron import Neuron
from mitosyn.positions.placement import NONE
from mitosyn.tables import numbers, texts

SITE_SCHEMA = pa.schema(
    {
        **dict.fromkeys(("id", "cell_id", "node_id"), pa.int64()),
        "node_distance": pa.float64(),
        "compartment": pa.string(),
        "soma_distance": pa.float64(),
        "nearest_mito_id": pa.int64(),
        **dict.fromkeys(("nearest_mito_path", "nearest_mito_distance"), pa.float64()),
    }
)
"""Distances and paths in nm; null where no path leads to a soma or to a mitochondrion."""


def site_table(
    neuron: Neuron, bundle: MeshBundle, scale: np.ndarray, names: Sequence[str]
) -> pa.Table:
    """Tabulate the S sites of a neuron in their order, with :data:`SITE_SCHEMA`.

    Parameters
    ----------
    bundle : MeshBundle
        The meshes of the neuron's M mitochondria.
    scale : (3,) float64 array
        Factors from the bundle's nm to true nm.
    names
        Of the compartments 0, 1, 2, …
    """
    forest, nodes = neuron.forest, neuron.site_nodes
    offsets = neuron.sites - forest.positions[nodes]
    distances, rows = (both[nodes, 0] for both in neuron.placement.nearest)
    near, ids = rows != NONE, np.append(neuron.placement.mito_ids, NONE)
    to_soma = forest.ways_to_soma[0][nodes]
    columns = [
        numbers(neuron.site_ids),
        numbers(np.full(len(nodes), neuron.cell_id, np.int64)),
        numbers(nodes),
        numbers(np.sqrt((offsets**2).sum(axis=1))),
        texts([names[label] for label in forest.labels[nodes].tolist()]),
        numbers(to_soma, np.isfinite(to_soma)),
        numbers(ids[rows], near),
        numbers(distances, near),
        numbers(_distances_to_meshes(neuron.sites, rows, bundle, scale), near),
    ]
    return pa.Table.from_arrays(columns, schema=SITE_SCHEMA)


def _distances_to_meshes(
    sites: np.ndarray, rows: np.ndarray, bundle: MeshBundle, scale: np.ndarray
) -> np.ndarray:
    """Return the distance of each site from the nearest mesh vertex of one mitochondrion.

    (S,) float64 in nm. ``rows`` are (S,) of the bundle; infinite for -1.
    """
    distances = np.full(len(sites), np.inf)
    order = np.argsort(rows, kind="stable")
    starts = np.searchsorted(rows[order], np.arange(len(bundle.mito_ids) + 1))
    for row in np.flatnonzero(np.diff(starts)).tolist():
        own = order[starts[row] : starts[row + 1]]
        begin, end = bundle.vertex_offsets[row : row + 2]
        vertices = bundle.vertices[begin:end] * scale
        squared = np.zeros((len(own), end - begin))
        for axis in range(3):
            squared += (sites[own, axis][:, None] - vertices[:, axis]) ** 2
        distances[own] = np.sqrt(squared.min(axis=1))
    return distances
