"""MeshParty's skeleton files, with the compartment labels that lie beside them.

Per-cell jobs read them with h5py alone: importing ``meshparty.skeleton_io`` costs several times
what the job computes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from mitosyn.catalogue import COMPARTMENTS
from mitosyn.skeletons.formats.form import MESHPARTY_FORM, SkeletonForm, own_labels, radius_scale_nm
from mitosyn.skeletons.skeleton import Skeleton, check_forest, default_root, unique_edges
from mitosyn.support import (
    InputError,
    open_h5,
    read_positions,
    read_text_or_numbers,
    read_vertex_number,
    read_vertex_numbers,
)

# Without labels in the description, the files have them as they are here.
OWN_LABELS = {label: label for label in range(len(COMPARTMENTS))}


def read_meshparty(path: str | Path, form: SkeletonForm) -> Skeleton:
    """Read a MeshParty skeleton file, and the compartment labels that lie beside it.

    Parameters
    ----------
    path
        HDF5 with ``vertices`` (N, 3), ``edges`` (E, 2) and perhaps ``root``, else MeshParty's
        default; ``<stem>_label.npy`` has one small integer per vertex.

    Raises
    ------
    InputError
        One of the files is unreadable, or they do not hold a labelled forest.
    """
    with open_h5(path, "skeleton file") as file:
        vertices = read_positions(file) * form["scale_nm"]
        edges = read_vertex_numbers(file, "edges", 2, len(vertices))
        root = read_vertex_number(file, "root", len(vertices))
    edges = unique_edges(path, edges)
    path = Path(path)
    labels_path = path.with_name(f"{path.stem}_label.npy")
    labels = _read_labels(labels_path, path, len(vertices), form["labels"] or OWN_LABELS)
    skeleton = Skeleton(vertices, edges, labels, root or 0)
    check_forest(skeleton, path)
    return skeleton if root is not None else replace(skeleton, root=default_root(skeleton))


def _read_labels(
    path: str | Path, skeleton_path: str | Path, count: int, mapping: Mapping[int, int]
) -> np.ndarray:
    try:
        # A map fails where the file does not hold what its header claims, however much.
        labels = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise InputError(
            path, "no such label file", "Add it: one compartment label per skeleton vertex."
        ) from error
    # NumPy answers a broken header with errors of many types.
    except Exception as error:
        problem = f"not a readable .npy file ({str(error).partition(chr(10))[0]})"
        raise InputError(path, problem, "Replace the file.") from error
    if not isinstance(labels, np.ndarray):
        labels.close()
        raise InputError(
            path, "an archive of arrays (.npz), expected one array", "Save it with numpy.save."
        )
    # Whole numbers that were saved as floats are labels too; that they are whole, the values tell.
    if labels.dtype.kind not in "iuf":
        raise InputError(
            path, f"labels are {labels.dtype}, expected integers", "Save them as integers (uint8)."
        )
    if labels.shape != (count,):
        raise InputError(
            path,
            f"labels of shape {labels.shape}, expected ({count},) for the vertices of "
            f"{Path(skeleton_path).name}",
            "Replace the label file or the skeleton file.",
        )
    return own_labels(path, labels, mapping, lambda row: f"vertex {row}")


def read_calibres(
    path: str | Path, count: int, form: SkeletonForm = MESHPARTY_FORM
) -> np.ndarray | None:
    """Read the local calibre of each skeleton node, if the file is MeshParty's and has it.

    MeshParty's vertex property ``rs`` is the distance to the opposite side of the mesh, a
    diameter, written as JSON: (count,) float64 in nm, not finite where it could not be measured.
    That it does not hold one number for each of the ``count`` vertices is an error.
    """
    if form["format"] != "meshparty":
        return None
    with open_h5(path, "skeleton file") as file:
        if "vertex_properties/rs" not in file:
            return None
        raw = read_text_or_numbers(file, "vertex_properties/rs")
    try:
        calibres = np.asarray(json.loads(raw) if isinstance(raw, bytes) else raw, np.float64)
    except (ValueError, TypeError, RecursionError) as error:
        raise _bad_calibres(path, f"is not a list of numbers ({error})") from error
    if calibres.shape != (count,):
        raise _bad_calibres(path, f"has shape {calibres.shape}, expected ({count},)")
    return calibres * radius_scale_nm(form)


def _bad_calibres(path: str | Path, problem: str) -> InputError:
    return InputError(path, f"vertex property rs {problem}", "Correct it or take it off.")
