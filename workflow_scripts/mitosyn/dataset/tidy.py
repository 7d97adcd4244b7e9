"""The tidy Parquet tables: one for each kind of thing in the dataset, all cells together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from mitosyn.catalogue import (
    FLAG,
    INTEGER,
    LENGTH_ALONG_SKELETON,
    MORPHOMETRICS,
    NUMBER,
    TEXT,
    published,
    tidy_name,
)
from mitosyn.meshes import complexity_index
from mitosyn.support import NM2_PER_UM2, NM3_PER_UM3, InputError, whole_file
from mitosyn.tables import Cell

ARROW_TYPES = {
    INTEGER: pa.int64(),
    NUMBER: pa.float64(),
    TEXT: pa.string(),
    FLAG: pa.bool_(),
}
ROWS_IN_GROUP = 65_536
# From the first on, and below the second, Arrow writes numbers as Python does, but for ".0".
_AS_PYTHON = 1e-4, 1e10


def arrow_schema(name: str, dataset: str, words: Mapping[str, str] | None = None) -> pa.Schema:
    """Return the schema of a published table, in words as the catalogue takes them.

    Each field has its ``unit`` and ``description`` as metadata, the table the name of the
    dataset and its own ``description``.
    """
    table = published(name, words)
    fields = []
    for column_name, column in table.columns.items():
        about = column.meaning + (f"; null: {column.missing}" if column.missing else "")
        metadata = {"unit": column.unit, "description": about}
        kind, missing = ARROW_TYPES[column.kind], bool(column.missing)
        fields.append(pa.field(column_name, kind, nullable=missing, metadata=metadata))
    return pa.schema(fields, {"dataset": dataset, "description": table.about})


def _arrow_types(name: str) -> dict[str, pa.DataType]:
    """Return the types of a published table's columns, without the unnamed row number."""
    columns = published(name).columns
    return {name: ARROW_TYPES[column.kind] for name, column in columns.items() if name}


def write_table(
    path: str | Path,
    name: str,
    dataset: str,
    parts: Iterable[pa.Table],
    words: Mapping[str, str] | None = None,
) -> int:
    """Write a table of the catalogue, whole or not at all, with a fixed number of rows in memory.

    The parts hold the rows in their order, with the table's columns; the name of the dataset goes
    into the file's metadata; ``words`` are as the catalogue takes them. The number of rows is
    returned.
    """
    schema = arrow_schema(name, dataset, words)
    rows = 0
    with (
        whole_file(path) as temporary,
        pa.parquet.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for group in _row_groups(parts, schema):
            writer.write_table(group, row_group_size=ROWS_IN_GROUP)
            rows += len(group)
    return rows


def _row_groups(parts: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """Cut tables end to end into groups of a fixed number of rows, the last one smaller."""
    waiting = schema.empty_table()
    for part in parts:
        columns = [part[name] for name in schema.names]
        waiting = pa.concat_tables([waiting, pa.Table.from_arrays(columns, schema=schema)])
        while len(waiting) >= ROWS_IN_GROUP:
            yield waiting.slice(0, ROWS_IN_GROUP).combine_chunks()
            # A slice would keep the memory of what has been written.
            waiting = waiting.slice(ROWS_IN_GROUP).take(np.arange(len(waiting) - ROWS_IN_GROUP))
    if len(waiting):
        yield waiting.combine_chunks()


def tabulate(name: str, rows: Iterable[Mapping]) -> pa.Table:
    """Put rows, mappings from column to value or None, into the form of a published table."""
    types = _arrow_types(name)
    return pa.Table.from_pylist(list(rows), schema=pa.schema(types))


def write_csv_table(path: str | Path, names: Sequence[str], parts: Iterable[pa.Table]) -> None:
    """Write numbers and plain names as CSV, whole or not at all; nulls are left empty.

    Real numbers stand as Python writes them, as in :func:`mitosyn.tables.reading.write_csv`.
    ``names`` are the columns to write, in this order; ``parts`` the rows in theirs.
    """
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    with whole_file(path) as temporary, temporary.open("wb") as file:
        file.write((",".join(names) + "\n").encode())
        for part in parts:
            columns = [
                _real_texts(part[name]) if pa.types.is_floating(part[name].type) else part[name]
                for name in names
            ]
            pa.csv.write_csv(pa.Table.from_arrays(columns, list(names)), file, options)


def _real_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return real numbers as Python writes them, the shortest exact way: 55360.0, 1e-05.

    Arrow is several times as fast, but leaves out the point of whole numbers, and takes to
    exponents elsewhere: with numbers outside the range of ``_AS_PYTHON`` Python does it.
    """
    least, most = _AS_PYTHON
    sizes = np.abs(column.to_numpy())
    if ((sizes > 0) & ((sizes < least) | (sizes >= most))).any():
        values = [None if value is None else repr(value) for value in column.to_pylist()]
        return pa.chunked_array([values], pa.string())
    written = pc.cast(column, pa.string())
    whole = pc.equal(column, pc.trunc(column))
    return pc.if_else(whole, pc.binary_join_element_wise(written, ".0", ""), written)


def stream_csv(path: str | Path, name: str) -> Iterator[pa.Table]:
    """Read a published CSV file in parts, with types and columns as the catalogue has them."""
    types = _arrow_types(name)
    options = pa.csv.ConvertOptions(
        column_types=types, include_columns=list(types), null_values=[""]
    )
    try:
        with pa.csv.open_csv(path, convert_options=options) as reader:
            for batch in reader:
                yield pa.Table.from_batches([batch])
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise InputError(path, f"unreadable ({error})", "Delete it and run again.") from error


def read_csv(path: str | Path, name: str) -> pa.Table:
    """Read a published CSV file as :func:`stream_csv`, all of it."""
    nothing = pa.schema(_arrow_types(name)).empty_table()
    return pa.concat_tables([nothing, *stream_csv(path, name)])


def mitochondria_table(
    cell: Cell,
    mitochondria: pa.Table,
    compartments: pa.Table,
    morphometrics: pa.Table,
    voxel_size_nm: tuple[float, float, float],
    positions: pa.Table | None = None,
) -> pa.Table:
    """Tabulate the mitochondria of a cell.

    Parameters
    ----------
    mitochondria : pyarrow.Table
        M rows of the canonical table.
    compartments : pyarrow.Table
        The same mitochondria, with :data:`mitosyn.cells.export.COMPARTMENT_SCHEMA`.
    morphometrics : pyarrow.Table
        The same, as :func:`mitosyn.meshes.table.morphometrics_table` returns them.
    positions : pyarrow.Table, optional
        The same, the first rows of :func:`mitosyn.positions.position_tables`; without, of a cell
        that has no skeleton, its columns are null.

    Returns
    -------
    pyarrow.Table
        M rows with the columns of ``mitochondria.parquet``; null in place of NaN.

    Raises
    ------
    ValueError
        They do not list the same mitochondria in the same order.
    """
    count = len(mitochondria)
    if positions is None:
        positions = mitochondria.select(["mito_id"])
    positions = positions.slice(0, count)
    for other in (compartments, morphometrics, positions):
        if not mitochondria["mito_id"].equals(other["mito_id"]):
            raise ValueError("the files of a cell do not list the same mitochondria")
    has_mesh = pc.greater(morphometrics["mesh_pieces"], 0)
    area_um2 = morphometrics["mito SA"].to_numpy() / NM2_PER_UM2
    volume_um3 = mitochondria["voxels"].to_numpy() * (np.prod(voxel_size_nm) / NM3_PER_UM3)
    columns = {
        "mito_id": mitochondria["mito_id"],
        "cell_id": mitochondria["cell_id"],
        "cell_type": pa.repeat(pa.scalar(cell.cell_type, pa.string()), count),
        "cell_subtype": pa.repeat(pa.scalar(cell.cell_subtype, pa.string()), count),
        "compartment": compartments["compartment"],
        "label": compartments["label"],
        **{axis: mitochondria[axis] for axis in "xyz"},
        "voxels": mitochondria["voxels"],
        tidy_name(LENGTH_ALONG_SKELETON): _null_for_nan(compartments["length_nm"]),
        **{tidy_name(name): _null_for_nan(morphometrics[name]) for name in MORPHOMETRICS},
        "complexity_index": pa.array(complexity_index(area_um2, volume_um3), from_pandas=True),
        "mesh_closed": pc.if_else(has_mesh, morphometrics["mesh_closed"], None),
        "mesh_pieces": pc.if_else(has_mesh, morphometrics["mesh_pieces"], None),
        "problem": problems(morphometrics),
    }
    types = _arrow_types("mitochondria.parquet")
    for name in types.keys() - columns.keys():
        known = name in positions.column_names
        columns[name] = positions[name] if known else pa.nulls(count, types[name])
    return pa.table({name: columns[name] for name in types})


def _null_for_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.is_nan(column), None, column)


def problems(morphometrics: pa.Table) -> pa.Array:
    """Return for each mitochondrion why measures are missing; null where none is.

    It is the mesh's own problem, or by reason the columns that it costs.
    """
    texts: list[str | None] = [text or None for text in morphometrics["problem"].to_pylist()]
    missing = {name: np.isnan(morphometrics[name].to_numpy()) for name in MORPHOMETRICS}
    for row in np.flatnonzero(np.any(list(missing.values()), axis=0)).tolist():
        if texts[row] is None:
            texts[row] = why_missing([name for name in MORPHOMETRICS if missing[name][row]])
    return pa.array(texts, pa.string())


def why_missing(names: Iterable[str]) -> str:
    """Return why a mesh lacks some morphometrics: ``<reason>: <columns>``, separated by ``; ``."""
    by_reason: dict[str, list[str]] = {}
    for name in names:
        by_reason.setdefault(f"no {MORPHOMETRICS[name].needs}", []).append(tidy_name(name))
    return "; ".join(f"{reason}: {', '.join(found)}" for reason, found in by_reason.items())


def in_batches(parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables in pieces of at most as many rows as are written at once."""
    for part in parts:
        for batch in part.to_batches(max_chunksize=ROWS_IN_GROUP):
            yield pa.Table.from_batches([batch])


def covered_by_node(coverage: pa.Table) -> pa.Table:
    """Sort the nodes that each mitochondrion covers by their number in the SWC file.

    The table has :data:`mitosyn.cells.export.NODES_SCHEMA`; the mitochondria, whose rows stand
    together, stay in their order.
    """
    mitochondrion = np.cumsum(np.diff(coverage["mito_id"].to_numpy(), prepend=-1) != 0)
    return coverage.take(np.lexsort([coverage["node_id"].to_numpy(), mitochondrion]))
