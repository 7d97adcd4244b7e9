"""How mitochondria differ between compartments and along neurites, and what goes with them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mitosyn.catalogue import COMPARTMENT_COLOURS
from mitosyn.report.figures.groups import draw_columns, write_medians
from mitosyn.report.figures.style import (
    GRID,
    QUIET,
    STYLE,
    horizontal_grid,
    new_figure,
    nothing_to_show,
)
from mitosyn.report.published import published_value
from mitosyn.report.statistics import (
    ASCENDING,
    FEWEST_IN_BIN,
    NEURITES,
    NM_PER_UM,
    Line,
    Statistic,
    VarianceSplit,
    relate_densities,
    relations,
)

# More points are counted in hexagons.
MOST_DOTS = 500
# Panels reach as far as this percentile of the points.
SHOWN_PERCENTILE = 99.5
MEASURE_LABELS = {
    "mitochondrion_volume_um3": "mitochondrial volume (µm³)",
    "complexity_index": "complexity index",
}
# Each panel's label and what its values are multiplied by.
GRADIENT_PANELS = {
    "mitovoldensity": ("mitochondrial volume (% of volume)", 100.0),
    "linearmitocoverage": ("mitochondrial length / path length", 1.0),
    "meandiam": ("mean diameter (µm)", 1 / NM_PER_UM),
    "linearsynapsedensity": ("synapses per µm", 1.0),
}
# Of what is regressed on what: a relation's name is <y>_by_<x>.
RELATION_LABELS = {
    "mitochondria": "mitochondrial volume per length (µm²)",
    "synapse_density": "synapses per µm",
    "median_diameter": "median diameter (µm)",
    "synapse_density_residual": "synapses per µm beyond those\nexpected from the diameter",
}
# Those that share a bar: what a mitochondrion leaves, what several cover, and both together.
PART_COLOURS = {"gaps": "#0072B2", "overlaps": "#E69F00", "covariance": "#B0B0B0"}
PART_LABELS = {"gaps": "gaps", "overlaps": "overlaps", "covariance": "−2 × covariance of both"}


def draw_compartments(mitochondria: pd.DataFrame, tests: list[Statistic]) -> Figure:
    """Draw volume and complexity by compartment, and what the tests of neighbours give.

    Parameters
    ----------
    mitochondria : pandas.DataFrame
        As :func:`mitosyn.report.statistics.pyramidal_mitochondria` gives it.
    tests : list of Statistic
        As :func:`mitosyn.report.statistics.compare_compartments` gives them.
    """
    groups = {
        measure: {
            name: own[own > 0]
            for name in ASCENDING
            if (own := mitochondria.loc[mitochondria["compartment"] == name, measure]).gt(0).any()
        }
        for measure in MEASURE_LABELS
    }
    groups = {measure: own for measure, own in groups.items() if own}
    if not groups:
        return nothing_to_show("No mitochondrion of a pyramidal cell was measured.")
    p_values = {(test.statistic, test.group): test.p for test in tests}
    figure = new_figure(4.2 * len(groups), 4.2)
    with rc_context(STYLE):
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
        axes.text(
            (left + right) / 2,
            height + 0.005,
            write_p(p),
            transform=across,
            ha="center",
            va="bottom",
            size=7.5,
        )


def write_p(p: float) -> str:
    """Write a p to one digit: those above 0.05 as not significant, the least as a bound."""
    if p > 0.05:
        return f"n.s. (p = {p:.2g})"
    return "p < 1e-300" if p < 1e-300 else f"p = {p:.0e}".replace("e-0", "e-")


def draw_gradients(gradients: pd.DataFrame, cell_type: str) -> Figure:
    """Draw means and spread by the distance from the soma, and what they are made of.

    Parameters
    ----------
    gradients : pandas.DataFrame
        As :func:`mitosyn.report.statistics.bin_gradients` gives it.
    cell_type : str
    """
    shown = gradients[
        (gradients["cell_type"] == cell_type)
        & (gradients["segments"] >= FEWEST_IN_BIN)
        & gradients["compartment"].isin(NEURITES)
    ]
    if shown.empty:
        return nothing_to_show(f"No 10 µm hold {FEWEST_IN_BIN} segments of {cell_type} cells.")
    figure = new_figure(7.6, 7.2)
    with rc_context(STYLE):
        axes = figure.subplots(3, 2, sharex=True, height_ratios=[1, 1, 0.6])
        for panel, (quantity, (label, factor)) in zip(
            axes[:2].flat, GRADIENT_PANELS.items(), strict=True
        ):
            for name, own in _by_compartment(shown[shown["quantity"] == quantity]):
                _draw_gradient(panel, own, COMPARTMENT_COLOURS[name], factor)
            panel.set_ylabel(label)
            panel.set_ylim(bottom=0)
        counted = shown[shown["quantity"] == "linearsynapsedensity"]
        for panel, column in zip(axes[2], ("segments", "cells"), strict=True):
            for name, own in _by_compartment(counted):
                middles = (own["from_um"] + own["to_um"]) / 2
                colour = COMPARTMENT_COLOURS[name]
                panel.plot(middles, own[column], color=colour, lw=1.2, marker="o", ms=2.5)
            panel.set_ylabel(f"{column} (n)")
            panel.set_ylim(0, 1.1 * max(panel.dataLim.y1, 1))
            panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
            panel.set_xlabel("path length to the soma (µm)")
            panel.set_xlim(left=0)
        for panel in axes.flat:
            horizontal_grid(panel)
        for name, own in _by_compartment(counted):
            label = f"{name} ({int(own['segments'].sum()):,} segments)"
            axes[0, 0].plot([], [], color=COMPARTMENT_COLOURS[name], lw=2, label=label)
        figure.legend(loc="outside upper center", ncols=3, handlelength=1.2)
    return figure


def _by_compartment(gradients: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Give the bins of each compartment, in order, with empty rows where bins are missing."""
    parts = []
    for name in NEURITES:
        own = gradients[gradients["compartment"] == name]
        if len(own):
            step = own["to_um"].iloc[0] - own["from_um"].iloc[0]
            starts = np.arange(own["from_um"].min(), own["from_um"].max() + step / 2, step)
            own = own.set_index("from_um").reindex(starts).rename_axis("from_um").reset_index()
            parts.append((name, own.assign(to_um=own["from_um"] + step)))
    return parts


def _draw_gradient(axes: Axes, bins: pd.DataFrame, colour: str, factor: float) -> None:
    """Draw a line through the means, and a band of a standard deviation to either side."""
    middles = (bins["from_um"] + bins["to_um"]) / 2
    means, spread = factor * bins["mean"], factor * bins["sd"]
    lower = (means - spread).clip(lower=0)
    axes.fill_between(middles, lower, means + spread, color=colour, alpha=0.14, lw=0)
    axes.plot(middles, means, color=colour, lw=1.6, marker="o", ms=3)


def draw_relations(segments: pd.DataFrame) -> Figure:
    """Draw synapses, mitochondria and diameter against one another, beside published values.

    Parameters
    ----------
    segments : pandas.DataFrame
        As :func:`mitosyn.report.statistics.select_distal` gives it.
    """
    points = segments.dropna(subset=["mitovolperlength", "mediandiam", "linearsynapsedensity"])
    if points.empty:
        return nothing_to_show("No basal segment lies beyond 60 µm and can be compared.")
    lines = relate_densities(segments)
    figure = new_figure(7.6, 7.8)
    with rc_context(STYLE):
        panels = figure.subplots(2, 2).flat
        for axes, (name, (x, y)) in zip(panels, relations(points).items(), strict=True):
            if y.isna().all():
                axes.remove()
                continue
            _draw_points(axes, x, y)
            _draw_line(axes, lines[name], x)
            across, along = name.split("_by_")
            axes.set_xlabel(RELATION_LABELS[along])
            axes.set_ylabel(RELATION_LABELS[across])
            axes.set_title(_explain_line(name, lines[name]), size=7.5, weight="normal", loc="left")
    return figure


def _draw_points(axes: Axes, x: pd.Series, y: pd.Series) -> None:
    """Draw dots, or count them in hexagons where they would hide one another."""
    right = max(np.percentile(x, SHOWN_PERCENTILE), 1e-6)
    low, high = np.percentile(y, [100 - SHOWN_PERCENTILE, SHOWN_PERCENTILE])
    low = min(low, 0.0)
    if len(x) > MOST_DOTS:
        extent = (0.0, right, low, high)
        inside = (x <= right) & (y >= low) & (y <= high)
        axes.hexbin(
            x[inside], y[inside], gridsize=32, extent=extent, bins="log", cmap="Blues", mincnt=1
        )
    else:
        axes.scatter(x, y, s=12, color="#0072B2", alpha=0.5, linewidths=0)
    axes.set_xlim(-0.03 * right, 1.05 * right)
    margin = 0.05 * max(high - low, 1e-6)
    axes.set_ylim(low - margin, high + margin)
    axes.grid(**GRID)


def _draw_line(axes: Axes, line: Line, x: pd.Series) -> None:
    if np.isfinite(line.slope):
        ends = np.array([0.0, x.max()])
        axes.plot(ends, line.slope * ends + line.intercept, color="#D55E00", lw=1.8)


def _explain_line(name: str, line: Line) -> str:
    """Return n, r and the line, and what was published."""
    keys = ("r", "slope", "intercept")
    here = ", ".join(_equation(key, getattr(line, key)) for key in keys)
    published = ", ".join(_equation(key, published_value(f"{name}_{key}", "Basal")) for key in keys)
    return f"n = {line.n:,}\n{line.note or here}\npublished: {published}"


def _equation(name: str, value: float | None) -> str:
    return f"{name} = {value:.4g}".replace("-", "−")


def draw_variances(
    by_compartment: Mapping[str, VarianceSplit], by_distance: Mapping[float, VarianceSplit]
) -> Figure:
    """Draw the parts of the variance of coverage: by compartment, and along basal dendrites.

    Parameters
    ----------
    by_compartment : mapping from compartment to VarianceSplit
    by_distance : mapping from where a bin of 10 µm starts to VarianceSplit
    """
    compartments = {name: split for name, split in by_compartment.items() if _is_shown(split)}
    bins = {f"{start:.0f}": split for start, split in by_distance.items() if _is_shown(split)}
    drawn = {
        "all segments": compartments,
        "basal segments by the path length\nto the soma, in 10 µm from … (µm)": bins,
    }
    drawn = {label: splits for label, splits in drawn.items() if splits}
    if not drawn:
        return nothing_to_show("Too few segments, or all of them are covered alike.")
    widths = [
        max((0.72 if splits is compartments else 0.3) * len(splits), 2.2)
        for splits in drawn.values()
    ]
    figure = new_figure(1.4 + sum(widths), 3.8)
    with rc_context(STYLE):
        panels = figure.subplots(1, len(drawn), squeeze=False, sharey=True, width_ratios=widths)
        for axes, (label, splits) in zip(panels.flat, drawn.items(), strict=True):
            _draw_bars(axes, splits, across=splits is compartments)
            axes.set_xlabel(label)
        low, high = panels[0, 0].get_ylim()
        panels[0, 0].set_ylim(low, high + 0.24 * (high - low))
        panels[0, 0].set_ylabel("share of the variance of coverage (%)")
        for part, colour in PART_COLOURS.items():
            panels[0, 0].bar([0], [0], color=colour, label=PART_LABELS[part])
        figure.legend(loc="outside upper center", ncols=3, handlelength=1, columnspacing=1)
    return figure


def _is_shown(split: VarianceSplit) -> bool:
    return split.n >= FEWEST_IN_BIN and not split.note


def _draw_bars(axes: Axes, splits: Mapping[str, VarianceSplit], across: bool) -> None:
    """Stack the parts up; a negative covariance hangs below 0. The n stand across or upright."""
    places = np.arange(len(splits))
    bottom = np.zeros(len(splits))
    for part, colour in PART_COLOURS.items():
        shares = np.array([100 * getattr(split, part) for split in splits.values()])
        start = np.where(shares >= 0, bottom, 0.0)
        axes.bar(places, shares, 0.7, start, color=colour)
        bottom += np.maximum(shares, 0)
    for place, top, split in zip(places, bottom, splits.values(), strict=True):
        axes.annotate(
            f"n = {split.n:,}",
            (place, top),
            (0, 3),
            textcoords="offset points",
            ha="center",
            rotation=0 if across else 90,
            size=7,
            color=QUIET,
        )
    axes.axhline(0, color="black", lw=0.8)
    axes.set_xticks(places, list(splits))
    axes.tick_params(axis="x", length=0, rotation=0 if across else 90)
    axes.set_xlim(-0.6, len(splits) - 0.4)
    horizontal_grid(axes)
