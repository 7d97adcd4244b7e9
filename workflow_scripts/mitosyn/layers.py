"""Paths of mesh layers, and the state of a local one, to see which meshes changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

FILE_LAYER = "precomputed://file://"
WEB_LAYERS = ("precomputed://http://", "precomputed://https://")


def is_web_layer(path: str) -> bool:
    """Tell whether a layer is fetched over HTTP."""
    return path.startswith(WEB_LAYERS)


def local_layer(path: str | None) -> Path | None:
    """Give the folder of a ``precomputed://file://`` layer, None for other layers."""
    return Path(path.removeprefix(FILE_LAYER)) if path and path.startswith(FILE_LAYER) else None


def mesh_folder(layer: Path) -> Path | None:
    """Give the folder of a local layer's meshes, None where its ``info`` names none."""
    info = layer / "info"
    name = json.loads(info.read_text()).get("mesh") if info.exists() else None
    return layer / name if name else None


def resolution_problem(info: Any, mesh_voxel_size_nm: Sequence[float]) -> str:
    """Say how a layer's resolution contradicts the voxel size of its meshes; empty if not.

    Meshes may be made of a volume that is some times coarser or finer than the voxels in
    which their nm count, so that only other ratios are contradictions.

    Parameters
    ----------
    info : object
        What the layer's ``info`` holds; without a resolution there is nothing to compare.
    mesh_voxel_size_nm : three floats
    """
    try:
        resolution = [float(size) for size in info["scales"][0]["resolution"]]
        ratios = [a / b for a, b in zip(resolution, mesh_voxel_size_nm, strict=True)]
        multiples = [max(ratio, 1 / ratio) for ratio in ratios]
    except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError):
        return ""
    if all(abs(multiple - round(multiple)) < 1e-3 * multiple for multiple in multiples):
        return ""
    return (
        f"resolution is {resolution} nm in the layer's info, mesh_voxel_size_nm is "
        f"{list(mesh_voxel_size_nm)}"
    )


def fragment_states(folder: str | Path) -> dict[int, str]:
    """Describe the mesh files of each mitochondrion in a local legacy layer.

    Parameters
    ----------
    folder : str or Path
        Of the layer's meshes, as :func:`mesh_folder` gives it.

    Returns
    -------
    dict from mitochondrion id to a text
        That changes when a file of its mesh is added, removed or written.
    """
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
