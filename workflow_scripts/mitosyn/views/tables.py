"""What views need of the collected tables. Positions are in nm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from mitosyn.tables import Cell, name_by_label

MITOCHONDRION_COLUMNS = ["mito_id", "cell_id", "compartment", "label", *"xyz", "mito_size"]
SYNAPSE_COLUMNS = ["cell_id", "synapse_type", *"xyz", "pre_root_id", "post_root_id"]
NEAREST = "nearest_mito_id"
NO_MITOCHONDRION = -1


def read_mitochondria(path: str | Path) -> pd.DataFrame:
    """Return the mitochondria of all cells with :data:`MITOCHONDRION_COLUMNS`.

    Compartments have the names of the skeletons' labels; ``mito_size`` is in nm³.
    """
    return name_by_label(pq.read_table(path, columns=MITOCHONDRION_COLUMNS).to_pandas())


def with_places(cells: Iterable[Cell], mitochondria: pd.DataFrame) -> list[Cell]:
    """Give the cells of no known place that of the middle of their mitochondria (nm), if any."""
    middles = mitochondria.groupby("cell_id")[list("xyz")].mean()
    return [
        replace(cell, centroid=tuple(middles.loc[cell.cell_id].tolist()))
        if cell.soma is None and cell.centroid is None and cell.cell_id in middles.index
        else cell
        for cell in cells
    ]


def read_synapses(path: str | Path) -> pd.DataFrame:
    """Return the synapse ends on neurons with :data:`SYNAPSE_COLUMNS`, indexed by row number.

    ``nearest_mito_id`` is -1 where there is none: with nulls, ids would become floats.
    """
    table = pq.read_table(path, columns=[*SYNAPSE_COLUMNS, NEAREST])
    place = table.column_names.index(NEAREST)
    return table.set_column(place, NEAREST, table[NEAREST].fill_null(NO_MITOCHONDRION)).to_pandas()
