"""The synapses of the neurons: one row for each neuron end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import AUTAPSE, POSTSYNAPTIC, PRESYNAPTIC, SYNAPSE_CSV_COLUMNS
from mitosyn.dataset.tidy import write_csv_table
from mitosyn.tables import POSITION_VX, SYNAPSE_COLUMNS, refuse_repeats, stream_table, to_nm


def neuron_ends(
    batch: pa.RecordBatch, neuron_ids: np.ndarray, voxel_size_nm: tuple[float, float, float]
) -> tuple[pa.Table, pa.Table]:
    """Return the ends of synapses that lie on neurons.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        Synapses, with :data:`~mitosyn.tables.SYNAPSE_COLUMNS`.
    neuron_ids : (N,) int64 array
        Sorted.
    voxel_size_nm : three floats

    Returns
    -------
    first, second : pyarrow.Table
        With :data:`~mitosyn.catalogue.SYNAPSE_CSV_COLUMNS`, in the order of the synapses; x, y,
        z in nm. The first has one row for each synapse on a neuron: its ``autapse``, else its
        ``post`` end if that lies on a neuron, else its ``pre`` end. The second has the ``pre``
        ends of the synapses between two neurons.
    """
    pre, post = (batch[f"{end}_root_id"].to_numpy() for end in ("pre", "post"))
    on_post, on_pre = np.isin(post, neuron_ids), np.isin(pre, neuron_ids)
    kind = np.select([pre == post, on_post], [AUTAPSE, POSTSYNAPTIC], PRESYNAPTIC)
    columns = [
        batch["id"].to_numpy(),
        np.where(on_post, post, pre),
        kind,
        *to_nm(batch, POSITION_VX, voxel_size_nm).T,
        pre,
        post,
    ]
    ends = pa.table(columns, names=list(SYNAPSE_CSV_COLUMNS))
    both = ends.filter(on_post & on_pre & (pre != post))
    second = both.set_column(1, "cell_id", both["pre_root_id"]).set_column(
        2, "synapse_type", pa.repeat(PRESYNAPTIC, len(both))
    )
    return ends.filter(on_post | on_pre), second


def filter_synapses(
    source: str | Path,
    target: str | Path,
    neuron_ids: Iterable[int],
    voxel_size_nm: tuple[float, float, float],
) -> int:
    """Write the neuron ends of all synapses as CSV, a batch at a time, in the published order.

    Parameters
    ----------
    source, target : str or Path
        The published synapse table, and the table to write: an unnamed row number and
        the columns of :func:`neuron_ends`, its first rows before its second ones.
    neuron_ids : iterable of int
    voxel_size_nm : three floats

    Returns
    -------
    int
        The number of rows written.

    Raises
    ------
    InputError
        The source lacks a column, holds an unreadable value, or a synapse twice.
    """
    ids = np.array(sorted(neuron_ids), dtype=np.int64)
    seen: list[np.ndarray] = []
    batches = _noted(stream_table(source, SYNAPSE_COLUMNS), seen)
    pairs = (neuron_ends(batch, ids, voxel_size_nm) for batch in batches)
    rows = 0

    def numbered() -> Iterator[pa.Table]:
        nonlocal rows
        for table in _first_then_second(pairs):
            number = np.arange(rows, rows + len(table))
            rows += len(table)
            yield table.add_column(0, "", pa.array(number))
        refuse_repeats(source, "synapse", np.concatenate([np.empty(0, np.int64), *seen]))

    write_csv_table(target, ["", *SYNAPSE_CSV_COLUMNS], numbered())
    return rows


def _first_then_second(pairs: Iterable[tuple[pa.Table, pa.Table]]) -> Iterator[pa.Table]:
    """Pass on the first table of each pair, then the second ones, kept in a file till then."""
    with tempfile.TemporaryFile() as kept:
        writer = None
        for first, second in pairs:
            yield first
            writer = writer or pa.ipc.new_stream(kept, second.schema)
            writer.write_table(second)
        if writer:
            writer.close()
            kept.seek(0)
            for batch in pa.ipc.open_stream(kept):
                yield pa.Table.from_batches([batch])


def _noted(batches: Iterable[pa.RecordBatch], seen: list[np.ndarray]) -> Iterator[pa.RecordBatch]:
    """Pass batches on, noting the ids of all synapses: 8 bytes for each, whatever it is read in."""
    for batch in batches:
        # A copy: the batch's own memory holds its other columns too.
        seen.append(batch["id"].to_numpy().copy())
        yield batch
