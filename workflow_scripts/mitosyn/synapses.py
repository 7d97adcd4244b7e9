"""The synapses of the neurons: one row for each neuron end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from mitosyn.columns import SYNAPSE_CSV_COLUMNS, SYNAPSE_TYPES
from mitosyn.files import whole_file
from mitosyn.tables import POSITION_VX, SYNAPSE_COLUMNS, refuse_repeats, stream_table, to_nm


def neuron_ends(
    batch: pa.RecordBatch, neuron_ids: np.ndarray, voxel_size_nm: tuple[float, float, float]
) -> pa.Table:
    """Give the ends of synapses that lie on neurons.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        Synapses, with :data:`mitosyn.tables.SYNAPSE_COLUMNS`.
    neuron_ids : (N,) int64 array
        Sorted.
    voxel_size_nm : three floats

    Returns
    -------
    pyarrow.Table
        With :data:`mitosyn.columns.SYNAPSE_CSV_COLUMNS`, in the order of the synapses, the
        ``post`` end before the ``pre`` end; an autapse has one ``autapse`` row. x, y, z in nm.
    """
    pre, post = (batch[f"{end}_root_id"].to_numpy() for end in ("pre", "post"))
    autapse = pre == post
    on_post = np.isin(post, neuron_ids)
    on_pre = np.isin(pre, neuron_ids) & ~autapse
    synapse = np.concatenate([np.flatnonzero(on_post), np.flatnonzero(on_pre)])
    kind = np.concatenate([np.where(autapse[on_post], 2, 0), np.ones(on_pre.sum(), np.int64)])
    cell_id = np.concatenate([post[on_post], pre[on_pre]])
    order = np.argsort(synapse, kind="stable")
    x, y, z = to_nm(batch, POSITION_VX, voxel_size_nm)[synapse[order]].T
    columns = [
        batch["id"].to_numpy()[synapse[order]],
        cell_id[order],
        np.array(SYNAPSE_TYPES)[kind[order]],
        *(x, y, z),
        pre[synapse[order]],
        post[synapse[order]],
    ]
    return pa.table(columns, names=list(SYNAPSE_CSV_COLUMNS))


def filter_synapses(
    source: str | Path,
    target: str | Path,
    neuron_ids: Iterable[int],
    voxel_size_nm: tuple[float, float, float],
) -> int:
    """Write the neuron ends of all synapses as CSV, a batch at a time.

    Parameters
    ----------
    source, target : str or Path
        The published synapse table, and the table to write: an unnamed row number and
        the columns of :func:`neuron_ends`.
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
    numbered = _numbered(neuron_ends(batch, ids, voxel_size_nm) for batch in batches)
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    rows = 0
    with whole_file(target) as temporary, temporary.open("wb") as file:
        file.write((",".join(["", *SYNAPSE_CSV_COLUMNS]) + "\n").encode())
        for table in numbered:
            pa.csv.write_csv(table, file, options)
            rows += len(table)
        refuse_repeats(source, "synapse", np.concatenate([np.empty(0, np.int64), *seen]))
    return rows


def _noted(batches: Iterable[pa.RecordBatch], seen: list[np.ndarray]) -> Iterator[pa.RecordBatch]:
    """Pass batches on, noting the ids of all synapses: 8 bytes for each, whatever it is read in."""
    for batch in batches:
        # A copy: the batch's own memory holds its other columns too.
        seen.append(batch["id"].to_numpy().copy())
        yield batch


def _numbered(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Put an unnamed column of running row numbers first."""
    start = 0
    for table in tables:
        yield table.add_column(0, "", pa.array(np.arange(start, start + len(table))))
        start += len(table)
