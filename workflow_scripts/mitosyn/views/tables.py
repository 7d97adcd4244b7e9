"""What views need of the collected tables. Positions are in nm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from mitosyn.skeletons import NO_PARENT
from mitosyn.tables import name_by_label

MITOCHONDRION_COLUMNS = ["mito_id", "cell_id", "compartment", "label", *"xyz", "mito_size"]
SYNAPSE_COLUMNS = ["cell_id", "synapse_type", *"xyz", "pre_root_id", "post_root_id"]
NODE_COLUMNS = ["cell_id", "label", *"xyz", "parent_id"]


def read_mitochondria(path: str | Path) -> pd.DataFrame:
    """Return the mitochondria of all cells with :data:`MITOCHONDRION_COLUMNS`.

    Compartments have the names of the skeletons' labels; ``mito_size`` is in nm³.
    """
    return name_by_label(pq.read_table(path, columns=MITOCHONDRION_COLUMNS).to_pandas())


def read_synapses(path: str | Path) -> pd.DataFrame:
    """Return the synapse ends on neurons with :data:`SYNAPSE_COLUMNS`, indexed by row number."""
    return pq.read_table(path, columns=SYNAPSE_COLUMNS).to_pandas()


def read_nodes(path: str | Path) -> Iterator[pd.DataFrame]:
    """Yield the skeleton nodes of each neuron with :data:`NODE_COLUMNS`; a root's parent is -1."""
    table = pq.read_table(path, columns=NODE_COLUMNS)
    parents = table["parent_id"].fill_null(NO_PARENT)
    nodes = table.set_column(NODE_COLUMNS.index("parent_id"), "parent_id", parents).to_pandas()
    # The nodes of a neuron stand together.
    starts = np.flatnonzero(np.diff(nodes["cell_id"], prepend=-1)).tolist()
    for start, stop in zip(starts, [*starts[1:], len(nodes)], strict=True):
        yield nodes[start:stop]
