"""What mitochondria look like, by compartment; and those that could not be measured."""

from __future__ import annotations

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mitosyn.catalogue import TYPE_COLOURS
from mitosyn.dataset import BAD_MESH, NM3_PER_UM3, PARTLY_MEASURED
from mitosyn.meshes import NO_MESH
from mitosyn.report.figures.groups import Scale, draw_by_compartment
from mitosyn.report.figures.style import STYLE, horizontal_grid, new_figure, nothing_to_show

SHAPE_COLUMNS = [
    *("cell_type", "compartment", "label"),
    *("mito_size", "sphericity", "complexity_index"),
]
VOLUME = Scale("volume (µm³)", log=True)
SPHERICITY = Scale("sphericity", limits=(0.0, 1.0))
COMPLEXITY = Scale("complexity index", log=True)
# From what is lost altogether to what lacks a measure or two.
INCOMPLETE_COLOURS = {NO_MESH: "#000000", BAD_MESH: "#D55E00", PARTLY_MEASURED: "#F0C27B"}


def draw_volumes(mitochondria: pd.DataFrame) -> Figure:
    """Draw the volumes of the meshes (``mito_size``, nm³) by compartment, logarithmically."""
    values = mitochondria["mito_size"] / NM3_PER_UM3
    return draw_by_compartment(mitochondria.assign(value=values), VOLUME)


def draw_sphericities(mitochondria: pd.DataFrame) -> Figure:
    """Draw the sphericities by compartment."""
    return draw_by_compartment(mitochondria.assign(value=mitochondria["sphericity"]), SPHERICITY)


def draw_complexities(mitochondria: pd.DataFrame) -> Figure:
    """Draw the complexity indices by compartment, logarithmically."""
    values = mitochondria["complexity_index"]
    return draw_by_compartment(mitochondria.assign(value=values), COMPLEXITY)


def draw_incomplete(incomplete: pd.DataFrame, totals: dict[str, int]) -> Figure:
    """Draw how many mitochondria lack numbers, by cell type and why.

    Parameters
    ----------
    incomplete : pandas.DataFrame
        ``cell_type, kind``: a row for each incomplete mitochondrion.
    totals : dict from cell type to its number of mitochondria
    """
    types = [cell_type for cell_type in TYPE_COLOURS if totals.get(cell_type)]
    if incomplete.empty or not types:
        return nothing_to_show("Every mitochondrion has all its measures.")
    counts = pd.crosstab(incomplete["kind"], incomplete["cell_type"])
    counts = counts.reindex(index=list(INCOMPLETE_COLOURS), columns=types, fill_value=0)
    figure = new_figure(1.6 + 1.5 * len(types), 3.4)
    with rc_context(STYLE):
        axes = figure.subplots()
        bottom = counts.iloc[0] * 0
        for kind, colour in INCOMPLETE_COLOURS.items():
            label = f"{kind} ({counts.loc[kind].sum():,})"
            axes.bar(types, counts.loc[kind], 0.55, bottom, color=colour, label=label)
            bottom = bottom + counts.loc[kind]
        for place, cell_type in enumerate(types):
            share = bottom[cell_type] / totals[cell_type]
            text = f"{bottom[cell_type]:,} of {totals[cell_type]:,}\n({share:.2%})"
            axes.annotate(
                text, (place, bottom[cell_type]), (0, 3), textcoords="offset points", ha="center"
            )
        axes.set_ylabel("mitochondria")
        axes.set_ylim(0, 1.3 * bottom.max())
        axes.set_xlim(-0.6, len(types) - 0.4)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.tick_params(axis="x", length=0)
        horizontal_grid(axes)
        figure.legend(loc="outside upper center", ncols=3, handlelength=1, columnspacing=1)
    return figure
