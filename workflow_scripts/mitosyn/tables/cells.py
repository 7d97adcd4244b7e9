"""Which cells are analysed, and why the others are not."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mitosyn.catalogue import CELL_TYPES, GLIA, INHIBITORY, NEURON_TYPES, PYRAMIDAL, columns_of
from mitosyn.support import CONFIGURATION, InputError
from mitosyn.tables.reading import parse_position, read_arrow, write_arrow, write_csv

ASTROCYTE = "astrocyte"
SKELETON_ENDINGS = ("skeleton.h5", "skeleton_label.npy")
# How many ids are named beside one that is not analysed.
NEAREST = 3
Position = tuple[float, float, float]
COMPARTMENTS_FROM = {PYRAMIDAL: "published", INHIBITORY: "skeleton", GLIA: "soma_distance"}
CELLS_SCHEMA = pa.schema(
    {
        "cell_id": pa.int64(),
        "cell_type": pa.string(),
        "cell_subtype": pa.string(),
        **{f"centroid_{axis}": pa.float64() for axis in "xyz"},
        **{f"soma_{axis}": pa.float64() for axis in "xyz"},
        "compartments_from": pa.string(),
        "skeleton": pa.bool_(),
    }
)


@dataclass(frozen=True)
class Cell:
    """An analysed cell.

    Attributes
    ----------
    cell_id : int
    cell_type : {"pyramidal", "inhibitory", "glia"}
    cell_subtype : str
        As the cell type table has it.
    centroid : (x, y, z)
        Of the cell's nucleus or soma after the cell type table, in nm.
    soma : (x, y, z) or None
        Position of its soma after the soma table, in nm; None where that has no
        row or more than one.
    compartments_from : {"published", "skeleton", "soma_distance", "none"}
        Where the compartments of its mitochondria come from.
    skeleton : bool
        Whether it has a skeleton.
    """

    cell_id: int
    cell_type: str
    cell_subtype: str
    centroid: Position
    soma: Position | None
    compartments_from: str
    skeleton: bool


@dataclass(frozen=True)
class LeftOutCell:
    """A cell that one could expect among the analysed ones, and why it is not."""

    cell_id: int
    cell_type: str
    cell_subtype: str
    reason: str


@dataclass(frozen=True)
class Sources:
    """The tables that decide which cells are analysed.

    Attributes
    ----------
    cell_types : pyarrow.Table
        With :data:`~mitosyn.tables.CELL_TYPE_COLUMNS`.
    cell_types_path : str or Path
        For errors.
    somas : dict from cell id to the positions (nm) of its soma rows
    pyramidal_ids : list of int
    neuron_ids : set of int
        Cells in the table of neuron mitochondria: those with a soma and a skeleton.
    voxel_size_nm : three floats
    """

    cell_types: pa.Table
    cell_types_path: str | Path
    somas: dict[int, list[Position]]
    pyramidal_ids: list[int]
    neuron_ids: set[int]
    voxel_size_nm: tuple[float, float, float]


def read_somas(
    path: str | Path, table: pa.Table, voxel_size_nm: tuple[float, float, float]
) -> dict[int, list[Position]]:
    """Collect the soma positions of each cell, in nm.

    Parameters
    ----------
    path : str or Path
        For errors.
    table : pyarrow.Table
        With :data:`~mitosyn.tables.SOMA_COLUMNS`; positions in voxels as text.

    Raises
    ------
    InputError
        A position is not three numbers.
    """
    somas: dict[int, list[Position]] = defaultdict(list)
    ids, texts = table["pt_root_id"].to_pylist(), table["pt_position"].to_pylist()
    for row, (cell_id, text) in enumerate(zip(ids, texts, strict=True), start=1):
        try:
            voxels = parse_position(text)
        except ValueError as error:
            raise InputError(
                path,
                f"row {row}, cell {cell_id}: pt_position is {text!r}, expected '[x y z]' in voxels",
                "Correct the table.",
            ) from error
        somas[cell_id].append(_scaled(voxels, voxel_size_nm))
    return dict(somas)


def select_cells(sources: Sources) -> tuple[list[Cell], list[LeftOutCell]]:
    """Select the pyramidal cells, interneurons and astrocytes to analyse.

    Pyramidal: the ids given. Inhibitory: the cells of the neuron mitochondria that
    the cell type table calls so. Glia: the astrocytes with exactly one soma row; two
    soma rows are a merge of two cells. Where the cell type table repeats an id, its
    first row of the kind looked for counts. Every other cell of the tables is left out with
    its reason, among them those of a type that is unknown, perhaps for a blank at its end.

    Returns
    -------
    selected : list of Cell
        Pyramidal, inhibitory, glia; each in the order of its table.
    left_out : list of LeftOutCell

    Raises
    ------
    InputError
        A pyramidal id is missing from the cell type table or is of another known type.
    """
    by_type: dict[str, dict[int, dict]] = defaultdict(dict)
    rows = sources.cell_types.to_pylist()
    for row in rows:
        kind = row["cell_type"] if row["cell_subtype"] != ASTROCYTE else ASTROCYTE
        by_type[kind].setdefault(row["cell_segid"], row)
    pyramidal = by_type[PYRAMIDAL]
    _check_pyramidal(sources, pyramidal, {row["cell_segid"]: row["cell_type"] for row in rows})
    selected = [
        _cell(pyramidal[i], PYRAMIDAL, sources) for i in sources.pyramidal_ids if i in pyramidal
    ]
    left_out = _left_out(pyramidal, set(sources.pyramidal_ids), "not in the list of pyramidal ids")
    inhibitory = by_type[INHIBITORY]
    selected += [
        _cell(row, INHIBITORY, sources) for i, row in inhibitory.items() if i in sources.neuron_ids
    ]
    left_out += _left_out(inhibitory, sources.neuron_ids, "not in the table of neuron mitochondria")
    for cell_id, row in by_type[ASTROCYTE].items():
        somas = len(sources.somas.get(cell_id, []))
        if somas == 1:
            selected.append(_cell(row, GLIA, sources))
        else:
            reason = f"{somas} soma rows: a merge of cells" if somas else "no soma in the volume"
            left_out += _left_out({cell_id: row}, set(), reason)
    known = {cell.cell_id for cell in selected} | {cell.cell_id for cell in left_out}
    return selected, left_out + _others(sources, known)


def _others(sources: Sources, known: set[int]) -> list[LeftOutCell]:
    """List the cells of other types, and those of no type, that ``known`` does not have."""
    others: dict[int, dict] = {}
    for row in sources.cell_types.to_pylist():
        if row["cell_segid"] not in known:
            others.setdefault(row["cell_segid"], row)
    left_out = [
        LeftOutCell(cell_id, row["cell_type"], row["cell_subtype"], _other_type(row))
        for cell_id, row in others.items()
    ]
    reason = "in the table of neuron mitochondria, without a row in the cell type table"
    untyped = sorted(sources.neuron_ids - known - set(others))
    return left_out + [LeftOutCell(cell_id, "", "", reason) for cell_id in untyped]


def _other_type(row: dict) -> str:
    """Say why a row's cell is of none of the types that are analysed."""
    kind, subtype = row["cell_type"], row["cell_subtype"]
    if kind == GLIA:
        name, value, expected = "cell_subtype", subtype, [ASTROCYTE]
    else:
        name, value, expected = "cell_type", kind, list(CELL_TYPES)
    # Only what was mistyped: a microglia cell is not meant to be an astrocyte.
    meant = difflib.get_close_matches(value.strip().lower(), expected, 1, cutoff=0.8)
    hint = f": is {meant[0]!r} meant?" if meant else ""
    return f"{name} is {value!r}, analysed are {', '.join(expected)}{hint}"


def leave_out_without_skeleton(
    cells: Iterable[Cell], folder: str | Path
) -> tuple[list[Cell], list[LeftOutCell]]:
    """Leave out the neurons of which a folder has no skeleton or no labels.

    Parameters
    ----------
    cells : iterable of Cell
    folder : str or Path
        With ``<cell>_skeleton.h5`` and ``<cell>_skeleton_label.npy``.

    Returns
    -------
    kept : list of Cell
    left_out : list of LeftOutCell

    Raises
    ------
    InputError
        No neuron has a skeleton there: it is another folder than was meant.
    """
    there = {path.name for path in Path(folder).iterdir()}
    kept, left_out = [], []
    for cell in cells:
        files = [f"{cell.cell_id}_{ending}" for ending in SKELETON_ENDINGS]
        missing = [name for name in files if name not in there]
        if missing and cell.cell_type in NEURON_TYPES:
            reason = f"no {' and no '.join(missing)}"
            left_out.append(LeftOutCell(cell.cell_id, cell.cell_type, cell.cell_subtype, reason))
        else:
            kept.append(cell)
    if left_out and not any(cell.cell_type in NEURON_TYPES for cell in kept):
        raise InputError(
            folder,
            f"none of the {len(left_out)} neurons has both its files here: {left_out[0].reason}",
            "Check skeletons in the config, and the names of the files.",
            CONFIGURATION,
        )
    return kept, left_out


def _check_pyramidal(
    sources: Sources, pyramidal: dict[int, dict], other_types: dict[int, str]
) -> None:
    for cell_id in sources.pyramidal_ids:
        found = other_types.get(cell_id)
        if cell_id not in pyramidal and (found is None or found in CELL_TYPES):
            raise InputError(
                sources.cell_types_path,
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


def _cell(row: dict, cell_type: str, sources: Sources) -> Cell:
    somas = sources.somas.get(row["cell_segid"], [])
    centroid = (row["centroid_x"], row["centroid_y"], row["centroid_z"])
    return Cell(
        cell_id=row["cell_segid"],
        cell_type=cell_type,
        cell_subtype=row["cell_subtype"],
        centroid=_scaled(centroid, sources.voxel_size_nm),
        soma=somas[0] if len(somas) == 1 else None,
        compartments_from=COMPARTMENTS_FROM[cell_type],
        skeleton=cell_type in NEURON_TYPES,
    )


def _scaled(voxels: Position, voxel_size_nm: Position) -> Position:
    x, y, z = (round(v * size, 6) for v, size in zip(voxels, voxel_size_nm, strict=True))
    return x, y, z


def write_cells(path: str | Path, cells: Iterable[Cell]) -> None:
    """Write the analysed cells as an Arrow table with :data:`CELLS_SCHEMA`."""
    rows = [
        (
            *(c.cell_id, c.cell_type, c.cell_subtype, *c.centroid),
            *(*(c.soma or (None,) * 3), c.compartments_from, c.skeleton),
        )
        for c in cells
    ]
    named = [dict(zip(CELLS_SCHEMA.names, row, strict=True)) for row in rows]
    write_arrow(path, pa.Table.from_pylist(named, schema=CELLS_SCHEMA))


def in_table_order(cells: Iterable[Cell], cell_types: pa.Table) -> list[Cell]:
    """Sort neurons as the cell type table has them.

    Parameters
    ----------
    cells : iterable of Cell
        Pyramidal and inhibitory ones.
    cell_types : pyarrow.Table
        With ``cell_segid`` and ``cell_type``. Of an id that it repeats, the first row of the
        cell's type counts, from which :func:`select_cells` takes the cell.
    """
    rows: dict[tuple[int, str], int] = {}
    pairs = zip(
        cell_types["cell_segid"].to_pylist(), cell_types["cell_type"].to_pylist(), strict=True
    )
    for row, pair in enumerate(pairs):
        rows.setdefault(pair, row)
    return sorted(cells, key=lambda cell: rows[cell.cell_id, cell.cell_type])


def read_cells(path: str | Path) -> dict[int, Cell]:
    """Read what :func:`write_cells` wrote, by cell id."""
    columns = [column.to_pylist() for column in read_arrow(path).itercolumns()]
    cells = {}
    for cell_id, kind, subtype, x, y, z, *soma, compartments, skeleton in zip(
        *columns, strict=True
    ):
        place = None if soma[0] is None else (soma[0], soma[1], soma[2])
        cells[cell_id] = Cell(cell_id, kind, subtype, (x, y, z), place, compartments, skeleton)
    return cells


def find_cell(path: str | Path, cell_id: int, cell_types: tuple[str, ...]) -> Cell:
    """Look up an analysed cell that must be of one of some types.

    Raises
    ------
    InputError
        It is not analysed, or of another type.
    """
    cells = read_cells(path)
    problem = why_not(cells, cell_id, cell_types)
    if problem:
        raise InputError(path, problem, "Name a file of a cell that this table lists.")
    return cells[cell_id]


def why_not(cells: Mapping[int, Cell], cell_id: int, cell_types: tuple[str, ...]) -> str:
    """Say why there is no file of a cell of one of some types; empty if there can be one.

    Parameters
    ----------
    cells : mapping from cell id to Cell
        The analysed ones.
    cell_id : int
    cell_types : tuple of str
    """
    cell = cells.get(cell_id)
    if cell is not None and cell.cell_type in cell_types:
        return ""
    if cell is not None:
        return f"cell {cell_id} is {cell.cell_type}, asked for as {' or '.join(cell_types)}"
    ids = [str(other.cell_id) for other in cells.values() if other.cell_type in cell_types]
    near = ", ".join(difflib.get_close_matches(str(cell_id), ids, NEAREST, cutoff=0))
    return f"cell {cell_id} is not among the analysed cells" + (f"; nearest: {near}" * bool(near))


def write_left_out(path: str | Path, cells: Iterable[LeftOutCell]) -> None:
    """Write the cells that were left out, with the reason, as CSV."""
    names = columns_of("tables/left_out_cells.csv")
    write_csv(path, names, [[getattr(cell, name) for name in names] for cell in cells])
