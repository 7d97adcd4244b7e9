"""What is known of each cell, and what could not be measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import MORPHOMETRICS, SYNAPSE_TYPES, columns_of
from mitosyn.meshes import NO_MESH, WITHOUT_MESH
from mitosyn.skeletons import NO_PARENT
from mitosyn.support import NM3_PER_UM3, NM_PER_UM
from mitosyn.tables import Cell, listed_cells

BAD_MESH, PARTLY_MEASURED = "bad mesh", "partly measured"


def describe_cells(
    cells: Mapping[int, Cell],
    mitochondria: pa.Table,
    nodes: pa.Table | None,
    ends: pa.Table | None,
    skeletons: bool = True,
) -> list[dict]:
    """Collect what is known of each cell.

    Parameters
    ----------
    mitochondria : pyarrow.Table
        ``cell_id, mito_size`` (nm³, null where not measured).
    nodes : pyarrow.Table
        ``cell_id, parent_id, x, y, z`` (nm) of all skeletons, numbered from 0 within each cell;
        None where there are none.
    ends : pyarrow.Table
        ``cell_id, synapse_type`` of the ends of synapses; None where there are none.
    skeletons : bool
        Whether the dataset has skeletons: without, synapses are listed of all cells.

    Returns
    -------
    list of dict
        A row of ``cells.csv`` for each cell. What does not apply to a cell, without a skeleton or
        without a row in the synapse table, is None.
    """
    sizes, trees = _by_cell(mitochondria), {} if nodes is None else _by_cell(nodes)
    of_ends = {} if ends is None else _count_ends(ends)
    listed = set() if ends is None else set(listed_cells(cells.values(), skeletons))
    rows = []
    for cell in cells.values():
        known = [getattr(cell, name) for name in ("cell_id", "cell_type", "cell_subtype")]
        kinds = [of_ends.get((cell.cell_id, kind), 0) for kind in SYNAPSE_TYPES]
        values = [
            *(*known, *(cell.centroid or _NOWHERE), *(cell.soma or _NOWHERE)),
            *_describe_mitochondria(sizes.get(cell.cell_id, mitochondria.slice(0, 0))),
            *(kinds if cell.cell_id in listed else [None] * len(kinds)),
            *(_describe_skeleton(trees[cell.cell_id]) if cell.skeleton else (None, None, None)),
        ]
        rows.append(dict(zip(columns_of("cells.csv"), values, strict=True)))
    return rows


_NOWHERE = (None, None, None)


def _count_ends(ends: pa.Table) -> dict[tuple[int, str], int]:
    """Count the ends of synapses by cell and type."""
    counts = ends.group_by(["cell_id", "synapse_type"]).aggregate([([], "count_all")])
    return {(row["cell_id"], row["synapse_type"]): row["count_all"] for row in counts.to_pylist()}


def _by_cell(table: pa.Table) -> dict[int, pa.Table]:
    """Cut a table in which the rows of a cell stand together."""
    ids = table["cell_id"].to_numpy()
    starts = np.flatnonzero(np.diff(ids, prepend=-1)).tolist()
    pairs = zip(starts, [*starts[1:], len(ids)], strict=True)
    return {int(ids[start]): table.slice(start, end - start) for start, end in pairs}


def _describe_mitochondria(table: pa.Table) -> tuple[int, int, float]:
    measured = [size for size in table["mito_size"].to_pylist() if size is not None]
    return len(table), len(measured), round(sum(measured) / NM3_PER_UM3, 6)


def _describe_skeleton(nodes: pa.Table) -> tuple[int, int, float]:
    """Return the number of nodes and of pieces, and the summed edge length in µm."""
    positions = np.column_stack([nodes[axis].to_numpy() for axis in "xyz"])
    parents = nodes["parent_id"].fill_null(NO_PARENT).to_numpy()
    child = np.flatnonzero(parents != NO_PARENT)
    steps = positions[child] - positions[parents[child]]
    length = np.sqrt((steps**2).sum(axis=1)).sum()
    return len(nodes), len(nodes) - len(child), round(float(length) / NM_PER_UM, 3)


def incomplete_mitochondria(cell_id: int, morphometrics: pa.Table) -> list[list]:
    """List the mitochondria of a cell with a measure missing.

    ``morphometrics`` has ``mito_id`` and ``problem`` too; the rows have the columns of
    ``incomplete_mitochondria.csv``, the missing measures separated by semicolons.
    """
    rows = []
    for row in morphometrics.to_pylist():
        missing = [name for name in MORPHOMETRICS if np.isnan(row[name])]
        if missing:
            problem = row["problem"]
            kind = BAD_MESH if problem else PARTLY_MEASURED
            kind = NO_MESH if problem in WITHOUT_MESH else kind
            rows.append([cell_id, row["mito_id"], kind, problem, ";".join(missing)])
    return rows
