"""How the skeletons of a dataset are stored, and what that makes of the numbers in their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypedDict

import numpy as np

from mitosyn.skeletons.skeleton import UNKNOWN_LABEL
from mitosyn.support import CONFIGURATION, InputError


class SkeletonForm(TypedDict):
    """The format of a dataset's skeletons, as its description has it."""

    format: str
    """``meshparty``, ``swc`` or ``precomputed``."""
    scale_nm: tuple[float, float, float]
    """The unit of the positions along x, y and z."""
    labels: Mapping[int, int] | None
    """The label of the skeletons here by the one that is stored; None: none are read. MeshParty's
    without it are those of here."""
    attribute: str | None
    """The vertex attribute that holds the labels, of a precomputed layer."""


MESHPARTY_FORM = SkeletonForm(
    format="meshparty", scale_nm=(1.0, 1.0, 1.0), labels=None, attribute=None
)


def radius_scale_nm(form: SkeletonForm) -> float:
    """Return the unit of radii: the side of a cube as large as the voxel that positions count."""
    x, y, z = form["scale_nm"]
    # Exact where the three are one: a cube root is not.
    return x if x == y == z else float(np.cbrt(x * y * z))


def no_labels(count: int) -> np.ndarray:
    """Return the labels of a skeleton that has none: ``Unknown``, (count,) int64."""
    return np.full(count, UNKNOWN_LABEL, np.int64)


def own_labels(
    path: str | Path,
    stored: np.ndarray,
    labels: Mapping[int, int],
    place: Callable[[int], str],
) -> np.ndarray:
    """Return the labels here for those that are stored, (N,) numbers: (N,) int64.

    Raises
    ------
    InputError
        One is none of those that ``labels`` has; ``place`` says where a row is.
    """
    known = np.array(sorted(labels))
    wrong = ~np.isin(stored, known)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InputError(
            path,
            f"label {stored[first]} at {place(first)}, expected {', '.join(map(str, known))}",
            "Correct it, or add it to labels under skeletons in the config.",
            CONFIGURATION,
        )
    numbers = np.array([labels[label] for label in known.tolist()], np.int64)
    return numbers[np.searchsorted(known, stored)]
