"""Typed tables in Arrow files.

``pyarrow.array`` and others import pandas to see whether they were given one of its objects, which
takes longer than most jobs work: what makes and reads arrays here does without.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.support import InputError, whole_file


def numbers(values: np.ndarray, known: np.ndarray | None = None) -> pa.Array:
    """Return numbers, (N,), as an Arrow array of the same type, null where not ``known``."""
    values = np.ascontiguousarray(values)
    there = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(values.dtype), len(values), [there, pa.py_buffer(values)]
    )


def numpy_values(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of numbers without nulls, (N,), as a NumPy array."""
    return np.from_dlpack(column.combine_chunks())


def flags(values: np.ndarray) -> pa.Array:
    """Return bools, (N,), as an Arrow array, which holds a bit for each."""
    bits = np.packbits(values, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])


def texts(values: Sequence[str]) -> pa.Array:
    """Return texts as an Arrow array of strings."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(encoded), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))
    )


def write_arrow(path: str | Path, table: pa.Table) -> None:
    """Write a typed table as an uncompressed Arrow file, whole or not at all."""
    with whole_file(path) as temporary, pa.ipc.new_file(str(temporary), table.schema) as writer:
        writer.write_table(table.combine_chunks())


def write_batches(path: str | Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write batches of rows as :func:`write_arrow` a table; return the number of rows."""
    rows = 0
    with whole_file(path) as temporary, pa.ipc.new_file(str(temporary), schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += len(batch)
    return rows


def read_arrow(path: str | Path) -> pa.Table:
    """Read what :func:`write_arrow` wrote, mapping it into memory."""
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except pa.ArrowInvalid as error:
        raise InputError(
            path, f"not an Arrow table ({error})", "Delete it and run again."
        ) from error
