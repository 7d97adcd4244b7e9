"""Which reader a dataset's skeletons need, and what their files are called.

A format is a file in this folder with a function that reads one skeleton, and a line in each of
the two tables here.
"""

from __future__ import annotations

from pathlib import Path

from mitosyn.skeletons.formats import fetched, meshparty, swc
from mitosyn.skeletons.formats.form import MESHPARTY_FORM, SkeletonForm
from mitosyn.skeletons.skeleton import Skeleton

READERS = {
    "meshparty": meshparty.read_meshparty,
    "swc": swc.read_swc_skeleton,
    "precomputed": fetched.read_fetched,
}
# Of a cell's files, behind its id: the one that is read, and what lies beside it.
ENDINGS = {
    "meshparty": ("_skeleton.h5", "_skeleton_label.npy"),
    "swc": (".swc",),
    "precomputed": (".npz",),
}


def skeleton_endings(form: SkeletonForm = MESHPARTY_FORM) -> tuple[str, ...]:
    """Return what the names of a cell's files have behind its id, the file that is read first."""
    return ENDINGS[form["format"]]


def read_skeleton(path: str | Path, form: SkeletonForm = MESHPARTY_FORM) -> Skeleton:
    """Read the skeleton of a cell; one of a layer from the file that it was fetched into.

    Raises
    ------
    InputError
        The file is missing, unreadable, or does not hold a forest with labels that are known.
    """
    return READERS[form["format"]](path, form)
