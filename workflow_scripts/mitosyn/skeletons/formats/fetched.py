"""Skeletons of a precomputed layer, as the one job that reads the layer keeps them: one file each.

A file has what is stored of a skeleton, but for its positions, which are in nm: which of it is
a label, and what that means, is found when it is read. So another mapping fetches nothing anew.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from mitosyn.skeletons.formats.form import SkeletonForm, no_labels, own_labels, radius_scale_nm
from mitosyn.skeletons.skeleton import Skeleton, check_forest, default_root, unique_edges
from mitosyn.support import CONFIGURATION, FARTHEST_NM, InputError, whole_file

ATTRIBUTE, RADIUS = "attribute ", "radius"
SOURCE, PROBLEM = "source", "problem"
REMEDY = "Check the layer with its tools, or remove the cell from the tables."


def write_fetched(path: str | Path, source: str, stored: Mapping[str, np.ndarray] | str) -> None:
    """Keep a skeleton that came from ``source``, or in one line what is wrong with it.

    It has ``vertices`` (N, 3) in nm, ``edges`` (E, 2), and for each vertex attribute (N,) or (N, C)
    under its name behind :data:`ATTRIBUTE`.
    """
    arrays = {PROBLEM: np.array(stored)} if isinstance(stored, str) else stored
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **{SOURCE: np.array(source)}, **arrays)


def read_fetched(path: str | Path, form: SkeletonForm) -> Skeleton:
    """Read a skeleton that :func:`write_fetched` wrote, its nodes as the layer has them.

    The format has no root. The somatic node nearest to the mean of all somatic ones is; without
    any, where MeshParty roots a skeleton without one. ``radius`` is the vertex attribute that has
    radii.

    Raises
    ------
    InputError
        The layer holds no labelled forest for this cell.
    """
    arrays = _read_arrays(path)
    source = str(arrays[SOURCE])
    if PROBLEM in arrays:
        raise InputError(source, str(arrays[PROBLEM]), REMEDY)
    vertices = arrays["vertices"].astype(np.float64) * form["scale_nm"]
    if len(vertices) == 0:
        raise InputError(source, "no vertices", REMEDY)
    near = np.all(np.abs(vertices) < FARTHEST_NM, axis=1)
    if not near.all():
        first = int(np.argmin(near))
        problem = f"vertex {first} is at {vertices[first].tolist()}, expected nm"
        raise InputError(source, problem, REMEDY)
    edges = arrays["edges"].astype(np.int64)
    outside = (edges >= len(vertices)).any(axis=1)
    if outside.any():
        row = int(np.argmax(outside))
        problem = f"edge {row} is {edges[row].tolist()}, there are {len(vertices)} vertices"
        raise InputError(source, problem, REMEDY)
    radii = arrays.get(f"{ATTRIBUTE}{RADIUS}")
    if radii is not None:
        radii = radii.reshape(len(vertices), -1)[:, 0] * radius_scale_nm(form)
    labels = _labels(source, arrays, form)
    skeleton = Skeleton(vertices, unique_edges(source, edges), labels, 0, radii)
    check_forest(skeleton, source)
    return replace(skeleton, root=_root(skeleton))


def _read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError as error:
        raise InputError(path, "no such skeleton file", "Run again: it is fetched anew.") from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            path, f"not a fetched skeleton ({error})", "Delete its folder and run again."
        ) from error


def _labels(source: str, arrays: Mapping[str, np.ndarray], form: SkeletonForm) -> np.ndarray:
    """Return the label of each of N vertices, (N,) int64, by the attribute that holds them."""
    count = len(arrays["vertices"])
    if form["labels"] is None:
        return no_labels(count)
    stored = arrays.get(f"{ATTRIBUTE}{form['attribute']}")
    if stored is None or stored.ndim > 1:
        names = [name.removeprefix(ATTRIBUTE) for name in arrays if name.startswith(ATTRIBUTE)]
        raise InputError(
            source,
            f"no vertex attribute {form['attribute']!r} of one number; there are "
            f"{', '.join(names) or 'none'}",
            "Correct attribute under skeletons in the config, or leave out labels.",
            CONFIGURATION,
        )
    return own_labels(source, stored, form["labels"], lambda row: f"vertex {row}")


def _root(skeleton: Skeleton) -> int:
    """Return the node in the middle of the soma, else MeshParty's default."""
    somatic = np.flatnonzero(skeleton.somatic)
    if len(somatic) == 0:
        return default_root(skeleton)
    places = skeleton.vertices[somatic]
    return int(somatic[((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin()])
