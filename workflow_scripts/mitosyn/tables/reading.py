"""Reading the published tables, with typed columns and errors that name the row."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv

from mitosyn.support import CONFIGURATION, InputError, whole_file

ID = pa.int64()
NUMBER = pa.float64()
TEXT = pa.string()

# No cell: an end of a synapse, or a mitochondrion, outside every segment of the segmentation.
_NONE = -1
# The smallest value that an integer may have; 1 for those that are not named.
_MAY_BE_NONE = "pre_root_id post_root_id cellid pt_root_id row_id col_id pre_id post_id"
_LEAST = {"id": 0} | dict.fromkeys(_MAY_BE_NONE.split(), _NONE)
_END_OF_INT64 = 2**63
_INTEGER = re.compile(r"-?[0-9]+")
_CHUNK_BYTES = 1 << 20
COMPRESSED = (".gz", ".zst")
_SHOWN_CHARACTERS = 60
_REMEDY = "Correct the table, or point the config at the right one."


class Column(NamedTuple):
    """A column that is to be read: its name here, its name in the file, its type."""

    name: str
    called: str
    kind: pa.DataType


def read_table(
    path: str | Path, columns: Mapping[str, pa.DataType], may_be_empty: Collection[str] = ()
) -> pa.Table:
    """Read some columns of a CSV file.

    Parameters
    ----------
    path
        A CSV file with a header line; columns that are not asked for, among them a
        leading unnamed index, are passed over.
    columns : mapping from name to Arrow type
        What to read. Integers must be written as integers: an id that went through
        a float is refused. They are positive, but for 0 and -1 where they name no cell.
    may_be_empty : collection of str
        Columns whose empty values are null.

    Returns
    -------
    pyarrow.Table
        Without other nulls in its number and id columns; numbers are finite.

    Raises
    ------
    InputError
        The file is missing or no CSV, lacks a column or has it twice, or has a value that
        is not of the column's type; names the row (counted from 1 below the header) and
        the line.
    """
    return pa.Table.from_batches(
        stream_table(path, columns, may_be_empty), schema=pa.schema(list(columns.items()))
    )


def stream_table(
    path: str | Path,
    columns: Mapping[str, pa.DataType],
    may_be_empty: Collection[str] = (),
    called: Mapping[str, str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read a CSV file as :func:`read_table`, a batch of some thousand rows at a time.

    ``called`` are the names in the file of columns that have another one here.
    """
    wanted = [Column(name, (called or {}).get(name, name), kind) for name, kind in columns.items()]
    if not _check_header(path, [column.called for column in wanted]):
        return
    if _needs_judging(path) and (error := _first_bad_row(path, wanted, may_be_empty)):
        raise error
    options = pa.csv.ConvertOptions(
        column_types={column.called: column.kind for column in wanted},
        include_columns=[column.called for column in wanted],
        null_values=[""],
        strings_can_be_null=bool(may_be_empty),
    )
    try:
        with pa.csv.open_csv(path, convert_options=options) as reader:
            for read in reader:
                batch = pa.RecordBatch.from_arrays(read.columns, names=list(columns))
                if not all(is_sound(batch[name], name, name in may_be_empty) for name in columns):
                    raise pa.ArrowInvalid("unreadable value")
                yield batch
    except (pa.ArrowInvalid, OSError) as error:
        said = InputError(path, str(error).partition("\n")[0], _REMEDY)
        raise _first_bad_row(path, wanted, may_be_empty) or said from error


def read_header(path: str | Path) -> list[str]:
    """Read the names of a CSV file's columns."""
    with _opened(path) as file:
        return _header(path, _rows(file))


def _header(path: str | Path, rows: Iterator[tuple[int, list[str]]]) -> list[str]:
    try:
        return next(rows, (0, []))[1]
    except csv.Error as error:
        raise InputError(path, f"not a CSV table: {error}", _REMEDY) from error


def _opened_bytes(path: str | Path) -> BinaryIO:
    """Open a file for reading what it holds once it is decompressed, by the end of its name."""
    if Path(path).suffix not in COMPRESSED:
        return Path(path).open("rb")
    # Of an own class, which Python's readers take for a raw file.
    return io.BufferedReader(pa.input_stream(str(path)))


@contextmanager
def _opened(path: str | Path) -> Iterator[TextIO]:
    """Open a text file, compressed or not; bytes that are no UTF-8 become lone surrogates."""
    try:
        with _opened_bytes(path) as raw:
            yield io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline="")
    except FileNotFoundError as error:
        raise InputError(
            path, "no such file", "Check the path in the config.", CONFIGURATION
        ) from error
    except OSError as error:
        problem = error.strerror or str(error).partition("\n")[0]
        raise InputError(
            path, f"cannot be read ({problem})", "Check the path in the config."
        ) from error


def _rows(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Read the rows of a CSV file that are not blank, each with the number of its line."""
    for number, line in enumerate(file, start=1):
        if "\0" in line:
            raise csv.Error(f"line {number} holds a NUL character, expected text in UTF-8")
        if line.count('"') % 2:
            raise csv.Error(
                f"line {number} opens a quote and does not close it, expected each row on one line"
            )
        if line.strip():
            try:
                yield number, next(csv.reader([line]))
            except csv.Error as error:
                raise csv.Error(f"line {number} cannot be read ({error})") from error


def _check_header(path: str | Path, columns: Sequence[str]) -> bool:
    """Refuse a table without the wanted columns; return whether it has rows."""
    with _opened(path) as file:
        header = _header(path, _rows(file))
        any_row = any(line.strip() for line in file)
    wanted = ", ".join(map(repr, columns))
    if not header:
        raise InputError(path, f"the file is empty, expected columns {wanted}", _REMEDY)
    missing = [name for name in columns if name not in header]
    if missing:
        separator = next((s for s in ";\t|" if len(header) == 1 and s in header[0]), None)
        found = (
            f"it is separated by {separator!r}, expected commas"
            if separator
            else f"it has {_shortened(', '.join(map(repr, header)), 20 * _SHOWN_CHARACTERS)}"
        )
        problem = f"no column {', '.join(map(repr, missing))}; {found}"
        raise InputError(path, problem, _REMEDY, CONFIGURATION)
    twice = [name for name in columns if header.count(name) > 1]
    if twice:
        raise InputError(
            path, f"column {', '.join(map(repr, twice))} is there twice, expected once", _REMEDY
        )
    return any_row


def _needs_judging(path: str | Path) -> bool:
    """Whether a table holds what Arrow's reader takes, but not as it is meant.

    It reads ``0x1F`` as 31, and a quote that is not closed swallows the rows below it.
    """
    quotes, end = False, b""
    with _opened_bytes(path) as file:
        while chunk := file.read(_CHUNK_BYTES):
            if b"\0" in chunk:
                return True
            if (b"x" in chunk or b"X" in chunk) and b"0x" in (end + chunk).lower():
                return True
            quotes, end = quotes or b'"' in chunk, chunk[-1:]
    if not quotes:
        return False
    with _opened_bytes(path) as file:
        return any(line.count(b'"') % 2 for line in file)


def is_sound(values: pa.Array, name: str, may_be_empty: bool = False) -> bool:
    """Whether no value of a column is missing, not finite, or smaller than it may be."""
    if values.null_count:
        return may_be_empty and is_sound(values.drop_null(), name)
    if values.type == TEXT or not len(values):
        return True
    found = values.to_numpy()
    return bool((found >= _least(name)).all() if values.type == ID else np.isfinite(found).all())


def _least(name: str) -> int:
    return _LEAST.get(name, 1)


def _first_bad_row(
    path: str | Path, columns: Sequence[Column], may_be_empty: Collection[str]
) -> InputError | None:
    """Find the first row that does not fit the header or has a value not of its column's type."""
    with _opened(path) as file:
        rows = _rows(file)
        try:
            _, header = next(rows)
            places = [(header.index(column.called), column) for column in columns]
            for number, (line, row) in enumerate(rows, start=1):
                filled = [
                    (place, column)
                    for place, column in places
                    if column.name not in may_be_empty or any(row[place : place + 1])
                ]
                problem = _row_problem(row, len(header), filled)
                if problem:
                    return InputError(path, f"row {number} (line {line}): {problem}", _REMEDY)
        except csv.Error as error:
            return InputError(path, str(error), _REMEDY)
    return None


def _row_problem(row: list[str], count: int, places: list[tuple[int, Column]]) -> str:
    """Return what is wrong with a row; empty if it is sound."""
    if len(row) != count:
        return f"{len(row)} values, expected {count} as in the header"
    for place, (name, called, kind) in places:
        value = row[place]
        expected = expected_value(value, name, kind)
        if expected:
            if not _is_utf8(value):
                # Latin-1 is by far the likeliest.
                value = value.encode("utf-8", "surrogateescape").decode("latin-1")
            return (
                f"{called or 'the first value'} is {_shortened(repr(value))}, expected {expected}"
            )
    return ""


def expected_value(value: str, name: str, kind: pa.DataType) -> str:
    """Return what was expected instead of a text; empty if it is of its column's type."""
    if kind == ID:
        return "" if is_id(value.strip(" \t"), _least(name)) else _id_expected(_least(name))
    if kind == NUMBER:
        return "" if is_number(value) else "a number"
    return "" if _is_utf8(value) else "text in UTF-8"


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def is_number(text: str) -> bool:
    """Whether a text is a finite number, written in ASCII and without ``_``."""
    try:
        return text.isascii() and "_" not in text and math.isfinite(float(text))
    except ValueError:
        return False


def is_id(text: str, least: int = 1) -> bool:
    """Whether a text is an integer from ``least`` to what 64 bits hold, in ASCII digits."""
    # No longer ones: Python refuses to read some thousand digits.
    short = len(text) <= _SHOWN_CHARACTERS
    return bool(_INTEGER.fullmatch(text)) and short and least <= int(text) < _END_OF_INT64


def _id_expected(least: int) -> str:
    return f"an integer from {least} to {_END_OF_INT64 - 1}"


def _shortened(text: str, length: int = _SHOWN_CHARACTERS) -> str:
    return text if len(text) <= length else text[:length] + "…"


def refuse_repeats(path: str | Path, what: str, ids: np.ndarray) -> None:
    """Refuse a table in which an id stands in several rows; the error names it and its rows.

    ``ids`` are (N,) int64, in the order of the rows; ``what`` they are of is in the singular.
    """
    if (ids[1:] > ids[:-1]).all():
        return
    ascending = np.sort(ids)
    repeated = ascending[1:][np.diff(ascending) == 0]
    if len(repeated):
        rows = (np.flatnonzero(ids == repeated[0]) + 1).tolist()
        others = len(np.unique(repeated)) - 1
        more = f" ({others} more stand in several rows)" if others else ""
        raise InputError(
            path,
            f"{what} {repeated[0]} stands in {len(rows)} rows, {rows[0]} and {rows[1]}"
            f"{' among them' if len(rows) > 2 else ''}, expected one{more}",
            "Take the other rows out of the table.",
        )


def read_lines(path: str | Path) -> list[str]:
    """Read the lines of a small text file, without the blanks around them."""
    with _opened(path) as file:
        return [line.strip() for line in file]


def read_ids(path: str | Path) -> list[int]:
    """Read a text file with a positive id per line; repeated ids once, in their first order."""
    ids: dict[int, None] = {}
    for number, text in enumerate(read_lines(path), start=1):
        if text and not is_id(text):
            raise InputError(
                path,
                f"line {number}: {_shortened(repr(text))}, expected one id, {_id_expected(1)}",
                _REMEDY,
            )
        if text:
            ids[int(text)] = None
    return list(ids)


def write_csv(path: str | Path, header: list[str], rows: Iterable[Sequence]) -> None:
    """Write a CSV file, whole or not at all; floats in their shortest exact form.

    A column with a float is one of real numbers: integers in it get a decimal point too, so
    that readers that go by the first rows see what it is.
    """
    rows = list(rows)
    real = {place for row in rows for place, value in enumerate(row) if isinstance(value, float)}
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(
                float(value) if place in real and type(value) is int else value
                for place, value in enumerate(row)
            )


def read_csv_rows(path: str | Path) -> list[dict[str, str]]:
    """Read a small CSV file of this workflow, one dict of texts per row."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
