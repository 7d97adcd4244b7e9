"""Tables of one's own as canonical ones: ids as int64, positions in nm.

The types of the cells, and where their compartments come from, are those of the description.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.sources.columns import POINT, Kind, TableForm, axes_of, stream_columns
from mitosyn.support import CONFIGURATION, InputError
from mitosyn.tables import (
    ID,
    MITOCHONDRIA_SCHEMA,
    NUMBER,
    SYNAPSES_SCHEMA,
    TEXT,
    Cell,
    LeftOutCell,
    in_cell_order,
    other_than,
    refuse_repeats,
)

_OPTIONAL, _OPTIONAL_POINT = Kind(TEXT, False, True), Kind(POINT, False, True)
CELLS = {
    "cell_id": Kind(ID),
    "cell_type": Kind(TEXT, may_be_empty=True),
    "cell_subtype": _OPTIONAL,
    **dict.fromkeys(("centroid", "soma"), _OPTIONAL_POINT),
}
MITOCHONDRIA = {
    "mito_id": Kind(ID),
    # One outside every cell has none, 0 or -1.
    "cell_id": Kind(ID, may_be_empty=True),
    "position": Kind(POINT),
    "voxels": Kind(ID, False, True),
    "published_compartment": _OPTIONAL,
    "published_length": Kind(NUMBER, False, True),
}
SYNAPSES = {
    "id": Kind(ID, False),
    **dict.fromkeys(("pre_id", "post_id"), Kind(ID)),
    "position": Kind(POINT, False),
    **dict.fromkeys(("pre_position", "post_position"), _OPTIONAL_POINT),
    "size": Kind(NUMBER, False, True),
}
_NOTHING = TableForm({})


def select_cells(
    path: str | Path,
    types: Mapping[str, str],
    form: TableForm = _NOTHING,
    types_in_table: Mapping[str, str] | None = None,
    has_skeletons: bool = True,
) -> tuple[list[Cell], list[LeftOutCell]]:
    """Select the cells of the described types.

    Parameters
    ----------
    path : str or Path
        Has the columns of :data:`CELLS`.
    types : mapping from name to where compartments come from
        In the order of the outputs.
    types_in_table : mapping from the table's name of a type to that of ``types``
        Without it, the names are the same. A type of several keeps each cell's as its subtype,
        where the table has no other.
    has_skeletons : bool
        Whether cells have skeletons whose compartments are published.

    Returns
    -------
    selected : list of Cell
        By type, those of a type as in the table.
    left_out : list of LeftOutCell
        Of other types, or without the soma from which compartments are measured.
    """
    table = _read(path, CELLS, form)
    refuse_repeats(path, "cell", table["cell_id"].to_numpy())
    names = types_in_table or {name: name for name in types}
    selected: dict[str, list[Cell]] = {name: [] for name in types}
    left_out = []
    for number, row in enumerate(table.to_pylist()):
        cell_id, kind = row["cell_id"], row["cell_type"] or ""
        name = names.get(kind, "")
        subtype = row.get("cell_subtype") or (kind if name and name != kind else "")
        soma = _point(row, "soma")
        source = types.get(name)
        if source is None:
            reason = other_than("cell_type", kind, names)
            left_out.append(LeftOutCell(cell_id, kind, subtype, reason))
        elif source == "soma_distance" and soma is None:
            left_out.append(LeftOutCell(cell_id, kind, subtype, "no soma in the table"))
        else:
            skeleton = source == "skeleton" or (source == "published" and has_skeletons)
            place = _point(row, "centroid") or soma
            cell = Cell(cell_id, name, subtype, place, soma, source, skeleton, number)
            selected[name].append(cell)
    return [cell for cells in selected.values() for cell in cells], left_out


def _point(row: Mapping[str, float], name: str) -> tuple[float, float, float] | None:
    """Return a position of a row, None where it is empty or the table has none."""
    x, y, z = (row.get(axis, np.nan) for axis in axes_of(name))
    return None if np.isnan(x) else (x, y, z)


def collect_mitochondria(
    path: str | Path,
    cells: Iterable[Cell],
    form: TableForm = _NOTHING,
    published_labels: Mapping[str, int] | None = None,
) -> pa.Table:
    """Collect the mitochondria of the analysed cells, sorted by cell.

    The table has the columns of :data:`MITOCHONDRIA`, those of other cells too;
    ``published_labels`` are the labels by the names of published compartments.
    """
    table = read_mitochondria(path, form)
    refuse_repeats(path, "mitochondrion", table["mito_id"].to_numpy())
    cell_ids = [cell.cell_id for cell in cells]
    rows = table.filter(pa.array(np.isin(_ids(table["cell_id"]), np.array(cell_ids, np.int64))))
    if "published_compartment" in rows.column_names:
        labels = _labels(path, rows, published_labels or {})
        place = rows.column_names.index("published_compartment")
        rows = rows.set_column(place, "published_compartment", labels)
    columns = [
        rows[field.name] if field.name in rows.column_names else pa.nulls(len(rows), field.type)
        for field in MITOCHONDRIA_SCHEMA
    ]
    found = pa.table(columns, schema=MITOCHONDRIA_SCHEMA)
    return in_cell_order(path, len(table), found, cell_ids)


def read_mitochondria(path: str | Path, form: TableForm) -> pa.Table:
    """Read the columns that a table of mitochondria has of :data:`MITOCHONDRIA`."""
    table = _read(path, *owned(MITOCHONDRIA, form))
    return table.rename_columns(["cell_id" if n == "cellid" else n for n in table.column_names])


def owned(kinds: Mapping[str, Kind], form: TableForm) -> tuple[dict[str, Kind], TableForm]:
    """Return the columns and their form with ``cell_id`` as a name of what may be no cell's."""
    called = {"cellid": "cell_id"} | {
        "cellid" if name == "cell_id" else name: source for name, source in form.columns.items()
    }
    renamed = {"cellid" if name == "cell_id" else name: kind for name, kind in kinds.items()}
    return renamed, TableForm(called, form.unit_nm)


def _ids(column: pa.ChunkedArray) -> np.ndarray:
    return column.fill_null(0).to_numpy()


def _labels(path: str | Path, rows: pa.Table, labels: Mapping[str, int]) -> pa.Array:
    """Return the label that each row's compartment names, null where it is empty."""
    names = [name or None for name in rows["published_compartment"].to_pylist()]
    unknown = [row for row, name in enumerate(names) if name is not None and name not in labels]
    if unknown:
        raise InputError(
            path,
            f"mitochondrion {rows['mito_id'][unknown[0]]} has the compartment "
            f"{names[unknown[0]]!r}, {len(unknown)} rows in all have an unknown one; "
            f"expected {', '.join(labels)}",
            "Correct the table, or name the compartment in labels of the skeletons.",
            CONFIGURATION,
        )
    return pa.array([None if name is None else labels[name] for name in names], pa.int64())


def stream_synapses(path: str | Path, form: TableForm = _NOTHING) -> Iterator[pa.RecordBatch]:
    """Read synapses, with :data:`~mitosyn.tables.SYNAPSES_SCHEMA`.

    An end outside every segment has the id 0 or -1. Without ids, synapses are numbered by row;
    without positions of their own, they lie in the middle between their sites.
    """
    rows = 0
    for batch in stream_columns(path, SYNAPSES, form):
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        columns.setdefault("id", pa.array(np.arange(rows + 1, rows + 1 + len(batch))))
        if "x" not in columns:
            columns |= _middles(path, columns)
        yield pa.RecordBatch.from_arrays(
            [
                _null_for_nan(columns[field.name], field.type)
                if field.name in columns
                else pa.nulls(len(batch), field.type)
                for field in SYNAPSES_SCHEMA
            ],
            schema=SYNAPSES_SCHEMA,
        )
        rows += len(batch)


def _null_for_nan(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if kind != NUMBER:
        return values
    return pa.array(values.to_numpy(zero_copy_only=False), from_pandas=True)


def _middles(path: str | Path, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    sites = [axes_of("pre_position"), axes_of("post_position")]
    if not all(axis in columns for site in sites for axis in site):
        raise InputError(
            path,
            "neither a position nor both pre_position and post_position",
            "Name the columns of positions under columns in the config.",
            CONFIGURATION,
        )
    pre, post = (np.array([columns[axis].to_numpy() for axis in site]) for site in sites)
    return dict(zip("xyz", map(pa.array, np.round((pre + post) / 2, 6)), strict=True))


def _read(path: str | Path, kinds: Mapping[str, Kind], form: TableForm) -> pa.Table:
    batches = list(stream_columns(path, kinds, form))
    if not batches:
        raise InputError(path, "no rows, expected at least one", "Fill the table.", CONFIGURATION)
    return pa.Table.from_batches(batches)
