"""What the tables of a source list, counted a second time: for the checks, by other code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import AUTAPSE, POSTSYNAPTIC, PRESYNAPTIC
from mitosyn.sources.adapters import CANONICAL, MICRONS_L23
from mitosyn.sources.canonical import stream_rows
from mitosyn.sources.microns_l23 import INHIBITORY, PYRAMIDAL
from mitosyn.tables import ID, Cell

# By adapter: the cell of a mitochondrion, and the ends of a synapse.
_OWNER = {MICRONS_L23: "cellid", CANONICAL: "cell_id"}
_ENDS = {MICRONS_L23: ("pre_root_id", "post_root_id"), CANONICAL: ("pre_id", "post_id")}
# The narrower published tables count for the cells of one type.
_ONLY = {"neuron_mitochondria": INHIBITORY, "pyramidal_mitochondria": PYRAMIDAL}


def listed_mitochondria(
    adapter: str, paths: Mapping[str, str], cells: Iterable[Cell]
) -> dict[int, set[int]]:
    """Return the mitochondria that a source's tables, by name, put into each analysed cell."""
    import pyarrow.compute as pc

    types = {cell.cell_id: cell.cell_type for cell in cells}
    listed: dict[int, set[int]] = {cell_id: set() for cell_id in types}
    owner = _OWNER[adapter]
    for name, path in paths.items():
        only = _ONLY.get(name)
        wanted = pa.array([i for i, kind in types.items() if only in (None, kind)], pa.int64())
        for batch in stream_rows(path, {"mito_id": ID, owner: ID}):
            rows = batch.filter(pc.is_in(batch[owner], wanted))
            pairs = zip(rows[owner].to_pylist(), rows["mito_id"].to_pylist(), strict=True)
            for cell_id, mito_id in pairs:
                listed[cell_id].add(mito_id)
    return listed


def listed_ends(adapter: str, path: str, cell_ids: Iterable[int]) -> dict[str, np.ndarray]:
    """Return the ids of the synapses with an end on one of some cells, by type of that end.

    Returns
    -------
    dict from type to (S,) int64 array, ascending
    """
    import pyarrow.compute as pc

    cells = pa.array(sorted(cell_ids), pa.int64())
    pre, post = _ENDS[adapter]
    ends: dict[str, list[np.ndarray]] = {POSTSYNAPTIC: [], PRESYNAPTIC: [], AUTAPSE: []}
    for batch in stream_rows(path, dict.fromkeys(("id", pre, post), ID)):
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
