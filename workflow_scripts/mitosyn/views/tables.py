"""What views need of the collected tables. Positions are in nm."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from mitosyn.tables import name_by_label

MITOCHONDRION_COLUMNS = ["mito_id", "cell_id", "compartment", "label", *"xyz", "mito_size"]
SYNAPSE_COLUMNS = ["cell_id", "synapse_type", *"xyz", "pre_root_id", "post_root_id"]


def read_mitochondria(path: str | Path) -> pd.DataFrame:
    """Return the mitochondria of all cells with :data:`MITOCHONDRION_COLUMNS`.

    Compartments have the names of the skeletons' labels; ``mito_size`` is in nm³.
    """
    return name_by_label(pq.read_table(path, columns=MITOCHONDRION_COLUMNS).to_pandas())


def read_synapses(path: str | Path) -> pd.DataFrame:
    """Return the synapse ends on neurons with :data:`SYNAPSE_COLUMNS`, indexed by row number."""
    return pq.read_table(path, columns=SYNAPSE_COLUMNS).to_pandas()
