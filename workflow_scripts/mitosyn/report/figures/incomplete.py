"""The mitochondria that could not be measured, or not altogether."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mitosyn.dataset import BAD_MESH, PARTLY_MEASURED
from mitosyn.meshes import NO_MESH, WITHOUT_MESH
from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.groups import LONGEST_NAME
from mitosyn.report.figures.style import GRID, new_figure, nothing_to_show

# From what is lost altogether to what lacks a measure or two.
INCOMPLETE_COLOURS = {NO_MESH: "#000000", BAD_MESH: "#D55E00", PARTLY_MEASURED: "#F0C27B"}


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw how many mitochondria lack measures, by cell type and why."""
    table = collected.tables["mitochondria"].to_pandas()
    return {"incomplete_mitochondria": draw_incomplete(table, collected.colours)}


def select_incomplete(mitochondria: pd.DataFrame) -> pd.DataFrame:
    """Return the mitochondria that lack measures, with their ``kind``.

    Parameters
    ----------
    mitochondria : pandas.DataFrame
        At least ``mesh_pieces, problem``; the first is missing where there is no mesh that can
        be read, the second where there is no problem.
    """
    found = mitochondria[mitochondria["problem"].notna()]
    unread = [found["problem"].isin(WITHOUT_MESH), found["mesh_pieces"].isna()]
    return found.assign(kind=np.select(unread, [NO_MESH, BAD_MESH], PARTLY_MEASURED))


def draw_incomplete(mitochondria: pd.DataFrame, cell_types: Iterable[str]) -> Figure:
    """Draw how many mitochondria lack measures, by cell type (in the given order) and why."""
    totals = mitochondria["cell_type"].value_counts()
    types = [cell_type for cell_type in cell_types if cell_type in totals]
    incomplete = select_incomplete(mitochondria)
    if incomplete.empty:
        return nothing_to_show("Every mitochondrion has all its measures.")
    counts = pd.crosstab(incomplete["kind"], incomplete["cell_type"])
    counts = counts.reindex(index=list(INCOMPLETE_COLOURS), columns=types, fill_value=0)
    # Closer where there are many.
    figure = new_figure(1.6 + (1.5 if len(types) <= 6 else 0.95) * len(types), 3.4)
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
    if max(map(len, types)) > LONGEST_NAME:
        axes.tick_params(axis="x", labelrotation=25)
    axes.grid(axis="y", **GRID)
    figure.legend(loc="outside upper center", ncols=3, handlelength=1, columnspacing=1)
    return figure
