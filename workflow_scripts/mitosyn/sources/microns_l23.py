"""The published layer 2/3 tables: what they look like, and how canonical tables come from them.

A cell's type follows from several of them. The compartments of pyramidal mitochondria are
published, under names of which two are swapped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    in_cell_order,
    is_number,
    other_than,
    read_ids,
    read_table,
    stream_table,
)

PYRAMIDAL, INHIBITORY, GLIA = "pyramidal", "inhibitory", "glia"
ASTROCYTE = "astrocyte"
TYPES = {PYRAMIDAL: "published", INHIBITORY: "skeleton", GLIA: "soma_distance"}
"""Where the compartments of each cell type come from, in the order of the outputs."""

POSITION_VX = ("ctr_pos_x_vx", "ctr_pos_y_vx", "ctr_pos_z_vx")
CENTROID_VX = ("centroid_x", "centroid_y", "centroid_z")
CELL_TYPE_COLUMNS = {
    **{"cell_segid": ID, "cell_type": TEXT, "cell_subtype": TEXT},
    **dict.fromkeys(CENTROID_VX, NUMBER),
}
SOMA_COLUMNS = {"pt_root_id": ID, "pt_position": TEXT}
MITOCHONDRION_COLUMNS = {
    **{"mito_id": ID, "mito_vx": ID, "cellid": ID},
    **dict.fromkeys(POSITION_VX, NUMBER),
}
PUBLISHED_MITOCHONDRION_COLUMNS = {
    **MITOCHONDRION_COLUMNS,
    **{"surface_area": NUMBER, "complexityindex": NUMBER, "compartment": TEXT},
    "pathlength": NUMBER,
}
SYNAPSE_COLUMNS = {
    **{"id": ID, "pre_root_id": ID, "post_root_id": ID},
    **dict.fromkeys(POSITION_VX, NUMBER),
}
TABLE_COLUMNS = {
    "cell_types": CELL_TYPE_COLUMNS,
    "somas": SOMA_COLUMNS,
    **dict.fromkeys(("mitochondria", "neuron_mitochondria"), MITOCHONDRION_COLUMNS),
    "pyramidal_mitochondria": PUBLISHED_MITOCHONDRION_COLUMNS,
    "synapses": SYNAPSE_COLUMNS,
}
"""The columns of each table, but for the list of pyramidal ids."""
Position = tuple[float, float, float]
Table = tuple[str, pa.Table]
"""A table as read, and its path for errors."""


@dataclass(frozen=True)
class CellTables:
    """The tables that decide which cells are analysed.

    Attributes
    ----------
    cell_types : pyarrow.Table
        With :data:`CELL_TYPE_COLUMNS`.
    somas : dict from cell id to the positions (nm) of its soma rows
    neuron_ids : set of int
        Cells in the table of neuron mitochondria: those with a soma and a skeleton.
    """

    cell_types: pa.Table
    cell_types_path: str | Path
    somas: dict[int, list[Position]]
    pyramidal_ids: list[int]
    neuron_ids: set[int]
    voxel_size_nm: Position


def read_cell_tables(
    size_nm: Position, cell_types: str, somas: str, neuron_mitochondria: str, pyramidal_ids: str
) -> CellTables:
    """Read the four tables that decide which cells are analysed; ``size_nm`` is a voxel's."""
    neurons = read_table(neuron_mitochondria, {"cellid": ID})
    return CellTables(
        cell_types=read_table(cell_types, CELL_TYPE_COLUMNS),
        cell_types_path=cell_types,
        somas=read_somas(somas, read_table(somas, SOMA_COLUMNS), size_nm),
        pyramidal_ids=read_ids(pyramidal_ids),
        neuron_ids=set(neurons["cellid"].unique().to_pylist()),
        voxel_size_nm=size_nm,
    )


def read_somas(
    path: str | Path, table: pa.Table, voxel_size_nm: Position
) -> dict[int, list[Position]]:
    """Collect the soma positions of each cell, in nm.

    ``table`` has :data:`SOMA_COLUMNS`; an InputError names its ``path`` and the first position that
    is not three numbers.
    """
    somas: dict[int, list[Position]] = defaultdict(list)
    ids, texts = table["pt_root_id"].to_pylist(), table["pt_position"].to_pylist()
    for row, (cell_id, text) in enumerate(zip(ids, texts, strict=True), start=1):
        voxels = parse_position(text)
        if voxels is None:
            raise InputError(
                path,
                f"row {row}, cell {cell_id}: pt_position is {text!r}, expected '[x y z]' in voxels",
                "Correct the table.",
            )
        somas[cell_id].append(_scaled(voxels, voxel_size_nm))
    return dict(somas)


def parse_position(text: str) -> Position | None:
    """Read a position written as ``[x y z]`` with any run of blanks between; else None."""
    parts = text.strip().removeprefix("[").removesuffix("]").replace(",", " ").split()
    if len(parts) != 3 or not all(map(is_number, parts)):
        return None
    x, y, z = map(float, parts)
    return x, y, z


def select_cells(tables: CellTables) -> tuple[list[Cell], list[LeftOutCell]]:
    """Select the pyramidal cells, interneurons and astrocytes to analyse.

    Pyramidal: the ids given. Inhibitory: the cells of the neuron mitochondria that
    the cell type table calls so. Glia: the astrocytes with exactly one soma row; two
    soma rows are a merge of two cells. Where the cell type table repeats an id, its
    first row of the kind looked for counts. Every other cell of the tables is left out with
    its reason, among them those of a type that is unknown, perhaps for a blank at its end.

    Returns
    -------
    selected, left_out : lists
        Selected are pyramidal, inhibitory, glia; each in the order of its table.

    Raises
    ------
    InputError
        A pyramidal id is missing from the cell type table or is of another known type.
    """
    by_type: dict[str, dict[int, dict]] = defaultdict(dict)
    rows = tables.cell_types.to_pylist()
    for number, row in enumerate(rows):
        kind = row["cell_type"] if row["cell_subtype"] != ASTROCYTE else ASTROCYTE
        by_type[kind].setdefault(row["cell_segid"], row | {"row": number})
    pyramidal, inhibitory = by_type[PYRAMIDAL], by_type[INHIBITORY]
    _check_pyramidal(tables, pyramidal, {row["cell_segid"]: row["cell_type"] for row in rows})
    selected = [
        _cell(pyramidal[i], PYRAMIDAL, tables) for i in tables.pyramidal_ids if i in pyramidal
    ]
    left_out = _left_out(pyramidal, set(tables.pyramidal_ids), "not in the list of pyramidal ids")
    selected += [
        _cell(row, INHIBITORY, tables) for i, row in inhibitory.items() if i in tables.neuron_ids
    ]
    left_out += _left_out(inhibitory, tables.neuron_ids, "not in the table of neuron mitochondria")
    for cell_id, row in by_type[ASTROCYTE].items():
        somas = len(tables.somas.get(cell_id, []))
        if somas == 1:
            selected.append(_cell(row, GLIA, tables))
        else:
            reason = f"{somas} soma rows: a merge of cells" if somas else "no soma in the volume"
            left_out += _left_out({cell_id: row}, set(), reason)
    known = {cell.cell_id for cell in selected} | {cell.cell_id for cell in left_out}
    return selected, left_out + _others(tables, known)


def _others(tables: CellTables, known: set[int]) -> list[LeftOutCell]:
    """List the cells of other types, and those of no type, that ``known`` does not have."""
    others: dict[int, dict] = {}
    for row in tables.cell_types.to_pylist():
        if row["cell_segid"] not in known:
            others.setdefault(row["cell_segid"], row)
    left_out = [
        LeftOutCell(cell_id, row["cell_type"], row["cell_subtype"], _other_type(row))
        for cell_id, row in others.items()
    ]
    reason = "in the table of neuron mitochondria, without a row in the cell type table"
    untyped = sorted(tables.neuron_ids - known - set(others))
    return left_out + [LeftOutCell(cell_id, "", "", reason) for cell_id in untyped]


def _other_type(row: dict) -> str:
    """Return why a row's cell is of none of the types that are analysed."""
    if row["cell_type"] == GLIA:
        return other_than("cell_subtype", row["cell_subtype"], [ASTROCYTE])
    return other_than("cell_type", row["cell_type"], TYPES)


def _check_pyramidal(
    tables: CellTables, pyramidal: dict[int, dict], other_types: dict[int, str]
) -> None:
    for cell_id in tables.pyramidal_ids:
        found = other_types.get(cell_id)
        if cell_id not in pyramidal and (found is None or found in TYPES):
            raise InputError(
                tables.cell_types_path,
                f"cell {cell_id} of the pyramidal ids "
                + (f"has cell_type {found!r}" if found else "has no row"),
                "Add its row with cell_type 'pyramidal', or take the id off the list.",
            )


def _left_out(rows: dict[int, dict], selected: set[int], reason: str) -> list[LeftOutCell]:
    return [
        LeftOutCell(cell_id, row["cell_type"], row["cell_subtype"], reason)
        for cell_id, row in rows.items()
        if cell_id not in selected
    ]


def _cell(row: dict, cell_type: str, tables: CellTables) -> Cell:
    somas = tables.somas.get(row["cell_segid"], [])
    x, y, z = (row[name] for name in CENTROID_VX)
    return Cell(
        cell_id=row["cell_segid"],
        cell_type=cell_type,
        cell_subtype=row["cell_subtype"],
        centroid=_scaled((x, y, z), tables.voxel_size_nm),
        soma=somas[0] if len(somas) == 1 else None,
        compartments_from=TYPES[cell_type],
        skeleton=cell_type != GLIA,
        table_row=row["row"],
    )


def _scaled(voxels: Position, voxel_size_nm: Position) -> Position:
    x, y, z = (round(v * size, 6) for v, size in zip(voxels, voxel_size_nm, strict=True))
    return x, y, z


# Of which types the three tables list the mitochondria.
_LISTED = (tuple(TYPES), (INHIBITORY,), (PYRAMIDAL,))


def read_mitochondria(everything: str, neurons: str, pyramidal: str) -> list[Table]:
    """Read the tables of mitochondria of all cells, of neurons and, as published, of pyramidal."""
    columns = (MITOCHONDRION_COLUMNS, MITOCHONDRION_COLUMNS, PUBLISHED_MITOCHONDRION_COLUMNS)
    paths = (everything, neurons, pyramidal)
    return [(path, read_table(path, names)) for path, names in zip(paths, columns, strict=True)]


def collect_mitochondria(
    tables: Sequence[Table],
    cells: Iterable[Cell],
    voxel_size_nm: Position,
    published_labels: Mapping[str, int],
) -> pa.Table:
    """Collect the mitochondria of the analysed cells, with ``MITOCHONDRIA_SCHEMA``, by cell.

    A cell's mitochondria stand in the order of the table of all mitochondria. One
    that only the narrower table of its cell type lists follows after those.

    Parameters
    ----------
    tables : three pairs of path and pyarrow.Table
        As :func:`read_mitochondria` returns them.
    cells : iterable of Cell
        The analysed cells; the result follows their order.
    published_labels : mapping from name to label
        The compartments in the pyramidal table.

    Raises
    ------
    InputError
        A mitochondrion is listed twice, in two cells, or in a compartment of an unknown name; or
        no cell has any.
    """
    types = {cell.cell_id: cell.cell_type for cell in cells}
    paths, (everything, *_) = zip(*tables, strict=True)
    listed = []
    for (path, table), kinds in zip(tables, _LISTED, strict=True):
        wanted = [cell_id for cell_id, kind in types.items() if kind in kinds]
        rows = _where(table, "cellid", wanted)
        # In any cell: of a mitochondrion in two, one analysed, nobody knows whose it is.
        _refuse_repeats(_where(table, "mito_id", rows["mito_id"].to_numpy()), path)
        listed.append(rows)
    _, neurons, pyramidal = listed
    _refuse_other_cell(neurons, paths[1], everything, paths[0])
    _refuse_other_cell(pyramidal, paths[2], everything, paths[0])
    _refuse_other_cell(pyramidal, paths[2], neurons, paths[1])
    merged = pa.concat_tables(table.select(list(MITOCHONDRION_COLUMNS)) for table in listed)
    _, first = np.unique(merged["mito_id"].to_numpy(), return_index=True)
    merged = merged.take(np.sort(first))
    place = {mito_id: row for row, mito_id in enumerate(pyramidal["mito_id"].to_pylist())}
    published = pa.array(map(place.get, merged["mito_id"].to_pylist()), pa.int64())
    labels = _labels(pyramidal, paths[2], published_labels)
    columns = {
        "mito_id": merged["mito_id"],
        "cell_id": merged["cellid"],
        "voxels": merged["mito_vx"],
        **dict(zip("xyz", _to_nm(merged, POSITION_VX, voxel_size_nm).T, strict=True)),
        "published_compartment": labels.take(published),
        "published_length": pyramidal["pathlength"].take(published),
    }
    found = pa.table(columns, MITOCHONDRIA_SCHEMA)
    return in_cell_order(paths[0], len(everything), found, types)


def _where(table: pa.Table, name: str, values: Sequence[int] | np.ndarray) -> pa.Table:
    """Return the rows that have one of some ids in a column."""
    wanted = np.asarray(values, np.int64)
    return table.filter(pa.array(np.isin(table[name].to_numpy(), wanted)))


def _refuse_repeats(table: pa.Table, path: str) -> None:
    ids = table["mito_id"].to_numpy()
    unique, counts = np.unique(ids, return_counts=True)
    if len(unique) < len(ids):
        twice = int(unique[counts > 1][0])
        cells = table["cellid"].to_numpy()[ids == twice].tolist()
        raise InputError(
            path,
            f"mitochondrion {twice} has {len(cells)} rows (cells {cells}), expected one",
            "Take the other rows out of the table.",
        )


def _refuse_other_cell(table: pa.Table, path: str, others: pa.Table, other_path: str) -> None:
    """Refuse a mitochondrion that two tables put into different cells."""
    shared = _where(others, "mito_id", table["mito_id"].to_numpy())
    cells = dict(zip(shared["mito_id"].to_pylist(), shared["cellid"].to_pylist(), strict=True))
    for mito_id, cell_id in zip(
        table["mito_id"].to_pylist(), table["cellid"].to_pylist(), strict=True
    ):
        if cells.get(mito_id, cell_id) != cell_id:
            raise InputError(
                path,
                f"mitochondrion {mito_id} is in cell {cell_id}, but {other_path} has it in cell "
                f"{cells[mito_id]}",
                "Use tables of the same version of the segmentation.",
            )


def _labels(pyramidal: pa.Table, path: str, published_labels: Mapping[str, int]) -> pa.Array:
    """Return the label that each row's compartment names, null for an empty text."""
    names = pyramidal["compartment"].to_pylist()
    unknown = [row for row, name in enumerate(names) if name and name not in published_labels]
    if unknown:
        raise InputError(
            path,
            f"mitochondrion {pyramidal['mito_id'][unknown[0]]} has the compartment "
            f"{names[unknown[0]]!r}, {len(unknown)} rows in all have an unknown one; "
            f"expected {', '.join(published_labels)}",
            "Correct the table; published_compartments in the dataset's description says which "
            "label each name stands for.",
            CONFIGURATION,
        )
    return pa.array(map(published_labels.get, names), pa.int64())


def stream_synapses(path: str | Path, voxel_size_nm: Position) -> Iterator[pa.RecordBatch]:
    """Read the synapses of all cells, with :data:`~mitosyn.tables.SYNAPSES_SCHEMA`."""
    for batch in stream_table(path, SYNAPSE_COLUMNS):
        ids = [batch[name] for name in ("id", "pre_root_id", "post_root_id")]
        known = [*ids, *map(pa.array, _to_nm(batch, POSITION_VX, voxel_size_nm).T)]
        unknown = [pa.nulls(len(batch), kind) for kind in SYNAPSES_SCHEMA.types[len(known) :]]
        yield pa.RecordBatch.from_arrays([*known, *unknown], schema=SYNAPSES_SCHEMA)


def _to_nm(
    table: pa.Table | pa.RecordBatch, names: tuple[str, str, str], voxel_size_nm: Position
) -> np.ndarray:
    """Return positions in voxels as (N, 3) float64 in nm, without the noise of binary fractions."""
    voxels = np.column_stack([table[name].to_numpy(zero_copy_only=False) for name in names])
    return np.round(voxels * np.asarray(voxel_size_nm), 6)
