"""Values by cell type and compartment: a panel for each cell type, a column for each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mitosyn.catalogue import COMPARTMENT_COLOURS, SOMATIC
from mitosyn.report.figures.style import (
    QUIET,
    horizontal_grid,
    new_figure,
    nothing_to_show,
    spread,
)

# Up to FEW values are shown as dots; a box needs FEWEST.
FEW, FEWEST = 60, 5
WHISKERS = (5, 95)  # percentiles
# A compartment of a cell that is shorter says little about what is there per length.
SHORTEST_UM = 20.0
COLUMN_WIDTH, MARGIN, HEIGHT = 0.82, 0.9, 3.6  # inches


@dataclass(frozen=True)
class Scale:
    """The common vertical axis of the panels.

    Attributes
    ----------
    label : str
        With the unit.
    log : bool
    limits : (lowest, highest) or None
        None fits them to the values, from 0 unless logarithmic.
    digits : int
        Significant digits of the medians that are written above the columns.
    """

    label: str
    log: bool = False
    limits: tuple[float, float] | None = None
    digits: int = 2


def draw_by_compartment(
    values: pd.DataFrame, scale: Scale, colours: Mapping[str, str], dots: bool = False
) -> Figure:
    """Draw how values are distributed in each compartment of each cell type.

    Parameters
    ----------
    values : pandas.DataFrame
        ``cell_type, compartment, value``; rows without a value, and without a positive one
        on a logarithmic scale, are passed over.
    scale : Scale
    colours : mapping from cell type to colour
        In the order of the panels.
    dots : bool
        A dot for every value and a line at the median, for values that are few: otherwise
        boxes (quartiles, median, whiskers at percentiles 5 and 95), with dots too where a
        group has few values, and without a box where it has hardly any.
    """
    values = values[values["value"] > 0] if scale.log else values.dropna(subset="value")
    pairs = set(zip(values["cell_type"], values["compartment"], strict=True))
    found = {t: [name for name in COMPARTMENT_COLOURS if (t, name) in pairs] for t in colours}
    present = {cell_type: names for cell_type, names in found.items() if names}
    if not present:
        return nothing_to_show(f"No value to show: {scale.label}")
    columns = [len(names) for names in present.values()]
    figure = new_figure(MARGIN + COLUMN_WIDTH * sum(columns) + 0.3 * len(columns), HEIGHT)
    if figure.get_figwidth() < 4:
        figure.set_figwidth(4)
    panels = figure.subplots(1, len(present), sharey=True, squeeze=False, width_ratios=columns).flat
    for axes, (cell_type, compartments) in zip(panels, present.items(), strict=True):
        own = values[values["cell_type"] == cell_type]
        groups = {n: own.loc[own["compartment"] == n, "value"] for n in compartments}
        draw_columns(axes, groups, COMPARTMENT_COLOURS, dots)
        write_medians(axes, groups, f".{scale.digits}g")
        axes.set_title(cell_type, color=colours[cell_type])
    _set_scale(figure.axes, scale)
    figure.axes[0].set_ylabel(scale.label)
    return figure


def draw_per_length(
    lengths: pd.DataFrame, amount: str, factor: float, scale: Scale, colours: Mapping[str, str]
) -> Figure:
    """Draw an amount per length of each cell's skeleton, by compartment.

    Somata, whose skeleton says nothing, and what is short are left out.

    Parameters
    ----------
    lengths : pandas.DataFrame
        ``cell_type, compartment, length_um`` and the amount: a row for each cell and compartment.
    amount : str
        Its column.
    factor : float
        What the ratio is multiplied by.
    scale : Scale
    colours : mapping from cell type to colour
    """
    shown = lengths[(lengths["length_um"] >= SHORTEST_UM) & (lengths["compartment"] != SOMATIC)]
    values = factor * shown[amount] / shown["length_um"]
    return draw_by_compartment(shown.assign(value=values), scale, colours, dots=True)


def draw_columns(
    axes: Axes, groups: dict[str, pd.Series], colours: Mapping[str, str], dots: bool
) -> None:
    """Draw a column for each group: dots, a box, or both."""
    for place, (name, group) in enumerate(groups.items()):
        numbers = np.sort(group.to_numpy(float))
        if dots or len(numbers) <= FEW:
            shifts = spread(len(numbers), 0.5)
            axes.scatter(
                place + shifts,
                numbers,
                s=14 if dots else 8,
                color=colours[name],
                alpha=0.7 if dots else 0.45,
                linewidths=0,
                clip_on=False,
            )
        if dots or len(numbers) < FEWEST:
            axes.hlines(np.median(numbers), place - 0.36, place + 0.36, color="black", lw=1.6)
        else:
            _draw_box(axes, place, numbers, colours[name])
    axes.set_xticks(range(len(groups)), [name.replace(" ", "\n") for name in groups])
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.tick_params(axis="x", length=0)
    horizontal_grid(axes)


def _draw_box(axes: Axes, place: int, numbers: np.ndarray, colour: str) -> None:
    low, q1, median, q3, high = np.percentile(numbers, (WHISKERS[0], 25, 50, 75, WHISKERS[1]))
    axes.bxp(
        [{"med": median, "q1": q1, "q3": q3, "whislo": low, "whishi": high}],
        positions=[place],
        widths=0.6,
        showfliers=False,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": f"{colour}59", "edgecolor": colour, "linewidth": 1},
        medianprops={"color": "black", "linewidth": 1.6},
        whiskerprops={"color": colour, "linewidth": 1},
        capprops={"color": colour, "linewidth": 1},
    )


def _set_scale(panels: Sequence[Axes], scale: Scale) -> None:
    """Leave room above what is drawn for what is written there."""
    low = min(axes.dataLim.y0 for axes in panels)
    high = max(axes.dataLim.y1 for axes in panels)
    if scale.log:
        panels[0].set_yscale("log")
        panels[0].set_ylim(low / 1.5, high * (high / low) ** 0.2 * 1.5)
    else:
        low, high = scale.limits or (0.0, high)
        panels[0].set_ylim(low, low + 1.18 * max(high - low, 1e-9))


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
