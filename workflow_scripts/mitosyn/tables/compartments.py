"""What the compartments are called in the files of a cell, and by which label.

The files of pyramidal cells keep the published names, which may be those of other labels than
skeletons have them for. So whatever joins or compares compartments goes by label.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mitosyn.catalogue import COMPARTMENTS, NEURON_TYPES, PYRAMIDAL

if TYPE_CHECKING:
    import pandas as pd

OWN_LABELS = {name: label for label, name in enumerate(COMPARTMENTS)}
"""The labels by the names that this workflow has for them."""


def names_by_label(cell_type: str, pyramidal_labels: Mapping[str, int]) -> list[str]:
    """Give the names of the labels 0, 1, 2, … in the files of a cell, none of an astrocyte.

    Parameters
    ----------
    cell_type : str
    pyramidal_labels : mapping from name to label
        As the files of pyramidal cells have them.
    """
    if cell_type not in NEURON_TYPES:
        return []
    labels = pyramidal_labels if cell_type == PYRAMIDAL else OWN_LABELS
    return sorted(labels, key=labels.__getitem__)


def own_name(compartment: str, cell_type: str, pyramidal_labels: Mapping[str, int]) -> str:
    """Give this workflow's name of a compartment that a cell's file names."""
    names = names_by_label(cell_type, pyramidal_labels)
    return COMPARTMENTS[names.index(compartment)] if names else compartment


def name_by_label(mitochondria: pd.DataFrame) -> pd.DataFrame:
    """Put this workflow's names in place of those in the files, after a column ``label``.

    Parameters
    ----------
    mitochondria : pandas.DataFrame
        ``compartment, label``; the label is missing for astrocytes, whose names stay.
    """
    names = mitochondria["label"].map(dict(enumerate(COMPARTMENTS)))
    return mitochondria.assign(compartment=names.fillna(mitochondria["compartment"]))
