"""How much of a neurite its mitochondria cover, and how many it has."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mitosyn.catalogue import SOMATIC
from mitosyn.report.figures.groups import Scale, draw_by_compartment

# A compartment of a cell that is shorter says little about either.
SHORTEST_UM = 20.0
SHARE = Scale("covered share of length (%)")
NUMBER = Scale("mitochondria per 100 µm")


def draw_covered_shares(lengths: pd.DataFrame) -> Figure:
    """Draw the share of each cell's skeleton that mitochondria cover, by compartment.

    Parameters
    ----------
    lengths : pandas.DataFrame
        ``cell_type, compartment, length_um, covered_um``: a row for each cell and compartment.
    """
    shown = long_neurites(lengths)
    values = 100 * shown["covered_um"] / shown["length_um"]
    return draw_by_compartment(shown.assign(value=values), SHARE, dots=True)


def draw_numbers_per_length(lengths: pd.DataFrame) -> Figure:
    """Draw how many mitochondria each cell has to 100 µm of skeleton, by compartment.

    Parameters
    ----------
    lengths : pandas.DataFrame
        ``cell_type, compartment, length_um, mitochondria``: a row for each cell and compartment.
    """
    shown = long_neurites(lengths)
    values = 100 * shown["mitochondria"] / shown["length_um"]
    return draw_by_compartment(shown.assign(value=values), NUMBER, dots=True)


def long_neurites(lengths: pd.DataFrame) -> pd.DataFrame:
    """Leave out somata, whose skeleton says nothing, and what is short."""
    long = (lengths["length_um"] >= SHORTEST_UM) & (lengths["compartment"] != SOMATIC)
    return lengths[long]
