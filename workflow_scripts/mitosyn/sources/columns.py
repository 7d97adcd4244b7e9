"""Columns of tables of one's own, of any of their formats, as the canonical ones.

What a column is called, and what positions count in, are said by the dataset's description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from mitosyn.support import CONFIGURATION, InputError
from mitosyn.tables import (
    ID,
    NUMBER,
    TEXT,
    expected_value,
    is_number,
    is_sound,
    read_header,
    stream_table,
)

POINT = pa.list_(NUMBER, 3)
_REMEDY = "Correct the table, or point the config at the right one."
# What canonical tables have before the x, y and z of each kind of position.
_PREFIXES = {
    "position": "",
    **{name: f"{name.removesuffix('position')}" for name in ("pre_position", "post_position")},
    **{name: f"{name}_" for name in ("centroid", "soma")},
}


class Kind(NamedTuple):
    """What a canonical column holds."""

    type: pa.DataType
    needed: bool = True
    may_be_empty: bool = False


@dataclass(frozen=True)
class TableForm:
    """What the columns of a table are called, and what its positions count in."""

    columns: Mapping[str, str | Sequence[str]]
    unit_nm: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @classmethod
    def of(cls, described: Mapping[str, Any] | None) -> TableForm:
        """Return the form that a description says; without one, names are the canonical ones."""
        return cls(**described) if described else cls({})


def axes_of(name: str) -> list[str]:
    """Return the three columns that a position has in canonical tables."""
    return [f"{_PREFIXES[name]}{axis}" for axis in "xyz"]


def stream_columns(
    path: str | Path, kinds: Mapping[str, Kind], form: TableForm
) -> Iterator[pa.RecordBatch]:
    """Read the canonical columns that a table has, a batch at a time, refusing bad rows.

    A position becomes three columns in nm, NaN where it is empty. A column that is not needed
    and that neither the description names nor the table has under its own name is left out.

    Raises
    ------
    InputError
        The file is missing or no table, lacks a column, or has a value that is not of its
        column's type; names the row, counted from 1.
    """
    there = column_names(path)
    found = {
        name: source
        for name, kind in kinds.items()
        if (source := _source(name, kind, form, there)) is not None
    }
    if not found:
        return
    flat, called, empty = _flat(found, kinds)
    rows = 0
    for batch in _stream(path, flat, called, empty):
        columns: dict[str, pa.Array] = {}
        for name, source in found.items():
            if kinds[name].type != POINT:
                columns[name] = batch[name]
                continue
            points = (
                _points(path, rows, batch[name], source, kinds[name].may_be_empty)
                if isinstance(source, str)
                else _three(path, rows, batch, name, source)
            )
            # Without the noise of binary fractions.
            scaled = np.round(points * np.asarray(form.unit_nm), 6)
            columns |= dict(zip(axes_of(name), map(pa.array, scaled.T), strict=True))
        yield pa.RecordBatch.from_pydict(columns)
        rows += len(batch)


def column_names(path: str | Path) -> list[str]:
    """Return what the columns of a table are called."""
    if is_arrow(path):
        with _opened(path) as (schema, _):
            return schema.names
    return read_header(path)


def is_arrow(path: str | Path) -> bool:
    """Whether a table has typed columns, by the end of its file's name."""
    return Path(path).suffix in (".parquet", ".arrow", ".feather")


def _source(
    name: str, kind: Kind, form: TableForm, there: Sequence[str]
) -> str | Sequence[str] | None:
    """Return where a column is in the table; None where it is not and need not be."""
    if name in form.columns:
        source = form.columns[name]
        # Three columns by what they have in common, as CAVE names them.
        axes = [f"{source}_{axis}" for axis in "xyz"]
        is_split = kind.type == POINT and source not in there and {*axes} & {*there}
        return axes if is_split else source
    if kind.type == POINT:
        axes = axes_of(name)
        if name in there:
            return name
        # Those that are missing of three are named in the error.
        return axes if kind.needed or {*axes} & {*there} else None
    return name if kind.needed or name in there else None


def _flat(
    found: Mapping[str, str | Sequence[str]], kinds: Mapping[str, Kind]
) -> tuple[dict[str, pa.DataType], dict[str, str], set[str]]:
    """Return the types of the columns that are read, their names in the file, who may be empty."""
    types: dict[str, pa.DataType] = {}
    called: dict[str, str] = {}
    empty = set()
    for name, source in found.items():
        if isinstance(source, str):
            sources, kind = {name: source}, kinds[name].type
        else:
            sources, kind = dict(zip(axes_of(name), source, strict=True)), NUMBER
        types |= dict.fromkeys(sources, kind)
        called |= sources
        if kinds[name].may_be_empty:
            empty |= set(sources)
    return types, called, empty


def _stream(
    path: str | Path,
    types: Mapping[str, pa.DataType],
    called: Mapping[str, str],
    empty: Iterable[str],
) -> Iterator[pa.RecordBatch]:
    """Read columns as they are stored: a position in one column as a text or as a list."""
    if is_arrow(path):
        yield from _stream_arrow(path, types, called, {*empty})
    else:
        texts = {name: TEXT if kind == POINT else kind for name, kind in types.items()}
        # Whether a position may be empty is judged where it is read from its text.
        points = [name for name, kind in types.items() if kind == POINT]
        yield from stream_table(path, texts, [*empty, *points], called)


def _stream_arrow(
    path: str | Path,
    types: Mapping[str, pa.DataType],
    called: Mapping[str, str],
    empty: set[str],
) -> Iterator[pa.RecordBatch]:
    rows = 0
    with _opened(path) as (schema, batches):
        _check_types(path, schema, types, called)
        for found in batches:
            columns = {}
            for name, kind in types.items():
                values = found[called[name]]
                if kind != POINT:
                    values = _cast(path, rows, values, called[name], kind)
                    if not is_sound(values, name, name in empty):
                        raise _bad_value(path, rows, values, name, called[name], name in empty)
                columns[name] = values
            yield pa.RecordBatch.from_pydict(columns)
            rows += len(found)


@contextmanager
def _opened(path: str | Path) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """Open a typed table: its schema and its batches."""
    try:
        if Path(path).suffix == ".parquet":
            import pyarrow.parquet as pq

            with pq.ParquetFile(path) as file:
                yield file.schema_arrow, file.iter_batches()
        else:
            with pa.memory_map(str(path)) as memory, pa.ipc.open_file(memory) as reader:
                yield reader.schema, map(reader.get_batch, range(reader.num_record_batches))
    except FileNotFoundError as error:
        raise InputError(
            path, "no such file", "Check the path in the config.", CONFIGURATION
        ) from error
    except (pa.ArrowException, OSError) as error:
        problem = f"not a readable table ({str(error).partition(chr(10))[0]})"
        raise InputError(path, problem, _REMEDY) from error


def _check_types(
    path: str | Path,
    schema: pa.Schema,
    types: Mapping[str, pa.DataType],
    called: Mapping[str, str],
) -> None:
    names = schema.names
    missing = [called[name] for name in types if called[name] not in names]
    if missing:
        there = ", ".join(map(repr, names))
        problem = f"no column {', '.join(map(repr, missing))}; it has {there}"
        raise InputError(path, problem, _REMEDY, CONFIGURATION)
    for name, kind in types.items():
        if names.count(called[name]) > 1:
            raise InputError(path, f"column {called[name]!r} is there twice", _REMEDY)
        found = schema.field(called[name]).type
        if not _fits(found, kind):
            expected = {POINT: "lists of three numbers, or texts", TEXT: "text"}.get(kind, kind)
            raise InputError(
                path, f"column {called[name]!r} is {found}, expected {expected}", _REMEDY
            )


def _fits(found: pa.DataType, kind: pa.DataType) -> bool:
    """Whether a stored type can hold what a column holds: an id that was a float may be another."""
    if pa.types.is_dictionary(found):
        found = found.value_type
    number = pa.types.is_integer(found) or pa.types.is_floating(found)
    text = pa.types.is_string(found) or pa.types.is_large_string(found)
    if kind == ID:
        return pa.types.is_integer(found)
    if kind == NUMBER:
        return number or pa.types.is_decimal(found)
    if kind == TEXT:
        return text or pa.types.is_null(found)
    if _is_list(found):
        inner = found.value_type
        return pa.types.is_integer(inner) or pa.types.is_floating(inner)
    return text


def _is_list(kind: pa.DataType) -> bool:
    return (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _cast(
    path: str | Path, rows: int, values: pa.Array, called: str, kind: pa.DataType
) -> pa.Array:
    try:
        return values.cast(kind)
    except pa.ArrowInvalid as error:
        problem = f"{called} has a value that is no {kind} in rows {rows + 1} to "
        raise InputError(
            path, f"{problem}{rows + len(values)} ({str(error).partition(chr(10))[0]})", _REMEDY
        ) from error


def _bad_value(
    path: str | Path, rows: int, values: pa.Array, name: str, called: str, may_be_empty: bool
) -> InputError:
    """Name the first value that cannot be, of values below some rows."""
    for row, value in enumerate(values.to_pylist(), start=rows + 1):
        text = "" if value is None else str(value)
        expected = expected_value(text, name, values.type) or ("a text" if value is None else "")
        if expected and not (value is None and may_be_empty):
            return InputError(
                path, f"row {row}: {called} is {text!r}, expected {expected}", _REMEDY
            )
    raise AssertionError(called)


def _three(
    path: str | Path, rows: int, batch: pa.RecordBatch, name: str, source: Sequence[str]
) -> np.ndarray:
    """Return positions in three columns, (N, 3) float64, NaN where all three are empty."""
    columns = [batch[axis] for axis in axes_of(name)]
    given = np.array([column.is_valid().to_numpy(zero_copy_only=False) for column in columns])
    partly = given.any(axis=0) & ~given.all(axis=0)
    if partly.any():
        row = int(np.argmax(partly))
        raise InputError(
            path,
            f"row {rows + row + 1}: {given[:, row].sum()} of {', '.join(source)} given, "
            "expected all or none",
            _REMEDY,
        )
    return np.column_stack([column.to_numpy(zero_copy_only=False) for column in columns])


def _points(
    path: str | Path, rows: int, values: pa.Array, source: str, may_be_empty: bool
) -> np.ndarray:
    """Return positions in one column of texts or lists, (N, 3) float64, NaN where it is empty."""
    import pyarrow.compute as pc

    given = values.is_valid()
    lists = values.filter(given)
    if not _is_list(values.type):
        plain = pc.replace_substring_regex(lists.cast(TEXT), r"[\[\](){},;\s]+", " ")
        lists = pc.split_pattern(pc.utf8_trim_whitespace(plain), " ")
    is_three = pc.equal(pc.list_value_length(lists), 3).to_numpy(zero_copy_only=False)
    points = np.full((len(values), 3), np.nan)
    if is_three.all() and (may_be_empty or len(lists) == len(values)):
        flat = lists.flatten()
        try:
            numbers = flat.cast(NUMBER).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            numbers = np.array([np.nan])
        if np.isfinite(numbers).all():
            points[given.to_numpy(zero_copy_only=False)] = numbers.reshape(-1, 3)
            return points
    raise _bad_point(path, rows, values.to_pylist(), source, may_be_empty)


def _bad_point(
    path: str | Path, rows: int, values: Sequence[Any], source: str, may_be_empty: bool
) -> InputError:
    for row, value in enumerate(values, start=rows + 1):
        parts = re.findall(r"[^\[\](){},;\s]+", value) if isinstance(value, str) else value
        is_point = parts and len(parts) == 3 and all(is_number(str(part)) for part in parts)
        if not is_point and not (value is None and may_be_empty):
            return InputError(
                path,
                f"row {row}: {source} is {str(value)[:60]!r}, expected three numbers [x, y, z]",
                _REMEDY,
            )
    raise AssertionError(source)
