"""What the branches of a cell are measured with, out of tables of all cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.branches.problems import SKELETON
from mitosyn.catalogue import AUTAPSE, POSTSYNAPTIC
from mitosyn.skeletons import Coverage
from mitosyn.tables import ID, NUMBER, TEXT, numbers, numpy_values, read_arrow, read_table

SITES_SCHEMA = pa.schema(
    {"cell_id": pa.int64(), "x_nm": pa.float64(), "y_nm": pa.float64(), "z_nm": pa.float64()}
)


def postsynaptic_sites(synapses: str | Path) -> pa.Table:
    """Collect the postsynaptic sites of the neurons by cell.

    Parameters
    ----------
    synapses : str or Path
        The table of neuron ends of synapses. An autapse has its postsynaptic site on the
        neuron too.

    Returns
    -------
    pyarrow.Table
        With :data:`SITES_SCHEMA`; the cells by id, the sites of each in the table's order.
    """
    columns = {"cell_id": ID, "synapse_type": TEXT, **dict.fromkeys("xyz", NUMBER)}
    table = read_table(synapses, columns)
    kinds = np.array(table["synapse_type"].to_pylist(), dtype=np.str_)
    rows = np.flatnonzero(np.isin(kinds, (POSTSYNAPTIC, AUTAPSE)))
    order = rows[np.argsort(table["cell_id"].to_numpy()[rows], kind="stable")]
    values = [table[name].to_numpy()[order] for name in ("cell_id", *"xyz")]
    return pa.Table.from_arrays([numbers(column) for column in values], schema=SITES_SCHEMA)


def rows_of_cell(path: str | Path, cell_id: int) -> pa.Table:
    """Read the rows of one cell, which stand together, from a table of all cells."""
    table = read_arrow(path)
    rows = np.flatnonzero(numpy_values(table["cell_id"]) == cell_id)
    return table.slice(rows[0] if len(rows) else 0, len(rows))


def sites_of_cell(path: str | Path, cell_id: int) -> np.ndarray:
    """Read the postsynaptic sites of a cell, (S, 3) float64 in nm."""
    sites = rows_of_cell(path, cell_id)
    return np.column_stack([numpy_values(sites[f"{axis}_nm"]) for axis in "xyz"])


def coverage_of_cell(nodes: pa.Table, mito_ids: np.ndarray) -> Coverage:
    """Give a coverage by the rows of mitochondria instead of by their ids.

    Parameters
    ----------
    nodes : pyarrow.Table
        P rows with :data:`mitosyn.cells.export.NODES_SCHEMA`.
    mito_ids : (M,) int64 array
        All mitochondria of the cell.
    """
    order = np.argsort(mito_ids, kind="stable")
    found = numpy_values(nodes["mito_id"])
    return Coverage(
        mitochondrion=order[np.searchsorted(mito_ids, found, sorter=order)],
        node=numpy_values(nodes["skeleton_node"]),
        vertices=numpy_values(nodes["vertices"]),
    )


def missing_inputs(
    mito_ids: np.ndarray, coverage: Coverage, volumes_um3: np.ndarray, soma_distances: np.ndarray
) -> list[tuple[str, str]]:
    """Say what measures of branches will miss.

    Parameters
    ----------
    mito_ids : (M,) int64 array
        All mitochondria of the cell.
    coverage : Coverage
    volumes_um3 : (M,) float64 array
        See :func:`mitosyn.branches.overlaps.overlap_volumes`.
    soma_distances : (N,) float64 array
        Of the skeleton's nodes, infinite where no way leads to the soma.

    Returns
    -------
    list of (subject, problem)
    """
    problems = []
    apart = int(np.isinf(soma_distances).sum())
    if apart == len(soma_distances):
        problems.append((SKELETON, "no somatic node"))
    elif apart:
        problems.append((SKELETON, f"{apart} of {len(soma_distances)} nodes apart from the soma"))
    covers = np.zeros(len(mito_ids), bool)
    covers[coverage.mitochondrion] = True
    for kind, wanting in (
        ("no overlap with the cell in the table of overlaps", np.isnan(volumes_um3)),
        ("covers no skeleton node: its volume is in no branch", ~covers),
    ):
        problems += [(f"mitochondrion {i}", kind) for i in mito_ids[wanting].tolist()]
    return problems
