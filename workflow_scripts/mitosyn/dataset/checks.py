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

from mitosyn.catalogue import AUTAPSE, INHIBITORY, POSTSYNAPTIC, PRESYNAPTIC, PYRAMIDAL
from mitosyn.tables import ID, TEXT, Cell, read_table, stream_table

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


def mitochondria_by_cell(
    cells: Iterable[Cell], everything: pa.Table, neurons: pa.Table, pyramidal: pa.Table
) -> dict[int, set[int]]:
    """Give the mitochondria that the published tables put into each analysed cell.

    Parameters
    ----------
    cells : iterable of Cell
    everything, neurons, pyramidal : pyarrow.Table
        With columns ``mito_id`` and ``cellid``; the latter two count for inhibitory and
        for pyramidal cells.
    """
    types = {cell.cell_id: cell.cell_type for cell in cells}
    expected: dict[int, set[int]] = {cell_id: set() for cell_id in types}
    for table, kinds in (
        (everything, set(types.values())),
        (neurons, {INHIBITORY}),
        (pyramidal, {PYRAMIDAL}),
    ):
        wanted = pa.array([i for i, kind in types.items() if kind in kinds], pa.int64())
        rows = table.filter(pc.is_in(table["cellid"], wanted))
        for cell_id, mito_id in zip(
            rows["cellid"].to_pylist(), rows["mito_id"].to_pylist(), strict=True
        ):
            expected[cell_id].add(mito_id)
    return expected


def compare_mitochondria(expected: Mapping[int, set[int]], found: Mapping[int, list]) -> list[str]:
    """Tell how the mitochondria in the cells' CSV files differ from the tables.

    Parameters
    ----------
    expected, found : mapping from cell id to mitochondrion ids
    """
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


def synapse_ends(path: str | Path, neuron_ids: Iterable[int]) -> dict[str, np.ndarray]:
    """Give the synapse ids with an end on a neuron, sorted, by the type of that end."""
    neurons = pa.array(sorted(neuron_ids), pa.int64())
    ends: dict[str, list[np.ndarray]] = {POSTSYNAPTIC: [], PRESYNAPTIC: [], AUTAPSE: []}
    for batch in stream_table(path, dict.fromkeys(("id", "pre_root_id", "post_root_id"), ID)):
        own = pc.equal(batch["pre_root_id"], batch["post_root_id"])
        on_pre = pc.is_in(batch["pre_root_id"], neurons)
        on_post = pc.is_in(batch["post_root_id"], neurons)
        for kind, mask in (
            (AUTAPSE, pc.and_(own, on_pre)),
            (PRESYNAPTIC, pc.and_not(on_pre, own)),
            (POSTSYNAPTIC, pc.and_not(on_post, own)),
        ):
            ends[kind].append(batch["id"].filter(mask).to_numpy())
    return {
        kind: np.sort(np.concatenate([np.empty(0, np.int64), *ids])) for kind, ids in ends.items()
    }


def read_synapse_rows(path: str | Path) -> dict[str, np.ndarray]:
    """Give the synapse ids of the written synapse table, sorted, by type of end."""
    table = read_table(path, {"id": ID, "synapse_type": TEXT})
    return {
        kind: np.sort(table.filter(pc.equal(table["synapse_type"], kind))["id"].to_numpy())
        for kind in (POSTSYNAPTIC, PRESYNAPTIC, AUTAPSE)
    }


def compare_synapses(
    expected: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]
) -> list[str]:
    """Tell how the written synapse rows differ from the published table."""
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
    """Tell how counts differ from those that a dataset is expected to give.

    Parameters
    ----------
    counts, expected : nested mappings of the same keys, with integers
        Only what is expected is compared; what was not counted is 0.
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


def count_outputs(
    cells: Iterable[Cell],
    csv_tables: Mapping[int, pa.Table],
    synapses: Mapping[str, np.ndarray],
    morphologies: int,
    associated_nodes: int,
) -> Counts:
    """Count what a run wrote.

    Parameters
    ----------
    cells : iterable of Cell
    csv_tables : mapping from cell id to the table of its CSV
    synapses : mapping from type of end to synapse ids
    morphologies, associated_nodes : int
    """
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
    dataset: str, counts: Counts, incomplete: Counter[str], doubtful: int, folder: str
) -> str:
    """Say in one line what a run gave and where it is.

    Parameters
    ----------
    dataset : str
    counts : Counts
    incomplete : Counter
        Mitochondria with missing numbers, by why.
    doubtful : int
        Cells whose positions do not quite fit their meshes or their skeleton.
    folder : str
        The results folder.
    """
    cells = ", ".join(f"{number} {kind}" for kind, number in counts.cells.items())
    synapses = ", ".join(f"{number} {kind}" for kind, number in counts.synapses.items())
    missing = ", ".join(f"{number} {why}" for why, number in sorted(incomplete.items()))
    warning = f"{doubtful} cells of doubtful positions: tables/position_checks.csv; "
    return (
        f"{dataset}: {sum(counts.cells.values())} cells ({cells}); "
        f"{sum(counts.mitochondria.values())} mitochondria ({missing or 'all measured'}); "
        f"{sum(counts.synapses.values())} synapse rows ({synapses}); "
        f"{warning if doubtful else ''}"
        f"archives: {folder}/microns.tar.gz, morphologies.tar.gz, nodes.tar.gz"
    )
