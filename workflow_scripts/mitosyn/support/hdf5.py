"""Vertices and what joins them, out of HDF5 files that others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mitosyn.support.errors import InputError
from mitosyn.support.units import FARTHEST_NM

if TYPE_CHECKING:
    import h5py

# Deflate makes nothing smaller than by a factor of 1032. A header may claim any size.
_LARGEST_RATIO = 1032


class _UnfitError(ValueError):
    """What a file holds is not what it should."""


@contextmanager
def open_h5(path: str | Path, what: str) -> Iterator[h5py.File]:
    """Open an HDF5 file; ``what`` it is, is for errors: "skeleton file".

    Raises
    ------
    InputError
        The file is missing, unreadable, or, anywhere in the block, not as the functions below
        expect.
    """
    # Only here: jobs that read no such file start without it.
    import h5py

    try:
        with h5py.File(path) as file:
            yield file
    except FileNotFoundError as error:
        raise InputError(
            path, f"no such {what}", "Add the file or remove the cell from the tables."
        ) from error
    except _UnfitError as error:
        raise InputError(path, str(error), f"Replace the {what}.") from error
    # The library answers damage with errors of many types.
    except Exception as error:
        problem = f"not a readable {what} ({str(error).partition(chr(10))[0]})"
        raise InputError(path, problem, f"Replace the {what}.") from error


def read_positions(file: h5py.File, name: str = "vertices") -> np.ndarray:
    """Read positions in nm, (N, 3) float64; not empty, and each within a metre of the origin."""
    dataset = _dataset(file, name, "fiu", "numbers")
    if dataset.ndim != 2 or dataset.shape[1] != 3 or len(dataset) == 0:
        raise _UnfitError(f"{name} have shape {dataset.shape}, expected (N, 3)")
    positions = dataset[()].astype(np.float64)
    near = (np.abs(positions) < FARTHEST_NM).all(axis=1)
    if not near.all():
        first = int(np.argmin(near))
        raise _UnfitError(f"vertex {first} is at {positions[first].tolist()}, expected nm")
    return positions


def read_vertex_numbers(
    file: h5py.File, name: str, width: int, count: int, flat: bool = False
) -> np.ndarray:
    """Read the vertices of edges or triangles, (K, ``width``) int64, each of ``count`` vertices.

    ``name`` is a plural; ``flat`` ones may also stand end to end.
    """
    dataset = _dataset(file, name, "iu", "integers")
    if dataset.size == 0:
        return np.empty((0, width), np.int64)
    fits = dataset.ndim == 2 and dataset.shape[1] == width
    if not fits and not (flat and dataset.ndim == 1 and dataset.size % width == 0):
        raise _UnfitError(f"{name} have shape {dataset.shape}, expected (N, {width})")
    numbers = dataset[()].reshape(-1, width)
    inside = ((numbers >= 0) & (numbers < count)).all(axis=1)
    if not inside.all():
        first = int(np.argmin(inside))
        raise _UnfitError(
            f"row {first} of {name} is {numbers[first].tolist()}, there are {count} vertices"
        )
    return numbers.astype(np.int64)


def read_vertex_number(file: h5py.File, name: str, count: int) -> int | None:
    """Read which of ``count`` vertices is meant, None where the file does not say."""
    if name not in file:
        return None
    dataset = _dataset(file, name, "iu", "an integer")
    if dataset.shape != ():
        raise _UnfitError(f"{name} has shape {dataset.shape}, expected one number")
    number = int(dataset[()])
    if not 0 <= number < count:
        raise _UnfitError(f"{name} is {number}, expected one of the {count} vertices")
    return number


def read_text_or_numbers(file: h5py.File, name: str) -> bytes | np.ndarray:
    """Read a dataset that holds one text or an array of numbers."""
    dataset = _dataset(file, name, "fiuSO", "numbers or one text")
    if dataset.dtype.kind in "SO" and dataset.shape != ():
        raise _UnfitError(f"{name} has shape {dataset.shape}, expected one text")
    if dataset.dtype.kind == "O":
        _check_heap(file, dataset)
    return dataset[()]


def _check_heap(file: h5py.File, dataset: h5py.Dataset) -> None:
    """Refuse a text of variable length whose heap is damaged: HDF5 may run for ever in it.

    The dataset holds where the heap is, the heap its objects end to end, each with its number and
    size; number 0 is what is left (HDF5 File Format Specification, "Global Heap").
    """
    place = dataset.id.get_offset()
    if place is None or file.id.get_create_plist().get_sizes() != (8, 8):
        raise _UnfitError(f"{dataset.name} is stored in an unusual way")
    content = memoryview(Path(file.filename).read_bytes())
    start = int.from_bytes(content[place + 4 : place + 12], "little")
    heap = content[start : start + int.from_bytes(content[start + 8 : start + 16], "little")]
    at = 16
    while at + 16 <= len(heap):
        size = int.from_bytes(heap[at + 8 : at + 16], "little")
        is_left = heap[at : at + 2] == b"\0\0"
        at += (size or len(heap)) if is_left else 16 + -(-size // 8) * 8
    if heap[:4] != b"GCOL" or at > len(heap):
        raise _UnfitError(f"{dataset.name} is damaged")


def _dataset(file: h5py.File, name: str, kinds: str, expected: str) -> h5py.Dataset:
    """Find a dataset of certain kinds of numbers that the file has room for."""
    dataset = file.get(name)
    if not hasattr(dataset, "shape"):
        raise _UnfitError(f"no dataset {name!r}; it has {', '.join(map(repr, file))}")
    if dataset.size and dataset.dtype.kind not in kinds:
        raise _UnfitError(f"{name}: {dataset.dtype}, expected {expected}")
    stored = dataset.id.get_storage_size()
    filters = dataset.id.get_create_plist().get_nfilters()
    room = stored * _LARGEST_RATIO if filters else stored
    if dataset.nbytes > room:
        raise _UnfitError(
            f"{name} of shape {dataset.shape} take {dataset.nbytes} bytes, {stored} are there"
        )
    return dataset
