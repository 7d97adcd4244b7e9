"""Reading the published tables, with typed columns and errors that name the row."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv

from mitosyn.support import CONFIGURATION, InputError, whole_file

ID = pa.int64()
NUMBER = pa.float64()
TEXT = pa.string()

POSITION_VX = ("ctr_pos_x_vx", "ctr_pos_y_vx", "ctr_pos_z_vx")
_POSITION_COLUMNS = dict.fromkeys(POSITION_VX, NUMBER)
CELL_TYPE_COLUMNS = {
    "cell_segid": ID,
    "cell_type": TEXT,
    "cell_subtype": TEXT,
    "centroid_x": NUMBER,
    "centroid_y": NUMBER,
    "centroid_z": NUMBER,
}
SOMA_COLUMNS = {"pt_root_id": ID, "pt_position": TEXT}
MITOCHONDRION_COLUMNS = {"mito_id": ID, "mito_vx": ID, "cellid": ID, **_POSITION_COLUMNS}
PUBLISHED_MITOCHONDRION_COLUMNS = {
    **MITOCHONDRION_COLUMNS,
    "surface_area": NUMBER,
    "complexityindex": NUMBER,
    "compartment": TEXT,
    "pathlength": NUMBER,
}
SYNAPSE_COLUMNS = {"id": ID, "pre_root_id": ID, "post_root_id": ID, **_POSITION_COLUMNS}

# No cell: an end of a synapse, or a mitochondrion, outside every segment of the segmentation.
_NONE = -1
# The smallest value that an integer may have; 1 for those that are not named.
_LEAST = {"id": 0} | dict.fromkeys(
    ("pre_root_id", "post_root_id", "cellid", "pt_root_id", "row_id", "col_id"), _NONE
)
_END_OF_INT64 = 2**63
_INTEGER = re.compile(r"-?[0-9]+")
_CHUNK_BYTES = 1 << 20
_SHOWN_CHARACTERS = 60
_REMEDY = "Correct the table, or point the config at the right one."


def read_table(path: str | Path, columns: Mapping[str, pa.DataType]) -> pa.Table:
    """Read some columns of a CSV file.

    Parameters
    ----------
    path : str or Path
        A CSV file with a header line; columns that are not asked for, among them a
        leading unnamed index, are passed over.
    columns : mapping from name to Arrow type
        What to read. Integers must be written as integers: an id that went through
        a float is refused. They are positive, but for 0 and -1 where they name no cell.

    Returns
    -------
    pyarrow.Table
        Without nulls in its number and id columns; numbers are finite.

    Raises
    ------
    InputError
        The file is missing or no CSV, lacks a column or has it twice, or has a value that
        is not of the column's type; names the row (counted from 1 below the header) and
        the line.
    """
    return pa.Table.from_batches(
        stream_table(path, columns), schema=pa.schema(list(columns.items()))
    )


def stream_table(path: str | Path, columns: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    """Read a CSV file as :func:`read_table`, a batch of some thousand rows at a time."""
    if not _check_header(path, columns):
        return
    if _needs_judging(path) and (error := _first_bad_row(path, columns)):
        raise error
    options = pa.csv.ConvertOptions(
        column_types=dict(columns), include_columns=list(columns), strings_can_be_null=False
    )
    try:
        with pa.csv.open_csv(path, convert_options=options) as reader:
            for batch in reader:
                if not all(_is_sound(batch[name], name) for name in columns):
                    raise pa.ArrowInvalid("unreadable value")
                yield batch
    except pa.ArrowInvalid as error:
        said = InputError(path, str(error).partition("\n")[0], _REMEDY)
        raise _first_bad_row(path, columns) or said from error


def read_header(path: str | Path) -> list[str]:
    """Read the names of a CSV file's columns."""
    with _opened(path) as file:
        return _header(path, _rows(file))


def _header(path: str | Path, rows: Iterator[tuple[int, list[str]]]) -> list[str]:
    try:
        return next(rows, (0, []))[1]
    except csv.Error as error:
        raise InputError(path, f"not a CSV table: {error}", _REMEDY) from error


@contextmanager
def _opened(path: str | Path) -> Iterator[TextIO]:
    """Open a text file; bytes that are no UTF-8 become lone surrogates."""
    try:
        with Path(path).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield file
    except FileNotFoundError as error:
        raise InputError(
            path, "no such file", "Check the path in the config.", CONFIGURATION
        ) from error
    except OSError as error:
        raise InputError(
            path, f"cannot be read ({error.strerror})", "Check the path in the config."
        ) from error


def _rows(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Read the rows of a CSV file that are not blank, each with the number of its line.

    Raises
    ------
    csv.Error
        A row cannot be taken apart.
    """
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


def _check_header(path: str | Path, columns: Mapping[str, pa.DataType]) -> bool:
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
    with Path(path).open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if b"\0" in chunk:
                return True
            if (b"x" in chunk or b"X" in chunk) and b"0x" in (end + chunk).lower():
                return True
            quotes, end = quotes or b'"' in chunk, chunk[-1:]
        file.seek(0)
        return quotes and any(line.count(b'"') % 2 for line in file)


def _is_sound(values: pa.Array, name: str) -> bool:
    """Whether no value of a column is missing, not finite, or smaller than it may be."""
    if values.type == TEXT or not len(values):
        return True
    if values.null_count:
        return False
    found = values.to_numpy()
    return bool((found >= _least(name)).all() if values.type == ID else np.isfinite(found).all())


def _least(name: str) -> int:
    return _LEAST.get(name, 1)


def _first_bad_row(path: str | Path, columns: Mapping[str, pa.DataType]) -> InputError | None:
    """Find the first row that does not fit the header or has a value not of its column's type."""
    with _opened(path) as file:
        rows = _rows(file)
        try:
            _, header = next(rows)
            places = [(header.index(name), name, kind) for name, kind in columns.items()]
            for number, (line, row) in enumerate(rows, start=1):
                problem = _row_problem(row, len(header), places)
                if problem:
                    return InputError(path, f"row {number} (line {line}): {problem}", _REMEDY)
        except csv.Error as error:
            return InputError(path, str(error), _REMEDY)
    return None


def _row_problem(row: list[str], count: int, places: list[tuple[int, str, pa.DataType]]) -> str:
    """Say what is wrong with a row, nothing if it is sound."""
    if len(row) != count:
        return f"{len(row)} values, expected {count} as in the header"
    for place, name, kind in places:
        value = row[place]
        expected = _not_of(value, name, kind)
        if expected:
            if not _is_utf8(value):
                # Latin-1 is by far the likeliest.
                value = value.encode("utf-8", "surrogateescape").decode("latin-1")
            return f"{name or 'the first value'} is {_shortened(repr(value))}, expected {expected}"
    return ""


def _not_of(value: str, name: str, kind: pa.DataType) -> str:
    """Say what was expected instead of a value; nothing if it is of its column's type."""
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
    """Refuse a table in which an id stands in several rows.

    Parameters
    ----------
    path : str or Path
        For the error.
    what : str
        What the ids are of, in the singular.
    ids : (N,) int64 array
        In the order of the rows.

    Raises
    ------
    InputError
        Names the first such id and its rows.
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
    """Read the lines of a small text file, without the blanks around them.

    Raises
    ------
    InputError
        There is no such file.
    """
    with _opened(path) as file:
        return [line.strip() for line in file]


def read_ids(path: str | Path) -> list[int]:
    """Read a text file with one id per line; repeated ids once, in their first order.

    Raises
    ------
    InputError
        The file is missing, or a line holds no positive integer.
    """
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


def parse_position(text: str) -> tuple[float, float, float]:
    """Read a position written as ``[x y z]`` with any run of blanks between.

    Raises
    ------
    ValueError
        There are not three finite numbers.
    """
    parts = text.strip().removeprefix("[").removesuffix("]").replace(",", " ").split()
    if not all(map(is_number, parts)):
        raise ValueError(text)
    x, y, z = (float(part) for part in parts)
    return x, y, z


def to_nm(
    table: pa.Table | pa.RecordBatch, names: tuple[str, str, str], voxel_size_nm: tuple[float, ...]
) -> np.ndarray:
    """Give voxel positions in nm.

    Parameters
    ----------
    table : pyarrow.Table or RecordBatch
    names : three column names
        x, y and z in voxels.
    voxel_size_nm : three floats

    Returns
    -------
    (N, 3) float64 array
        Rounded to 1e-6 nm, which takes off the noise of binary fractions only.
    """
    voxels = np.column_stack([table[name].to_numpy(zero_copy_only=False) for name in names])
    return np.round(voxels * np.asarray(voxel_size_nm), 6)


def numbers(values: np.ndarray) -> pa.Array:
    """Give numbers, (N,), as an Arrow array of the same type.

    Unlike ``pyarrow.array``, this and the three below do not import pandas to see whether
    they were given one of its objects: that takes longer than most jobs work.
    """
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)]
    )


def numpy_values(column: pa.ChunkedArray) -> np.ndarray:
    """Give a column of numbers without nulls, (N,), as a NumPy array; without pandas too."""
    return np.from_dlpack(column.combine_chunks())


def flags(values: np.ndarray) -> pa.Array:
    """Give bools, (N,), as an Arrow array, which holds a bit for each."""
    bits = np.packbits(values, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])


def texts(values: Sequence[str]) -> pa.Array:
    """Give texts as an Arrow array of strings."""
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
