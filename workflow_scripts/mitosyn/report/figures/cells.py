"""Which cells are there: how many of each kind, where, and with how many mitochondria."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.groups import draw_columns, write_medians
from mitosyn.report.figures.style import GRID, Style, new_figure, nothing_to_show
from mitosyn.support import NM_PER_UM


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw the cells by type, by place, and by their number of mitochondria."""
    cells, colours = collected.cells, collected.colours
    return {
        "cells_by_type": draw_types(cells, colours),
        "soma_positions": draw_positions(cells, colours),
        "mitochondria_per_cell": draw_numbers(
            cells, {"mitochondria": "mitochondria per cell"}, colours
        ),
    }


def draw_types(cells: pd.DataFrame, colours: Mapping[str, str]) -> Figure:
    """Draw a bar for each subtype of cell, as long as it has cells."""
    if cells.empty:
        return nothing_to_show("No cell was analysed.")
    counts = cells.groupby(["cell_type", "cell_subtype"]).size().rename("cells").reset_index()
    counts["order"] = counts["cell_type"].map(list(colours).index)
    counts = counts.sort_values(["order", "cells", "cell_subtype"], ascending=[True, False, True])
    figure = new_figure(6.5, 1.1 + 0.28 * len(counts))
    axes = figure.subplots()
    places, fills = range(len(counts)), counts["cell_type"].map(dict(colours))
    bars = axes.barh(places, counts["cells"], color=fills, height=0.7)
    axes.bar_label(bars, [f"{n:,}" for n in counts["cells"]], padding=3)
    axes.set_yticks(places, counts["cell_subtype"].str.replace("_", " "))
    axes.invert_yaxis()
    axes.set_xlabel("cells")
    axes.set_xlim(0, 1.08 * counts["cells"].max())
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    numbers = cells["cell_type"].value_counts()
    for cell_type, colour in colours.items():
        label = f"{cell_type} ({numbers[cell_type]:,})"
        axes.scatter([], [], s=40, color=colour, label=label)
    figure.legend(loc="outside upper center", ncols=3, handletextpad=0.1)
    return figure


def draw_positions(cells: pd.DataFrame, colours: Mapping[str, str]) -> Figure:
    """Draw where the somata are, from the front (x–y) and from the side (z–y), pia up."""
    if cells.empty:
        return nothing_to_show("No cell was analysed.")
    somata = {axis: cells[f"soma_{axis}"].fillna(cells[f"centroid_{axis}"]) for axis in "xyz"}
    places = pd.DataFrame(somata) / NM_PER_UM
    spans = (places.max() - places.min()).clip(lower=20) * 1.1
    # Both views at one scale, so side by side they are as wide as x and z together.
    scale = min(6.0 / (spans["x"] + spans["z"]), 4.5 / spans["y"])
    width, height = (spans["x"] + spans["z"]) * scale + 1.6, spans["y"] * scale + 1.3
    figure = new_figure(max(width, 4.5), max(height, 2.6))
    views = figure.subplots(1, 2, sharey=True, width_ratios=[spans["x"], spans["z"]])
    for axes, across in zip(views, "xz", strict=True):
        for cell_type, colour in colours.items():
            own = places[cells["cell_type"] == cell_type]
            label = f"{cell_type} ({len(own):,})"
            edges: Style = {"edgecolors": "white", "linewidths": 0.4}
            axes.scatter(own[across], own["y"], s=22, color=colour, label=label, **edges)
        middle = (places[across].max() + places[across].min()) / 2
        axes.set_xlim(middle - spans[across] / 2, middle + spans[across] / 2)
        axes.set_aspect("equal")
        axes.set_xlabel(f"{across} (µm)")
        axes.grid(**GRID)
    middle = (places["y"].max() + places["y"].min()) / 2
    views[0].set_ylim(middle + spans["y"] / 2, middle - spans["y"] / 2)
    views[0].set_ylabel("y (µm), pia up")
    entries = views[0].get_legend_handles_labels()
    figure.legend(*entries, loc="outside upper center", ncols=3, handletextpad=0.1)
    return figure


def draw_numbers(
    cells: pd.DataFrame, columns: Mapping[str, str], colours: Mapping[str, str]
) -> Figure:
    """Draw a dot for each cell at its number of something, a panel for each column.

    ``columns`` has what each column's axis is called, ``colours`` the types in order.
    """
    types = [cell_type for cell_type in colours if cell_type in set(cells["cell_type"])]
    if not types:
        return nothing_to_show(f"No value to show: {', '.join(columns.values())}")
    width = max(1.0 + 0.9 * len(types), 2.2)
    figure = new_figure(max(width * len(columns), 3.6), 3.6)
    panels = figure.subplots(1, len(columns), squeeze=False).flat
    for axes, (column, label) in zip(panels, columns.items(), strict=True):
        groups = {t: cells.loc[cells["cell_type"] == t, column].dropna() for t in types}
        draw_columns(axes, groups, colours, dots=True)
        most = max(group.max() for group in groups.values())
        axes.set_ylim(0, 1.18 * max(most, 1))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        write_medians(axes, groups, ",.6g")
        axes.set_ylabel(label)
    return figure
