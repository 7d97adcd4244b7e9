"""How mitochondria differ between compartments."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mitosyn.catalogue import COMPARTMENT_COLOURS
from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.groups import draw_columns, write_medians
from mitosyn.report.figures.style import QUIET, Style, new_figure, nothing_to_show
from mitosyn.report.statistics import compare_compartments, measure_mitochondria
from mitosyn.sources import ASCENDING, STUDIED_TYPE

MEASURE_LABELS = {
    "mitochondrion_volume_um3": "mitochondrial volume (µm³)",
    "complexity_index": "complexity index",
}


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw volume and complexity of mitochondria by compartment, with tests of neighbours."""
    mitochondria = measure_mitochondria(
        collected.tables["mitochondria"].to_pandas(), STUDIED_TYPE, collected.voxel_size_nm
    )
    return {"compartment_differences": draw_compartments(mitochondria)}


def draw_compartments(mitochondria: pd.DataFrame) -> Figure:
    """Draw volume and complexity by compartment, and how sure it is that neighbours differ."""
    groups: dict[str, dict[str, pd.Series]] = {}
    for measure, name in product(MEASURE_LABELS, ASCENDING):
        own = mitochondria.loc[mitochondria["compartment"] == name, measure]
        if (own > 0).any():
            groups.setdefault(measure, {})[name] = own[own > 0]
    if not groups:
        return nothing_to_show(f"No mitochondrion of a {STUDIED_TYPE} cell was measured.")
    p_values = {(test.statistic, test.group): test.p for test in compare_compartments(mitochondria)}
    figure = new_figure(4.2 * len(groups), 4.2)
    panels = figure.subplots(1, len(groups), squeeze=False).flat
    for axes, (measure, own) in zip(panels, groups.items(), strict=True):
        draw_columns(axes, own, COMPARTMENT_COLOURS, dots=False)
        low, high = axes.dataLim.y0, axes.dataLim.y1
        axes.set_yscale("log")
        axes.set_ylim(low / 1.5, high * (high / low) ** 0.45 * 1.5)
        write_medians(axes, own, ".3g")
        for place, (first, second) in enumerate(pairwise(own)):
            p = p_values.get((f"{measure}_mann_whitney_u", f"{first} < {second}"), np.nan)
            _draw_bracket(axes, place, p)
        axes.set_ylabel(MEASURE_LABELS[measure])
    return figure


def _draw_bracket(axes: Axes, place: int, p: float) -> None:
    """Join a column to the next one, with the p of the test that it is smaller."""
    if np.isfinite(p):
        height = 0.76 + 0.05 * (place % 2)
        left, right = place + 0.04, place + 0.96
        across = axes.get_xaxis_transform()
        axes.plot([left, right], [height, height], color=QUIET, lw=0.8, transform=across)
        style: Style = {"transform": across, "ha": "center", "va": "bottom", "size": 7.5}
        axes.text((left + right) / 2, height + 0.005, write_p(p), **style)


def write_p(p: float) -> str:
    """Write a p to one digit: those above 0.05 as not significant, the least as a bound."""
    if p > 0.05:
        return f"n.s. (p = {p:.2g})"
    return "p < 1e-300" if p < 1e-300 else f"p = {p:.0e}".replace("e-0", "e-")
