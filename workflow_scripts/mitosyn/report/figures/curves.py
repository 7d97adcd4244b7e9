"""How many of some things have another within a distance: measured, and placed at random."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mitosyn.catalogue import REACH_NM, SOMATIC
from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.style import GRID, QUIET, Style, new_figure, nothing_to_show
from mitosyn.support import NM_PER_UM

MEASURED, SHUFFLED = "measured", "shuffled"
# More are drawn together.
MOST_TYPES = 4
REACH_UM = np.array(REACH_NM) / NM_PER_UM
WITHIN = list(REACH_NM)
_PANEL = ["row", "compartment"]


def draw_within(
    counts: pd.DataFrame,
    styles: Mapping[str, Style],
    across: str,
    collected: Collected,
) -> Figure:
    """Draw shares by distance: a row for each cell type, a panel for each compartment but somata.

    Parameters
    ----------
    counts : pandas.DataFrame
        ``cell_id, kind, shuffle, label, what``, how many there are, ``n``, and in a column for each
        of :data:`mitosyn.catalogue.REACH_NM` how many of them have the other within that path.
    styles : mapping from what to style
        ``label`` and ``color`` of each curve.
    across : str
        What the distance is to.
    """
    names = np.array(collected.compartment_names, object)
    counts = in_rows(counts, collected).assign(compartment=names[counts["label"].to_numpy(int)])
    counts = counts[counts["compartment"] != SOMATIC]
    if counts.empty:
        return nothing_to_show("Nothing outside somata lies on a skeleton.")
    keys = [*_PANEL, "what", "kind", "shuffle"]
    sums = counts.fillna({"shuffle": 0}).groupby(keys)[["n", *WITHIN]].sum().reset_index()
    rows = [row for row in ["", *collected.colours] if row in set(sums["row"])]
    columns = [name for name in collected.compartment_colours if name in set(sums["compartment"])]
    figure = new_figure(1.2 + 2.3 * len(columns), 0.7 + 2.3 * len(rows))
    panels = figure.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
    for row, of_row in zip(rows, panels, strict=True):
        for name, axes in zip(columns, of_row, strict=True):
            own = sums[(sums["row"] == row) & (sums["compartment"] == name)]
            if own.empty:
                axes.remove()
                continue
            _draw_curves(axes, own, styles)
            axes.annotate(name, (0.97, 0.04), xycoords="axes fraction", ha="right", weight="bold")
        first = next(axes for axes in of_row if axes.figure is not None)
        first.set_title(row, color=collected.colours.get(row, "black"), loc="left")
    figure.supxlabel(across, size=9)
    figure.supylabel("share that has one within that distance (%)", size=9)
    _explain(figure, styles, SHUFFLED in set(sums["kind"]))
    return collected.marked(figure)


def in_rows(table: pd.DataFrame, collected: Collected) -> pd.DataFrame:
    """Add the ``row`` of panels of each row's cell: its type, or none where there are many."""
    typed = collected.typed(table)
    many = len(set(typed["cell_type"])) > MOST_TYPES
    return typed.assign(row="" if many else typed["cell_type"])


def _draw_curves(axes: Axes, sums: pd.DataFrame, styles: Mapping[str, Style]) -> None:
    """Draw the curve of each kind of thing, and what shuffles leave between them."""
    for place, (what, style) in enumerate(styles.items()):
        own = sums[sums["what"] == what]
        shares = 100 * own[WITHIN].to_numpy(float) / own[["n"]].to_numpy(float)
        measured = (own["kind"] == MEASURED).to_numpy()
        if measured.any():
            axes.plot(REACH_UM, shares[measured][0], color=style["color"], lw=1.6)
            text = f"n = {own.loc[measured, 'n'].iloc[0]:,}"
            axes.annotate(
                text,
                (0.97, 0.14 + 0.09 * place),
                xycoords="axes fraction",
                ha="right",
                size=7.5,
                color=style["color"],
            )
        if not measured.all():
            placed = shares[~measured]
            low, high = placed.min(axis=0), placed.max(axis=0)
            axes.fill_between(REACH_UM, low, high, color=style["color"], alpha=0.2, lw=0)
            axes.plot(REACH_UM, placed.mean(axis=0), color=style["color"], lw=0.9, ls=":")
    axes.set_xlim(0, REACH_UM[-1])
    # Panels below may be left out.
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_ylim(0, 103)
    axes.grid(**GRID)


def _explain(figure: Figure, styles: Mapping[str, Style], shuffled: bool) -> None:
    """Say above all panels which curve is what."""
    axes = figure.axes[0]
    handles = [axes.plot([], [], lw=1.6, **style)[0] for style in styles.values()]
    if shuffled:
        label = "mitochondria placed at random"
        handles += axes.plot([], [], color=QUIET, lw=0.9, ls=":", label=label)
    if len(handles) > 1:
        figure.legend(handles=handles, loc="outside upper center", ncols=3, handlelength=1.6)
