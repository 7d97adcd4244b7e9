"""What the branches of a cell are measured with, out of tables of all cells."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from mitosyn.branches.problems import SKELETON
from mitosyn.skeletons import Coverage
from mitosyn.tables import numpy_values


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
