"""What the tables of a source list, counted a second time: for the checks, by other code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import AUTAPSE, POSTSYNAPTIC, PRESYNAPTIC
from mitosyn.sources.adapters import CANONICAL, Source, has_synapse_ids
from mitosyn.sources.canonical import read_mitochondria, stream_synapses
from mitosyn.sources.microns_l23 import INHIBITORY, PYRAMIDAL
from mitosyn.tables import ID, Cell, stream_table

_PUBLISHED_ENDS = ("pre_root_id", "post_root_id")
# The narrower published tables count for the cells of one type.
_ONLY = {"neuron_mitochondria": INHIBITORY, "pyramidal_mitochondria": PYRAMIDAL}


def listed_mitochondria(
    source: Source, paths: Mapping[str, str], cells: Iterable[Cell]
) -> dict[int, set[int]]:
    """Return the mitochondria that a source's tables, by name, put into each analysed cell."""
    import pyarrow.compute as pc

    types = {cell.cell_id: cell.cell_type for cell in cells}
    listed: dict[int, set[int]] = {cell_id: set() for cell_id in types}
    for name, path in paths.items():
        only = _ONLY.get(name)
        wanted = pa.array([i for i, kind in types.items() if only in (None, kind)], pa.int64())
        for batch in _owners(source, path):
            rows = batch.filter(pc.is_in(batch["cell_id"], wanted))
            pairs = zip(rows["cell_id"].to_pylist(), rows["mito_id"].to_pylist(), strict=True)
            for cell_id, mito_id in pairs:
                listed[cell_id].add(mito_id)
    return listed


def _owners(source: Source, path: str) -> Iterator[pa.RecordBatch]:
    """Read the ids of mitochondria and of the cells that they are in."""
    if source.adapter == CANONICAL:
        yield from read_mitochondria(path, source.form("mitochondria")).to_batches()
    else:
        for batch in stream_table(path, {"mito_id": ID, "cellid": ID}):
            yield batch.rename_columns(["mito_id", "cell_id"])


def _synapses(source: Source, path: str) -> Iterator[pa.RecordBatch]:
    """Read the ids of synapses and of their ends, and what tells one without an id from others."""
    if source.adapter == CANONICAL:
        yield from stream_synapses(path, source.form("synapses"))
    else:
        for batch in stream_table(path, dict.fromkeys(("id", *_PUBLISHED_ENDS), ID)):
            yield batch.rename_columns(["id", "pre_id", "post_id"])


def listed_ends(source: Source, path: str, cell_ids: Iterable[int]) -> dict[str, np.ndarray]:
    """Return the ids of the synapses with an end on one of some cells, by type of that end.

    Returns
    -------
    dict from type to (S,) int64 array, ascending
    """
    import pyarrow.compute as pc

    cells = pa.array(sorted(cell_ids), pa.int64())
    pre, post = "pre_id", "post_id"
    ends: dict[str, list[np.ndarray]] = {POSTSYNAPTIC: [], PRESYNAPTIC: [], AUTAPSE: []}
    twice = _repeats(source, path, cells)
    for batch in _synapses(source, path):
        batch = batch.filter(pc.invert(pc.is_in(batch["id"], twice)))
        own = pc.equal(batch[pre], batch[post])
        on_pre, on_post = pc.is_in(batch[pre], cells), pc.is_in(batch[post], cells)
        for kind, mask in (
            (AUTAPSE, pc.and_(own, on_pre)),
            (PRESYNAPTIC, pc.and_not(on_pre, own)),
            (POSTSYNAPTIC, pc.and_not(on_post, own)),
        ):
            ends[kind].append(batch["id"].filter(mask).to_numpy())
    nothing = np.empty(0, np.int64)
    return {kind: np.sort(np.concatenate([nothing, *ids])) for kind, ids in ends.items()}


def _repeats(source: Source, path: str, cells: pa.Array) -> pa.Array:
    """Return the numbers of synapses without ids that are like an earlier one of these cells."""
    import pyarrow.compute as pc

    if has_synapse_ids(source, path):
        return pa.array([], pa.int64())
    rows = [
        batch.filter(pc.or_(pc.is_in(batch["pre_id"], cells), pc.is_in(batch["post_id"], cells)))
        for batch in _synapses(source, path)
    ]
    table = pa.Table.from_batches(rows).to_pandas()
    return pa.array(table["id"][table.drop(columns="id").duplicated()], pa.int64())
