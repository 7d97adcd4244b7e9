"""Paths of mesh layers, and what their ``info`` has to say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard

from mitosyn.support import CONFIGURATION, InputError

LAYER = "precomputed://"
FILE_LAYER = f"{LAYER}file://"
# Buckets are read through their HTTPS address.
WEB_LAYERS = tuple(f"{LAYER}{scheme}://" for scheme in ("https", "http", "gs", "s3"))
# Bytes in a part of a path, on most disks.
LONGEST_NAME = 255
REMEDY = (
    "Check the layer in the config: its info has to name a folder of multi-resolution Draco meshes "
    "or of legacy meshes, the latter unsharded."
)


def is_web_layer(path: str) -> bool:
    """Whether a layer is fetched over HTTP."""
    return path.startswith(WEB_LAYERS)


def at_level(path: str, lod: int) -> str:
    """Return the name of what a layer holds at a level of detail; of the finest its path."""
    return f"{path} at level of detail {lod}" if lod else path


def local_layer(path: str | None) -> Path | None:
    """Return the folder of a ``precomputed://file://`` layer, None for other layers."""
    return Path(path.removeprefix(FILE_LAYER)) if path and path.startswith(FILE_LAYER) else None


def mesh_folder(layer: Path) -> Path | None:
    """Return the folder of a local layer's meshes, None where no readable ``info`` names one."""
    try:
        return layer / named_mesh_folder(read_info(layer))
    except InputError:
        return None


def read_info(layer: Path) -> Any:
    """Read the ``info`` of a local layer.

    Raises
    ------
    InputError
        It is missing or no JSON.
    """
    path = layer / "info"
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            path, f"cannot be read ({error.strerror})", REMEDY, CONFIGURATION
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(path, f"not JSON ({error})", REMEDY, CONFIGURATION) from error


def named_mesh_folder(info: Any, layer: str | Path = "info") -> str:
    """Return the folder of its meshes that a layer's ``info``, as read from JSON, names.

    Raises
    ------
    InputError
        It names none within the layer; the error names ``layer``.
    """
    name = info.get("mesh") if isinstance(info, dict) else None
    if isinstance(name, str):
        name = name.rstrip("/")
    if not is_file_name(name):
        found = f"mesh {json.dumps(name)[:60]}" if isinstance(info, dict) else json.dumps(info)[:60]
        raise InputError(
            layer,
            f"its info has {found}, expected the name of a mesh folder",
            REMEDY,
            CONFIGURATION,
        )
    return name


def is_file_name(name: Any) -> TypeGuard[str]:
    """Whether something read from JSON is the path of a file below the folder it is read in."""
    return (
        isinstance(name, str)
        and name.isprintable()
        and all(
            part not in ("", ".", "..") and len(part.encode()) <= LONGEST_NAME
            for part in name.split("/")
        )
    )


def resolution_of(info: Any) -> list[float] | None:
    """Return the nm of a voxel along x, y and z that a layer's ``info`` has, None without any."""
    try:
        x, y, z = (float(size) for size in info["scales"][0]["resolution"])
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return [x, y, z]


def resolution_problem(info: Any, mesh_voxel_size_nm: Sequence[float]) -> str:
    """Return how a layer's resolution contradicts the voxel size of its meshes; empty if not.

    Meshes may be made of a volume that is some times coarser or finer than the voxels in
    which their nm count, so that only other ratios are contradictions. In an ``info`` without a
    resolution there is nothing to compare.
    """
    resolution = resolution_of(info)
    try:
        ratios = [a / b for a, b in zip(resolution or (), mesh_voxel_size_nm, strict=True)]
        multiples = [max(ratio, 1 / ratio) for ratio in ratios]
        fits = all(abs(multiple - round(multiple)) < 1e-3 * multiple for multiple in multiples)
    except (ValueError, ArithmeticError):
        return ""
    if fits:
        return ""
    return (
        f"resolution is {resolution} nm in the layer's info, mesh_voxel_size_nm is "
        f"{list(mesh_voxel_size_nm)}"
    )
