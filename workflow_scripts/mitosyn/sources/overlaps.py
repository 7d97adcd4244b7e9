"""How much of each mitochondrion lies in which cell, by their segmentations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.support import InputError
from mitosyn.tables import ID, NUMBER, numbers, numpy_values, read_table

EM_VOXELS = 4
"""EM voxels in a voxel of the overlaps, which were counted at half the resolution in x and y."""
_COLUMNS = {"row_id": ID, "col_id": ID, "vals": NUMBER}


def read_overlaps(path: str | Path) -> pa.Table:
    """Read the overlaps of mitochondria with cells.

    The CSV file has ``row_id`` (mitochondrion), ``col_id`` (cell) and ``vals`` (voxels of four EM
    voxels each). Several rows of one mitochondrion with one cell are summed.

    Returns
    -------
    pyarrow.Table
        ``cell_id``, ``mito_id`` (int64) and ``voxels`` (float64, EM voxels), one row for
        each pair, by cell and mitochondrion.
    """
    table = read_table(path, _COLUMNS)
    mito_ids, cell_ids, shared = (numpy_values(table[name]) for name in _COLUMNS)
    if not (shared > 0).all():
        row = int(np.argmin(shared > 0))
        raise InputError(
            path,
            f"row {row + 1}: vals is {shared[row]:g} for mitochondrion {mito_ids[row]}, "
            "expected a positive number of voxels",
            "Correct the table.",
        )
    order = np.lexsort([mito_ids, cell_ids])
    mito_ids, cell_ids, shared = mito_ids[order], cell_ids[order], shared[order]
    starts = np.ones(len(order), bool)
    starts[1:] = (np.diff(cell_ids) != 0) | (np.diff(mito_ids) != 0)
    first = np.flatnonzero(starts)
    voxels = EM_VOXELS * (np.add.reduceat(shared, first) if len(first) else shared)
    columns = {"cell_id": cell_ids[first], "mito_id": mito_ids[first], "voxels": voxels}
    return pa.table({name: numbers(values) for name, values in columns.items()})
