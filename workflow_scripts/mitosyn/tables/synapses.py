"""The synapses of the cells whose synapses are listed, and a row for each of their ends."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import AUTAPSE, POSTSYNAPTIC, PRESYNAPTIC
from mitosyn.tables.arrow import numpy_values, read_arrow
from mitosyn.tables.reading import refuse_repeats

_INTEGERS = ("id", "pre_id", "post_id")
SYNAPSES_SCHEMA = pa.schema(
    {
        **dict.fromkeys(_INTEGERS, pa.int64()),
        **dict.fromkeys("xyz", pa.float64()),
        **{f"{end}_{axis}": pa.float64() for end in ("pre", "post") for axis in "xyz"},
        "size": pa.float64(),
    }
)
"""Positions in nm: of the synapse, and of its two sites; those and ``size`` are null where the
source has none."""
ENDS_SCHEMA = pa.schema(
    {
        **{"id": pa.int64(), "cell_id": pa.int64(), "synapse_type": pa.string()},
        **dict.fromkeys("xyz", pa.float64()),
        **{"pre_root_id": pa.int64(), "post_root_id": pa.int64()},
    }
)
"""The columns of ``synapse_filtered.csv``, positions in nm."""


def synapses_of(
    path: str | Path,
    synapses: Iterable[pa.RecordBatch],
    cell_ids: Iterable[int],
    have_ids: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Yield the synapses, with :data:`SYNAPSES_SCHEMA`, that have an end on one of some cells.

    One that is there twice, of whatever cells, is an error in the table at ``path``. Where they
    have no ids of their own, one of these cells that is like another in all else is left out,
    with a warning.
    """
    wanted = np.array(sorted(cell_ids), np.int64)
    seen = [np.empty(0, np.int64)]
    known: set[bytes] = set()
    repeats = 0
    for batch in synapses:
        # A copy: the batch's own memory holds its other columns too.
        seen.append(batch["id"].to_numpy().copy())
        rows = batch.filter(pa.array(_on(batch, "pre_id", wanted) | _on(batch, "post_id", wanted)))
        if have_ids:
            yield rows
            continue
        new = _first_of(rows, known)
        repeats += len(rows) - int(new.sum())
        yield rows.filter(pa.array(new))
    refuse_repeats(path, "synapse", np.concatenate(seen))
    if repeats:
        logging.warning(
            "%d synapses are there twice, with both ends and places: counted once", repeats
        )


def _first_of(rows: pa.RecordBatch, known: set[bytes]) -> np.ndarray:
    """Return which rows, (S,) bool, are like none that is known; these are known then."""
    names = [name for name in rows.schema.names if name != "id"]
    values = [rows[name].to_numpy(zero_copy_only=False) for name in names]
    places = np.column_stack([column.view(np.int64) for column in values])
    before = len(known)
    new = np.zeros(len(rows), bool)
    for row, place in enumerate(places):
        known.add(place.tobytes())
        new[row] = len(known) > before
        before = len(known)
    return new


def synapse_ends(synapses: pa.Table, cell_ids: Iterable[int]) -> Iterator[pa.Table]:
    """Yield the ends of synapses that lie on some cells, in the published order.

    Parameters
    ----------
    synapses : pyarrow.Table
        With :data:`SYNAPSES_SCHEMA`, each with an end on one of the cells.

    Yields
    ------
    pyarrow.Table
        With :data:`ENDS_SCHEMA`. First a row for each synapse: its ``autapse``, else its ``post``
        end if that lies on a cell, else its ``pre`` end. Then the ``pre`` ends of the synapses
        between two cells.
    """
    wanted = np.array(sorted(cell_ids), np.int64)
    batches = synapses.to_batches()
    for batch in batches:
        pre, post = batch["pre_id"].to_numpy(), batch["post_id"].to_numpy()
        on_post = _on(batch, "post_id", wanted)
        kinds = np.select([pre == post, on_post], [AUTAPSE, POSTSYNAPTIC], PRESYNAPTIC)
        yield _ends(batch, np.where(on_post, post, pre), kinds)
    for batch in batches:
        between = _on(batch, "pre_id", wanted) & _on(batch, "post_id", wanted)
        autapse = batch["pre_id"].to_numpy() == batch["post_id"].to_numpy()
        second = batch.filter(pa.array(between & ~autapse))
        yield _ends(second, second["pre_id"].to_numpy(), np.full(len(second), PRESYNAPTIC))


def _on(batch: pa.RecordBatch, end: str, cell_ids: np.ndarray) -> np.ndarray:
    return np.isin(batch[end].to_numpy(), cell_ids)


def _ends(batch: pa.RecordBatch, cell_ids: np.ndarray, kinds: np.ndarray) -> pa.Table:
    positions = [_at_site(batch, axis, kinds) for axis in "xyz"]
    columns = [batch["id"], cell_ids, kinds, *positions, batch["pre_id"], batch["post_id"]]
    return pa.table(dict(zip(ENDS_SCHEMA.names, columns, strict=True)), schema=ENDS_SCHEMA)


def _at_site(batch: pa.RecordBatch, axis: str, kinds: np.ndarray) -> np.ndarray:
    """Return a coordinate of each end: of its own site where it is known, else of the synapse."""
    middle, pre, post = (
        batch[name].to_numpy(zero_copy_only=False) for name in (axis, f"pre_{axis}", f"post_{axis}")
    )
    own = np.select([kinds == PRESYNAPTIC, kinds == POSTSYNAPTIC], [pre, post], np.nan)
    return np.where(np.isnan(own), middle, own)


def postsynaptic_sites(path: str | Path, cell_id: int) -> np.ndarray:
    """Read the postsynaptic sites of a cell, autapses too, from the table of ends.

    Returns
    -------
    (S, 3) float64 array
        In nm, in the order of the table.
    """
    ends = read_arrow(path)
    # The post end of a synapse, or the only row of an autapse.
    cells, post = (numpy_values(ends[name]) for name in ("cell_id", "post_root_id"))
    rows = np.flatnonzero((cells == cell_id) & (post == cell_id))
    return np.column_stack([numpy_values(ends[axis])[rows] for axis in "xyz"])
