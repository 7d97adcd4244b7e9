"""A look at the tables: columns, types, ids, and which cells there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from mitosyn.preflight.findings import Findings, counted, named
from mitosyn.sources import (
    READS,
    Source,
    collect_mitochondria,
    has_synapse_ids,
    sampled_synapses,
    select_cells,
    stream_synapses,
    table_problems,
)
from mitosyn.support import CONFIGURATION, InputError
from mitosyn.tables import Cell, LeftOutCell, leave_out_without_skeleton, refuse_repeats, subset_of

# Of a larger table of synapses, only the first rows are read: so many bytes.
LARGEST_TABLE, SAMPLE_BYTES = 1_000_000_000, 200_000_000
Read = TypeVar("Read")


@dataclass(frozen=True)
class Choice:
    """Which cells of the tables a run analyses, as a dataset's description has it."""

    source: Mapping
    types: Mapping[str, str]
    types_in_table: Mapping[str, str]
    only_cells: Sequence[int] = ()
    first_cells: int | None = None


def check_cells(
    found: Findings,
    paths: Mapping[str, str],
    choice: Choice,
    has_skeletons: bool,
    skeletons: str | None,
    endings: Sequence[str],
) -> list[Cell]:
    """Read which cells there are, without those whose skeleton is not in a folder ``skeletons``.

    ``paths`` are those of all tables by name. None are returned where that cannot be known.
    """
    source = Source(**choice.source)
    read = _read_all(
        found,
        source,
        "cells",
        paths,
        lambda: select_cells(source, paths, choice.types, choice.types_in_table, has_skeletons),
    )
    if read is None:
        return []
    cells, left_out = read
    _note_types(found, paths, choice, cells, left_out)
    with found.caught():
        if skeletons is not None:
            cells, without = leave_out_without_skeleton(cells, skeletons, endings)
            left_out += without
            _warn_of(found, without, "without a skeleton, left out")
        cells = subset_of(cells, left_out, choice.only_cells, choice.first_cells)
    found.facts["cells"] = dict(Counter(cell.cell_type for cell in cells))
    return cells


def _read_all(
    found: Findings,
    source: Source,
    what: str,
    paths: Mapping[str, str],
    read: Callable[[], Read],
) -> Read | None:
    """Read what is made of some tables; where that cannot be, list all that is wrong with them."""
    try:
        return read()
    except InputError as error:
        found.refuse(_problems(source, what, paths) or [error])
        return None


def _problems(source: Source, what: str, paths: Mapping[str, str]) -> list[InputError]:
    names = [name for name in READS[source.adapter][what] if name in paths]
    return [problem for name in names for problem in table_problems(source, name, paths[name])]


def _note_types(
    found: Findings,
    paths: Mapping[str, str],
    choice: Choice,
    cells: Sequence[Cell],
    left_out: Iterable[LeftOutCell],
) -> None:
    """Say which types of the tables are not analysed, and which analysed types no cell has."""
    described = choice.types_in_table or choice.types
    others = [cell for cell in left_out if cell.cell_type not in described]
    counts = dict(Counter(cell.cell_type for cell in others).most_common())
    found.facts["types_not_described"] = counts
    mistyped = {cell.cell_type: cell.reason for cell in others if cell.reason.endswith(" meant?")}
    for kind, reason in mistyped.items():
        found.warnings.append(f"{counted(counts[kind], 'cell')} left out: {reason}")
    there = {cell.cell_type for cell in cells}
    if not there:
        types = ", ".join(f"{kind!r} ({number})" for kind, number in counts.items())
        problem = f"no cell is of a described type; it has {types or 'none at all'}"
        remedy = "Name the types that are to be analysed under types in the config."
        table = next(iter(READS[choice.source["adapter"]]["cells"]))
        found.refuse([InputError(paths[table], problem, remedy, CONFIGURATION)])
    else:
        missing = [kind for kind in choice.types if kind not in there]
        found.warnings += [f"no cell of the type {kind}" for kind in missing]


def _warn_of(found: Findings, cells: Sequence[Cell | LeftOutCell], what: str) -> None:
    if cells:
        ids = named(cell.cell_id for cell in cells)
        found.warnings.append(f"{counted(len(cells), 'cell')} {what}: {ids}")


def check_mitochondria(
    found: Findings,
    paths: Mapping[str, str],
    source: Source,
    cells: Sequence[Cell],
    published_labels: Mapping[str, int],
) -> pa.Table | None:
    """Read the mitochondria of the analysed cells; None where that cannot be."""
    if not cells:
        found.refuse(_problems(source, "mitochondria", paths))
        return None
    table = _read_all(
        found,
        source,
        "mitochondria",
        paths,
        lambda: collect_mitochondria(source, paths, cells, published_labels),
    )
    if table is not None:
        owners = set(table["cell_id"].unique().to_pylist())
        empty = [cell for cell in cells if cell.cell_id not in owners]
        _warn_of(found, empty, "without mitochondria")
        found.facts["mitochondria"] = len(table)
    return table


def check_synapses(
    found: Findings, paths: Mapping[str, str], source: Source, cells: Sequence[Cell]
) -> None:
    """Read the synapses, of a very large table the first; nothing where there are none."""
    if "synapses" in paths:
        _read_all(
            found, source, "synapses", paths, lambda: _count_synapses(found, paths, source, cells)
        )


def _count_synapses(
    found: Findings, paths: Mapping[str, str], source: Source, cells: Sequence[Cell]
) -> None:
    path = paths["synapses"]
    whole = Path(path).stat().st_size <= LARGEST_TABLE
    batches = (
        stream_synapses(source, path) if whole else sampled_synapses(source, path, SAMPLE_BYTES)
    )
    wanted = np.array(sorted(cell.cell_id for cell in cells), np.int64)
    ids, on_cells = [np.empty(0, np.int64)], 0
    for batch in batches:
        ids.append(batch["id"].to_numpy().copy())
        ends = [np.isin(batch[end].to_numpy(), wanted) for end in ("pre_id", "post_id")]
        on_cells += int((ends[0] | ends[1]).sum())
    rows = np.concatenate(ids)
    if has_synapse_ids(source, path):
        refuse_repeats(path, "synapse", rows)
    read = "all" if whole else f"the first {len(rows):,} rows: the table is very large"
    found.facts["synapses"] = {"rows": len(rows), "on_analysed_cells": on_cells, "read": read}
    if cells and not on_cells:
        found.warnings.append(f"{path}: no synapse on any analysed cell among {len(rows):,} rows")
