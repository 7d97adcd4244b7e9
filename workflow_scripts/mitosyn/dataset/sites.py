"""The ends of synapses together with where they are on the skeletons of neurons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from mitosyn.dataset.tidy import arrow_schema
from mitosyn.tables import numpy_values

KEYS = ("id", "cell_id")


def located_ends(ends: pa.Table, sites: Sequence[pa.Table]) -> Iterator[pa.Table]:
    """Yield the ends of synapses, in their order and in parts, with the columns of the sites.

    Parameters
    ----------
    ends : pyarrow.Table
        With :data:`mitosyn.tables.synapses.ENDS_SCHEMA`.
    sites : list of pyarrow.Table
        With :data:`mitosyn.positions.SITE_SCHEMA`, one for each neuron, that have the ends on it in
        their order; of a dataset without skeletons none, and the columns are null.

    Raises
    ------
    ValueError
        They are not the sites of these ends.
    """
    if not sites:
        yield _nowhere(ends)
        return
    located = pa.concat_tables(sites)
    # The places of the sites among the ends, by neuron; those of a neuron are in order.
    firsts = [numpy_values(table["cell_id"])[:1] for table in sites]
    ranks = {int(first[0]): rank for rank, first in enumerate(firsts) if len(first)}
    ids, owner = np.unique(numpy_values(ends["cell_id"]), return_inverse=True)
    rank = np.array([ranks.get(i, -1) for i in ids.tolist()], np.int64)[owner]
    places = np.empty(len(ends), np.int64)
    places[np.argsort(rank, kind="stable")] = np.arange(len(ends))
    if len(located) != len(ends):
        raise ValueError(f"{len(located)} sites of neurons, {len(ends)} ends of synapses")
    start = 0
    for batch in ends.to_batches():
        own = located.take(places[start : start + len(batch)])
        start += len(batch)
        part = pa.Table.from_batches([batch])
        if not part.select(KEYS).equals(own.select(KEYS)):
            raise ValueError("the sites of neurons are not those of the ends of synapses")
        for name in own.column_names:
            if name not in KEYS:
                part = part.append_column(name, own[name])
        yield part


def _nowhere(ends: pa.Table) -> pa.Table:
    """Return ends with nulls for where they are on skeletons."""
    for field in arrow_schema("synapses.parquet", ""):
        if field.name not in ends.column_names:
            ends = ends.append_column(field.name, pa.nulls(len(ends), field.type))
    return ends
