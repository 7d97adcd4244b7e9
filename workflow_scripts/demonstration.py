# %% [markdown]
# # Mitochondria and synapses of cortical cells
#
# This notebook is a first look at the dataset. It uses nothing but the published files that
# lie beside it, and needs `numpy`, `pandas`, `matplotlib` and
# [navis](https://navis-org.github.io/navis/) to run again.
#
# | file | content |
# | --- | --- |
# | `microns.tar.gz` | a table per cell, a row per mitochondrion: position, compartment, shape |
# | `morphologies.tar.gz` | the skeleton of each neuron (SWC) |
# | `nodes.tar.gz` | the skeleton nodes that each mitochondrion covers (JSON) |
# | `cell_type_classification_filtered.csv` | type and position of the neurons |
# | `synapse_filtered.csv` | the synapses of the neurons, a row for each neuron at either end |
#
# Positions and lengths are in nanometres, areas in nm², volumes in nm³. In the published
# volume y grows from the pia towards the white matter, so all pictures have y pointing down.
# The skeletons are SWC files without a header, and their labels are those of the standard
# shifted by one:
#
# | label | 0 | 1 | 2 | 3 | 4 | 5 |
# | --- | --- | --- | --- | --- | --- | --- |
# | compartment | Somatic | Axonal | Basal | Apical | Unknown dendritic | Unknown |
#
# Astrocytes have no skeleton. Their mitochondria are labelled by the distance from the soma:
# Somatic below 7 µm, Far beyond 70 µm (perhaps part of another cell), and Branch in between.

# %%
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import navis
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

navis.set_pbars(hide=True)
plt.style.use("default")
plt.rcParams.update(
    {
        "figure.dpi": 110,
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
)

# %% [markdown]
# One colour scheme for all figures, after Okabe and Ito: its colours can be told apart with
# any kind of colour vision.

# %%
COMPARTMENT_COLOURS = {
    "Somatic": "#E69F00",
    "Axonal": "#0072B2",
    "Basal": "#009E73",
    "Apical": "#CC79A7",
    "Unknown dendritic": "#56B4E9",
    "Unknown": "#7F7F7F",
    "Branch": "#D55E00",
    "Far": "#000000",
}
SYNAPSE_STYLES: dict[str, dict[str, Any]] = {
    "post": {"label": "input (postsynaptic)", "marker": "o", "color": "#000000", "s": 5},
    "pre": {"label": "output (presynaptic)", "marker": "^", "color": "#D55E00", "s": 16},
    "autapse": {"label": "autapse", "marker": "D", "color": "#0072B2", "s": 16},
}
TYPE_COLOURS = {"pyramidal": "#D55E00", "inhibitory": "#0072B2", "glia": "#009E73"}
SKELETON_COLOUR = "#A6A6A6"
# By the labels of the SWC files.
SKELETON_LABELS = ["Somatic", "Axonal", "Basal", "Apical", "Unknown dendritic", "Unknown"]

# %% [markdown]
# ## Loading the data
#
# The archives tell which files there are. They are read where they have been unpacked;
# otherwise they are unpacked into a temporary folder.

# %%
scratch = tempfile.TemporaryDirectory()


def published_files(archive: str, folder: str) -> list[Path]:
    """Find the files of an archive: beside this notebook, or unpacked for it."""
    if not Path(archive).exists():
        return sorted(Path(folder).glob("[0-9a-z]*"))
    with tarfile.open(archive) as opened:
        names = sorted(member.name for member in opened if member.isfile())
        if all(Path(name).exists() for name in names):
            return [Path(name) for name in names]
        opened.extractall(scratch.name, filter="data")
    return [Path(scratch.name, name) for name in names]


def by_cell(paths: list[Path]) -> dict[int, Path]:
    """Look files up by the cell id that their names begin with."""
    return {int(path.stem.split("_")[0]): path for path in paths}


cell_tables = published_files("microns.tar.gz", "microns_cells")
skeleton_files = by_cell(published_files("morphologies.tar.gz", "cell_morphologies"))
nodes_files = by_cell(published_files("nodes.tar.gz", "associated_nodes"))

# %% [markdown]
# Ids of cells are larger than a floating-point number can hold exactly. They must be read as
# integers (or text), never as floats.

# %%
columns = {
    "mito_id": "int64",
    "cellid": "int64",
    "compartment": "str",
    "x": "float64",
    "y": "float64",
    "z": "float64",
    "length along skeleton": "float64",
    "mito size": "float64",
    "sphericity": "float64",
    "cell_type": "str",
}
mitochondria = pd.concat(
    [pd.read_csv(path, usecols=list(columns), dtype=columns) for path in cell_tables],
    ignore_index=True,
)
mitochondria["volume"] = mitochondria["mito size"] / 1e9  # µm³

synapses = pd.read_csv("synapse_filtered.csv", index_col=0)
neurons = pd.read_csv("cell_type_classification_filtered.csv", index_col="cell_id")

# The tables are named <cell_type>_<cell_id>.csv; only neurons are in the classification.
cells = pd.DataFrame(
    [(int(path.stem.split("_")[1]), path.stem.split("_")[0]) for path in cell_tables],
    columns=["cell_id", "cell_type"],
).set_index("cell_id")
cells["cell_subtype"] = neurons["cell_subtype"].reindex(cells.index).fillna("astrocyte")
cells["mitochondria"] = mitochondria.groupby("cellid").size().reindex(cells.index, fill_value=0)

# %%
present_types = [name for name in TYPE_COLOURS if name in set(cells["cell_type"])]
synapse_counts = (
    synapses.groupby([synapses["cell_id"].map(cells["cell_type"]), "synapse_type"])
    .size()
    .unstack(fill_value=0)
    .reindex(index=present_types, columns=list(SYNAPSE_STYLES), fill_value=0)
)
overview = pd.DataFrame(
    {
        "cells": cells.groupby("cell_type").size(),
        "mitochondria": cells.groupby("cell_type")["mitochondria"].sum(),
        "measured": mitochondria.groupby("cell_type")["volume"].count(),
        "median volume (µm³)": mitochondria.groupby("cell_type")["volume"].median().round(3),
    }
).reindex(present_types)
overview["measured"] = overview["measured"].fillna(0).astype(int)
overview.join(synapse_counts.add_prefix("synapses: "))

# %% [markdown]
# ## An interneuron and its favourite pyramidal cell
#
# A synapse between two neurons of the dataset has two rows, one for either end. Its `pre` row
# is enough to count it.


# %%
def described(cell_id: int) -> str:
    """Say in words what a cell is."""
    subtype = str(cells.loc[cell_id, "cell_subtype"])
    if cells.loc[cell_id, "cell_type"] != "inhibitory":
        return f"{subtype} {cell_id}"
    kind = "" if subtype.startswith("unknown") else f"{subtype} "
    return f"{kind}interneuron {cell_id}"


def plural(count: int, name: str) -> str:
    """Say how many there are."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def ids_of(cell_type: str) -> list[int]:
    """List the cells of a type, those with most mitochondria first."""
    chosen = cells[cells["cell_type"] == cell_type].sort_index()
    return chosen.sort_values("mitochondria", ascending=False, kind="stable").index.tolist()


pre_rows = synapses[synapses["synapse_type"] == "pre"]
pair_counts = (
    pre_rows[
        pre_rows["pre_root_id"].isin(ids_of("inhibitory"))
        & pre_rows["post_root_id"].isin(ids_of("pyramidal"))
    ]
    .groupby(["pre_root_id", "post_root_id"])
    .size()
    .sort_values(ascending=False, kind="stable")
)
pair = [int(cell_id) for cell_id in pair_counts.index[0]] if len(pair_counts) else []
if pair:
    print(
        "Of the connections from an interneuron to a pyramidal cell, the strongest is from the\n"
        f"{described(pair[0])} to the {described(pair[1])}: "
        f"{plural(pair_counts.iloc[0], 'synapse')}. Pairs with a synapse: {len(pair_counts)}."
    )
else:
    print("No interneuron of this dataset has a synapse onto one of its pyramidal cells.")

# %% [markdown]
# ## Cells with their mitochondria and synapses
#
# Each cell is seen from three sides: from the front (x–y), from the side (z–y) and from above
# (x–z), all at the same scale. Every dot is a mitochondrion. Its area grows with the
# mitochondrion's volume, its colour is the compartment; open circles have not been measured.

# %%
CELLS_OF_A_TYPE = 2


def chosen_cells(cell_type: str) -> list[int]:
    """Choose cells of a type to draw: the one of the pair, then those with most mitochondria."""
    ids = ids_of(cell_type)
    return sorted(ids, key=lambda cell_id: cell_id not in pair)[:CELLS_OF_A_TYPE]


chosen_neurons = chosen_cells("inhibitory") + chosen_cells("pyramidal")

# By default navis takes label 1 for the soma, which is the axon here.
skeletons = {
    cell_id: navis.read_swc(str(skeleton_files[cell_id]), soma_label=0, units="nm")
    for cell_id in chosen_neurons
    if cell_id in skeleton_files
}

# %%
AXES = {"x": 0, "y": 1, "z": 2}
VIEWS = [("x", "y"), ("z", "y"), ("x", "z")]
UM = 1000
BLOCK_WIDTH, BLOCK_HEIGHT, BLOCK_GAP = 5.0, 5.2, 0.35  # inches


def bounds(*points: pd.DataFrame, shortest: float = UM) -> np.ndarray:
    """Find the corners of a box around points, with a margin; no side is very short."""
    positions = np.concatenate([table[["x", "y", "z"]].to_numpy(float) for table in points])
    low, high = positions.min(axis=0), positions.max(axis=0)
    shortest = max(0.3 * (high - low).max(), shortest)
    half = np.maximum(1.08 * (high - low), shortest) / 2
    return np.array([(low + high) / 2 - half, (low + high) / 2 + half])


def block_scale(box: np.ndarray) -> float:
    """Compute how many inches a nanometre has in a block of three views."""
    x, y, z = box[1] - box[0]
    return min(BLOCK_WIDTH / (x + 1.05 * z), BLOCK_HEIGHT / (y + 1.05 * z))


def block_size(box: np.ndarray) -> tuple[float, float]:
    """Compute width and height of a block of three views, in inches."""
    x, y, z = block_scale(box) * (box[1] - box[0])
    return x + 1.05 * z, y + 1.05 * z


def block_axes(figure: Figure, left: float, bottom: float, box: np.ndarray) -> list[Axes]:
    """Add the axes of the three views, side by side and below each other at one scale."""
    x, y, z = block_scale(box) * (box[1] - box[0])
    places = [(0, 1.05 * z, x, y), (x + 0.05 * z, 1.05 * z, z, y), (0, 0, x, z)]
    width, height = figure.get_size_inches()
    axes = []
    for (across, down), (dx, dy, w, h) in zip(VIEWS, places, strict=True):
        place = ((left + dx) / width, (bottom + dy) / height, w / width, h / height)
        ax = figure.add_axes(place)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color="#D9D9D9", linewidth=0.6, zorder=6)
        name = f" {across}–{down}" + ("   pia ↑" if down == "y" else "")
        title = ax.set_title(name, loc="left", y=1, pad=-9, size=7, color="#7F7F7F", zorder=5)
        title.set_bbox({"facecolor": "white", "linewidth": 0, "alpha": 0.7, "pad": 0.5})
        axes.append(ax)
    return axes


def fit_views(axes: list[Axes], box: np.ndarray) -> None:
    """Show the same box in the three views; y and z point down."""
    for ax, (across, down) in zip(axes, VIEWS, strict=True):
        ax.set(xlim=box[:, AXES[across]], ylim=box[::-1, AXES[down]], xlabel="", ylabel="")


def add_scale_bar(axes: list[Axes], box: np.ndarray) -> None:
    """Draw a scale bar of 10 µm (less for a very small cell) right of the view from above."""
    depth = box[1, 2] - box[0, 2]
    length = next((um for um in (10, 5, 2) if um * UM <= depth), 1)
    start, height = box[1, 0] + 0.15 * depth, box[0, 2] + 0.5 * depth
    from_above = axes[2]
    from_above.plot([start, start + length * UM], [height] * 2, color="k", lw=2, clip_on=False)
    from_above.annotate(
        f"{length} µm", (start, height), (0, 4), textcoords="offset points", annotation_clip=False
    )


# %%
VOLUME_EXAMPLES = [0.02, 0.1, 0.5]  # µm³


def dot_area(volume: pd.Series | float) -> np.ndarray:
    """Compute the area of a mitochondrion's dot, in square points."""
    return np.clip(150 * np.nan_to_num(np.asarray(volume, dtype=float)), 3, 200)


def draw_skeleton(
    axes: list[Axes], skeleton: navis.TreeNeuron, colour: str = SKELETON_COLOUR
) -> None:
    """Draw a neuron in each view; a single node is nothing to draw."""
    if len(skeleton.nodes) < 2:
        return
    style = {"color": colour, "lw": 0.6, "soma": False, "autoscale": False}
    for ax, view in zip(axes, VIEWS, strict=True):
        navis.plot2d(skeleton, method="2d", view=view, ax=ax, **style)


def draw_mitochondria(axes: list[Axes], table: pd.DataFrame) -> None:
    """Draw mitochondria in each view, the small ones in front."""
    table = table.sort_values("volume", ascending=False, kind="stable")
    colours = table["compartment"].map(COMPARTMENT_COLOURS)
    for measured in (True, False):
        part = table["volume"].notna() == measured
        shown = table[part]
        for ax, (across, down) in zip(axes, VIEWS, strict=True):
            ax.scatter(
                shown[across],
                shown[down],
                s=dot_area(shown["volume"]) if measured else 8,
                facecolors=colours[part] if measured else "none",
                edgecolors="white" if measured else colours[part],
                linewidths=0.25 if measured else 0.7,
                alpha=0.85,
                zorder=3,
            )


def draw_synapses(axes: list[Axes], table: pd.DataFrame) -> None:
    """Draw the inputs, the outputs and the autapses of a neuron in each view."""
    for synapse_type, style in SYNAPSE_STYLES.items():
        shown = table[table["synapse_type"] == synapse_type]
        for ax, (across, down) in zip(axes, VIEWS, strict=True):
            ax.scatter(shown[across], shown[down], linewidths=0, alpha=0.8, zorder=3, **style)


# %%
def key(label: str, marker: str, area: float, **style: Any) -> Line2D:
    """Make the legend's key for dots of an area in square points."""
    return Line2D([], [], ls="", marker=marker, ms=area**0.5, label=label, **style)


def compartment_keys(compartments: pd.Series) -> list[Line2D]:
    """Make the legend of the compartments that occur."""
    present = set(compartments)
    return [
        key(name, "o", 36, color=colour)
        for name, colour in COMPARTMENT_COLOURS.items()
        if name in present
    ]


def volume_keys(volumes: pd.Series) -> list[Line2D]:
    """Make the legend of the dots' sizes."""
    keys = [key(f"{v} µm³", "o", float(dot_area(v)), color="#BFBFBF") for v in VOLUME_EXAMPLES]
    if volumes.isna().any():
        keys.append(key("not measured", "o", 8, color="#7F7F7F", mfc="none"))
    return keys


def synapse_keys(synapse_types: pd.Series) -> list[Line2D]:
    """Make the legend of the kinds of synapses that occur."""
    present = set(synapse_types)
    return [
        key(style["label"], style["marker"], max(style["s"], 12), color=style["color"])
        for name, style in SYNAPSE_STYLES.items()
        if name in present
    ]


def add_legend(figure: Figure, left: float, keys: list[Line2D], columns: int = 3) -> None:
    """Put a legend below the blocks, so many inches from the left."""
    width, height = figure.get_size_inches()
    figure.legend(
        handles=keys,
        loc="upper left",
        bbox_to_anchor=(left / width, (LEGEND_HEIGHT - 0.1) / height),
        ncols=columns,
        fontsize=8,
        handletextpad=0.2,
        columnspacing=1,
        borderaxespad=0,
        borderpad=0,
    )


def add_mitochondria_legend(figure: Figure, left: float, table: pd.DataFrame) -> None:
    """Explain the dots, if there are any: their colours, then their sizes."""
    if table.empty:
        return
    add_legend(figure, left, compartment_keys(table["compartment"]))
    add_legend(figure, left + 3.1, volume_keys(table["volume"]), columns=2)


LEGEND_HEIGHT, TITLE_HEIGHT = 0.55, 0.45  # inches


def new_figure(boxes: list[np.ndarray]) -> tuple[Figure, list[list[Axes]], list[float]]:
    """Make a figure with a block of three views for each box, side by side."""
    sizes = [block_size(box) for box in boxes]
    lefts = [sum(w + BLOCK_GAP for w, _ in sizes[:k]) for k in range(len(sizes))]
    tallest = max(height for _, height in sizes)
    figure = plt.figure(
        figsize=(
            max(lefts[-1] + sizes[-1][0], BLOCK_WIDTH),
            LEGEND_HEIGHT + tallest + TITLE_HEIGHT,
        )
    )
    blocks = []
    for box, left, (_, height) in zip(boxes, lefts, sizes, strict=True):
        blocks.append(block_axes(figure, left, LEGEND_HEIGHT + tallest - height, box))
    return figure, blocks, lefts


def finish_block(figure: Figure, axes: list[Axes], box: np.ndarray, title: str) -> None:
    """Set what the three views show, and add the scale bar and a title."""
    fit_views(axes, box)
    add_scale_bar(axes, box)
    title = title[:1].upper() + title[1:]
    axes[0].annotate(title, (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points")


# %%
SYNAPSE_NAMES = {"post": "input", "pre": "output", "autapse": "autapse"}


def counted(synapse_types: pd.Series) -> str:
    """Say how many synapses of each kind there are."""
    counts = synapse_types.value_counts()
    kinds = [plural(counts[kind], name) for kind, name in SYNAPSE_NAMES.items() if kind in counts]
    return ", ".join(kinds) or "no synapses"


def draw_neuron(cell_id: int) -> None:
    """Draw a neuron twice: with its mitochondria, and with its synapses."""
    own_mitochondria = mitochondria[mitochondria["cellid"] == cell_id]
    own_synapses = synapses[synapses["cell_id"] == cell_id]
    box = bounds(skeletons[cell_id].nodes, own_mitochondria, own_synapses)
    figure, (left, right), lefts = new_figure([box, box])
    draw_skeleton(left, skeletons[cell_id])
    draw_skeleton(right, skeletons[cell_id])
    draw_mitochondria(left, own_mitochondria)
    draw_synapses(right, own_synapses)
    finish_block(figure, left, box, f"{len(own_mitochondria)} mitochondria")
    finish_block(figure, right, box, counted(own_synapses["synapse_type"]))
    add_mitochondria_legend(figure, lefts[0], own_mitochondria)
    add_legend(figure, lefts[1], synapse_keys(own_synapses["synapse_type"]))
    title = described(cell_id)
    figure.suptitle(title[0].upper() + title[1:], x=0, y=1, ha="left", va="top", weight="bold")
    plt.show()


for cell_id, skeleton in skeletons.items():
    if len(skeleton.nodes) > 1:
        draw_neuron(cell_id)

# %% [markdown]
# ### Astrocytes
#
# Without a skeleton, the mitochondria alone outline the cell. The dashed circle has the 7 µm
# within which a mitochondrion counts as somatic; it is drawn about the middle of those.


# %%
def mark_soma(axes: list[Axes], table: pd.DataFrame) -> None:
    """Draw a circle of 7 µm about the middle of the somatic mitochondria."""
    somatic = table[table["compartment"] == "Somatic"]
    if somatic.empty:
        return
    for ax, (across, down) in zip(axes, VIEWS, strict=True):
        middle = (somatic[across].mean(), somatic[down].mean())
        ax.add_patch(plt.Circle(middle, 7 * UM, fill=False, ls="--", lw=0.8, color="#7F7F7F"))


tables = {
    cell_id: mitochondria[mitochondria["cellid"] == cell_id] for cell_id in chosen_cells("glia")
}
tables = {cell_id: table for cell_id, table in tables.items() if len(table)}
if tables:
    boxes = [bounds(table, shortest=20 * UM) for table in tables.values()]
    figure, blocks, lefts = new_figure(boxes)
    for axes, box, (cell_id, table) in zip(blocks, boxes, tables.items(), strict=True):
        draw_mitochondria(axes, table)
        mark_soma(axes, table)
        finish_block(figure, axes, box, f"{described(cell_id)}: {len(table)} mitochondria")
    add_mitochondria_legend(figure, lefts[0], pd.concat(tables.values()))
    plt.show()
else:
    print("This dataset has no astrocyte with mitochondria.")

# %% [markdown]
# ### The synapses between the pair
#
# On the left both cells; on the right the surroundings of the tightest group of their synapses,
# with the mitochondria of either cell that lie there.

# %%
HIGHLIGHT: dict[str, Any] = {
    "marker": "*",
    "color": "#F0E442",
    "edgecolors": "black",
    "linewidths": 0.6,
}
GROUP_RADIUS, GROUP_MARGIN = 6 * UM, 6 * UM


def tightest_group(table: pd.DataFrame) -> pd.DataFrame:
    """Find the synapse with most others around it, and those."""
    positions = table[["x", "y", "z"]].to_numpy(float)
    distances = np.linalg.norm(positions[:, None] - positions, axis=2)
    close = distances < GROUP_RADIUS
    return table[close[close.sum(axis=1).argmax()]]


def inside(table: pd.DataFrame, box: np.ndarray) -> np.ndarray:
    """Tell which positions lie in a box."""
    positions = table[["x", "y", "z"]].to_numpy(float)
    return ((positions >= box[0]) & (positions <= box[1])).all(axis=1)


def draw_contacts(axes: list[Axes], contacts: pd.DataFrame, box: np.ndarray, size: float) -> None:
    """Draw both cells of the pair, as far as they lie in the box, and their synapses."""
    for cell_id in pair:
        nodes = skeletons[cell_id].nodes
        part = navis.subset_neuron(skeletons[cell_id], nodes["node_id"][inside(nodes, box)])
        draw_skeleton(axes, part, TYPE_COLOURS[cells.loc[cell_id, "cell_type"]])
    for ax, (across, down) in zip(axes, VIEWS, strict=True):
        ax.scatter(contacts[across], contacts[down], s=size, zorder=4, **HIGHLIGHT)


def draw_pair() -> None:
    """Draw both cells of the pair, and the surroundings of some synapses between them."""
    contacts = pre_rows[(pre_rows[["pre_root_id", "post_root_id"]] == pair).all(axis=1)]
    group = tightest_group(contacts)
    whole = bounds(*(skeletons[cell_id].nodes for cell_id in pair), contacts)
    near = bounds(group) + GROUP_MARGIN * np.array([[-1], [1]])
    own_mitochondria = mitochondria[mitochondria["cellid"].isin(pair)]
    own_mitochondria = own_mitochondria[inside(own_mitochondria, near)]

    figure, (left, right), lefts = new_figure([whole, near])
    draw_contacts(left, contacts, whole, 60)
    draw_contacts(right, contacts[inside(contacts, near)], near, 130)
    draw_mitochondria(right, own_mitochondria)
    finish_block(figure, left, whole, "both cells")
    shown = plural(inside(contacts, near).sum(), "synapse")
    finish_block(figure, right, near, f"around {shown} of {len(contacts)}")
    keys = [
        Line2D(
            [], [], color=TYPE_COLOURS[cells.loc[cell_id, "cell_type"]], label=described(cell_id)
        )
        for cell_id in pair
    ]
    keys.append(key("synapse between them", "*", 80, color="#F0E442", mec="black", mew=0.6))
    add_legend(figure, lefts[0], keys, columns=1)
    add_mitochondria_legend(figure, lefts[1], own_mitochondria)
    plt.show()


if pair and all(cell_id in skeletons for cell_id in pair):
    draw_pair()
else:
    print("There is no pair to draw.")

# %% [markdown]
# ## Mitochondria by cell type and compartment
#
# A row for each compartment of each cell type. The dots are single mitochondria, at most 150 a
# row, drawn at random; the boxes have all of them (median, quartiles, and whiskers from the
# 5th to the 95th percentile).

# %%
DOTS_A_ROW = 150
group_tables = dict(list(mitochondria.groupby(["cell_type", "compartment"])))
groups = [
    (cell_type, compartment)
    for cell_type in TYPE_COLOURS
    for compartment in COMPARTMENT_COLOURS
    if (cell_type, compartment) in group_tables
]


def draw_distribution(ax: Axes, column: str, label: str) -> None:
    """Draw a box and some dots for each group; a group without measured mitochondria is empty."""
    rng = np.random.default_rng(0)
    for row, group in enumerate(groups):
        values = group_tables[group][column].dropna().to_numpy()
        if len(values) == 0:
            continue
        some = rng.permutation(values)[:DOTS_A_ROW]
        heights = row + rng.uniform(-0.28, 0.28, len(some))
        ax.scatter(some, heights, s=5, lw=0, alpha=0.45, color=COMPARTMENT_COLOURS[group[1]])
        ax.boxplot(
            values,
            positions=[row],
            orientation="horizontal",
            widths=0.6,
            whis=(5, 95),
            showfliers=False,
            manage_ticks=False,
            medianprops={"color": "black", "lw": 1.6},
        )
    ax.set(xlabel=label)


def draw_distributions() -> None:
    """Draw number, volume and sphericity of the mitochondria of each group."""
    _, (left, middle, right) = plt.subplots(
        1, 3, sharey=True, figsize=(10, 1.1 + 0.34 * len(groups)), layout="constrained"
    )
    counts = [len(group_tables[group]) for group in groups]
    colours = [COMPARTMENT_COLOURS[compartment] for _, compartment in groups]
    bars = left.barh(range(len(groups)), counts, color=colours, height=0.6)
    left.bar_label(bars, labels=[f" {count:,}" for count in counts], size=8)
    left.set(xlabel="number of mitochondria", xlim=(0, 1.25 * max(counts)))
    left.locator_params(axis="x", nbins=4, integer=True)
    left.set_yticks(range(len(groups)), [f"{kind}  {compartment}" for kind, compartment in groups])
    left.set_ylim(len(groups) - 0.5, -0.5)
    draw_distribution(middle, "volume", "volume (µm³)")
    middle.set_xscale("log")
    draw_distribution(right, "sphericity", "sphericity (1: a ball)")
    for ax in (left, middle, right):
        ax.tick_params(axis="y", length=0)
        for row in range(1, len(groups)):
            if groups[row][0] != groups[row - 1][0]:
                ax.axhline(row - 0.5, color="#D9D9D9", lw=0.8, zorder=0)
    plt.show()


if groups:
    draw_distributions()
else:
    print("This dataset has no mitochondria.")

# %% [markdown]
# ## How much of a neurite has a mitochondrion?
#
# `<cell_id>_associated_nodes.json` lists the skeleton nodes that each mitochondrion covers;
# somatic mitochondria are left out. An edge of the skeleton is covered if both its nodes belong
# to the same mitochondrion. The covered share of a compartment is the length of its covered
# edges over the length of all its edges; an edge belongs to the compartment of its outer node.


# %%
def skeleton_edges(cell_id: int) -> pd.DataFrame:
    """Tabulate the edges of a skeleton: a row for each node that has a parent."""
    nodes = skeletons[cell_id].nodes
    edges = nodes[nodes["parent_id"] >= 0].merge(
        nodes, left_on="parent_id", right_on="node_id", suffixes=("", "_parent")
    )
    ends = [edges[[f"{axis}{end}" for axis in "xyz"]].to_numpy(float) for end in ("", "_parent")]
    labels = edges["label"].astype(int).to_numpy()
    return pd.DataFrame(
        {
            "node": edges["node_id"].to_numpy(),
            "parent": edges["parent_id"].to_numpy(),
            "compartment": np.array(SKELETON_LABELS)[labels],
            "length": np.linalg.norm(ends[0] - ends[1], axis=1),
            "covered": False,
        }
    )


def edges_with_coverage(cell_id: int) -> pd.DataFrame:
    """Tabulate the edges of a skeleton, and whether a mitochondrion covers them."""
    edges = skeleton_edges(cell_id)
    nodes_of_mitochondria = pd.read_json(nodes_files[cell_id], typ="series")
    for nodes in nodes_of_mitochondria:
        edges["covered"] |= edges["node"].isin(nodes) & edges["parent"].isin(nodes)
    return edges


def covered_share(edges: pd.DataFrame) -> pd.Series:
    """Compute the covered share of the length of each compartment but the soma."""
    total = edges.groupby("compartment")["length"].sum()
    covered = edges[edges["covered"]].groupby("compartment")["length"].sum()
    share = covered.reindex(total.index, fill_value=0) / total.where(total > 0)
    return share.drop("Somatic", errors="ignore").dropna()


coverage = {
    cell_id: edges_with_coverage(cell_id) for cell_id in skeletons if cell_id in nodes_files
}
shares = pd.DataFrame(
    {cell_id: covered_share(edges) for cell_id, edges in coverage.items()}
).reindex([name for name in SKELETON_LABELS if name != "Somatic"])
shares = shares.dropna(how="all").dropna(axis="columns", how="all")
(100 * shares.T).round(1).rename(index=described).rename_axis(columns="covered, % of length")


# %%
def draw_covered(axes: list[Axes], cell_id: int) -> None:
    """Draw a neuron and, thick and in the colour of the compartment, what is covered."""
    draw_skeleton(axes, skeletons[cell_id])
    edges = coverage[cell_id]
    edges = edges[edges["covered"] & (edges["compartment"] != "Somatic")]
    positions = skeletons[cell_id].nodes.set_index("node_id")
    colours = edges["compartment"].map(COMPARTMENT_COLOURS)
    for ax, view in zip(axes, VIEWS, strict=True):
        ends = [positions.loc[edges[end], list(view)].to_numpy() for end in ("node", "parent")]
        ax.add_collection(
            LineCollection(list(np.stack(ends, axis=1)), colors=colours, lw=2.5, zorder=3)
        )


def draw_shares(ax: Axes) -> None:
    """Draw a bar for each compartment of each neuron."""
    height = min(0.8 / len(shares), 0.16)
    for row, cell_id in enumerate(shares):
        known = 100 * shares[cell_id].dropna()
        places = row + height * (np.arange(len(known)) - (len(known) - 1) / 2)
        bars = ax.barh(places, known, height, color=known.index.map(COMPARTMENT_COLOURS))
        ax.bar_label(bars, fmt=" %.1f", size=7)
    names = ["\n".join(described(cell_id).rsplit(" ", 1)) for cell_id in shares]
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="covered by mitochondria (% of the length)", ylim=(len(names) - 0.5, -0.5))
    ax.margins(x=0.12)
    ax.tick_params(axis="y", length=0)


def draw_coverage() -> None:
    """Draw the most covered neuron, and the covered share of all."""
    cell_id = max(shares, key=lambda cell_id: coverage[cell_id]["covered"].sum())
    box = bounds(skeletons[cell_id].nodes)
    figure, (axes,), lefts = new_figure([box])
    draw_covered(axes, cell_id)
    finish_block(figure, axes, box, described(cell_id))
    width, height = figure.get_size_inches()
    tall = block_size(box)[1] / height
    ax = figure.add_axes((1 + 1.6 / width, LEGEND_HEIGHT / height, 3.2 / width, tall))
    draw_shares(ax)
    add_legend(figure, lefts[0], compartment_keys(shares.index), columns=5)
    plt.show()


if shares.size:
    draw_coverage()
else:
    print("No neuron of this dataset has a skeleton outside its soma.")

# %% [markdown]
# ## Going on
#
# - **One cell**: `pandas.read_csv("microns_cells/<cell_type>_<cell_id>.csv", index_col=0)`; a
#   mitochondrion without a mesh keeps its row, with empty morphometrics.
# - **Its skeleton**: `navis.read_swc(path, soma_label=0, units="nm")`, or
#   `pandas.read_csv(path, header=None, delimiter=" ")` for the bare table. Some skeletons are
#   in several pieces: each has a root of its own, with parent −1.
# - **Its covered nodes**: `pandas.read_json(path, typ="series")` gives a list of skeleton nodes
#   for each mitochondrion.
# - **Interactive views**: `navis.plot3d(skeleton)` turns a neuron in the browser.
#
# If you use data of MICrONS layer 2/3, please cite the reconstruction that they derive from:
# [Reconstruction of neocortex: Organelles, compartments, cells, circuits, and
# activity](https://www.sciencedirect.com/science/article/pii/S0092867422001349) (Cell, 2022),
# and see the [MICrONS Explorer](https://www.microns-explorer.org/phase1).

# %%
scratch.cleanup()
