"""How far synapses are from mitochondria, and whether many are where many of the others are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mitosyn.catalogue import POSTSYNAPTIC, PRESYNAPTIC, SOMATIC, SYNAPSE_STYLES
from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.curves import MEASURED, WITHIN, draw_within, in_rows
from mitosyn.report.figures.groups import SHORTEST_UM
from mitosyn.report.figures.style import GRID, Style, new_figure, nothing_to_show
from mitosyn.report.neurites import GROUP, add_counts, sum_lengths

PER_UM = 10
ENDS = {end: SYNAPSE_STYLES[end] for end in (POSTSYNAPTIC, PRESYNAPTIC)}
STYLES: dict[str, Style] = {
    end: {"label": style["label"], "color": style["color"]} for end, style in ENDS.items()
}


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw how many sites have a mitochondrion near, and how many of both there are."""
    sites = collected.tables["site_distances"].to_pandas()
    within = {f"sites_within_{reach}_nm": reach for reach in WITHIN}
    counts = sites.rename(columns=within | {"sites": "n", "synapse_type": "what"})
    across = "path to the nearest mitochondrion (µm)"
    return {
        "synapse_mitochondrion_distance": draw_within(counts, STYLES, across, collected),
        "mitochondria_by_synapses": draw_amounts(amounts(sites, collected), collected),
    }


def amounts(sites: pd.DataFrame, collected: Collected) -> pd.DataFrame:
    """Count mitochondria and sites to 10 µm of each neuron's compartments, somata and scraps apart.

    Returns
    -------
    pandas.DataFrame
        ``cell_id, cell_type, row, compartment, mitochondria`` and the sites, by type of end.
    """
    names = collected.compartment_names
    lengths = add_counts(
        sum_lengths(collected.neurons, names=names), collected.mitochondria, "mitochondria"
    )
    measured = sites[sites["kind"] == MEASURED]
    compartments = np.array(names, object)[measured["label"].to_numpy(int)]
    measured = measured.assign(compartment=compartments)
    for end in ENDS:
        own = measured[measured["synapse_type"] == end].groupby(GROUP)["sites"].sum()
        lengths = lengths.merge(own.rename(end).reset_index(), on=GROUP, how="left")
    shown = lengths[(lengths["length_um"] >= SHORTEST_UM) & (lengths["compartment"] != SOMATIC)]
    values = shown[["mitochondria", *ENDS]].fillna(0).mul(PER_UM / shown["length_um"], axis=0)
    return in_rows(shown[GROUP].join(values), collected)


def draw_amounts(dots: pd.DataFrame, collected: Collected) -> Figure:
    """Draw the :func:`amounts`: a row for each cell type, a panel for each type of end."""
    dots = dots[(dots[list(ENDS)] > 0).any(axis=1)]
    if dots.empty:
        return nothing_to_show(f"No compartment of {SHORTEST_UM:.0f} µm or more has synapses.")
    rows = [row for row in ["", *collected.colours] if row in set(dots["row"])]
    figure = new_figure(6.6, 0.8 + 2.7 * len(rows))
    panels = figure.subplots(len(rows), len(ENDS), sharey=True, squeeze=False)
    names = [name for name in collected.compartment_colours if name in set(dots["compartment"])]
    for row, of_row in zip(rows, panels, strict=True):
        own = dots[dots["row"] == row]
        for end, axes in zip(ENDS, of_row, strict=True):
            # Where none has any, there is nothing to compare.
            for name, group in own[own[end] > 0].groupby("compartment", sort=False):
                style: Style = {"s": 14, "color": collected.compartment_colours[name], "lw": 0}
                axes.scatter(group[end], group["mitochondria"], alpha=0.7, clip_on=False, **style)
            if not axes.has_data():
                axes.remove()
                continue
            axes.set_xlabel(f"{ENDS[end]['label']} sites per {PER_UM} µm")
            axes.set_xlim(left=0)
            axes.grid(**GRID)
            axes.set_ylim(bottom=0)
            axes.set_ylabel(f"mitochondria per {PER_UM} µm")
            axes.set_title(row, color=collected.colours.get(row, "black"), loc="left")
    keys = [
        figure.axes[0].scatter([], [], s=14, color=collected.compartment_colours[name], label=name)
        for name in names
    ]
    figure.legend(handles=keys, loc="outside upper center", ncols=len(keys), handletextpad=0.1)
    return collected.marked(figure)
