"""How many synaptic sites of a neuron have a mitochondrion within some distances."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import POSTSYNAPTIC, PRESYNAPTIC, REACH_NM
from mitosyn.positions.neuron import Neuron
from mitosyn.positions.placement import Placement
from mitosyn.tables import numbers, texts

REACH_SCHEMA = pa.schema(
    {
        "cell_id": pa.int64(),
        "kind": pa.string(),
        **dict.fromkeys(("shuffle", "label"), pa.int64()),
        "synapse_type": pa.string(),
        "sites": pa.int64(),
        **{f"sites_within_{reach}_nm": pa.int64() for reach in REACH_NM},
    }
)
"""Paths in nm; ``shuffle`` is null where ``kind`` is ``measured``. An autapse is a site of both."""


def reach_table(neuron: Neuron, placement: Placement, kind: str, shuffle: int) -> pa.Table:
    """Count the sites by compartment of their node and by path to the nearest mitochondrion.

    The mitochondria lie where ``placement`` has them; 0 is no shuffle. With :data:`REACH_SCHEMA`.
    """
    paths = placement.nearest[0][neuron.site_nodes, 0]
    labels = neuron.forest.labels[neuron.site_nodes]
    counts, groups = [], []
    ends = {PRESYNAPTIC: neuron.pre, POSTSYNAPTIC: neuron.post}
    for label, (synapse_type, own) in product(np.unique(labels).tolist(), ends.items()):
        of_group = np.sort(paths[own & (labels == label)])
        if len(of_group):
            groups.append((label, synapse_type))
            within = np.searchsorted(of_group, REACH_NM, side="right")
            counts.append(np.append(len(of_group), within))
    table = np.array(counts, np.int64).reshape(-1, 1 + len(REACH_NM))
    columns = [
        numbers(np.full(len(groups), neuron.cell_id, np.int64)),
        texts([kind] * len(groups)),
        numbers(np.full(len(groups), shuffle), np.full(len(groups), bool(shuffle))),
        numbers(np.array([label for label, _ in groups], np.int64)),
        texts([synapse_type for _, synapse_type in groups]),
        *(numbers(column) for column in table.T),
    ]
    return pa.Table.from_arrays(columns, schema=REACH_SCHEMA)
