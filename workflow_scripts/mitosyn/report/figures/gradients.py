"""What changes along neurites with the distance from the soma."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mitosyn.catalogue import COMPARTMENT_COLOURS, QUESTIONS
from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.style import GRID, new_figure, nothing_to_show
from mitosyn.report.statistics import BIN_UM, FEWEST_IN_BIN, NEURITES, bin_gradients, name_branches
from mitosyn.support import NM_PER_UM

# Each panel's label and what its values are multiplied by.
GRADIENT_PANELS = {
    "mitovoldensity": ("mitochondrial volume (% of volume)", 100.0),
    "linearmitocoverage": ("mitochondrial length / path length", 1.0),
    "meandiam": ("mean diameter (µm)", 1 / NM_PER_UM),
    "linearsynapsedensity": ("synapses per µm", 1.0),
}


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw what changes along the neurites of the cell type that ends each figure's name."""
    tables = collected.tables
    names = collected.compartment_names
    branches = name_branches(tables["branches_distancebins"], tables["cells"], names)
    gradients = bin_gradients(branches, names)
    return {
        name: draw_gradients(gradients, name.removeprefix("gradients_"))
        for name in QUESTIONS["gradients"].figures
    }


def draw_gradients(gradients: pd.DataFrame, cell_type: str) -> Figure:
    """Draw means and spread by the distance from the soma, and what they are made of."""
    shown = gradients[
        (gradients["cell_type"] == cell_type)
        & (gradients["segments"] >= FEWEST_IN_BIN)
        & gradients["compartment"].isin(NEURITES)
    ]
    if shown.empty:
        return nothing_to_show(f"No 10 µm hold {FEWEST_IN_BIN} segments of {cell_type} cells.")
    figure = new_figure(7.6, 7.2)
    axes = figure.subplots(3, 2, sharex=True, height_ratios=[1, 1, 0.6])
    for panel, (quantity, (label, factor)) in zip(
        axes[:2].flat, GRADIENT_PANELS.items(), strict=True
    ):
        for name, own in _by_compartment(shown[shown["quantity"] == quantity]):
            _draw_gradient(panel, own, COMPARTMENT_COLOURS[name], factor)
        panel.set_ylabel(label)
        panel.set_ylim(bottom=0)
    counted = _by_compartment(shown[shown["quantity"] == "linearsynapsedensity"])
    for panel, column in zip(axes[2], ("segments", "cells"), strict=True):
        for name, own in counted:
            colour = COMPARTMENT_COLOURS[name]
            panel.plot(own.index, own[column], color=colour, lw=1.2, marker="o", ms=2.5)
        panel.set_ylabel(f"{column} (n)")
        panel.set_ylim(0, 1.1 * max(panel.dataLim.y1, 1))
        panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        panel.set_xlabel("path length to the soma (µm)")
        panel.set_xlim(left=0)
    for panel in axes.flat:
        panel.grid(axis="y", **GRID)
    for name, own in counted:
        label = f"{name} ({int(own['segments'].sum()):,} segments)"
        axes[0, 0].plot([], [], color=COMPARTMENT_COLOURS[name], lw=2, label=label)
    figure.legend(loc="outside upper center", ncols=3, handlelength=1.2)
    return figure


def _by_compartment(gradients: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the bins of each compartment by their middle, empty where they are missing."""
    parts = []
    for name in NEURITES:
        own = gradients[gradients["compartment"] == name].set_index("from_um")
        if len(own):
            starts = np.arange(own.index.min(), own.index.max() + 1, BIN_UM)
            parts.append((name, own.reindex(starts).set_axis(starts + BIN_UM / 2)))
    return parts


def _draw_gradient(axes: Axes, bins: pd.DataFrame, colour: str, factor: float) -> None:
    """Draw a line through the means, and a band of a standard deviation to either side."""
    means, spread = factor * bins["mean"], factor * bins["sd"]
    lower = (means - spread).clip(lower=0)
    axes.fill_between(bins.index, lower, means + spread, color=colour, alpha=0.14, lw=0)
    axes.plot(bins.index, means, color=colour, lw=1.6, marker="o", ms=3)
