"""The mitochondria of the analysed cells, in one typed table sorted by cell."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.support import InputError
from mitosyn.tables.arrow import numpy_values, read_arrow

MITOCHONDRIA_SCHEMA = pa.schema(
    {
        **dict.fromkeys(("mito_id", "cell_id", "voxels"), pa.int64()),
        **dict.fromkeys("xyz", pa.float64()),
        "published_compartment": pa.int64(),
        "published_length": pa.float64(),
    }
)
"""Positions and lengths in nm; a compartment by its label. Null where nothing is published."""


def in_cell_order(
    path: str | Path, rows_read: int, mitochondria: pa.Table, cell_ids: Iterable[int]
) -> pa.Table:
    """Sort mitochondria as their cells are; those of a cell keep their order.

    They have :data:`MITOCHONDRIA_SCHEMA`. That there are none is an error, which names the
    ``path`` of the table that they come from and its number of rows.
    """
    ranks = {cell_id: rank for rank, cell_id in enumerate(cell_ids)}
    if not len(mitochondria):
        raise InputError(
            path,
            f"{rows_read} rows, none of a mitochondrion of the {len(ranks)} analysed cells",
            "Use tables of the same version of the segmentation.",
        )
    rank = np.array([ranks[i] for i in mitochondria["cell_id"].to_pylist()])
    return mitochondria.take(np.argsort(rank, kind="stable"))


def mitochondria_of_cell(path: str | Path, cell_id: int) -> pa.Table:
    """Read the rows of one cell, with :data:`MITOCHONDRIA_SCHEMA`."""
    table = read_arrow(path)
    # They stand together.
    rows = np.flatnonzero(numpy_values(table["cell_id"]) == cell_id)
    return table.slice(rows[0] if len(rows) else 0, len(rows))


def positions_nm(table: pa.Table) -> np.ndarray:
    """Return the positions of mitochondria, (M, 3) float64, in nm."""
    return np.column_stack([numpy_values(table[axis]) for axis in "xyz"])
