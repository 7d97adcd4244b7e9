"""Where the synapses of neurons are: on which cells, how densely, how far from the soma."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mitosyn.catalogue import POSTSYNAPTIC, PRESYNAPTIC, SYNAPSE_STYLES
from mitosyn.report.figures.cells import draw_numbers
from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.groups import draw_per_length
from mitosyn.report.figures.style import GRID, QUIET, new_figure, nothing_to_show
from mitosyn.report.neurites import add_counts, locate_synapses, sum_lengths

DENSITY = "postsynaptic sites per µm"
BIN_UM = 10.0
SHOWN_PERCENTILE = 99.5
# In a row.
MOST_PANELS = 4
NUMBERS = {
    "synapses_post": "postsynaptic sites per cell",
    "synapses_pre": "presynaptic sites per cell",
    "synapses_autapse": "autapses per cell",
}


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw number, density and distance from the soma of the ends of synapses on neurons."""
    colours, names = collected.colours, collected.compartment_names
    ends = locate_synapses(collected.neurons, collected.tables["synapses"], names)
    located = collected.typed(ends)
    sites = located[located["synapse_type"] == POSTSYNAPTIC]
    lengths = sum_lengths(collected.neurons, names=names)
    densities = collected.typed(add_counts(lengths, sites, "sites"))
    of_both = colours, collected.compartment_colours
    # Cells without a skeleton have no numbers.
    neurons = collected.cells.dropna(subset=list(NUMBERS))
    return {
        "synapses_per_cell": draw_numbers(neurons, NUMBERS, colours),
        "synapse_density": draw_per_length(densities, "sites", 1, DENSITY, *of_both),
        "synapse_soma_distance": draw_soma_distances(located, colours),
    }


def draw_soma_distances(ends: pd.DataFrame, colours: Mapping[str, str]) -> Figure:
    """Draw how synapse ends are distributed by their distance from the soma.

    Parameters
    ----------
    ends : pandas.DataFrame
        ``cell_type, synapse_type, distance_um``: a row for each end of a synapse; the
        distance is infinite where no path leads to the soma.
    """
    ends = ends[ends["synapse_type"].isin([POSTSYNAPTIC, PRESYNAPTIC])]
    types = [t for t in colours if t in set(ends["cell_type"])]
    reached = ends[np.isfinite(ends["distance_um"])]
    if reached.empty:
        return nothing_to_show("No synapse is connected to a soma.")
    farthest = max(np.percentile(reached["distance_um"], SHOWN_PERCENTILE), BIN_UM)
    edges = np.arange(0, farthest + BIN_UM, BIN_UM)
    across = min(len(types), MOST_PANELS)
    rows = -(-len(types) // across)
    figure = new_figure(1.0 + 3.2 * across, 3.6 * rows)
    panels = figure.subplots(rows, across, sharey=True, squeeze=False).flatten()
    for unused in panels[len(types) :]:
        unused.remove()
    for axes, cell_type in zip(panels, types, strict=False):
        _draw_profiles(axes, ends[ends["cell_type"] == cell_type], edges)
        axes.set_title(cell_type, color=colours[cell_type])
        axes.set_xlabel("path length to the soma (µm)")
        axes.set_xlim(0, edges[-1])
    highest = max(axes.dataLim.y1 for axes in figure.axes)
    figure.axes[0].set_ylim(0, 1.35 * highest)
    ticks = figure.axes[0].get_yticks()
    figure.axes[0].set_yticks(ticks[ticks <= min(100, 1.35 * highest)])
    for first in panels[::across]:
        first.set_ylabel(f"share per {BIN_UM:.0f} µm (%)")
    return figure


def _draw_profiles(axes: Axes, ends: pd.DataFrame, edges: np.ndarray) -> None:
    """Draw the share of a cell type's ends in each bin, a line for each kind."""
    apart = int(np.isinf(ends["distance_um"]).sum())
    for kind in (POSTSYNAPTIC, PRESYNAPTIC):
        distances = ends.loc[ends["synapse_type"] == kind, "distance_um"]
        distances = distances[np.isfinite(distances)]
        if len(distances):
            shares = 100 * np.histogram(distances, edges)[0] / len(distances)
            style = SYNAPSE_STYLES[kind]
            label = f"{style['label']}, n = {len(distances):,}"
            axes.stairs(shares, edges, color=style["color"], lw=1.5, label=label)
    if apart:
        axes.plot([], [], lw=0, label=f"{apart:,} more without a path to the soma")
    axes.legend(loc="upper right", fontsize=8, labelcolor=QUIET, handlelength=1.2)
    axes.grid(axis="y", **GRID)
