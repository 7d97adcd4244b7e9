"""What goes with the amount of mitochondria in a segment, and what its coverage is made of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.style import GRID, QUIET, Style, new_figure, nothing_to_show
from mitosyn.report.statistics import (
    FEWEST_IN_BIN,
    Line,
    VarianceSplit,
    name_branches,
    relate_densities,
    relations,
    select_distal,
    split_by_distance,
    split_variances,
)
from mitosyn.sources import STUDIED_TYPE, published_value

# More points are counted in hexagons.
MOST_DOTS = 500
# Panels reach as far as this percentile of the points.
SHOWN_PERCENTILE = 99.5
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


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw what is related in the segments of the studied cells, and what coverage is made of."""
    tables = collected.tables
    names = collected.compartment_names
    branches = name_branches(tables["branches_distancebins"], tables["cells"], names)
    branches = branches[branches["cell_type"] == STUDIED_TYPE]
    return {
        "mitochondria_and_synapses": draw_relations(select_distal(branches)),
        "coverage_variance": draw_variances(split_variances(branches), split_by_distance(branches)),
    }


def draw_relations(segments: pd.DataFrame) -> Figure:
    """Draw synapses, mitochondria and diameter against one another, beside published values."""
    points = segments.dropna(subset=["mitovolperlength", "mediandiam", "linearsynapsedensity"])
    if points.empty:
        return nothing_to_show("No basal segment lies beyond 60 µm and can be compared.")
    lines = relate_densities(segments)
    figure = new_figure(7.6, 7.8)
    panels = figure.subplots(2, 2).flat
    for axes, (name, (x, y)) in zip(panels, relations(points).items(), strict=True):
        if y.isna().all():
            axes.remove()
            continue
        line = lines[name]
        _draw_points(axes, x, y)
        if np.isfinite(line.slope):
            ends = np.array([0.0, x.max()])
            axes.plot(ends, line.slope * ends + line.intercept, color="#D55E00", lw=1.8)
        across, along = name.split("_by_")
        axes.set_xlabel(RELATION_LABELS[along])
        axes.set_ylabel(RELATION_LABELS[across])
        axes.set_title(_explain_line(name, line), size=7.5, weight="normal", loc="left")
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

    ``by_distance`` are the splits by where their bins of 10 µm start.
    """
    starts = {f"{start:.0f}": split for start, split in by_distance.items()}
    in_bins = "basal segments by the path length\nto the soma, in 10 µm from … (µm)"
    drawn = {}
    for label, splits in {"all segments": by_compartment, in_bins: starts}.items():
        shown = {k: s for k, s in splits.items() if s.n >= FEWEST_IN_BIN and not s.note}
        if shown:
            drawn[label] = shown
    if not drawn:
        return nothing_to_show("Too few segments, or all of them are covered alike.")
    widths = [max((0.3 if k == in_bins else 0.72) * len(s), 2.2) for k, s in drawn.items()]
    figure = new_figure(1.4 + sum(widths), 3.8)
    panels = figure.subplots(1, len(drawn), squeeze=False, sharey=True, width_ratios=widths)
    for axes, (label, splits) in zip(panels.flat, drawn.items(), strict=True):
        _draw_bars(axes, splits, across=label != in_bins)
        axes.set_xlabel(label)
    low, high = panels[0, 0].get_ylim()
    panels[0, 0].set_ylim(low, high + 0.24 * (high - low))
    panels[0, 0].set_ylabel("share of the variance of coverage (%)")
    for part, colour in PART_COLOURS.items():
        panels[0, 0].bar([0], [0], color=colour, label=PART_LABELS[part])
    figure.legend(loc="outside upper center", ncols=3, handlelength=1, columnspacing=1)
    return figure


def _draw_bars(axes: Axes, splits: Mapping[str, VarianceSplit], across: bool) -> None:
    """Stack the parts up; a negative covariance hangs below 0. The n stand across or upright."""
    places = np.arange(len(splits))
    bottom = np.zeros(len(splits))
    for part, colour in PART_COLOURS.items():
        shares = np.array([100 * getattr(split, part) for split in splits.values()])
        axes.bar(places, shares, 0.7, np.where(shares >= 0, bottom, 0.0), color=colour)
        bottom += np.maximum(shares, 0)
    turn = 0 if across else 90
    style: Style = {"ha": "center", "size": 7, "color": QUIET, "rotation": turn}
    for place, top, split in zip(places, bottom, splits.values(), strict=True):
        text = f"n = {split.n:,}"
        axes.annotate(text, (place, top), (0, 3), textcoords="offset points", **style)
    axes.axhline(0, color="black", lw=0.8)
    axes.set_xticks(places, list(splits))
    axes.tick_params(axis="x", length=0, rotation=turn)
    axes.set_xlim(-0.6, len(splits) - 0.4)
    axes.grid(axis="y", **GRID)
