"""The mitochondria of the analysed cells, in one typed table sorted by cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.tables.reading import numpy_values, read_arrow

SCHEMA = pa.schema(
    {
        "mito_id": pa.int64(),
        "cell_id": pa.int64(),
        "voxels": pa.int64(),
        "x_nm": pa.float64(),
        "y_nm": pa.float64(),
        "z_nm": pa.float64(),
        "published_label": pa.int64(),
        "published_length_nm": pa.float64(),
    }
)


def mitochondria_of_cell(path: str | Path, cell_id: int) -> pa.Table:
    """Read the rows of one cell from the partitioned table, with :data:`SCHEMA`."""
    table = read_arrow(path)
    # They stand together.
    rows = np.flatnonzero(numpy_values(table["cell_id"]) == cell_id)
    return table.slice(rows[0] if len(rows) else 0, len(rows))


def positions_nm(table: pa.Table) -> np.ndarray:
    """Give the positions of the mitochondria, (M, 3) float64, in nm."""
    return np.column_stack([numpy_values(table[f"{axis}_nm"]) for axis in "xyz"])
