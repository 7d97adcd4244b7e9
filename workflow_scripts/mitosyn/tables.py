"""Reading the published tables, with typed columns and errors that name the row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from mitosyn.errors import CONFIGURATION, InputError
from mitosyn.files import whole_file

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

_INTEGER = re.compile(r"[+-]?\d+")
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
        a float is refused.

    Returns
    -------
    pyarrow.Table
        Without nulls in its number and id columns.

    Raises
    ------
    InputError
        The file is missing or no CSV, lacks a column, or has a value that is not
        of the column's type; names the row (counted from 1 below the header).
    """
    return pa.Table.from_batches(
        stream_table(path, columns), schema=pa.schema(list(columns.items()))
    )


def stream_table(path: str | Path, columns: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    """Read a CSV file as :func:`read_table`, a batch of some thousand rows at a time."""
    _check_header(path, columns)
    options = pa.csv.ConvertOptions(
        column_types=dict(columns), include_columns=list(columns), strings_can_be_null=False
    )
    try:
        with pa.csv.open_csv(path, convert_options=options) as reader:
            for batch in reader:
                if any(batch[n].null_count for n, kind in columns.items() if kind != TEXT):
                    raise _bad_value(path, columns)
                yield batch
    except pa.ArrowInvalid as error:
        raise _bad_value(path, columns, str(error)) from error


def _check_header(path: str | Path, columns: Mapping[str, pa.DataType]) -> None:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
    except FileNotFoundError as error:
        raise InputError(
            path, "no such file", "Check the path in the config.", CONFIGURATION
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"not a CSV table ({error})", _REMEDY) from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise InputError(
            path,
            f"no column {', '.join(map(repr, missing))}; it has {', '.join(map(repr, header))}",
            _REMEDY,
            CONFIGURATION,
        )


def _bad_value(
    path: str | Path, columns: Mapping[str, pa.DataType], reader_error: str = ""
) -> InputError:
    """Find the first value that is not of its column's type."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for number, row in enumerate(reader, start=1):
            for name, kind in columns.items():
                value = row[name]
                if not _is_of(value, kind):
                    expected = "an integer" if kind == ID else "a number"
                    return InputError(
                        path, f"row {number}: {name} is {value!r}, expected {expected}", _REMEDY
                    )
    return InputError(path, reader_error or "unreadable value", _REMEDY)


def _is_of(value: str | None, kind: pa.DataType) -> bool:
    if value is None:
        return False
    if kind == ID:
        return bool(_INTEGER.fullmatch(value)) and abs(int(value)) < 2**63
    if kind == NUMBER:
        try:
            return bool(np.isfinite(float(value)))
        except ValueError:
            return False
    return True


def read_ids(path: str | Path) -> list[int]:
    """Read a text file with one id per line; repeated ids once, in their first order.

    Raises
    ------
    InputError
        A line holds no integer.
    """
    ids: dict[int, None] = {}
    for number, line in enumerate(Path(path).read_text(encoding="utf-8-sig").split("\n"), start=1):
        text = line.strip()
        if text and not _INTEGER.fullmatch(text):
            raise InputError(path, f"line {number}: {text!r}, expected one integer id", _REMEDY)
        if text:
            ids[int(text)] = None
    return list(ids)


def parse_position(text: str) -> tuple[float, float, float]:
    """Read a position written as ``[x y z]`` with any run of blanks between.

    Raises
    ------
    ValueError
        There are not three numbers.
    """
    parts = text.strip().removeprefix("[").removesuffix("]").replace(",", " ").split()
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


def read_arrow(path: str | Path) -> pa.Table:
    """Read what :func:`write_arrow` wrote, mapping it into memory."""
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except pa.ArrowInvalid as error:
        raise InputError(
            path, f"not an Arrow table ({error})", "Delete it and run again."
        ) from error


def write_csv(path: str | Path, header: list[str], rows: Iterable[Sequence]) -> None:
    """Write a CSV file, whole or not at all; floats in their shortest exact form."""
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_csv_rows(path: str | Path) -> list[dict[str, str]]:
    """Read a small CSV file of this workflow, one dict of texts per row."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
