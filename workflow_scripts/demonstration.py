# %% [markdown]
# # Mitochondria and synapses of cortical cells
#
# This notebook is a first look at the dataset. It uses nothing but the published files that
# lie beside it, and needs `numpy`, `pandas`, `matplotlib`, `plotly`, `trimesh` and
# [navis](https://navis-org.github.io/navis/) to run again.
#
# | file | content |
# | --- | --- |
# | `microns.tar.gz` | a table per cell, a row per mitochondrion: position, compartment, shape |
# | `morphologies.tar.gz` | the skeleton of each neuron (SWC) |
# | `nodes.tar.gz` | the skeleton nodes that each mitochondrion covers (JSON) |
# | `cell_type_classification_filtered.csv` | type and position of the neurons |
# | `synapse_filtered.csv` | the synapses of the neurons, a row for each neuron at either end |
# | `demonstration_meshes.tar.gz` | the mitochondrial meshes (PLY) of one neuron, shown in 3D |
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
import base64
import io
import json
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import navis
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

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
# What the tables of pyramidal cells call them: published tables swap the last two names.
PYRAMIDAL_NAMES = ["Somatic", "Axonal", "Basal", "Apical", "Unknown dendritic", "Unknown"]

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
        return sorted(path for path in Path(folder).rglob("[0-9a-z]*") if path.is_file())
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
mesh_files = published_files("demonstration_meshes.tar.gz", "demonstration_meshes")

# %% [markdown]
# Ids of cells are larger than a floating-point number can hold exactly. They must be read as
# integers (or text), never as floats.
#
# The complexity index is SA³ / (16 π² V²): 0.72 for a ball, and the larger, the longer or the
# more branched a mitochondrion is. Here both area and volume are those of the mesh, which makes
# it 9 / (4 π sphericity³). The published index, which `mitochondria.parquet` has, takes the
# volume from the number of voxels.

# %%
columns = {
    "mito_id": "int64",
    "cellid": "int64",
    "compartment": "str",
    "x": "float64",
    "y": "float64",
    "z": "float64",
    "length along skeleton": "float64",
    "mito SA": "float64",
    "mito size": "float64",
    "sphericity": "float64",
    "cell_type": "str",
}
mitochondria = pd.concat(
    [pd.read_csv(path, usecols=list(columns), dtype=columns) for path in cell_tables],
    ignore_index=True,
)
# From here on a label has one name in all cells.
mitochondria["compartment"] = mitochondria["compartment"].where(
    mitochondria["cell_type"] != "pyramidal",
    mitochondria["compartment"].map(dict(zip(PYRAMIDAL_NAMES, SKELETON_LABELS, strict=True))),
)
mitochondria["volume"] = mitochondria["mito size"] / 1e9  # µm³
mitochondria["complexity index"] = mitochondria["mito SA"] ** 3 / (
    16 * np.pi**2 * mitochondria["mito size"].where(mitochondria["mito size"] > 0) ** 2
)

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


def bar_length(longest: float) -> int:
    """Choose the length of a scale bar (µm) that must not be longer than this (nm)."""
    return next((um for um in (10, 5, 2) if um * UM <= longest), 1)


def add_scale_bar(axes: list[Axes], box: np.ndarray) -> None:
    """Draw a scale bar of 10 µm (less for a very small cell) right of the view from above."""
    depth = box[1, 2] - box[0, 2]
    length = bar_length(depth)
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
    add_legend(figure, left + 2.95, volume_keys(table["volume"]), columns=2)


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
BOX_STYLE: dict[str, Any] = {
    "orientation": "horizontal",
    "widths": 0.6,
    "whis": (5, 95),
    "showfliers": False,
    "manage_ticks": False,
    "medianprops": {"color": "black", "lw": 1.6},
}
group_tables = dict(list(mitochondria.groupby(["cell_type", "compartment"])))
groups = [
    (cell_type, compartment)
    for cell_type in TYPE_COLOURS
    for compartment in COMPARTMENT_COLOURS
    if (cell_type, compartment) in group_tables
]


MEASURES = {
    "volume": "volume (µm³)",
    "sphericity": "sphericity (1: a ball)",
    "complexity index": "complexity index (0.72: a ball)",
}


def separate_types(axes: list[Axes], cell_types: list[str]) -> None:
    """Draw a line between the rows of different cell types."""
    for ax in axes:
        ax.tick_params(axis="y", length=0)
        for row in range(1, len(cell_types)):
            if cell_types[row] != cell_types[row - 1]:
                ax.axhline(row - 0.5, color="#D9D9D9", lw=0.8, zorder=0)


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
        ax.boxplot(values, positions=[row], **BOX_STYLE)
    ax.set(xlabel=label)


def draw_distributions() -> None:
    """Draw number, volume, sphericity and complexity index of the mitochondria of each group."""
    figure, (left, *others) = plt.subplots(
        1, 4, sharey=True, figsize=(12, 1.1 + 0.34 * len(groups)), layout="constrained"
    )
    counts = [len(group_tables[group]) for group in groups]
    colours = [COMPARTMENT_COLOURS[compartment] for _, compartment in groups]
    bars = left.barh(range(len(groups)), counts, color=colours, height=0.6)
    left.bar_label(bars, labels=[f" {count:,}" for count in counts], size=8)
    left.set(xlabel="number of mitochondria", xlim=(0, 1.25 * max(counts)))
    left.locator_params(axis="x", nbins=4, integer=True)
    left.set_yticks(range(len(groups)), [f"{kind}  {compartment}" for kind, compartment in groups])
    left.set_ylim(len(groups) - 0.5, -0.5)
    for ax, (column, label) in zip(others, MEASURES.items(), strict=True):
        draw_distribution(ax, column, label)
        if column != "sphericity":
            ax.set_xscale("log")
            low, high = ax.get_xlim()
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
            ax.xaxis.set_major_formatter("{x:g}")
            ax.xaxis.set_minor_formatter(NullFormatter())
    separate_types(figure.axes, [cell_type for cell_type, _ in groups])
    plt.show()


if groups:
    draw_distributions()
else:
    print("This dataset has no mitochondria.")

# %% [markdown]
# The same in numbers: how many mitochondria, in how many cells, how many of them have been
# measured, and median (lower quartile – upper quartile) of each measure.


# %%
def spread(values: pd.Series) -> str:
    """Write median and quartiles in three significant digits."""
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    return f"{middle:.3g} ({low:.3g} – {high:.3g})" if values.notna().any() else "–"


pd.DataFrame(
    [
        {
            "cell type": cell_type,
            "compartment": compartment,
            "cells": group_tables[cell_type, compartment]["cellid"].nunique(),
            "mitochondria": len(group_tables[cell_type, compartment]),
            "measured": group_tables[cell_type, compartment]["volume"].count(),
        }
        | {
            label.split(" (1")[0].split(" (0")[0]: spread(
                group_tables[cell_type, compartment][column]
            )
            for column, label in MEASURES.items()
        }
        for cell_type, compartment in groups
    ]
)

# %% [markdown]
# ## How much of a neurite has a mitochondrion?
#
# `<cell_id>_associated_nodes.json` lists the skeleton nodes that each mitochondrion covers;
# somatic mitochondria are left out. An edge of the skeleton is covered if both its nodes belong
# to the same mitochondrion; it belongs to the compartment of its outer node. The length covered
# in a compartment is that of its covered edges, each counted once, and the covered share is
# this over the length of all its edges.


# %%
def skeleton_edges(cell_id: int) -> pd.DataFrame:
    """Tabulate the edges of a skeleton (nm): a row for each node that has a parent."""
    names = ["node", "label", "x", "y", "z", "radius", "parent"]
    nodes = pd.read_csv(skeleton_files[cell_id], sep=" ", header=None, names=names)
    edges = nodes[nodes["parent"] >= 0]
    # The nodes are numbered by row, from 0.
    positions = nodes[["x", "y", "z"]].to_numpy()
    steps = positions[edges["node"]] - positions[edges["parent"]]
    return pd.DataFrame(
        {
            "node": edges["node"],
            "parent": edges["parent"],
            "compartment": np.array(SKELETON_LABELS)[edges["label"]],
            "length": np.linalg.norm(steps, axis=1),
        }
    )


def edges_with_coverage(cell_id: int) -> pd.DataFrame:
    """Tabulate the edges of a skeleton, and whether a mitochondrion covers them."""
    edges = skeleton_edges(cell_id)
    nodes_of = list(json.loads(nodes_files[cell_id].read_text()).values())
    owners = np.repeat(np.arange(len(nodes_of)), [len(nodes) for nodes in nodes_of])
    nodes = np.array([node for nodes in nodes_of for node in nodes], dtype=np.int64)
    # Each covered node has one parent, so that it makes one pair with its mitochondrion.
    parents = edges.set_index("node")["parent"].reindex(nodes).fillna(-1).to_numpy(np.int64)
    size = int(max(edges["node"].max(), nodes.max(initial=0))) + 1 if len(edges) else 1
    both = (parents >= 0) & np.isin(owners * size + parents, owners * size + nodes)
    return edges.assign(covered=edges["node"].isin(nodes[both]))


def length_covered(cell_id: int, edges: pd.DataFrame) -> pd.DataFrame:
    """Sum the length of each compartment but the soma, and what of it is covered (µm)."""
    outside = edges[edges["compartment"] != "Somatic"]
    covered = outside["length"].where(outside["covered"], 0)
    lengths = pd.DataFrame(
        {
            "cell_type": cells.loc[cell_id, "cell_type"],
            "cell_id": cell_id,
            "compartment": outside["compartment"],
            "length": outside["length"] / UM,
            "covered": covered / UM,
        }
    )
    keys = ["cell_type", "cell_id", "compartment"]
    return lengths.groupby(keys, as_index=False)[["length", "covered"]].sum()


tables_of_lengths = [
    length_covered(cell_id, edges_with_coverage(cell_id))
    for cell_id in cells.index[cells["cell_type"] != "glia"]
    if cell_id in skeleton_files and cell_id in nodes_files
]
no_lengths = pd.DataFrame(columns=["cell_type", "cell_id", "compartment", "length", "covered"])
lengths = pd.concat(tables_of_lengths or [no_lengths], ignore_index=True)
lengths = lengths[lengths["length"] > 0].copy()
lengths["share"] = 100 * lengths["covered"] / lengths["length"]

# %% [markdown]
# All neurons of the dataset: the lengths of all cells of a type together, and median (lower
# quartile – upper quartile) of the cells.

# %%
lengths_by_group = {
    (cell_type, compartment): table
    for cell_type in TYPE_COLOURS
    for compartment in SKELETON_LABELS
    if len(
        table := lengths[
            (lengths["cell_type"] == cell_type) & (lengths["compartment"] == compartment)
        ]
    )
}
pd.DataFrame(
    [
        {
            "cell type": cell_type,
            "compartment": compartment,
            "cells": len(table),
            "length (µm)": round(table["length"].sum()),
            "covered (µm)": round(table["covered"].sum()),
            "covered (%)": round(100 * table["covered"].sum() / table["length"].sum(), 1),
            "covered in a cell (µm)": spread(table["covered"]),
            "covered in a cell (%)": spread(table["share"]),
        }
        for (cell_type, compartment), table in lengths_by_group.items()
    ]
)


# %%
def draw_spread(ax: Axes, column: str, label: str) -> None:
    """Draw a box for each group of neurons, and a dot for each neuron."""
    rng = np.random.default_rng(0)
    for row, ((_, compartment), table) in enumerate(lengths_by_group.items()):
        values = table[column].to_numpy(float)
        heights = row + rng.uniform(-0.25, 0.25, len(values))
        colour = COMPARTMENT_COLOURS[compartment]
        ax.scatter(values, heights, s=9, lw=0, alpha=0.6, color=colour, clip_on=False)
        ax.boxplot(values, positions=[row], **BOX_STYLE)
    ax.set(xlabel=label)
    ax.set_xlim(left=0)


def draw_lengths() -> None:
    """Draw how much of each compartment is covered, in all neurons."""
    figure, axes = plt.subplots(
        1, 2, sharey=True, figsize=(9, 1.1 + 0.34 * len(lengths_by_group)), layout="constrained"
    )
    draw_spread(axes[0], "covered", "covered by mitochondria in a cell (µm)")
    draw_spread(axes[1], "share", "covered by mitochondria in a cell (% of the length)")
    names = [f"{kind}  {compartment}" for kind, compartment in lengths_by_group]
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    separate_types(figure.axes, [cell_type for cell_type, _ in lengths_by_group])
    plt.show()


if lengths_by_group:
    draw_lengths()
else:
    print("No neuron of this dataset has a skeleton outside its soma.")

# %% [markdown]
# Of the neurons drawn above, the one with the greatest covered length.


# %%
def draw_covered(axes: list[Axes], cell_id: int, edges: pd.DataFrame) -> None:
    """Draw a neuron and, thick and in the colour of the compartment, what is covered."""
    draw_skeleton(axes, skeletons[cell_id])
    positions = skeletons[cell_id].nodes.set_index("node_id")
    colours = edges["compartment"].map(COMPARTMENT_COLOURS)
    for ax, view in zip(axes, VIEWS, strict=True):
        ends = [positions.loc[edges[end], list(view)].to_numpy() for end in ("node", "parent")]
        ax.add_collection(
            LineCollection(list(np.stack(ends, axis=1)), colors=colours, lw=2.5, zorder=3)
        )


def draw_coverage(cell_id: int) -> None:
    """Draw a neuron and what of it is covered."""
    edges = edges_with_coverage(cell_id)
    edges = edges[edges["covered"] & (edges["compartment"] != "Somatic")]
    box = bounds(skeletons[cell_id].nodes)
    figure, (axes,), lefts = new_figure([box])
    draw_covered(axes, cell_id, edges)
    covered = f"{edges['length'].sum() / UM:,.0f} µm covered"
    finish_block(figure, axes, box, f"{described(cell_id)}: {covered}")
    add_legend(figure, lefts[0], compartment_keys(edges["compartment"]), columns=5)
    plt.show()


drawn_lengths = lengths[lengths["cell_id"].isin(list(skeletons)) & (lengths["covered"] > 0)]
if len(drawn_lengths):
    draw_coverage(int(drawn_lengths.groupby("cell_id")["covered"].sum().idxmax()))
else:
    print("No neuron drawn above has a covered length.")

# %% [markdown]
# ## One neuron in 3D
#
# `demonstration_meshes.tar.gz` holds the meshes of one neuron: that of the interneuron with the
# strongest connection, found above; in a dataset without such a pair, that of the neuron with
# most mitochondria. Their vertices are in nanometres, and where the blocks of the segmentation
# meet, the repeated vertices are merged. The picture has them in micrometres.

# %%
MESHES_OF = {int(path.stem): path for path in mesh_files}


def neuron_in_3d() -> int | None:
    """Choose the neuron to show: that of the meshes, or the one that they would be of."""
    if mesh_files:
        return int(mesh_files[0].parent.name)
    candidates = pair[:1] + sorted(
        skeleton_files, key=lambda cell_id: (-cells.loc[cell_id, "mitochondria"], cell_id)
    )
    return candidates[0] if candidates else None


def read_meshes(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read the meshes of mitochondria: vertices (µm), triangles, and the vertices' owner."""
    vertices, faces, owners = [np.empty((0, 3))], [np.empty((0, 3), np.int64)], []
    for row, mito_id in enumerate(table["mito_id"]):
        if mito_id in MESHES_OF:
            mesh = navis.read_mesh(str(MESHES_OF[mito_id]), output="trimesh")
            faces.append(np.asarray(mesh.faces) + sum(map(len, vertices)))
            vertices.append(np.asarray(mesh.vertices) / UM)
            owners.append(np.full(len(mesh.vertices), row))
    return (
        np.concatenate(vertices),
        np.concatenate(faces),
        np.concatenate([np.empty(0, np.int64), *owners]),
    )


shown_cell = neuron_in_3d()
shown_mitochondria = mitochondria[mitochondria["cellid"] == shown_cell].reset_index(drop=True)
shown_synapses = synapses[synapses["cell_id"] == shown_cell]
mesh_vertices, mesh_faces, mesh_owners = read_meshes(shown_mitochondria)
with_mesh = len(np.unique(mesh_owners))
if shown_cell is None:
    print("This dataset has no neuron.")
elif with_mesh:
    print(
        f"{described(shown_cell)}: {len(shown_mitochondria)} mitochondria, "
        f"{with_mesh} with a mesh, {len(mesh_faces):,} triangles."
    )
else:
    print(
        "There are no meshes: without demonstration_meshes.tar.gz beside this notebook, the\n"
        f"mitochondria of the {described(shown_cell)} are shown as points."
    )

# %% [markdown]
# A browser turns some hundred thousand triangles with ease, a large neuron has more. For the
# picture, the vertices of a mitochondrion that share a box of a grid are merged to their mean,
# and the grid is made coarser until at most 150,000 triangles are left. For measuring, use the
# meshes in the archive.

# %%
MOST_FACES = 150_000


def clustered(
    vertices: np.ndarray, faces: np.ndarray, owners: np.ndarray, grid: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Merge the vertices of each mitochondrion that share a box of a grid (µm)."""
    keys = np.column_stack([owners, np.floor((vertices - vertices.min(axis=0)) / grid)])
    keys = keys.astype(np.int64)
    boxes = np.ravel_multi_index(keys.T, keys.max(axis=0) + 1)
    _, first, box = np.unique(boxes, return_index=True, return_inverse=True)
    sums = np.column_stack([np.bincount(box, column) for column in vertices.T])
    faces = box[faces]
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    _, kept = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    return sums / np.bincount(box)[:, None], faces[np.sort(kept)], owners[first]


def simplified(
    vertices: np.ndarray, faces: np.ndarray, owners: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cluster meshes until they have few enough triangles; those that have stay as they are."""
    result, grid = (vertices, faces, owners), 0.04
    while len(result[1]) > MOST_FACES:
        result, grid = clustered(vertices, faces, owners, grid), 1.15 * grid
    return result


mesh_vertices, mesh_faces, mesh_owners = simplified(mesh_vertices, mesh_faces, mesh_owners)

# %%
MESH_STYLE: dict[str, Any] = {
    "lighting": {
        "ambient": 0.55,
        "diffuse": 0.6,
        "specular": 0.1,
        "roughness": 0.8,
        # By default, triangles as small as these would have no normal, and so no shade.
        "facenormalsepsilon": 0,
        "vertexnormalsepsilon": 0,
    },
    "lightposition": {"x": 0, "y": -1e5, "z": -1e5},
}
# What comes closest in plotly to the markers of the other figures.
SYMBOLS = {"o": "circle", "^": "diamond", "D": "square"}


def skeleton_pieces(cell_id: int) -> dict[str, navis.TreeNeuron]:
    """Cut a skeleton (µm) into its compartments; an edge goes with its outer node."""
    nodes = navis.read_swc(str(skeleton_files[cell_id]), soma_label=0).nodes
    nodes = nodes.assign(**{axis: nodes[axis] / UM for axis in "xyz"})
    pieces = {}
    for label, compartment in enumerate(SKELETON_LABELS):
        outer = nodes[(nodes["label"].astype(int) == label) & (nodes["parent_id"] >= 0)]
        ends = outer["parent_id"][~outer["parent_id"].isin(outer["node_id"])]
        inner = nodes[nodes["node_id"].isin(ends)].assign(parent_id=-1)
        if len(outer):
            pieces[compartment] = navis.TreeNeuron(pd.concat([outer, inner]), name=compartment)
    return pieces


def mesh_pieces(compartments: pd.Series) -> dict[str, tuple[navis.MeshNeuron, np.ndarray]]:
    """Gather the meshes of each compartment, with the rows that their vertices belong to."""
    pieces = {}
    of_vertex = compartments.to_numpy()[mesh_owners]
    for compartment in COMPARTMENT_COLOURS:
        chosen = of_vertex == compartment
        if chosen.any():
            faces = mesh_faces[chosen[mesh_faces[:, 0]]]
            faces = np.cumsum(chosen)[faces] - 1
            mesh = navis.MeshNeuron((mesh_vertices[chosen], faces), name=compartment)
            pieces[compartment] = (mesh, mesh_owners[chosen])
    return pieces


def plotted(neurons: dict[str, Any]) -> list[Any]:
    """Let navis make the traces of the compartments of a skeleton, or of meshes."""
    if not neurons:
        return []
    figure = navis.plot3d(
        list(neurons.values()),
        backend="plotly",
        color=[COMPARTMENT_COLOURS[name] for name in neurons],
        radius=False,
        soma=False,
        linewidth=2,
        inline=False,
    )
    return list(figure.data)


def set_list(trace: Any, name: str, values: list[Any]) -> None:
    """Give a trace values as a list: unlike arrays, all versions of the viewers read them."""
    # Otherwise plotly keeps an array that has the same values.
    trace[name] = None
    trace[name] = values


def grouped(traces: list[Any], group: str, **style: Any) -> list[Any]:
    """Put traces into a group of the legend and round them to the nanometre."""
    for trace in traces:
        for axis in "xyz":
            values = np.array(trace[axis], dtype=float).round(3).tolist()
            set_list(trace, axis, [None if np.isnan(value) else value for value in values])
        trace.update(legendgroup=group, legendgrouptitle_text=group, showlegend=True, **style)
    return traces


def points(table: pd.DataFrame, name: str, hover: str, **marker: Any) -> go.Scatter3d:
    """Make a trace of points, from positions in nm."""
    positions = {axis: table[axis].to_numpy() / UM for axis in "xyz"}
    return go.Scatter3d(**positions, mode="markers", name=name, hovertemplate=hover, marker=marker)


def mesh_traces(table: pd.DataFrame) -> list[Any]:
    """Make a trace of the meshes of each compartment; each vertex knows its mitochondrion."""
    pieces = mesh_pieces(table["compartment"])
    traces = plotted({name: mesh for name, (mesh, _) in pieces.items()})
    for trace, (_, rows) in zip(traces, pieces.values(), strict=True):
        for corner in "ijk":
            set_list(trace, corner, trace[corner].tolist())
        trace.update(
            customdata=table["mito_id"].to_numpy()[rows].tolist(),
            hovertemplate="mitochondrion %{customdata}",
            **MESH_STYLE,
        )
    return traces


def traces_without_mesh(table: pd.DataFrame) -> list[Any]:
    """Make a trace of points for the mitochondria of each compartment that have no mesh."""
    table = table[~table.index.isin(mesh_owners)]
    return [
        points(
            table[table["compartment"] == name],
            f"{name}, no mesh",
            "mitochondrion without a mesh",
            color=colour,
            symbol="circle-open",
            size=4,
        )
        for name, colour in COMPARTMENT_COLOURS.items()
        if name in set(table["compartment"])
    ]


def synapse_traces(table: pd.DataFrame) -> list[Any]:
    """Make a trace of points for each kind of synapses."""
    return [
        points(
            table[table["synapse_type"] == kind],
            style["label"],
            style["label"],
            color=style["color"],
            symbol=SYMBOLS[style["marker"]],
            size=style["s"] ** 0.5,
        )
        for kind, style in SYNAPSE_STYLES.items()
        if kind in set(table["synapse_type"])
    ]


def soma_of(cell_id: int) -> pd.DataFrame:
    """Give the place of a neuron's soma (nm): its first somatic node, often the root, if any."""
    nodes = navis.read_swc(str(skeleton_files[cell_id]), soma_label=0).nodes
    return nodes.loc[nodes["label"].astype(int) == 0, ["x", "y", "z"]].head(1)


def scale_bar_trace(box: np.ndarray) -> go.Scatter3d:
    """Make a scale bar of 10 µm (less for a very small cell) in a corner of a box (nm)."""
    length = bar_length((box[1] - box[0]).max() / 2)
    # Not on the very edge, where it would be clipped.
    x, y, z = (0.98 * box[0] + 0.02 * box[1]) / UM
    return go.Scatter3d(
        x=[x, x + length],
        y=[y, y],
        z=[z, z],
        mode="lines+text",
        text=[f"{length} µm", ""],
        textposition="top right",
        line={"color": "black", "width": 6},
        hoverinfo="skip",
        showlegend=False,
    )


def interactive_view(cell_id: int) -> go.Figure:
    """Draw a neuron with its mitochondria and synapses, to be turned in the browser."""
    box = bounds(
        navis.read_swc(str(skeleton_files[cell_id]), soma_label=0).nodes,
        shown_mitochondria,
        shown_synapses,
    )
    soma = points(soma_of(cell_id), "soma", "soma", color="#F0E442", size=10)
    soma.marker.line = {"color": "black", "width": 2}
    figure = go.Figure(
        [
            *grouped(mesh_traces(shown_mitochondria), "Mitochondria"),
            *grouped(traces_without_mesh(shown_mitochondria), "Mitochondria"),
            # Pale, since the line of the skeleton runs through the mitochondria.
            *grouped(plotted(skeleton_pieces(cell_id)), "Skeleton", opacity=0.6),
            *grouped(synapse_traces(shown_synapses), "Synapses"),
            *(grouped([soma], "Soma") if len(soma.x) else []),
            scale_bar_trace(box),
        ]
    )
    title = described(cell_id)
    axis = {"gridcolor": "#E6E6E6", "zeroline": False, "nticks": 6, "showspikes": False}
    sides = box[1] - box[0]
    figure.update_layout(
        template="none",
        title={"text": f"{title[0].upper()}{title[1:]} (pia up)", "x": 0.02, "font": {"size": 15}},
        height=720,
        margin={"l": 0, "r": 10, "t": 40, "b": 0},
        legend={"groupclick": "toggleitem", "itemsizing": "constant"},
        scene={
            "aspectmode": "manual",
            "aspectratio": dict(zip("xyz", (1.6 * sides / sides.max()).tolist(), strict=True)),
            # Nearly as in the other pictures: y points down, and one looks along z.
            "camera": {
                "up": {"x": 0, "y": -1, "z": 0},
                "eye": {"x": 0.7, "y": -0.5, "z": -1.8},
                "projection": {"type": "orthographic"},
            },
            **{
                f"{name}axis": axis | {"title": {"text": f"{name} (µm)"}, "range": ends}
                for name, ends in zip("xyz", (box.T / UM).tolist(), strict=True)
            },
        },
    )
    return figure


# %% [markdown]
# A picture of the same for readers that cannot show the interactive view: the neuron from the
# front, and the square of 20 µm (less for a very small cell) with the most mitochondrial volume
# outside the soma.

# %%
WINDOW = 10 * UM  # half a side


def draw_meshes(ax: Axes) -> None:
    """Draw the meshes from the front, the near triangles over the far ones."""
    corners = mesh_vertices[mesh_faces] * UM
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    facing = np.abs(normals[:, 2]) / np.where(lengths > 0, lengths, 1)
    compartments = shown_mitochondria["compartment"].to_numpy()[mesh_owners[mesh_faces[:, 0]]]
    colours = np.array([to_rgb(COMPARTMENT_COLOURS[name]) for name in compartments]).reshape(-1, 3)
    order = np.argsort(-corners[:, :, 2].mean(axis=1), kind="stable")
    shaded = (colours * (0.7 + 0.3 * facing[:, None]))[order]
    ax.add_collection(
        PolyCollection(
            corners[order][:, :, :2], facecolors=shaded, edgecolors=shaded, lw=0.3, zorder=3
        )
    )


def draw_front(ax: Axes, cell_id: int, box: np.ndarray, enlarged: float) -> None:
    """Draw a neuron from the front, with a scale bar, its lines so many times as thick."""
    bar = bar_length(0.4 * (box[1, 0] - box[0, 0]))
    for compartment, piece in skeleton_pieces(cell_id).items():
        ends = piece.nodes.merge(piece.nodes, left_on="parent_id", right_on="node_id")
        lines = np.stack([ends[["x_x", "y_x"]], ends[["x_y", "y_y"]]], axis=1) * UM
        colour = COMPARTMENT_COLOURS[compartment]
        ax.add_collection(LineCollection(list(lines), colors=colour, lw=0.7 * enlarged, alpha=0.6))
    if len(mesh_faces):
        draw_meshes(ax)
    bare = shown_mitochondria[~shown_mitochondria.index.isin(mesh_owners)]
    colours = bare["compartment"].map(COMPARTMENT_COLOURS)
    ax.scatter(bare["x"], bare["y"], s=12, facecolors="none", edgecolors=colours, zorder=4)
    for kind, style in SYNAPSE_STYLES.items():
        some = shown_synapses[shown_synapses["synapse_type"] == kind]
        size = style["s"] * enlarged**2 / 2
        ax.scatter(some["x"], some["y"], linewidths=0, zorder=5, alpha=0.7, **style | {"s": size})
    soma = soma_of(cell_id)
    ax.scatter(soma["x"], soma["y"], marker="P", s=70, color="#F0E442", edgecolors="k", zorder=6)
    ax.set(xlim=box[:, 0], ylim=box[::-1, 1], xticks=[], yticks=[], aspect="equal")
    ax.spines[:].set(visible=True, color="#D9D9D9", linewidth=0.6)
    end = 0.97 * box[1, 0] + 0.03 * box[0, 0]
    height = 0.95 * box[1, 1] + 0.05 * box[0, 1]
    ax.plot([end - bar * UM, end], [height] * 2, color="k", lw=2, zorder=7)
    label = ax.annotate(
        f"{bar} µm", (end - bar * UM / 2, height), (0, 4), textcoords="offset points", ha="center"
    )
    label.set(zorder=7, bbox={"facecolor": "white", "linewidth": 0, "alpha": 0.7, "pad": 0.5})


def square_around(middle: np.ndarray, half: float) -> np.ndarray:
    """Give the corners of a square (of a cube, in 3D)."""
    return middle + half * np.array([[-1], [1]])


def crowded_square(whole: np.ndarray, half: float) -> np.ndarray:
    """Find the square (nm), from the front, with the most mitochondrial volume, by half a side."""
    table = shown_mitochondria[shown_mitochondria["compartment"] != "Somatic"]
    if table.empty:
        return square_around(whole.mean(axis=0)[:2], half)
    positions = table[["x", "y"]].to_numpy(float)
    close = (np.abs(positions[:, None] - positions) < half).all(axis=2)
    volumes = close @ table["volume"].fillna(0).to_numpy()
    return square_around(positions[volumes.argmax()], half)


def static_view(cell_id: int) -> Figure:
    """Draw what the interactive view shows, from the front."""
    skeleton = navis.read_swc(str(skeleton_files[cell_id]), soma_label=0)
    whole = bounds(skeleton.nodes, shown_mitochondria, shown_synapses)
    half = (whole[1] - whole[0])[:2].max() / 2
    whole = square_around(whole.mean(axis=0), half)
    near = crowded_square(whole, min(WINDOW, half / 3))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 5.6), layout="constrained")
    draw_front(left, cell_id, whole, 1)
    draw_front(right, cell_id, near, 2.5)
    square = plt.Rectangle(tuple(near[0]), *(near[1] - near[0]), fill=False, lw=0.8, zorder=7)
    left.add_patch(square)
    title = described(cell_id)
    left.set_title(f"{title[0].upper()}{title[1:]}", loc="left")
    right.set_title("inside the square", loc="left")
    keys = compartment_keys(
        pd.concat([shown_mitochondria["compartment"], pd.Series(list(skeleton_pieces(cell_id)))])
    )
    keys += synapse_keys(shown_synapses["synapse_type"])
    keys.append(key("soma", "P", 60, color="#F0E442", mec="black"))
    figure.legend(handles=keys, loc="outside lower left", ncols=5, fontsize=8, handletextpad=0.2)
    return figure


# %% [markdown]
# The interactive view: drag to turn, scroll to come closer, click on an entry of the legend to
# switch it on or off, and double-click to see it alone. It is also written beside this notebook
# as `smo_microns_demonstration_3d.html`, which any browser opens without a network.

# %%
VIEW_PAGE = "smo_microns_demonstration_3d.html"
VIEW_OPTIONS = {"displaylogo": False, "scrollZoom": True, "responsive": True}


def png(figure: Figure) -> str:
    """Draw a figure as PNG, in base64."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110)
    plt.close(figure)
    return base64.b64encode(content.getvalue()).decode()


def show(view: go.Figure, picture: Figure) -> None:
    """Show the interactive view, or its picture where a reader knows no such views."""
    bundle = json.loads(view.to_json()) | {"config": VIEW_OPTIONS}
    types = {
        "application/vnd.plotly.v1+json": bundle,
        "image/png": png(picture),
        "text/plain": f"The interactive view is in {VIEW_PAGE}.",
    }
    display(types, raw=True)


def write_page(view: go.Figure) -> None:
    """Write the interactive view as a page of its own, with all that it needs."""
    view = go.Figure(view).update_layout(height=None)
    content = view.to_html(
        full_html=False,
        include_plotlyjs=True,
        div_id="neuron",
        config=VIEW_OPTIONS,
        default_height="100vh",
    )
    head = f'<meta charset="utf-8"><title>{view.layout.title.text}</title>'
    page = f'<!DOCTYPE html><html lang="en"><head>{head}</head><body style="margin: 0">{content}'
    Path(VIEW_PAGE).write_text(f"{page}</body></html>\n", encoding="utf-8", newline="\n")


if shown_cell is None:
    view = go.Figure(layout={"title": {"text": "This dataset has no neuron."}})
else:
    view = interactive_view(shown_cell)
    show(view, static_view(shown_cell))
write_page(view)

# %% [markdown]
# ## Going on
#
# - **One cell**: `pandas.read_csv("microns_cells/<cell_type>_<cell_id>.csv", index_col=0)`; a
#   mitochondrion without a mesh keeps its row, with empty morphometrics.
# - **Its skeleton**: `navis.read_swc(path, soma_label=0, units="nm")`, or
#   `pandas.read_csv(path, header=None, delimiter=" ")` for the bare table. Some skeletons are
#   in several pieces: each has a root of its own, with parent −1.
# - **Its covered nodes**: `pandas.read_json(path, typ="series")` gives a list of skeleton nodes
#   for each mitochondrion outside the soma (whose compartment is `Somatic`); `[]` without a mesh,
#   which a loop has to pass over: `nodes[nodes.str.len() > 0]`.
# - **Interactive views**: `navis.plot3d(skeleton)` turns any neuron in the browser.
#
# If you use data of MICrONS layer 2/3, please cite the reconstruction that they derive from:
# [Reconstruction of neocortex: Organelles, compartments, cells, circuits, and
# activity](https://www.sciencedirect.com/science/article/pii/S0092867422001349) (Cell, 2022),
# and see the [MICrONS Explorer](https://www.microns-explorer.org/phase1).

# %%
scratch.cleanup()
