"""Collecting the mitochondria of the analysed cells from the published tables.

Apart from :mod:`mitosyn.tables.mitochondria`, which every per-cell job imports, for the time that
importing pyarrow.compute takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mitosyn.catalogue import INHIBITORY, PYRAMIDAL
from mitosyn.support import CONFIGURATION, InputError
from mitosyn.tables import POSITION_VX, SCHEMA, Cell, to_nm


@dataclass(frozen=True)
class MitochondriaTables:
    """The three published tables of mitochondria, as read, and their paths for errors.

    Attributes
    ----------
    everything : pyarrow.Table
        With :data:`~mitosyn.tables.MITOCHONDRION_COLUMNS`; mitochondria of any cell.
    neurons : pyarrow.Table
        The same columns; cells with a soma and a skeleton.
    pyramidal : pyarrow.Table
        With :data:`~mitosyn.tables.PUBLISHED_MITOCHONDRION_COLUMNS`.
    paths : three str
    """

    everything: pa.Table
    neurons: pa.Table
    pyramidal: pa.Table
    paths: tuple[str, str, str]


def partition_mitochondria(
    tables: MitochondriaTables,
    cells: Iterable[Cell],
    voxel_size_nm: tuple[float, float, float],
    published_labels: Mapping[str, int],
) -> pa.Table:
    """Collect the mitochondria of the analysed cells, sorted by cell.

    A cell's mitochondria stand in the order of the table of all mitochondria. One
    that only the narrower table of its cell type lists follows after those.

    Parameters
    ----------
    tables : MitochondriaTables
    cells : iterable of Cell
        The analysed cells; the result follows their order.
    voxel_size_nm : three floats
    published_labels : mapping from name to label
        The compartments in the pyramidal table.

    Returns
    -------
    pyarrow.Table
        With :data:`mitosyn.tables.mitochondria.SCHEMA`. Published values where the pyramidal table
        has them.

    Raises
    ------
    InputError
        A mitochondrion is listed twice, in two cells, or in a compartment of an unknown name; or
        no cell has any.
    """
    ranks = {cell.cell_id: rank for rank, cell in enumerate(cells)}
    types = {cell.cell_id: cell.cell_type for cell in cells}
    listed = [
        _of_cells(tables.everything, list(types)),
        _of_cells(tables.neurons, [i for i, kind in types.items() if kind == INHIBITORY]),
        _of_cells(tables.pyramidal, [i for i, kind in types.items() if kind == PYRAMIDAL]),
    ]
    whole = (tables.everything, tables.neurons, tables.pyramidal)
    for rows, table, path in zip(listed, whole, tables.paths, strict=True):
        # In any cell: of a mitochondrion in two, one analysed, nobody knows whose it is.
        _refuse_repeats(table.filter(pc.is_in(table["mito_id"], rows["mito_id"])), path)
    for table, path in zip(listed[1:], tables.paths[1:], strict=True):
        _refuse_other_cell(table, path, tables.everything, tables.paths[0])
    _refuse_other_cell(listed[2], tables.paths[2], listed[1], tables.paths[1])
    if not any(map(len, listed)):
        raise InputError(
            tables.paths[0],
            f"{len(tables.everything)} rows, none of a mitochondrion of the {len(types)} analysed "
            "cells",
            "Use tables of the same version of the segmentation.",
        )
    names = ["mito_id", "mito_vx", "cellid", *POSITION_VX]
    merged = pa.concat_tables([table.select(names) for table in listed])
    _, first = np.unique(merged["mito_id"].to_numpy(), return_index=True)
    merged = merged.take(np.sort(first))
    rank = np.array([ranks[i] for i in merged["cellid"].to_pylist()], dtype=np.int64)
    merged = merged.take(np.argsort(rank, kind="stable"))
    labels = _labels(listed[2], tables.paths[2], published_labels)
    return _typed(merged, listed[2].append_column("label", labels), voxel_size_nm)


def _of_cells(table: pa.Table, cell_ids: list[int]) -> pa.Table:
    return table.filter(pc.is_in(table["cellid"], pa.array(cell_ids, pa.int64())))


def _refuse_repeats(table: pa.Table, path: str) -> None:
    ids = table["mito_id"].to_numpy()
    unique, counts = np.unique(ids, return_counts=True)
    if len(unique) < len(ids):
        twice = int(unique[counts > 1][0])
        rows = table.filter(pc.equal(table["mito_id"], twice))
        raise InputError(
            path,
            f"mitochondrion {twice} has {len(rows)} rows (cells {rows['cellid'].to_pylist()}), "
            "expected one",
            "Take the other rows out of the table.",
        )


def _refuse_other_cell(table: pa.Table, path: str, others: pa.Table, other_path: str) -> None:
    """Refuse a mitochondrion that two tables put into different cells."""
    shared = others.filter(pc.is_in(others["mito_id"], table["mito_id"]))
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
    """Give the label that each row's compartment names, null for an empty text."""
    compartments = pyramidal["compartment"].combine_chunks()
    place = pc.index_in(compartments, value_set=pa.array(published_labels, pa.string()))
    unknown = pc.and_(pc.is_null(place), pc.not_equal(compartments, ""))
    rows = pyramidal.filter(unknown)
    if len(rows):
        raise InputError(
            path,
            f"mitochondrion {rows['mito_id'][0]} has the compartment "
            f"{rows['compartment'][0].as_py()!r}, {len(rows)} rows in all have an unknown one; "
            f"expected {', '.join(published_labels)}",
            "Correct the table; published_compartments in the dataset's description says which "
            "label each name stands for.",
            CONFIGURATION,
        )
    return pa.array(published_labels.values(), pa.int64()).take(place)


def _typed(
    merged: pa.Table, pyramidal: pa.Table, voxel_size_nm: tuple[float, float, float]
) -> pa.Table:
    x, y, z = to_nm(merged, POSITION_VX, voxel_size_nm).T
    published = pc.index_in(merged["mito_id"], value_set=pyramidal["mito_id"].combine_chunks())
    return pa.table(
        [
            merged["mito_id"],
            merged["cellid"],
            merged["mito_vx"],
            x,
            y,
            z,
            pyramidal["label"].take(published),
            pyramidal["pathlength"].take(published),
        ],
        schema=SCHEMA,
    )
