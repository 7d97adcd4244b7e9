"""All that is wrong with a table, column by column; the first rows of one that is very large."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

import mitosyn.sources.canonical as canonical
from mitosyn.sources.adapters import CANONICAL, Source, stream_synapses
from mitosyn.sources.columns import is_arrow, stream_columns
from mitosyn.sources.microns_l23 import TABLE_COLUMNS
from mitosyn.support import InputError
from mitosyn.tables import COMPRESSED, read_ids, stream_table

_OWN = {
    "cells": canonical.CELLS,
    "mitochondria": canonical.MITOCHONDRIA,
    "synapses": canonical.SYNAPSES,
}


def table_problems(source: Source, name: str, path: str) -> list[InputError]:
    """Return what is wrong with a table of a source: of each column the first, each once."""
    found: dict[str, InputError] = {}
    for rows in _by_column(source, name, path):
        try:
            for _ in rows:
                pass
        except InputError as error:
            found.setdefault(str(error), error)
    return list(found.values())


def _by_column(source: Source, name: str, path: str) -> Iterator[Iterator]:
    """Yield the rows of a table, one column at a time."""
    if source.adapter == CANONICAL:
        kinds, form = _OWN[name], source.form(name)
        if name == "mitochondria":
            kinds, form = canonical.owned(kinds, form)
        for column, kind in kinds.items():
            yield stream_columns(path, {column: kind}, form)
    elif name in TABLE_COLUMNS:
        for column, kind in TABLE_COLUMNS[name].items():
            yield stream_table(path, {column: kind})
    else:
        yield (_ for _ in [read_ids(path)])


@contextmanager
def first_rows(path: str, size_bytes: int) -> Iterator[str]:
    """Yield a table with the first rows of a CSV file, of so many bytes; others as they are."""
    if is_arrow(path):
        yield path
        return
    name = Path(path).name
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / name
        with pa.input_stream(path) as file:
            content = file.read(size_bytes)
        part.write_bytes(content[: content.rfind(b"\n") + 1])
        yield str(part)


def sampled_synapses(source: Source, path: str, size_bytes: int) -> Iterator[pa.RecordBatch]:
    """Read the first synapses of a table, some ``size_bytes`` of them, as all of them are read."""
    with first_rows(path, size_bytes) as part:
        read = 0
        try:
            for batch in stream_synapses(source, part):
                yield batch
                read += batch.nbytes
                if read > size_bytes:
                    return
        except InputError as error:
            raise InputError(path, error.problem, error.remedy, error.page) from error
