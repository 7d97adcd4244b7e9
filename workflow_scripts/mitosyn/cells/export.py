"""A cell's files in the published formats: the CSV of mitochondria, the JSON of nodes."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import (
    CELL_CSV,
    LENGTH_ALONG_SKELETON,
    MORPHOMETRICS,
    UNKNOWN,
    columns_of,
)
from mitosyn.skeletons import SOMATIC_LABEL, Coverage, astrocyte_compartments
from mitosyn.support import write_text
from mitosyn.tables import Cell, numbers, positions_nm, texts, write_csv

COMPARTMENT_SCHEMA = pa.schema(
    {
        "mito_id": pa.int64(),
        "label": pa.int64(),
        "compartment": pa.string(),
        "length_nm": pa.float64(),
    }
)
"""Of a cell's mitochondria: the label is null of cells without a skeleton, NaN a length that is
not known."""

# A skeleton node that a mitochondrion covers, by its number in the skeleton and in the SWC
# file, with the number of mesh vertices nearest to it.
NODES_SCHEMA = pa.schema(
    dict.fromkeys(("cell_id", "mito_id", "skeleton_node", "node_id", "vertices"), pa.int64())
)


def compartment_table(
    mito_ids: np.ndarray, labels: np.ndarray, lengths_nm: np.ndarray, names: Sequence[str]
) -> pa.Table:
    """Tabulate the compartments of a neuron's M mitochondria, and the lengths along its skeleton.

    ``names`` are those of the labels 0, 1, 2, …; the arrays are (M,).
    """
    compartments = texts([names[label] for label in labels.tolist()])
    return pa.Table.from_arrays(
        [numbers(mito_ids), numbers(labels), compartments, numbers(lengths_nm)],
        schema=COMPARTMENT_SCHEMA,
    )


def keep_published(measured: np.ndarray, published: pa.ChunkedArray) -> np.ndarray:
    """Put published values in place of measured ones, (M,), where there are any."""
    pairs = zip(published.to_pylist(), measured.tolist(), strict=True)
    return np.array([own if given is None else given for given, own in pairs], measured.dtype)


def soma_compartments(
    cell: Cell,
    mitochondria: pa.Table,
    morphometrics: pa.Table,
    limits_um: tuple[float, float],
    names: Sequence[str],
) -> pa.Table:
    """Tabulate the compartments of a cell without a skeleton; PC1 lengths stand in for lengths.

    They are published, by distance from the soma with the limits of
    :func:`~mitosyn.skeletons.astrocyte_compartments`, or unknown. ``names`` are those of the
    labels 0, 1, 2, … of published ones; ``mitochondria`` are the cell's rows of the canonical
    table, ``morphometrics`` the same ones' as :func:`~mitosyn.meshes.morphometrics_table`
    returns them.
    """
    count = len(mitochondria)
    compartments = [UNKNOWN] * count
    if cell.compartments_from == "soma_distance":
        soma = np.array(cell.soma)
        compartments = astrocyte_compartments(positions_nm(mitochondria), soma, limits_um)
    elif cell.compartments_from == "published":
        labels = mitochondria["published_compartment"].to_pylist()
        compartments = [UNKNOWN if label is None else names[label] for label in labels]
    columns = [
        mitochondria["mito_id"],
        numbers(np.zeros(count, np.int64), np.zeros(count, bool)),
        texts(compartments),
        morphometrics["PC1 Length"],
    ]
    return pa.Table.from_arrays(columns, schema=COMPARTMENT_SCHEMA)


def write_cell_csv(
    path: str | Path,
    cell: Cell,
    mitochondria: pa.Table,
    compartments: pa.Table,
    morphometrics: pa.Table,
) -> None:
    """Write a cell's mitochondria, one row each, in the order of the mitochondria table.

    Parameters
    ----------
    mitochondria : pyarrow.Table
        M rows with :data:`mitosyn.tables.mitochondria.MITOCHONDRIA_SCHEMA`.
    compartments : pyarrow.Table
        The same mitochondria, with :data:`COMPARTMENT_SCHEMA`.
    morphometrics : pyarrow.Table
        The same mitochondria, as :func:`~mitosyn.meshes.morphometrics_table` returns them; NaN
        is left empty.
    """
    x, y, z = positions_nm(mitochondria).T.tolist()
    count = len(mitochondria)
    columns = {
        "mito_id": mitochondria["mito_id"].to_pylist(),
        "cellid": [cell.cell_id] * count,
        "compartment": compartments["compartment"].to_pylist(),
        "x": x,
        "y": y,
        "z": z,
        LENGTH_ALONG_SKELETON: _empty_for_nan(compartments["length_nm"]),
        **{name: _empty_for_nan(morphometrics[name]) for name in MORPHOMETRICS},
        "cell_type": [cell.cell_type] * count,
        "cell_subtype": [cell.cell_subtype] * count,
    }
    rows = zip(range(count), *(columns[name] for name in columns_of(CELL_CSV)), strict=True)
    write_csv(path, ["", *columns_of(CELL_CSV)], [list(row) for row in rows])


def _empty_for_nan(column: pa.ChunkedArray) -> list[float | str]:
    return ["" if math.isnan(value) else value for value in column.to_pylist()]


def covered_nodes(
    cell_id: int, mito_ids: np.ndarray, coverage: Coverage, swc_ids: np.ndarray
) -> pa.Table:
    """Tabulate a coverage by the ids of M mitochondria and N skeleton nodes.

    The table has :data:`NODES_SCHEMA` and a row for each pair of the coverage.
    """
    columns = [
        np.full(len(coverage.node), cell_id, np.int64),
        mito_ids[coverage.mitochondrion],
        coverage.node,
        swc_ids[coverage.node],
        coverage.vertices,
    ]
    return pa.Table.from_arrays([numbers(column) for column in columns], schema=NODES_SCHEMA)


def write_associated_nodes(path: str | Path, compartments: pa.Table, nodes: pa.Table) -> None:
    """Write the SWC ids that each mitochondrion outside the soma covers.

    ``compartments``, with :data:`COMPARTMENT_SCHEMA`, lists the mitochondria in their order;
    ``nodes`` has :data:`NODES_SCHEMA`.
    """
    covered: dict[int, list[int]] = {
        mito_id: []
        for mito_id, label in zip(
            compartments["mito_id"].to_pylist(), compartments["label"].to_pylist(), strict=True
        )
        if label != SOMATIC_LABEL
    }
    for mito_id, swc_id in zip(
        nodes["mito_id"].to_pylist(), nodes["node_id"].to_pylist(), strict=True
    ):
        if mito_id in covered:
            covered[mito_id].append(swc_id)
    write_text(path, json.dumps({str(i): sorted(ids) for i, ids in covered.items()}) + "\n")
