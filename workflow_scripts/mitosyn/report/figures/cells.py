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

# Beside one another in several panels.
MOST_TYPES = 5


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw the cells by type, by place, and by their number of mitochondria."""
    cells, colours = collected.cells, collected.colours
    return {
        "cells_by_type": draw_types(cells, colours),
        "soma_positions": draw_positions(place_cells(collected), colours, collected.towards_pia),
        "mitochondria_per_cell": draw_numbers(
            cells, {"mitochondria": "mitochondria per cell"}, colours
        ),
    }


def draw_types(cells: pd.DataFrame, colours: Mapping[str, str]) -> Figure:
    """Draw a bar for each subtype of cell, as long as it has cells."""
    if cells.empty:
        return nothing_to_show("No cell was analysed.")
    subtypes = cells["cell_subtype"].where(cells["cell_subtype"] != "", cells["cell_type"])
    counts = (
        cells.assign(cell_subtype=subtypes)
        .groupby(["cell_type", "cell_subtype"])
        .size()
        .rename("cells")
        .reset_index()
    )
    counts["order"] = counts["cell_type"].map(list(colours).index)
    counts = counts.sort_values(["order", "cells", "cell_subtype"], ascending=[True, False, True])
    figure = new_figure(6.5, 1.1 + 0.28 * len(counts) + legend_height(colours))
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


def legend_height(colours: Mapping[str, str]) -> float:
    """Return how much higher a legend in three columns is than a line, in inches."""
    return 0.2 * (max(len(colours) - 1, 0) // 3)


def place_cells(collected: Collected) -> pd.DataFrame:
    """Return ``cell_type, x, y, z`` (µm) of the cells.

    They are of the soma; else of the centroid, or the middle of the mitochondria.
    """
    cells, mitochondria = collected.cells, collected.tables["mitochondria"].to_pandas()
    middles = mitochondria.groupby("cell_id")[list("xyz")].mean().reindex(cells["cell_id"])
    places = {
        axis: cells[f"soma_{axis}"]
        .fillna(cells[f"centroid_{axis}"])
        .fillna(middles[axis].set_axis(cells.index))
        / NM_PER_UM
        for axis in "xyz"
    }
    return pd.DataFrame({"cell_type": cells["cell_type"]} | places).dropna()


def draw_positions(
    cells: pd.DataFrame, colours: Mapping[str, str], towards_pia: str | None
) -> Figure:
    """Draw where cells are, from the front and from the side, the pia up where it is known.

    Parameters
    ----------
    cells : pandas.DataFrame
        As :func:`place_cells` returns it.
    towards_pia : str or None
        The way to the pia, such as ``-y``. Without it, y points down, as in views of images.
    """
    if cells.empty:
        return nothing_to_show("No cell was analysed, or of none the place is known.")
    places, way = cells[list("xyz")], towards_pia or "-y"
    up, label = way[-1], f"{way[-1]} (µm)" + ", pia up" * bool(towards_pia)
    front, side = (axis for axis in "xyz" if axis != up)
    spans = (places.max() - places.min()).clip(lower=20) * 1.1
    # Both views at one scale, so side by side they are as wide as their axes together.
    scale = min(6.0 / (spans[front] + spans[side]), 4.5 / spans[up])
    width, height = (spans[front] + spans[side]) * scale + 1.6, spans[up] * scale + 1.3
    figure = new_figure(max(width, 4.5), max(height, 2.6) + legend_height(colours))
    views = figure.subplots(1, 2, sharey=True, width_ratios=[spans[front], spans[side]])
    for axes, across in zip(views, (front, side), strict=True):
        for cell_type, colour in colours.items():
            own = places[cells["cell_type"] == cell_type]
            name = f"{cell_type} ({len(own):,})"
            edges: Style = {"edgecolors": "white", "linewidths": 0.4}
            axes.scatter(own[across], own[up], s=22, color=colour, label=name, **edges)
        middle = (places[across].max() + places[across].min()) / 2
        axes.set_xlim(middle - spans[across] / 2, middle + spans[across] / 2)
        axes.set_aspect("equal")
        axes.set_xlabel(f"{across} (µm)")
        axes.grid(**GRID)
    middle = (places[up].max() + places[up].min()) / 2
    downwards = spans[up] / 2 if way.startswith("-") else -spans[up] / 2
    views[0].set_ylim(middle + downwards, middle - downwards)
    views[0].set_ylabel(label)
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
    # One below the other where there are many types.
    shape = (1, len(columns)) if len(types) <= MOST_TYPES else (len(columns), 1)
    figure = new_figure(max(width * shape[1], 3.6), 3.6 * shape[0])
    panels = figure.subplots(*shape, squeeze=False).flat
    for axes, (column, label) in zip(panels, columns.items(), strict=True):
        groups = {t: cells.loc[cells["cell_type"] == t, column].dropna() for t in types}
        draw_columns(axes, groups, colours, dots=True)
        most = max(group.max() for group in groups.values())
        axes.set_ylim(0, 1.18 * max(most, 1))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        write_medians(axes, groups, ",.6g")
        axes.set_ylabel(label)
    return figure
