"""A cell's files in the published formats: the CSV of mitochondria, the JSON of nodes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.cells import Cell
from mitosyn.columns import CELL_CSV_COLUMNS, LENGTH_ALONG_SKELETON, MORPHOMETRICS, SOMATIC
from mitosyn.coverage import Coverage
from mitosyn.files import write_text
from mitosyn.mitochondria import positions_nm
from mitosyn.tables import write_csv

COMPARTMENT_SCHEMA = pa.schema(
    {"mito_id": pa.int64(), "compartment": pa.string(), "length_nm": pa.float64()}
)


def write_cell_csv(
    path: str | Path,
    cell: Cell,
    mitochondria: pa.Table,
    compartments: list[str],
    lengths_nm: np.ndarray,
    morphometrics: dict[str, np.ndarray],
) -> None:
    """Write a cell's mitochondria, one row each, in the order of the mitochondria table.

    Parameters
    ----------
    path : str or Path
    cell : Cell
    mitochondria : pyarrow.Table
        M rows with :data:`mitosyn.mitochondria.SCHEMA`.
    compartments : list of M str
    lengths_nm : (M,) float64 array
        Length along the skeleton.
    morphometrics : dict of (M,) float64 arrays
        As :func:`mitosyn.morphometrics.measure_bundle` gives them; NaN is left empty.
    """
    x, y, z = positions_nm(mitochondria).T.tolist()
    count = len(mitochondria)
    columns = {
        "mito_id": mitochondria["mito_id"].to_pylist(),
        "cellid": [cell.cell_id] * count,
        "compartment": compartments,
        "x": x,
        "y": y,
        "z": z,
        LENGTH_ALONG_SKELETON: _empty_for_nan(lengths_nm),
        **{name: _empty_for_nan(morphometrics[name]) for name in MORPHOMETRICS},
        "cell_type": [cell.cell_type] * count,
        "cell_subtype": [cell.cell_subtype] * count,
    }
    rows = zip(range(count), *(columns[name] for name in CELL_CSV_COLUMNS), strict=True)
    write_csv(path, ["", *CELL_CSV_COLUMNS], [list(row) for row in rows])


def _empty_for_nan(values: np.ndarray) -> list[float | str]:
    return ["" if math.isnan(value) else value for value in values.tolist()]


def write_associated_nodes(
    path: str | Path,
    mito_ids: list[int],
    compartments: list[str],
    coverage: Coverage,
    swc_ids: np.ndarray,
) -> None:
    """Write the SWC ids that each mitochondrion outside the soma covers.

    Parameters
    ----------
    path : str or Path
    mito_ids : list of M int
    compartments : list of M str
    coverage : Coverage
    swc_ids : (N,) int64 array
        SWC id of each skeleton node.
    """
    nodes: list[list[int]] = [[] for _ in mito_ids]
    pairs = zip(coverage.mitochondrion.tolist(), swc_ids[coverage.node].tolist(), strict=True)
    for mitochondrion, swc_id in pairs:
        nodes[mitochondrion].append(swc_id)
    associated = {
        str(mito_id): sorted(covered)
        for mito_id, compartment, covered in zip(mito_ids, compartments, nodes, strict=True)
        if compartment != SOMATIC
    }
    write_text(path, json.dumps(associated) + "\n")
