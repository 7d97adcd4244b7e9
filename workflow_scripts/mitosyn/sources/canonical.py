"""Tables that are canonical already: ids as int64, positions in nm, in CSV, Parquet or Arrow files.

The types of the cells, and where their compartments come from, are those of the description.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.support import CONFIGURATION, InputError
from mitosyn.tables import (
    ID,
    MITOCHONDRIA_SCHEMA,
    NUMBER,
    SYNAPSES_SCHEMA,
    TEXT,
    Cell,
    LeftOutCell,
    expected_value,
    in_cell_order,
    is_sound,
    other_than,
    refuse_repeats,
    stream_table,
)

CELL_COLUMNS = {
    **{"cell_id": ID, "cell_type": TEXT, "cell_subtype": TEXT},
    **{f"{point}_{axis}": NUMBER for point in ("centroid", "soma") for axis in "xyz"},
}
MITOCHONDRION_COLUMNS = {
    **{"mito_id": ID, "cell_id": ID, "voxels": ID},
    **dict.fromkeys("xyz", NUMBER),
}
SYNAPSE_COLUMNS = {field.name: field.type for field in SYNAPSES_SCHEMA}
SOMA = ("soma_x", "soma_y", "soma_z")
_REMEDY = "Correct the table, or point the config at the right one."


def select_cells(
    path: str | Path, types: Mapping[str, str]
) -> tuple[list[Cell], list[LeftOutCell]]:
    """Select the cells of the described types.

    Parameters
    ----------
    path : str or Path
        Has :data:`CELL_COLUMNS`; where the soma is not known, its three columns are empty.
    types : mapping from name to where compartments come from
        In the order of the outputs.

    Returns
    -------
    selected : list of Cell
        By type, those of a type as in the table.
    left_out : list of LeftOutCell
        Of other types, or without the soma from which compartments are measured.
    """
    table = _read(path, CELL_COLUMNS, may_be_empty=("cell_subtype", *SOMA))
    refuse_repeats(path, "cell", table["cell_id"].to_numpy())
    selected: dict[str, list[Cell]] = {name: [] for name in types}
    left_out = []
    for number, row in enumerate(table.to_pylist()):
        cell_id, kind, subtype = row["cell_id"], row["cell_type"], row["cell_subtype"] or ""
        x, y, z = (row[f"centroid_{axis}"] for axis in "xyz")
        soma = _soma(path, number, row)
        source = types.get(kind)
        if source is None:
            reason = other_than("cell_type", kind, types)
            left_out.append(LeftOutCell(cell_id, kind, subtype, reason))
        elif source == "soma_distance" and soma is None:
            left_out.append(LeftOutCell(cell_id, kind, subtype, "no soma in the table"))
        else:
            cell = Cell(
                cell_id, kind, subtype, (x, y, z), soma, source, source == "skeleton", number
            )
            selected[kind].append(cell)
    return [cell for cells in selected.values() for cell in cells], left_out


def _soma(path: str | Path, number: int, row: dict) -> tuple[float, float, float] | None:
    given = [row[name] for name in SOMA if row[name] is not None]
    if not given:
        return None
    if len(given) < len(SOMA):
        raise InputError(
            path,
            f"row {number + 1}, cell {row['cell_id']}: {len(given)} of {', '.join(SOMA)} given, "
            "expected all or none",
            _REMEDY,
        )
    return row["soma_x"], row["soma_y"], row["soma_z"]


def collect_mitochondria(path: str | Path, cells: Iterable[Cell]) -> pa.Table:
    """Collect the mitochondria of the analysed cells, sorted by cell; nothing is published.

    The table has :data:`MITOCHONDRION_COLUMNS`, those of other cells too.
    """
    table = _read(path, MITOCHONDRION_COLUMNS)
    refuse_repeats(path, "mitochondrion", table["mito_id"].to_numpy())
    cell_ids = [cell.cell_id for cell in cells]
    rows = table.filter(pa.array(np.isin(table["cell_id"].to_numpy(), np.array(cell_ids))))
    columns = [
        rows[field.name] if field.name in MITOCHONDRION_COLUMNS else pa.nulls(len(rows), field.type)
        for field in MITOCHONDRIA_SCHEMA
    ]
    found = pa.table(columns, schema=MITOCHONDRIA_SCHEMA)
    return in_cell_order(path, len(table), found, cell_ids)


def stream_synapses(path: str | Path) -> Iterator[pa.RecordBatch]:
    """Read synapses, with :data:`~mitosyn.tables.SYNAPSES_SCHEMA`.

    An end outside every segment has the id 0 or -1.
    """
    return stream_rows(path, SYNAPSE_COLUMNS)


def _read(
    path: str | Path, columns: Mapping[str, pa.DataType], may_be_empty: Collection[str] = ()
) -> pa.Table:
    schema = pa.schema(list(columns.items()))
    return pa.Table.from_batches(stream_rows(path, columns, may_be_empty), schema)


def stream_rows(
    path: str | Path, columns: Mapping[str, pa.DataType], may_be_empty: Collection[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Read some columns in the format that the file's name says, refusing bad rows."""
    if Path(path).suffix not in (".parquet", ".arrow", ".feather"):
        yield from stream_table(path, columns, may_be_empty)
        return
    wanted = pa.schema(list(columns.items()))
    rows = 0
    try:
        schema, batches = _open(path)
        _check_columns(path, schema, columns)
        for found in batches:
            batch = found.select(list(columns)).cast(wanted)
            for name in columns:
                if not is_sound(batch[name], name, name in may_be_empty):
                    raise _bad_value(path, rows, batch[name], name, name in may_be_empty)
            yield batch
            rows += len(batch)
    except FileNotFoundError as error:
        raise InputError(
            path, "no such file", "Check the path in the config.", CONFIGURATION
        ) from error
    except pa.ArrowInvalid as error:
        raise InputError(path, f"not a table ({error})", _REMEDY) from error


def _open(path: str | Path) -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
    if Path(path).suffix == ".parquet":
        import pyarrow.parquet as pq

        file = pq.ParquetFile(path)
        return file.schema_arrow, file.iter_batches()
    reader = pa.ipc.open_file(pa.memory_map(str(path)))
    return reader.schema, (reader.get_batch(i) for i in range(reader.num_record_batches))


def _check_columns(path: str | Path, schema: pa.Schema, columns: Mapping[str, pa.DataType]) -> None:
    missing = [name for name in columns if schema.get_field_index(name) < 0]
    if missing:
        there = ", ".join(map(repr, schema.names))
        problem = f"no column {', '.join(map(repr, missing))}; it has {there}"
        raise InputError(path, problem, _REMEDY, CONFIGURATION)
    for name, kind in columns.items():
        found = schema.field(name).type
        # An id that was a float may be another one.
        fits = found == kind or (kind == ID and pa.types.is_integer(found))
        if not fits and (kind == ID or pa.types.is_nested(found)):
            raise InputError(path, f"column {name!r} is {found}, expected {kind}", _REMEDY)


def _bad_value(
    path: str | Path, rows: int, values: pa.Array, name: str, may_be_empty: bool
) -> InputError:
    """Name the first value that cannot be, of values below some rows."""
    for row, value in enumerate(values.to_pylist(), start=rows + 1):
        text = "" if value is None else str(value)
        expected = expected_value(text, name, values.type) or ("a text" if value is None else "")
        if expected and not (value is None and may_be_empty):
            return InputError(path, f"row {row}: {name} is {text!r}, expected {expected}", _REMEDY)
    raise AssertionError(name)
