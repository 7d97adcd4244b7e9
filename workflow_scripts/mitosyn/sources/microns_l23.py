"""The published layer 2/3 tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from mitosyn.tables import POSITION_VX, SYNAPSE_COLUMNS, SYNAPSES_SCHEMA, stream_table, to_nm


def stream_synapses(
    path: str | Path, voxel_size_nm: tuple[float, float, float]
) -> Iterator[pa.RecordBatch]:
    """Read the synapses of all cells, with :data:`~mitosyn.tables.SYNAPSES_SCHEMA`.

    Raises
    ------
    InputError
        The table lacks a column or holds an unreadable value.
    """
    for batch in stream_table(path, SYNAPSE_COLUMNS):
        ids = [batch[name] for name in ("id", "pre_root_id", "post_root_id")]
        positions = map(pa.array, to_nm(batch, POSITION_VX, voxel_size_nm).T)
        yield pa.RecordBatch.from_arrays([*ids, *positions], schema=SYNAPSES_SCHEMA)
