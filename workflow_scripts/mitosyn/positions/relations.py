"""The table of where a neuron's mitochondria are: measured, and placed anew at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import MITO_BINS_NM, SITE_BINS_NM
from mitosyn.positions.counts import count_by_distance, count_columns
from mitosyn.positions.mitochondria import POSITION_FIELDS, position_columns
from mitosyn.positions.neuron import Neuron
from mitosyn.positions.placement import Placement
from mitosyn.positions.reach import reach_table
from mitosyn.positions.shuffles import movable, shuffles_of
from mitosyn.tables import numbers, texts

MEASURED, SHUFFLED = "measured", "shuffled"


def position_schema(
    site_bins_nm: Sequence[int] = SITE_BINS_NM, mito_bins_nm: Sequence[int] = MITO_BINS_NM
) -> pa.Schema:
    """Return the schema of the tables of positions, with counts by distance in some bins, in nm.

    ``shuffle`` is null where ``kind`` is ``measured``; the counts are null of a mitochondrion that
    lies on no node.
    """
    return pa.schema(
        {
            **dict.fromkeys(("cell_id", "mito_id"), pa.int64()),
            "kind": pa.string(),
            **dict.fromkeys(("shuffle", "label"), pa.int64()),
            **POSITION_FIELDS,
            **dict.fromkeys(count_columns(site_bins_nm, mito_bins_nm), pa.int64()),
        }
    )


def without_sites(table: pa.Table) -> pa.Table:
    """Empty the numbers of synaptic sites of a :func:`position_tables`: there are no synapses."""
    for place, name in enumerate(table.column_names):
        if name.startswith(("pre_sites", "post_sites")):
            field = table.field(place)
            table = table.set_column(place, field, pa.nulls(len(table), field.type))
    return table


def position_tables(
    neuron: Neuron,
    site_bins_nm: Sequence[int] = SITE_BINS_NM,
    mito_bins_nm: Sequence[int] = MITO_BINS_NM,
    shuffles: int = 0,
    seed: int = 0,
) -> tuple[pa.Table, pa.Table]:
    """Tabulate where the M mitochondria of a neuron are, then where shuffles put them.

    Returns
    -------
    positions : pyarrow.Table
        With :func:`position_schema`: M measured rows in their order, then for each shuffle a row
        for each mitochondrion that was to be placed; 0 ``nodes`` where it found no place.
    reached : pyarrow.Table
        With :data:`mitosyn.positions.reach.REACH_SCHEMA`: how far the sites are from them.
    """
    everything, bins_nm = np.ones(len(neuron.labels), bool), (site_bins_nm, mito_bins_nm)
    positions = [_table(neuron, neuron.placement, everything, 0, bins_nm)]
    reached = [reach_table(neuron, neuron.placement, MEASURED, 0)]
    for number, (placement, _) in enumerate(shuffles_of(neuron, shuffles, seed), 1):
        positions.append(_table(neuron, placement, movable(neuron), number, bins_nm))
        reached.append(reach_table(neuron, placement, SHUFFLED, number))
    return pa.concat_tables(positions), pa.concat_tables(reached)


def _table(
    neuron: Neuron,
    placement: Placement,
    wanted: np.ndarray,
    shuffle: int,
    bins_nm: tuple[Sequence[int], Sequence[int]],
) -> pa.Table:
    """Tabulate the wanted ones of M mitochondria that lie at some nodes; 0 is no shuffle."""
    count = int(wanted.sum())
    kind = SHUFFLED if shuffle else MEASURED
    found = position_columns(neuron, placement)
    there = found["nodes"][0] > 0
    counts = count_by_distance(neuron, placement, *bins_nm)
    found |= {name: (values, there) for name, values in counts.items()}
    columns = {
        "cell_id": numbers(np.full(count, neuron.cell_id, np.int64)),
        "mito_id": numbers(placement.mito_ids[wanted]),
        "kind": texts([kind] * count),
        "shuffle": numbers(np.full(count, shuffle), np.full(count, bool(shuffle))),
        "label": numbers(neuron.labels[wanted]),
        **{name: numbers(values[wanted], known[wanted]) for name, (values, known) in found.items()},
    }
    schema = position_schema(*bins_nm)
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
