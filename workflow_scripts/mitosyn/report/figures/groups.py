"""Values by cell type and compartment: a panel for each cell type, a column for each group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mitosyn.catalogue import COMPARTMENT_COLOURS, SOMATIC
from mitosyn.report.figures.style import GRID, QUIET, Style, new_figure, nothing_to_show

# Up to FEW values are shown as dots; a box needs FEWEST.
FEW, FEWEST = 60, 5
BOX = {"whislo": 5, "q1": 25, "med": 50, "q3": 75, "whishi": 95}  # percentiles
# A compartment of a cell that is shorter says little about what is there per length.
SHORTEST_UM = 20.0
GOLDEN = (np.sqrt(5) - 1) / 2
COLUMN_WIDTH, MARGIN, HEIGHT = 0.82, 0.9, 3.6  # inches
# More go into another row of panels.
MOST_COLUMNS = 16
# Longer names stand askew.
LONGEST_NAME = 11


def draw_by_compartment(
    values: pd.DataFrame,
    label: str,
    colours: Mapping[str, str],
    compartment_colours: Mapping[str, str] = COMPARTMENT_COLOURS,
    *,
    log: bool = False,
    limits: tuple[float, float] | None = None,
    dots: bool = False,
) -> Figure:
    """Draw how values are distributed in each compartment of each cell type.

    Parameters
    ----------
    values : pandas.DataFrame
        ``cell_type, compartment, value``; rows without a value, and without a positive one
        on a logarithmic scale, are passed over.
    label : str
        Of the common vertical axis, with the unit.
    colours : mapping from cell type to colour
        In the order of the panels.
    compartment_colours : mapping from compartment to colour
        In the order of the columns.
    limits : (lowest, highest), optional
        Else the axis is fitted to the values, from 0 unless logarithmic.
    dots : bool
        A dot for every value and a line at the median, for values that are few: otherwise
        boxes (quartiles, median, whiskers at percentiles 5 and 95), with dots too where a
        group has few values, and without a box where it has hardly any.
    """
    values = values[values["value"] > 0] if log else values.dropna(subset="value")
    pairs = set(zip(values["cell_type"], values["compartment"], strict=True))
    found = {t: [name for name in compartment_colours if (t, name) in pairs] for t in colours}
    present = {cell_type: names for cell_type, names in found.items() if names}
    if not present:
        return nothing_to_show(f"No value to show: {label}")
    figure, rows = _panels([len(names) for names in present.values()])
    panels = chain.from_iterable(rows)
    for axes, (cell_type, compartments) in zip(panels, present.items(), strict=True):
        own = values[values["cell_type"] == cell_type]
        groups = {n: own.loc[own["compartment"] == n, "value"] for n in compartments}
        draw_columns(axes, groups, compartment_colours, dots)
        write_medians(axes, groups, ".2g")
        axes.set_title(cell_type, color=colours[cell_type])
    low = min(axes.dataLim.y0 for axes in figure.axes)
    high = max(axes.dataLim.y1 for axes in figure.axes)
    # With room above what is drawn for what is written there.
    for first, *_ in rows:
        if log:
            first.set_yscale("log")
            first.set_ylim(low / 1.5, high * (high / low) ** 0.2 * 1.5)
        else:
            bottom, top = limits or (0.0, high)
            first.set_ylim(bottom, bottom + 1.18 * max(top - bottom, 1e-9))
        first.set_ylabel(label)
    return figure


def _panels(columns: Iterable[int]) -> tuple[Figure, list[list[Axes]]]:
    """Make a panel for each number of columns, in rows that share an axis within each."""
    rows: list[list[int]] = [[]]
    for count in columns:
        if rows[-1] and sum(rows[-1]) + count > MOST_COLUMNS:
            rows.append([])
        rows[-1].append(count)
    widths = [MARGIN + COLUMN_WIDTH * sum(row) + 0.3 * len(row) for row in rows]
    figure = new_figure(max(*widths, 4), HEIGHT * len(rows))
    several = len(rows) > 1
    parts = figure.subfigures(len(rows), 1, squeeze=False).flat if several else [figure]
    panels = []
    for part, row in zip(parts, rows, strict=True):
        # A shorter row is no wider for it.
        rest = max(map(sum, rows)) - sum(row)
        ratios = [*row, rest] if rest else row
        made = part.subplots(1, len(ratios), sharey=True, squeeze=False, width_ratios=ratios)
        if rest:
            made[0, -1].remove()
        panels.append(made[0, : len(row)].tolist())
    return figure, panels


def draw_per_length(
    lengths: pd.DataFrame,
    amounts: str,
    factor: float,
    label: str,
    *colours: Mapping[str, str],
) -> Figure:
    """Draw amounts per length of each cell's skeleton, times a factor, by compartment.

    Somata, whose skeleton says nothing, and what is short are left out.

    Parameters
    ----------
    lengths : pandas.DataFrame
        ``cell_type, compartment, length_um`` and the amounts: a row for each cell and compartment.
    colours : mappings
        Of types and of compartments, as :func:`draw_by_compartment` takes them.
    """
    shown = lengths[(lengths["length_um"] >= SHORTEST_UM) & (lengths["compartment"] != SOMATIC)]
    values = factor * shown[amounts] / shown["length_um"]
    return draw_by_compartment(shown.assign(value=values), label, *colours, dots=True)


def draw_columns(
    axes: Axes, groups: dict[str, pd.Series], colours: Mapping[str, str], dots: bool
) -> None:
    """Draw a column for each group: dots, a box, or both."""
    for place, (name, group) in enumerate(groups.items()):
        numbers = np.sort(group.to_numpy(float))
        if dots or len(numbers) <= FEW:
            # Apart from each other: spread evenly, not at random.
            shifts = (np.arange(1, len(numbers) + 1) * GOLDEN % 1 - 0.5) * 0.5
            size: Style = {"s": 14, "alpha": 0.7} if dots else {"s": 8, "alpha": 0.45}
            style: Style = {"color": colours[name], "linewidths": 0, "clip_on": False}
            axes.scatter(place + shifts, numbers, **size, **style)
        if dots or len(numbers) < FEWEST:
            axes.hlines(np.median(numbers), place - 0.36, place + 0.36, color="black", lw=1.6)
        else:
            _draw_box(axes, place, numbers, colours[name])
    labels = [name.replace(" ", "\n") for name in groups]
    axes.set_xticks(range(len(groups)), labels)
    if max(len(word) for label in labels for word in label.split("\n")) > LONGEST_NAME:
        axes.tick_params(axis="x", labelrotation=25)
        for tick in axes.get_xticklabels():
            tick.set(ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", **GRID)


def _draw_box(axes: Axes, place: int, numbers: np.ndarray, colour: str) -> None:
    line: Style = {"color": colour, "linewidth": 1}
    axes.bxp(
        [dict(zip(BOX, np.percentile(numbers, list(BOX.values())), strict=True))],
        positions=[place],
        widths=0.6,
        showfliers=False,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": f"{colour}59", "edgecolor": colour, "linewidth": 1},
        medianprops={"color": "black", "linewidth": 1.6},
        whiskerprops=line,
        capprops=line,
    )


def write_medians(axes: Axes, groups: dict[str, pd.Series], form: str) -> None:
    """Write the median and the number of values above each column."""
    for place, group in enumerate(groups.values()):
        axes.annotate(
            f"{group.median():{form}}\nn = {len(group):,}",
            (place, 1),
            (0, -1),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="top",
            size=7.5,
            color=QUIET,
            # Hides the grid behind the text.
            bbox={"facecolor": "white", "linewidth": 0, "pad": 0.5},
        )
