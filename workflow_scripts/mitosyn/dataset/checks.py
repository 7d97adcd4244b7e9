"""Conservation: what goes into the workflow comes out of it, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mitosyn.catalogue import AUTAPSE, POSTSYNAPTIC, PRESYNAPTIC
from mitosyn.support import CHECKS, InputError
from mitosyn.tables import ID, TEXT, Cell, read_table

SHOWN = 5
CELL_CSV = {"mito_id": ID, "cellid": ID, "compartment": TEXT}


@dataclass
class Counts:
    """What the outputs of a run hold.

    Attributes
    ----------
    cells, mitochondria, synapses : dict from type to number
    compartments : dict from cell type to a dict from compartment to number
    morphologies, associated_nodes : int
        Numbers of SWC and of JSON files.
    """

    cells: dict[str, int] = field(default_factory=dict)
    mitochondria: dict[str, int] = field(default_factory=dict)
    compartments: dict[str, dict[str, int]] = field(default_factory=dict)
    synapses: dict[str, int] = field(default_factory=dict)
    morphologies: int = 0
    associated_nodes: int = 0


def compare_mitochondria(expected: Mapping[int, set[int]], found: Mapping[int, list]) -> list[str]:
    """Return how the mitochondria in the cells' CSV files differ from the tables, both by cell."""
    differences = []
    for cell_id, ids in expected.items():
        rows = Counter(found.get(cell_id, []))
        missing = sorted(ids - set(rows))
        added = sorted(set(rows) - ids)
        twice = sorted(i for i, count in rows.items() if count > 1)
        for what, wrong in (("missing", missing), ("not in the tables", added), ("twice", twice)):
            if wrong:
                differences.append(
                    f"cell {cell_id}: {len(wrong)} mitochondria {what} ({_some(wrong)})"
                )
    return differences


def read_synapse_rows(path: str | Path) -> dict[str, np.ndarray]:
    """Return the synapse ids of the written synapse table, sorted, by type of end."""
    table = read_table(path, {"id": ID, "synapse_type": TEXT})
    return {
        kind: np.sort(table.filter(pc.equal(table["synapse_type"], kind))["id"].to_numpy())
        for kind in (POSTSYNAPTIC, PRESYNAPTIC, AUTAPSE)
    }


def compare_synapses(
    expected: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]
) -> list[str]:
    """Return how the written synapse rows differ from the published table."""
    differences = []
    for kind, ids in expected.items():
        if not np.array_equal(ids, found[kind]):
            odd = sorted((Counter(ids.tolist()) - Counter(found[kind].tolist())).elements())
            odd += sorted((Counter(found[kind].tolist()) - Counter(ids.tolist())).elements())
            differences.append(
                f"synapses: {len(found[kind])} {kind} rows, expected {len(ids)} ({_some(odd)})"
            )
    return differences


def _some(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:SHOWN])) + (", …" if len(ids) > SHOWN else "")


def compare_expectations(counts: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Return how counts differ from those that a dataset is expected to give.

    Both are nested mappings of the same keys. Only what is expected is compared; what was not
    counted is 0.
    """
    differences = []
    for key, value in expected.items():
        if isinstance(value, Mapping):
            nested = compare_expectations(counts.get(key, {}), value)
            differences += [f"{key} {difference}" for difference in nested]
        elif value is not None and counts.get(key, 0) != value:
            found = counts.get(key, 0)
            differences.append(f"{key}: {found}, expected {value} ({found - value:+d})")
    return differences


def refuse_differences(folder: str, differences: list[str]) -> None:
    """Refuse a run whose counts differ; the error lists all of the differences."""
    if differences:
        raise InputError(
            folder,
            f"{len(differences)} counts differ: " + "; ".join(differences),
            "The files stay where they are; check the inputs and the dataset's expectations.",
        )


def refuse_other_contents(folder: str, differences: list[str]) -> None:
    """Refuse a run in which files are not what they were made from; the error lists the first."""
    if differences:
        raise InputError(
            folder,
            f"{len(differences)} files are not what they were made from: "
            + "; ".join(differences[:SHOWN]),
            "Delete the file named first of each, and run again.",
            CHECKS,
        )


def count_outputs(
    cells: Iterable[Cell],
    csv_tables: Mapping[int, pa.Table],
    synapses: Mapping[str, np.ndarray],
    morphologies: int,
    associated_nodes: int,
) -> Counts:
    """Count what a run wrote: tables of the CSV files by cell, synapse ids by type of end."""
    counts = Counts(morphologies=morphologies, associated_nodes=associated_nodes)
    counts.synapses = {kind: len(ids) for kind, ids in synapses.items()}
    for cell in cells:
        kind = cell.cell_type
        table = csv_tables[cell.cell_id]
        counts.cells[kind] = counts.cells.get(kind, 0) + 1
        counts.mitochondria[kind] = counts.mitochondria.get(kind, 0) + len(table)
        by_compartment = counts.compartments.setdefault(kind, {})
        for compartment in table["compartment"].to_pylist():
            by_compartment[compartment] = by_compartment.get(compartment, 0) + 1
    return counts


def summarise(
    dataset: str,
    counts: Counts,
    incomplete: Counter[str],
    doubtful: int,
    folder: str,
    archives: Iterable[str],
) -> str:
    """Return in one line what a run gave and where it is.

    ``incomplete`` counts mitochondria with missing numbers by why, ``doubtful`` the cells whose
    positions do not quite fit their meshes or their skeleton; ``archives`` are the names of those
    in ``folder``.
    """
    cells = ", ".join(f"{number} {kind}" for kind, number in counts.cells.items())
    synapses = ", ".join(f"{number} {kind}" for kind, number in counts.synapses.items())
    missing = ", ".join(f"{number} {why}" for why, number in sorted(incomplete.items()))
    warning = f"{doubtful} cells of doubtful positions: tables/position_checks.csv; "
    rows = f"{sum(counts.synapses.values())} synapse rows ({synapses}); " if counts.synapses else ""
    return (
        f"{dataset}: {sum(counts.cells.values())} cells ({cells}); "
        f"{sum(counts.mitochondria.values())} mitochondria ({missing or 'all measured'}); "
        f"{rows}{warning if doubtful else ''}archives: {folder}/{', '.join(archives)}"
    )
