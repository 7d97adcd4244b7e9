"""The state of a local mesh layer, to see which mitochondria's meshes changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path


def fragment_states(layer: str | Path) -> dict[int, str]:
    """Describe the mesh files of each mitochondrion in a local legacy layer.

    Parameters
    ----------
    layer : str or Path
        Folder of the layer, with its ``info``.

    Returns
    -------
    dict from mitochondrion id to a text
        That changes when a file of its mesh is added, removed or written.
    """
    folder = Path(layer) / json.loads((Path(layer) / "info").read_text())["mesh"]
    states: dict[int, list[str]] = defaultdict(list)
    with os.scandir(folder) as entries:
        for entry in entries:
            mito_id = entry.name.split(":", 1)[0]
            if mito_id.isdigit():
                stat = entry.stat()
                states[int(mito_id)].append(f"{entry.name} {stat.st_size} {stat.st_mtime_ns}")
    return {mito_id: "\n".join(sorted(files)) for mito_id, files in states.items()}


def state_digest(states: dict[int, str], mito_ids: Iterable[int]) -> str:
    """Digest the states of some mitochondria into 16 hexadecimal digits."""
    text = "\n".join(f"{mito_id} {states.get(mito_id, '')}" for mito_id in mito_ids)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
