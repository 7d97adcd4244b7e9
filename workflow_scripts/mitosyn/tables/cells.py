"""Which cells are analysed, and why the others are not."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mitosyn.catalogue import columns_of
from mitosyn.support import CONFIGURATION, InputError
from mitosyn.tables.arrow import read_arrow, write_arrow
from mitosyn.tables.reading import write_csv

# How many ids are named beside one that is not analysed.
NEAREST = 3
Position = tuple[float, float, float]
CELLS_SCHEMA = pa.schema(
    {
        **{"cell_id": pa.int64(), "cell_type": pa.string(), "cell_subtype": pa.string()},
        **{f"{point}_{axis}": pa.float64() for point in ("centroid", "soma") for axis in "xyz"},
        **{"compartments_from": pa.string(), "skeleton": pa.bool_(), "table_row": pa.int64()},
    }
)
LEFT_OUT_SCHEMA = pa.schema(
    {"cell_id": pa.int64(), **dict.fromkeys(("cell_type", "cell_subtype", "reason"), pa.string())}
)


@dataclass(frozen=True)
class Cell:
    """An analysed cell.

    Attributes
    ----------
    cell_type : str
        One of the types in the dataset's description.
    centroid : (x, y, z) or None
        Of its nucleus or soma, in nm; None where it is not known.
    soma : (x, y, z) or None
        Of its soma, in nm; None where it is not known, or there are several.
    compartments_from : {"published", "skeleton", "soma_distance", "none"}
        Where the compartments of its mitochondria come from.
    table_row : int
        Its row, from 0, in the source's table of cells.
    """

    cell_id: int
    cell_type: str
    cell_subtype: str
    centroid: Position | None
    soma: Position | None
    compartments_from: str
    skeleton: bool
    table_row: int = 0


@dataclass(frozen=True)
class LeftOutCell:
    """A cell that one could expect among the analysed ones, and why it is not."""

    cell_id: int
    cell_type: str
    cell_subtype: str
    reason: str


def other_than(name: str, value: str, expected: Iterable[str]) -> str:
    """Return why a cell is not analysed that has another value than those expected."""
    names = list(expected)
    # Only what was mistyped: a microglia cell is not meant to be an astrocyte.
    meant = difflib.get_close_matches(value.strip().lower(), names, 1, cutoff=0.8)
    hint = f": is {meant[0]!r} meant?" if meant else ""
    return f"{name} is {value!r}, analysed are {', '.join(names)}{hint}"


def leave_out_without_skeleton(
    cells: Iterable[Cell], folder: str | Path, endings: Sequence[str], layer: str | None = None
) -> tuple[list[Cell], list[LeftOutCell]]:
    """Leave out the neurons of which a folder does not have all files of a skeleton.

    Their names are the cell's id and one of the ``endings``; ``layer`` is where they came from, if
    from one. Returned are the cells that are kept and those that are left out.

    Raises
    ------
    InputError
        No neuron has a skeleton there: it is another folder than was meant.
    """
    there = {path.name for path in Path(folder).iterdir()}
    kept, left_out = [], []
    for cell in cells:
        files = [f"{cell.cell_id}{ending}" for ending in endings]
        missing = [name for name in files if name not in there]
        if missing and cell.skeleton:
            reason = f"no skeleton in {layer}" if layer else f"no {' and no '.join(missing)}"
            left_out.append(LeftOutCell(cell.cell_id, cell.cell_type, cell.cell_subtype, reason))
        else:
            kept.append(cell)
    if left_out and not any(cell.skeleton for cell in kept):
        raise InputError(
            layer or folder,
            f"none of the {len(left_out)} neurons has its skeleton here: "
            f"{left_out[0].cell_id} has {left_out[0].reason}",
            "Check skeletons in the config, and that their names are the ids of the cells.",
            CONFIGURATION,
        )
    return kept, left_out


def subset_of(
    cells: Sequence[Cell],
    left_out: Iterable[LeftOutCell],
    only_cells: Collection[int],
    first_cells: int | None,
) -> list[Cell]:
    """Return some of the analysed cells, or all: those of some ids, or the first of each type.

    Raises
    ------
    InputError
        One of the ids is not that of an analysed cell.
    """
    reasons = {cell.cell_id: cell.reason for cell in left_out}
    analysed = {cell.cell_id: cell for cell in cells}
    for cell_id in only_cells:
        if cell_id not in analysed:
            reason = reasons.get(cell_id) or why_not(
                analysed, cell_id, {c.cell_type for c in cells}
            )
            problem = f"cell {cell_id} cannot be analysed: {reason}"
            raise InputError("only_cells", problem, "Name cells that are analysed.", CONFIGURATION)
    if only_cells:
        return [cell for cell in cells if cell.cell_id in set(only_cells)]
    count = Counter[str]()
    chosen = []
    for cell in cells:
        count[cell.cell_type] += 1
        if first_cells is None or count[cell.cell_type] <= first_cells:
            chosen.append(cell)
    return chosen


def listed_cells(cells: Iterable[Cell], skeletons: bool) -> list[int]:
    """Return the cells whose synapses are listed.

    They are those with a skeleton or, in a dataset without ``skeletons``, all.
    """
    return [cell.cell_id for cell in cells if cell.skeleton or not skeletons]


def write_cells(path: str | Path, cells: Iterable[Cell]) -> None:
    """Write the analysed cells as an Arrow table with :data:`CELLS_SCHEMA`."""
    rows = [
        (
            *(c.cell_id, c.cell_type, c.cell_subtype, *(c.centroid or (None,) * 3)),
            *(*(c.soma or (None,) * 3), c.compartments_from, c.skeleton, c.table_row),
        )
        for c in cells
    ]
    named = [dict(zip(CELLS_SCHEMA.names, row, strict=True)) for row in rows]
    write_arrow(path, pa.Table.from_pylist(named, schema=CELLS_SCHEMA))


def read_cells(path: str | Path) -> dict[int, Cell]:
    """Read what :func:`write_cells` wrote, by cell id."""
    columns = [column.to_pylist() for column in read_arrow(path).itercolumns()]
    cells = {}
    for cell_id, kind, subtype, *places, compartments, skeleton, row in zip(*columns, strict=True):
        centroid, soma = _place(*places[:3]), _place(*places[3:])
        cells[cell_id] = Cell(cell_id, kind, subtype, centroid, soma, compartments, skeleton, row)
    return cells


def _place(x: float | None, y: float | None, z: float | None) -> Position | None:
    return None if x is None or y is None or z is None else (x, y, z)


def find_cell(path: str | Path, cell_id: int, cell_types: Collection[str] = ()) -> Cell:
    """Look up an analysed cell, of one of some types if they are given; refuse any other."""
    cells = read_cells(path)
    problem = why_not(cells, cell_id, cell_types or {cell.cell_type for cell in cells.values()})
    if problem:
        raise InputError(path, problem, "Name a file of a cell that this table lists.")
    return cells[cell_id]


def why_not(cells: Mapping[int, Cell], cell_id: int, cell_types: Collection[str]) -> str:
    """Return why there is no file of a cell of one of some types; empty if there can be one."""
    cell = cells.get(cell_id)
    if cell is not None and cell.cell_type in cell_types:
        return ""
    if cell is not None:
        return f"cell {cell_id} is {cell.cell_type}, asked for as {' or '.join(cell_types)}"
    ids = [str(other.cell_id) for other in cells.values() if other.cell_type in cell_types]
    near = ", ".join(difflib.get_close_matches(str(cell_id), ids, NEAREST, cutoff=0))
    return f"cell {cell_id} is not among the analysed cells" + (f"; nearest: {near}" * bool(near))


def write_left_out(path: str | Path, csv: str | Path, cells: Iterable[LeftOutCell]) -> None:
    """Write the cells that were left out, with the reason, as a typed table and as CSV."""
    rows = [vars(cell) for cell in cells]
    write_arrow(path, pa.Table.from_pylist(rows, LEFT_OUT_SCHEMA))
    names = columns_of("tables/left_out_cells.csv")
    write_csv(csv, names, [[row[name] for name in names] for row in rows])
