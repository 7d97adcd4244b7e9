"""What is known of each cell, and what could not be measured."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import MORPHOMETRICS, SYNAPSE_TYPES, columns_of
from mitosyn.meshes import NO_MESH
from mitosyn.skeletons import NO_PARENT
from mitosyn.support import NM3_PER_UM3, NM_PER_UM
from mitosyn.tables import ID, TEXT, Cell, read_csv_rows, read_table

BAD_MESH, PARTLY_MEASURED = "bad mesh", "partly measured"


def describe_cells(
    cells: Mapping[int, Cell],
    csvs: Iterable[str | Path],
    morphologies: Iterable[str | Path],
    synapses: str | Path,
) -> tuple[list[str], list[list]]:
    """Collect what is known of each cell.

    Parameters
    ----------
    cells : mapping from cell id to Cell
    csvs : paths of the cells' CSV files
        In the order of ``cells``.
    morphologies : paths of the neurons' SWC files
    synapses : path of the table of neuron ends of synapses

    Returns
    -------
    header : list of str
    rows : list of lists
        One for each cell; positions in nm. What does not apply to astrocytes, which have
        no skeleton and no row in the synapse table, is left empty.
    """
    skeletons = {int(Path(path).stem): _describe_swc(path) for path in morphologies}
    ends = _count_ends(synapses)
    rows = []
    for cell, path in zip(cells.values(), csvs, strict=True):
        neuron = cell.skeleton
        rows.append(
            [
                *(cell.cell_id, cell.cell_type, cell.cell_subtype),
                *cell.centroid,
                *(cell.soma or ("", "", "")),
                *_describe_mitochondria(path),
                *(ends[cell.cell_id][kind] if neuron else "" for kind in SYNAPSE_TYPES),
                *skeletons.get(cell.cell_id, ("", "", "")),
            ]
        )
    return columns_of("cells.csv"), rows


def _describe_mitochondria(path: str | Path) -> tuple[int, int, float]:
    sizes = [row["mito size"] for row in read_csv_rows(path)]
    measured = [float(size) for size in sizes if size]
    return len(sizes), len(measured), round(sum(measured) / NM3_PER_UM3, 6)


def _describe_swc(path: str | Path) -> tuple[int, int, float]:
    """Give the number of nodes and of pieces, and the summed edge length in µm."""
    swc = np.loadtxt(path, ndmin=2)
    positions, parents = swc[:, 2:5], swc[:, 6].astype(np.int64)
    child = np.flatnonzero(parents != NO_PARENT)
    steps = positions[child] - positions[parents[child]]
    length = np.sqrt((steps**2).sum(axis=1)).sum()
    return len(swc), len(swc) - len(child), round(float(length) / NM_PER_UM, 3)


def _count_ends(path: str | Path) -> defaultdict[int, Counter[str]]:
    table = read_table(path, {"cell_id": ID, "synapse_type": TEXT})
    counts = table.group_by(["cell_id", "synapse_type"]).aggregate([([], "count_all")])
    ends: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in counts.to_pylist():
        ends[row["cell_id"]][row["synapse_type"]] = row["count_all"]
    return ends


def incomplete_mitochondria(cell_id: int, morphometrics: pa.Table) -> list[list]:
    """List the mitochondria of a cell with a measure missing.

    Parameters
    ----------
    cell_id : int
    morphometrics : pyarrow.Table
        With ``mito_id``, ``problem`` and the morphometrics.

    Returns
    -------
    list of lists
        With the columns of ``incomplete_mitochondria.csv``; the missing measures separated by
        semicolons.
    """
    rows = []
    for row in morphometrics.to_pylist():
        missing = [name for name in MORPHOMETRICS if np.isnan(row[name])]
        if missing:
            problem = row["problem"]
            kind = problem if problem == NO_MESH else BAD_MESH if problem else PARTLY_MEASURED
            rows.append([cell_id, row["mito_id"], kind, problem, ";".join(missing)])
    return rows
