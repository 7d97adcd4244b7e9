"""The state of the files of a local mesh layer: a change redoes the cells that it concerns."""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

# A file of one mesh is named by its id; a shard has meshes of any.
OF_ONE_MESH = re.compile(r"([0-9]+)(?:[:.](?!shard$).*)?")
SHARD = ".shard"
ANY_ID = -1


def fragment_states(folder: str | Path) -> dict[int, str]:
    """Return a text for each mitochondrion in the folder of a local layer's meshes, by id.

    It changes when a file of its mesh is added, removed or written. Of shards there is one
    text for all, under :data:`ANY_ID`.
    """
    states: dict[int, list[str]] = defaultdict(list)
    with os.scandir(folder) as entries:
        for entry in entries:
            of_one = OF_ONE_MESH.fullmatch(entry.name)
            if of_one or entry.name.endswith(SHARD):
                stat = entry.stat()
                mito_id = int(of_one[1]) if of_one else ANY_ID
                states[mito_id].append(f"{entry.name} {stat.st_size} {stat.st_mtime_ns}")
    return {mito_id: "\n".join(sorted(files)) for mito_id, files in states.items()}


def state_digest(states: dict[int, str], mito_ids: Iterable[int]) -> str:
    """Return 16 hexadecimal digits that stand for the states of some mitochondria."""
    text = "\n".join(f"{mito_id} {states.get(mito_id, '')}" for mito_id in mito_ids)
    text += states.get(ANY_ID, "")
    return hashlib.sha256(text.encode()).hexdigest()[:16]
