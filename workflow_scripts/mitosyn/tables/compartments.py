"""What the compartments are called in the files of a cell, and by which label.

The files of pyramidal cells keep the published names, which may be those of other labels than
skeletons have them for. So whatever joins or compares compartments goes by label.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mitosyn.catalogue import COMPARTMENTS

if TYPE_CHECKING:
    import pandas as pd

OWN_LABELS = {name: label for label, name in enumerate(COMPARTMENTS)}
"""The labels by the names that this workflow has for them."""


def names_by_label(labels: Mapping[str, int]) -> list[str]:
    """Return the names of the labels 0, 1, 2, …, of a mapping from name to label."""
    return sorted(labels, key=labels.__getitem__)


def name_by_label(mitochondria: pd.DataFrame) -> pd.DataFrame:
    """Put this workflow's names in place of those in the files, after a column ``label``.

    The label is missing for cells without a skeleton, whose names stay.
    """
    names = mitochondria["label"].map(dict(enumerate(COMPARTMENTS)))
    return mitochondria.assign(compartment=names.fillna(mitochondria["compartment"]))
