"""Sums of branches by cell and compartment, and the ways from the soma to the tips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import COMPARTMENTS, columns_of
from mitosyn.skeletons import SOMATIC_LABEL, Skeleton
from mitosyn.support import NM_PER_UM
from mitosyn.tables import numbers

TIPS_SCHEMA = pa.schema(
    dict.fromkeys(("skeleton_node", "node_id", "label"), pa.int64()) | {"length_um": pa.float64()}
)
# What a branch without a part of the mesh lacks: the sum is that of the others.
MESH_SUMS = ("surfacearea", "volume")
SUMS = (
    *("pathlength", "synapsecount", "mitovol", "nodes", "vertices"),
    *("coveredpathlength", "uncoveredpathlength", "extracoveragelength"),
)
RATIOS = {
    "mitovoldensity": ("mitovol", "cytovol"),
    "linearmitocoverage": ("coveredpathlength", "pathlength"),
    "surfsynapsedensity": ("synapsecount", "surfacearea"),
    "linearsynapsedensity": ("synapsecount", "pathlength"),
}


def sum_compartments(
    branches: pa.Table, nucleus_um3: float | None, names: Sequence[str] = COMPARTMENTS
) -> list[dict]:
    """Sum the branches of a cell by compartment.

    ``branches`` are those of type ``full``; the volume of the nucleus is None where not known;
    ``names`` are those of the labels 0, 1, 2, ….
    The rows have the columns of ``branch_compartments.csv``, one for each compartment that the cell
    has, by label. Area and volume are the sums over the branches that have a mesh; any other sum
    with an unknown part is unknown, None. ``cytovol`` is the volume without the nucleus, which
    lies in the soma.
    """
    columns = {name: branches[name].to_pylist() for name in branches.column_names}
    rows = []
    for label in sorted(set(columns["compartment"])):
        of_label = [i for i, found in enumerate(columns["compartment"]) if found == label]
        values = {name: [column[i] for i in of_label] for name, column in columns.items()}
        row = {
            "cell_id": values["cellid"][0],
            "compartment": names[label],
            "branches": len(of_label),
            "branches_without_mesh": values["volume"].count(None),
            **{name: _sum(values[name]) for name in SUMS},
            **{name: _sum([v for v in values[name] if v is not None]) for name in MESH_SUMS},
        }
        if row["branches_without_mesh"] == len(of_label):
            row |= dict.fromkeys(MESH_SUMS)
        row["nucleusvol"] = nucleus_um3 if label == SOMATIC_LABEL else None
        row["cytovol"] = row["volume"]
        if label == SOMATIC_LABEL:
            row["cytovol"] = _difference(row["volume"], nucleus_um3)
        row |= {name: _ratio(row[above], row[below]) for name, (above, below) in RATIOS.items()}
        rows.append({name: row[name] for name in columns_of("branch_compartments.csv")})
    return rows


def _sum(values: list) -> float | None:
    return None if None in values else sum(values)


def _difference(volume: float | None, nucleus: float | None) -> float | None:
    """Take the nucleus off; None where one is unknown or the nucleus does not fit in."""
    if volume is None or nucleus is None or nucleus >= volume:
        return None
    return volume - nucleus


def _ratio(above: float | None, below: float | None) -> float | None:
    return None if above is None or not below else above / below


def tip_lengths(skeleton: Skeleton) -> pa.Table:
    """Tabulate the ways from the soma to the tips, with :data:`TIPS_SCHEMA`.

    ``length_um`` is infinite where there is no way.
    """
    tips = skeleton.tips
    ids, lengths_um = skeleton.tree.swc_ids()[tips], skeleton.soma_distances[tips] / NM_PER_UM
    columns = [tips, ids, skeleton.labels[tips], lengths_um]
    return pa.Table.from_arrays([numbers(column) for column in columns], schema=TIPS_SCHEMA)


def tip_rows(cell_id: int, tips: pa.Table, names: Sequence[str] = COMPARTMENTS) -> list[list]:
    """Return the rows of a cell with the columns of ``tip_lengths.csv``.

    ``names`` are those of the labels 0, 1, 2, ….
    """
    rows = zip(*(column.to_pylist() for column in tips.columns), strict=True)
    return [
        [cell_id, node, swc_id, names[label], length if np.isfinite(length) else ""]
        for node, swc_id, label, length in rows
    ]
