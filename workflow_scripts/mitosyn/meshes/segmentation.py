"""A segmentation without meshes: meshed in blocks into a layer of legacy meshes."""

from __future__ import annotations

import itertools
import json
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mitosyn.meshes.bundle import Mesh
from mitosyn.meshes.layers import LAYER, local_layer
from mitosyn.support import CONFIGURATION, InputError, whole_folder

# Voxels along an edge of a block: some hundred MB with what is made of them.
BLOCK = 256
# Chunks that the next block needs too.
KEPT_BYTES = 1 << 28
MESH_FOLDER = "mesh"
Corner = tuple[int, int, int]


def mesh_segmentation(path: str, mito_ids: Iterable[int], layer: str | Path) -> int:
    """Mesh some labels of a segmentation into a new layer of legacy meshes; return how many.

    Meshes are closed, also at the border of the volume; vertices that two blocks share are in the
    fragments of both, exactly. A label that is not in the volume has no mesh. Chunks that are
    missing are background, as Neuroglancer shows them.

    Parameters
    ----------
    path : str
        ``precomputed://…`` path of the segmentation, whose first scale is meshed.
    mito_ids : ints
    layer : str or Path
        The folder of the new layer; it appears whole or not at all.

    Raises
    ------
    InputError
        The segmentation cannot be read, or is none.
    """
    volume = _open_segmentation(path)
    wanted = sorted(each for each in mito_ids if 0 < each <= np.iinfo(volume.dtype).max)
    resolution = np.array(volume.resolution, float)
    names: dict[int, list[str]] = defaultdict(list)
    with whole_folder(layer) as folder:
        (folder / MESH_FOLDER).mkdir()
        blocks = list(_blocks(volume.bounds.minpt, volume.bounds.maxpt))
        for number, (start, end) in enumerate(blocks, 1):
            where = "_".join(f"{a}-{b}" for a, b in zip(start, end, strict=True))
            for label, mesh in _mesh_block(_read_block(path, volume, start, end), wanted):
                name = f"{label}:0:{where}"
                vertices = ((mesh.vertices + start) * resolution).astype("<f4")
                content = np.uint32(len(vertices)).tobytes() + vertices.tobytes()
                (folder / MESH_FOLDER / name).write_bytes(content + mesh.faces.tobytes())
                names[label].append(name)
            logging.info("block %d of %d: %d labels so far", number, len(blocks), len(names))
        for label, fragments in names.items():
            manifest = folder / MESH_FOLDER / f"{label}:0"
            manifest.write_text(json.dumps({"fragments": fragments}), encoding="utf-8")
        _write_infos(folder, volume.info)
    return len(names)


def _open_segmentation(path: str) -> Any:
    """Open the first scale of a segmentation by CloudVolume."""
    from cloudfiles.paths import to_https_protocol
    from cloudvolume import CloudVolume

    local = local_layer(path)
    root = f"file://{local.resolve()}" if local else to_https_protocol(path.removeprefix(LAYER))
    try:
        volume = CloudVolume(
            LAYER + root, fill_missing=True, progress=False, lru_bytes=KEPT_BYTES, mip=0
        )
        kind = f"{volume.num_channels} channels of {np.dtype(volume.dtype)}"
    except Exception as error:
        raise _unreadable(path, error) from error
    if volume.num_channels != 1 or np.dtype(volume.dtype).kind != "u":
        raise _unreadable(path, f"{kind}, expected one of unsigned integers")
    return volume


def _unreadable(path: str, problem: Exception | str) -> InputError:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(problem)).strip()
    lines = plain.splitlines() or [type(problem).__name__]
    return InputError(
        path,
        f"not a segmentation that can be read ({lines[0][:200]})",
        "Check mitochondria_segmentation in the config.",
        CONFIGURATION,
    )


def _blocks(first: Iterable[int], last: Iterable[int]) -> Iterator[tuple[Corner, Corner]]:
    """Yield the first voxel of each block and the one that it shares with the next.

    A surface runs between voxels. The first block begins, and the last one ends, a voxel outside
    of the volume.
    """
    axes = [
        itertools.pairwise([int(a) - 1, *range(int(a) + BLOCK, int(b), BLOCK), int(b)])
        for a, b in zip(first, last, strict=True)
    ]
    for ranges in itertools.product(*axes):
        start, end = zip(*ranges, strict=True)
        yield start, end


def _read_block(path: str, volume: Any, start: Corner, end: Corner) -> np.ndarray:
    """Return the labels from ``start`` to ``end``, both included; 0 outside of the volume."""
    labels = np.zeros([b - a + 1 for a, b in zip(start, end, strict=True)], volume.dtype, order="F")
    low = np.maximum(start, volume.bounds.minpt)
    high = np.minimum(np.array(end) + 1, volume.bounds.maxpt)
    inside = tuple(slice(a, b) for a, b in zip(low - start, high - start, strict=True))
    try:
        read = volume[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))]
    except Exception as error:
        raise _unreadable(path, error) from error
    labels[inside] = read[..., 0]
    return labels


def _mesh_block(labels: np.ndarray, wanted: list[int]) -> Iterator[tuple[int, Mesh]]:
    """Yield the surfaces of labels between the voxels of a block, in voxels from its first one."""
    import fastremap
    import zmesh

    labels = fastremap.mask_except(labels, wanted, in_place=True)
    if not labels.any():
        return
    # In voxels, where all positions are exact.
    mesher = zmesh.Mesher((1, 1, 1))
    mesher.mesh(labels, close=False)
    for label in sorted(map(int, mesher.ids())):
        mesh = mesher.get(label, reduction_factor=0, voxel_centered=True)
        mesher.erase(label)
        if len(mesh.faces):
            yield label, Mesh(mesh.vertices.astype(float), mesh.faces.astype("<u4"))


def _write_infos(folder: Path, info: dict[str, Any]) -> None:
    """Describe the layer by the resolution and the place of the volume that it is made of."""
    infos = {
        "info": info | {"mesh": MESH_FOLDER, "scales": info["scales"][:1]},
        f"{MESH_FOLDER}/info": {"@type": "neuroglancer_legacy_mesh"},
    }
    for name, content in infos.items():
        (folder / name).write_text(json.dumps(content, indent=1), encoding="utf-8")
