# %% [markdown]
# # Mitochondria and synapses of cortical cells
#
# A first look at the dataset, from nothing but the published files that lie beside it, with
# `matplotlib`, `plotly` and [navis](https://navis-org.github.io/navis/), which brings the rest.
#
# | file | content |
# | --- | --- |
# | `microns.tar.gz` | a table per cell, a row per mitochondrion: position, compartment, shape |
#: if skeletons
# | `morphologies.tar.gz` | the skeleton of each neuron (SWC) |
#: endif
#: if skeletons and meshes
# | `nodes.tar.gz` | the skeleton nodes that each mitochondrion covers (JSON) |
#: endif
#: if published
# | `cell_type_classification_filtered.csv` | type and position of the neurons |
#: else
# | `cells.csv` | type and position of the cells |
#: endif
#: if synapses
# | `synapse_filtered.csv` | the synapses of the neurons, a row for each neuron at either end |
#: endif
#: if skeletons and meshes
# | `demonstration_meshes.tar.gz` | the mitochondrial meshes (PLY) of one neuron, shown in 3D |
#: endif
#
#: if published
# Positions and lengths are in nm, areas in nm², volumes in nm³. In the published volume y grows
# from the pia towards the white matter, so all pictures have y pointing down.
#: else
# Positions and lengths are in nm, areas in nm², volumes in nm³.
#: endif

# %%
import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import navis
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import seaborn
import trimesh
from IPython.display import display
from matplotlib.lines import Line2D

navis.set_pbars(hide=True)
look = {"figure.dpi": 110, "font.size": 9, "figure.constrained_layout.use": True}
plt.style.use(["default", look])

# %% [markdown]
# ## The tables
# The archives are unpacked into a temporary folder, or used as you have unpacked them here.
# Ids of cells are larger than a floating-point number can hold exactly: read them as integers
# (or text), never as floats. A mitochondrion without a mesh has a row without morphometrics.

# %%
scratch = tempfile.TemporaryDirectory()


def files(archive, pattern):
    """List the files of an archive, or of its folder if only that is here."""
    if not Path(archive).exists():
        return sorted(Path().glob(pattern))
    shutil.unpack_archive(archive, scratch.name, filter="data")
    return sorted(Path(scratch.name).glob(pattern))


cell_tables = files("microns.tar.gz", "microns_cells/[!.]*.csv")
#: if skeletons
swc_files = files("morphologies.tar.gz", "cell_morphologies/[!.]*.swc")
#: endif
#: if skeletons and meshes
nodes_files = files("nodes.tar.gz", "associated_nodes/[!.]*.json")
mesh_files = files("demonstration_meshes.tar.gz", "demonstration_meshes/*/[!.]*.ply")
#: endif
#: if skeletons and not meshes
mesh_files = []
#: endif

# %% [markdown]
# The complexity index is SA³ / (16 π² V²): 0.72 for a ball, and the larger, the longer or the
# more branched a mitochondrion is. Here both area and volume are those of the mesh; the published
# index, which `mitochondria.parquet` has, takes the volume from the number of voxels.
#
#: if published
# `compartment` says where in its cell a mitochondrion is. In a skeleton the label of a node says
# it, from 0 (Somatic) to 5 (Unknown): that of the SWC standard less one. In the published tables
# of pyramidal cells the names of the last two are swapped; here a name means the same in all
# cells. Astrocytes have no skeleton. Their mitochondria are labelled by the distance from the
# soma: Somatic below 7 µm, Far beyond 70 µm (perhaps part of another cell), Branch in between.
#: else
# `compartment` says where in its cell a mitochondrion is, as far as it is known: by the labels of
# a skeleton, by the distance from the soma, or by the table of mitochondria.
#: endif

# %%
types = dict.fromkeys(["x", "y", "z", "mito SA", "mito size", "sphericity"], "float64")
types |= {"mito_id": "int64", "cellid": "int64", "compartment": "str", "cell_type": "str"}
tables = [pd.read_csv(path, usecols=list(types), dtype=types) for path in cell_tables]
mitochondria = pd.concat(tables, ignore_index=True)
mitochondria["volume (µm³)"] = mitochondria["mito size"] / 1e9
size = mitochondria["mito size"].where(mitochondria["mito size"] > 0)
mitochondria["complexity index"] = mitochondria["mito SA"] ** 3 / (16 * np.pi**2 * size**2)
SKELETON_LABELS = ["Somatic", "Axonal", "Basal", "Apical", "Unknown dendritic", "Unknown"]
#: if published
# What the tables of pyramidal cells call them.
PYRAMIDAL_NAMES = ["Somatic", "Axonal", "Basal", "Apical", "Unknown dendritic", "Unknown"]
one_name = mitochondria["compartment"].map(dict(zip(PYRAMIDAL_NAMES, SKELETON_LABELS, strict=True)))
mitochondria.loc[mitochondria["cell_type"] == "pyramidal", "compartment"] = one_name
#: endif

# %%
#: if synapses
synapses = pd.read_csv("synapse_filtered.csv", index_col=0)
#: else
columns = ["id", "cell_id", "synapse_type", "x", "y", "z", "pre_root_id", "post_root_id"]
synapses = pd.DataFrame(columns=columns, dtype="float64")  # this dataset has none
#: endif
#: if published
neuron_types = pd.read_csv("cell_type_classification_filtered.csv", index_col="cell_id")
#: else
all_types = pd.read_csv("cells.csv", index_col="cell_id", dtype={"cell_subtype": "str"})
neuron_types = all_types[all_types["skeleton_nodes"].notna()]
#: endif
# The tables are named <cell_type>_<cell_id>.csv: together they are a list of all cells.
cells = pd.DataFrame([p.stem.rsplit("_", 1) for p in cell_tables], columns=["cell_type", "id"])
cells = cells.set_index(cells.pop("id").astype("int64")).sort_index()
cells["mitochondria"] = mitochondria.groupby("cellid").size().reindex(cells.index, fill_value=0)
#: if published
subtypes = neuron_types["cell_subtype"].reindex(cells.index)
subtypes = subtypes.fillna(cells["cell_type"].replace("glia", "astrocyte"))
subtypes = subtypes.where(cells["cell_type"] != "inhibitory", subtypes + " interneuron")
#: else
subtypes = all_types["cell_subtype"].reindex(cells.index).fillna(cells["cell_type"])
#: endif
names = subtypes.str.replace(r"^unknown\S* ", "", regex=True) + " " + cells.index.astype(str)
cells = cells.sort_values("mitochondria", ascending=False, kind="stable")

overview = cells.groupby("cell_type")["mitochondria"].agg(cells="size", mitochondria="sum")
#: if synapses
kinds = pd.crosstab(synapses["cell_id"].map(cells["cell_type"]), synapses["synapse_type"])
overview.join(kinds.reindex(overview.index, fill_value=0).add_prefix("synapses: "))
#: else
overview
#: endif

#: if skeletons
# %% [markdown]
# ## A first neuron
# navis reads the skeletons. The synapses of a neuron become its connectors: `post` where this
# neuron is postsynaptic (an input), `pre` where it is presynaptic, `autapse` where it is both.
# The colours, after Okabe and Ito, can be told apart with any kind of colour vision.
#: endif

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
OWN_COLOURS = {}
COMPARTMENT_COLOURS |= OWN_COLOURS
SKELETON_COLOUR = "#A6A6A6"
SYNAPSES = {
    "post": {"name": "input (postsynaptic)", "color": "#000000"},
    "pre": {"name": "output (presynaptic)", "color": "#D55E00"},
    "autapse": {"name": "autapse", "color": "#0072B2"},
}
CONNECTORS = {"connectors": True, "cn_layout": SYNAPSES | {"display": "circles"}, "cn_size": 5}
LOOK = {"color": SKELETON_COLOUR, "soma": False}
XYZ = ["x", "y", "z"]
UP = "-y"  # in all pictures
right, deep = (axis for axis in XYZ if axis != UP[-1])
VIEWS = [(right, UP), (deep, UP), (right, f"-{deep}")]
#: if not skeletons
neurons, drawable, pair = {}, [], []
#: endif
#: if skeletons


def read_neuron(path):
    """Read a skeleton (nm) with the compartment of each node, and the neuron's synapses."""
    # By default navis takes label 1 for the soma, which is the axon here.
    kind = {"fmt": "{name,id:int}.swc", "soma_label": 0, "units": "nm", "precision": 64}
    neuron = navis.read_swc(str(path), **kind)
    neuron.nodes["compartment"] = np.array(SKELETON_LABELS)[neuron.nodes["label"].astype(int)]
    own = synapses[synapses["cell_id"] == neuron.id]
    own = own.rename(columns={"id": "connector_id", "synapse_type": "type"})
    neuron.connectors = own.assign(node_id=neuron.snap(own[XYZ].to_numpy())[0])  # the nearest
    return neuron


neurons = {int(path.stem): read_neuron(path) for path in swc_files}
drawable = [i for i in cells.index if i in neurons and neurons[i].n_nodes > 1]
for neuron in [neurons[i] for i in drawable[:1]]:
    figure, ax = navis.plot2d(neuron, view=VIEWS[0], scalebar="10 um", **LOOK, **CONNECTORS)
    ax.set_axis_off()
    ax.set_title(f"{names[neuron.id]}, {neuron.cable_length / 1000:,.0f} µm long (bar: 10 µm)")
    plt.show()
#: endif

#: if skeletons and synapses
# %% [markdown]
#: if published
# ## An interneuron and its favourite pyramidal cell
#: else
# ## The strongest connection
#: endif
# A synapse between two neurons has two rows; its `pre` row is enough to count it.

# %%
ends = synapses.loc[synapses["synapse_type"] == "pre", ["pre_root_id", "post_root_id"]]
#: if published
end_types = ends.apply(lambda ids: ids.map(cells["cell_type"]))
ends = ends[(end_types == ["inhibitory", "pyramidal"]).all(axis=1)]
#: else
ends = ends[ends.isin(list(neurons)).all(axis=1)]
#: endif
connections = ends.value_counts(sort=False).sort_values(ascending=False, kind="stable")
pair = list(connections.index[0]) if len(connections) else []
if pair:
    #: if published
    print("Of the connections from an interneuron to a pyramidal cell, the strongest is from the")
    #: else
    print("Of the connections between two neurons, the strongest is from")
    #: endif
    print(f"{names[pair[0]]} to the {names[pair[1]]}: {connections.iloc[0]} synapses.")
else:
    #: if published
    print("No interneuron of this dataset has a synapse onto one of its pyramidal cells.")
    #: else
    print("No neuron of this dataset has a synapse onto another one.")
#: endif
#: elif skeletons
# %%
pair = []
#: endif

# %% [markdown]
#: if published
# ## Cells with their mitochondria and synapses
# Two cells of each type, those of the pair or with most mitochondria, are seen from the front (x–y)
# and the side (z–y), with the pia above, and from above (x–z). A dot is a mitochondrion: its area
# grows with the volume, its colour is the compartment, an open circle is not measured. A dashed
# circle is drawn 7 µm about the middle of the somatic ones of an astrocyte.
#: else
# ## Cells with their mitochondria
# Two cells of each type are seen from three sides, the second one at a right angle to the first.
#: if pia
# The pia is above in these two.
#: endif
# A dot is a mitochondrion: its area grows with the volume, its colour is the compartment, an open
# circle is not measured.
#: if skeletons and synapses
# Below are a neuron's synapses.
#: endif
#: endif

# %%
DOT_AREA = 150  # square points for 1 µm³


def panels(title, count=1, share=False):
    """Make some rows of three axes, on request with the same limits in all rows."""
    figure, rows = plt.subplots(count, 3, figsize=(9, 3.3 * count), sharex=share, sharey=share)
    figure.suptitle(title, x=0.01, ha="left")
    return figure, rows.reshape(count, 3)


def draw(axes, things, **style):
    """Let navis draw neurons, or a table of points (nm), from three sides."""
    style = LOOK | {"linewidth": 0.6, "cn_zorder": 3} | style
    for ax, view in zip(axes, VIEWS, strict=True):
        navis.plot2d(things, view=view, ax=ax, **style)


def draw_mitochondria(axes, table):
    """Draw mitochondria, the small ones in front."""
    table = table.sort_values("volume (µm³)", ascending=False, kind="stable")
    colours, measured = table["compartment"].map(COMPARTMENT_COLOURS), table["volume (µm³)"].notna()
    style = {"c": colours.where(measured, "none"), "edgecolor": colours.mask(measured, "white")}
    areas = (DOT_AREA * table["volume (µm³)"].fillna(0.05)).clip(3, 200)
    style |= {"s": areas, "linewidths": measured.map({True: 0.25, False: 0.8})}
    draw(axes, [table] if len(table) else [], scatter_kws=style)


def key(label, color, marker="o", size=6, **style):
    """Make an entry of a legend."""
    return Line2D([], [], ls="", marker=marker, ms=size, color=color, label=label, **style)


DOT_KEYS = [key(f"{v} µm³", "#BFBFBF", size=(DOT_AREA * v) ** 0.5) for v in (0.02, 0.1, 0.5)]
DOT_KEYS.append(key("not measured", "#7F7F7F", size=3, mfc="none"))
SYNAPSE_KEYS = [key(style["name"], style["color"], size=4) for style in SYNAPSES.values()]


def show(figure, compartments, keys):
    """Add scale bars and a legend of compartments and other things, and show a figure."""
    for ax, view in zip(figure.axes, 2 * VIEWS, strict=False):
        width = abs(np.diff(ax.get_xlim())[0])
        bar = next((um for um in (50, 20, 10, 5, 2) if 1000 * um < width / 3), 1)
        navis.plot2d([], view=view, ax=ax, scalebar={"size": 1000 * bar, "lw": 2}, autoscale=False)
        words, place = f"{view[0]}–{view[1][-1]}, bar: {bar} µm", {"size": 7, "va": "top"}
        ax.annotate(words, (0.05, 0), (0, -2), "axes fraction", "offset points", **place)
        ax.set_axis_off()
    present = [name for name in COMPARTMENT_COLOURS if name in set(compartments)]
    keys = [key(name, COMPARTMENT_COLOURS[name]) for name in present] + keys
    style = {"ncols": 6, "fontsize": 8, "handletextpad": 0.2, "frameon": False}
    figure.legend(handles=keys, loc="outside lower left", **style)
    plt.show()


# %%
others = cells.index[cells["mitochondria"] > 0].difference(neuron_types.index)
chosen = cells.assign(first=cells.index.isin(pair))[cells.index.isin([*drawable, *others])]
chosen = chosen.sort_values("first", ascending=False, kind="stable").groupby("cell_type").head(2)
for cell_id in chosen.sort_values("cell_type", ascending=False, kind="stable").index:
    own = mitochondria[mitochondria["cellid"] == cell_id]
    counts = synapses.loc[synapses["cell_id"] == cell_id, "synapse_type"].value_counts()
    words = [f"{len(own)} mitochondria", *(f"{n} {kind}" for kind, n in counts.items())]
    is_neuron = cell_id in neurons
    twice = is_neuron and len(synapses) > 0
    figure, rows = panels(f"{names[cell_id]}: {', '.join(words)}", 1 + twice, "col")
    if is_neuron:
        draw(rows[0], neurons[cell_id])
    if twice:
        draw(rows[1], neurons[cell_id], **CONNECTORS)
    #: if published
    if not is_neuron:
        middle = own.loc[own["compartment"] == "Somatic", XYZ].mean()
        for ax, (across, down) in zip(rows[0], VIEWS, strict=True):
            circle = {"fill": False, "ls": "--", "lw": 0.8, "color": "#7F7F7F"}
            ax.add_patch(plt.Circle((middle[across], middle[down[-1]]), 7000, **circle))
    #: endif
    draw_mitochondria(rows[0], own)
    show(figure, own["compartment"], DOT_KEYS + SYNAPSE_KEYS * twice)

#: if skeletons
#: if synapses
# %% [markdown]
# ### The synapses between the pair
#: endif


# %%
def crowded(table, reach):
    """Return the corners of the box (nm) around a position that has the most others inside."""
    positions = table[XYZ].to_numpy(float)
    close = (np.abs(positions[:, None] - positions) < reach).all(axis=2)
    return positions[close.sum(axis=1).argmax()] + np.array([[-reach], [reach]])


def inside(table, box):
    """Return whether each position lies in a box."""
    return ((table[XYZ] >= box[0]) & (table[XYZ] <= box[1])).all(axis=1).to_numpy()


#: if synapses
if pair and set(pair) <= set(drawable):
    both = [neurons[cell_id] for cell_id in pair]
    contacts = both[0].connectors.query("type == 'pre' and post_root_id == @pair[1]")
    near = crowded(contacts, 7000)
    close_by = contacts[inside(contacts, near)]
    own = mitochondria[mitochondria["cellid"].isin(pair) & inside(mitochondria, near)]
    parts = [navis.subset_neuron(neuron, inside(neuron.nodes, near)) for neuron in both]
    figure, rows = panels(f"All {len(contacts)} synapses; below, {len(close_by)} of them", 2)
    colours, star = ["#000000", SKELETON_COLOUR], {"color": "#F0E442", "marker": "*"}
    style = star | {"s": 80, "edgecolor": "black", "linewidths": 0.6, "zorder": 5}
    draw(rows[0], [*both, contacts], color=colours, scatter_kws=style)
    draw(rows[1], [*parts, close_by], color=colours, linewidth=1, scatter_kws=style)
    draw_mitochondria(rows[1], own)
    keys = [key(names[i], colour, "_", 12) for i, colour in zip(pair, colours, strict=True)]
    keys.append(key("synapse between them", size=9, mec="black", mew=0.6, **star))
    show(figure, own["compartment"], keys)
#: endif
#: endif

# %% [markdown]
# ## Mitochondria by cell type and compartment
#: if meshes
# The dots are single mitochondria, at most 150 a row, drawn at random; the boxes have all of them
# (median, quartiles, and whiskers from the 5th to the 95th percentile). The table has median
# (lower quartile – upper quartile). A ball has a sphericity of 1 and a complexity index of 0.72.
#: endif

# %%
TYPES = ["pyramidal", "inhibitory", "glia"]
GROUP = ["cell_type", "compartment"]
LOGARITHMIC = {"volume (µm³)": [], "complexity index": [2, 5]}  # with minor ticks


def spread(values):
    """Write median and quartiles in three significant digits, and the number of values."""
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    return f"{middle:.3g} ({low:.3g} – {high:.3g}), n = {values.count()}".replace(
        "nan (nan – nan), ", ""
    )


def distributions(table, columns):
    """Draw and tabulate how many rows each group has, and how some columns are distributed."""
    order = [*TYPES, *cells["cell_type"], *COMPARTMENT_COLOURS]
    table = table.sort_values(GROUP, key=lambda names: names.map(order.index), kind="stable")
    table["group"] = table["cell_type"] + "  " + table["compartment"]
    style = {"y": "group", "hue": "compartment", "palette": COMPARTMENT_COLOURS, "legend": False}
    box = {"whis": (5, 95), "showfliers": False, "fill": False, "color": "black", "linewidth": 1}
    size = (4 + 2.6 * len(columns), 1 + 0.32 * table["group"].nunique())
    _, axes = plt.subplots(1, 1 + len(columns), sharey=True, figsize=size, squeeze=False)
    axes = axes[0]
    seaborn.countplot(table, ax=axes[0], saturation=1, **style)
    for bars in axes[0].containers:
        axes[0].bar_label(bars, fmt=" {:,.0f}", size=8)
    axes[0].set(ylabel="", xlim=(0, 1.25 * axes[0].get_xlim()[1]))
    some = table.sample(frac=1, random_state=0).groupby("group").head(150)
    np.random.seed(0)  # noqa: NPY002 (which seaborn spreads the dots with)
    for ax, column in zip(axes[1:], columns, strict=True):
        if column in LOGARITHMIC:
            ax.set_xscale("log", subs=LOGARITHMIC[column])
        seaborn.stripplot(some, x=column, ax=ax, size=2.5, alpha=0.5, jitter=0.28, **style)
        if table[column].notna().any():
            seaborn.boxplot(table, x=column, y="group", ax=ax, width=0.6, **box)
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("{x:g}")
    seaborn.despine()
    plt.show()
    numbers = {"cells": ("cellid", "nunique"), "count": ("group", "size")}
    numbers |= {column: (column, spread) for column in columns}
    return table.groupby(GROUP, sort=False, as_index=False).agg(**numbers)


#: if meshes
measures = ["volume (µm³)", "sphericity", "complexity index"]
#: else
measures = []  # there are no meshes
#: endif
if len(mitochondria):
    display(distributions(mitochondria, measures))

#: if skeletons and meshes
# %% [markdown]
# ## How much of a neurite has a mitochondrion?
# `<cell_id>_associated_nodes.json` lists the skeleton nodes that each mitochondrion outside the
# soma covers: `[]` without a mesh. An edge of the skeleton is covered if both its nodes belong to
# the same mitochondrion; it belongs to the compartment of its outer node. Each edge counts once.


# %%
def is_covered(nodes, path):
    """Return whether each node shares a mitochondrion with its parent."""
    owned = pd.read_json(path, typ="series", convert_axes=False).explode().dropna().astype("int64")
    owned = owned.rename("node_id").rename_axis("mitochondrion").reset_index()
    edges = nodes[["node_id", "parent_id"]].merge(owned)
    parents = owned.rename(columns={"node_id": "parent_id"})
    return nodes["node_id"].isin(edges.merge(parents)["node_id"])


lengths = []
for path in nodes_files:
    neuron = neurons[int(path.stem.split("_")[0])]
    nodes = neuron.nodes
    nodes["length (µm)"] = navis.morpho.mmetrics.parent_dist(neuron, root_dist=0) / 1000
    nodes["covered (µm)"] = nodes["length (µm)"] * is_covered(nodes, path)
    outside = nodes.query("parent_id >= 0 and compartment != 'Somatic'")
    sums = outside.groupby("compartment", as_index=False)[["length (µm)", "covered (µm)"]].sum()
    lengths.append(sums.assign(cellid=neuron.id, cell_type=cells["cell_type"][neuron.id]))
if any(map(len, lengths)):
    lengths = pd.concat(lengths)
    sums = lengths.groupby(GROUP)[["length (µm)", "covered (µm)"]].sum()
    for table in (lengths, sums):
        table["covered (%)"] = 100 * table["covered (µm)"] / table["length (µm)"]
    table = distributions(lengths, ["covered (µm)", "covered (%)"])
    display(table.merge(sums.round(1), on=GROUP, suffixes=(" in a neuron", "")))
else:
    print("No neuron of this dataset has a skeleton outside its soma.")
#: endif

#: if skeletons and synapses and meshes
# %% [markdown]
# How many synapses have a mitochondrion within 1 µm of path, in %? `synapses.parquet` says it.

# %%
if Path("synapses.parquet").exists():
    near = pd.read_parquet("synapses.parquet")
    near["near"] = 100 * (near["nearest_mito_path"] <= 1000)
    display(near.pivot_table("near", "compartment", "synapse_type").round(1))
#: endif


#: if skeletons
# %%
def pieces(neuron, outer):
    """Return the edges from some nodes to their parents, as a neuron for each compartment."""
    result = []
    for compartment, part in outer[outer["parent_id"] >= 0].groupby("compartment"):
        ends = set(part["parent_id"]) - set(part["node_id"])
        inner = neuron.nodes[neuron.nodes["node_id"].isin(ends)].assign(parent_id=-1)
        table = pd.concat([part, inner])
        result.append(navis.TreeNeuron(table, name=compartment, units=neuron.units))
    return result


def coloured(things):
    """Return the colours of neurons that are named after a compartment."""
    return [COMPARTMENT_COLOURS[thing.name] for thing in things]


#: if meshes
some = [neurons[i] for i in chosen.index if i in neurons]
for neuron in sorted(some, key=lambda neuron: -neuron.nodes["covered (µm)"].sum())[:1]:
    covered = neuron.nodes[neuron.nodes["covered (µm)"] > 0].query("compartment != 'Somatic'")
    parts = pieces(neuron, covered)
    figure, rows = panels(f"{names[neuron.id]}: {covered['covered (µm)'].sum():,.0f} µm covered")
    draw(rows[0], neuron)
    draw(rows[0], parts, color=coloured(parts), linewidth=2.5)
    show(figure, covered["compartment"], [])
#: endif

# %% [markdown]
# ## One neuron in 3D
#: if published
# `demonstration_meshes.tar.gz` holds the meshes of the interneuron with the strongest connection
# or, without such a pair, of the neuron with most mitochondria. A large one is drawn with fewer
#: else
# `demonstration_meshes.tar.gz` holds the meshes of the neuron with the strongest connection to
# another one or else, of the neuron with most mitochondria. A large one is drawn with fewer
#: endif
# triangles: the vertices of a mitochondrion in the same box of a grid become one, until 150,000
# are left. First a picture around the largest mitochondrion outside the soma, then a view to turn,
# which `smo_microns_demonstration_3d.html` shows in any browser, without a network.

# %%
meshes = {int(path.stem): navis.read_mesh(str(path), output="trimesh") for path in mesh_files}
grid = 50  # nm
while sum(len(mesh.faces) for mesh in meshes.values()) > 150_000:
    for mesh in meshes.values():
        mesh.apply_scale(1 / grid)
        mesh.merge_vertices(digits_vertex=0)
        mesh.update_faces(mesh.nondegenerate_faces() & mesh.unique_faces())
        mesh.apply_scale(grid)
    grid *= 1.4


def joined(table):
    """Join the meshes of each compartment; each vertex knows its mitochondrion."""
    result = []
    for compartment, ids in table["mito_id"].groupby(table["compartment"]):
        mesh = trimesh.util.concatenate([meshes[mito_id] for mito_id in ids])
        result.append(navis.MeshNeuron(mesh, name=compartment))
        result[-1].mito_ids = np.repeat(ids, [len(meshes[mito_id].vertices) for mito_id in ids])
    return result


candidates = [i for i in [*pair[:1], *cells.index] if i in neurons]
shown = int(mesh_files[0].parent.name) if meshes else next(iter(candidates), None)
own = mitochondria[mitochondria["cellid"] == shown]
solid, bare = (own[own["mito_id"].isin(list(meshes)) == has_mesh] for has_mesh in (True, False))
if shown:
    neuron, outside = neurons[shown], own[own["compartment"] != "Somatic"]
    largest = outside.sort_values("mito size", ascending=False)[:1]
    near = crowded(largest if len(largest) else neuron.nodes, 8000)
    part = navis.subset_neuron(neuron, inside(neuron.nodes, near))
    things = pieces(part, part.nodes) + joined(solid[inside(solid, near)])
    figure, rows = panels(f"{names[shown]}, enlarged")
    draw(rows[0], things, color=coloured(things), linewidth=1)
    draw(rows[0], part, connectors_only=True, **CONNECTORS | {"cn_zorder": 200})
    draw_mitochondria(rows[0], bare[inside(bare, near)].assign(**{"volume (µm³)": np.nan}))
    show(figure, [thing.name for thing in things], SYNAPSE_KEYS * (len(synapses) > 0))
    words = "" if meshes else " (without demonstration_meshes.tar.gz, they are shown as points)"
    print(f"{names[shown]}: {len(own)} mitochondria, {len(solid)} with a mesh{words}.")

# %%
OPTIONS = {"displaylogo": False, "scrollZoom": True, "responsive": True}
view = go.Figure(layout={"template": "none", "title": "This dataset has no neuron."})
if shown:
    style = {"backend": "plotly", "inline": False, "soma": False, "linewidth": 2, "fig": view}
    solids, lines = joined(solid), pieces(neuron, neuron.nodes)
    navis.plot3d(solids, color=coloured(solids), legend_group="Mitochondria", **style)
    for trace, mesh in zip(view.data, solids, strict=True):
        trace.update(customdata=mesh.mito_ids.tolist(), hovertemplate="mitochondrion %{customdata}")
    # By default, triangles as small as these would have no normal, and so no shade.
    light = {"ambient": 0.55, "facenormalsepsilon": 0, "vertexnormalsepsilon": 0}
    sign = -1 if UP.startswith("-") else 1
    place = {right: 0, UP[-1]: sign * 1e5, deep: -1e5}
    view.update_traces(lighting=light, lightposition=place)
    for compartment, table in bare.groupby("compartment"):
        marker = {"name": f"{compartment}, no mesh", "color": COMPARTMENT_COLOURS[compartment]}
        navis.plot3d(table, scatter_kws=marker | {"size": 3}, **style)
    view.update_traces(marker_symbol="circle-open", selector={"type": "scatter3d"})
    navis.plot3d(lines, color=coloured(lines), alpha=0.6, legend_group="Skeleton", **style)
    navis.plot3d(neuron, connectors_only=True, **CONNECTORS | style | {"cn_size": 2})
    soma = neuron.nodes[neuron.nodes["compartment"] == "Somatic"].head(1)
    navis.plot3d(soma, scatter_kws={"name": "soma", "color": "#E69F00", "size": 7}, **style)
    for trace in view.data:
        trace.update(name=trace.name.split(" of ")[0], showlegend=True)
        for axis in [axis for axis in "xyzijk" if axis in trace]:
            # In lists and µm: older viewers read no arrays, which plotly keeps if they are equal.
            values = np.asarray(trace[axis], float)
            values = (values / 1000).round(3) if axis in XYZ else values.astype(int)
            trace[axis] = None
            trace[axis] = [None if value != value else value for value in values.tolist()]
    positions = pd.concat([neuron.nodes, own, neuron.connectors])[XYZ].agg(["min", "max"]) / 1000
    grey = {"gridcolor": "#E6E6E6", "zeroline": False, "nticks": 6, "showspikes": False}
    scene = {
        f"{axis}axis": grey | {"title": f"{axis} (µm)", "range": [low - 1, high + 1]}
        for axis, (low, high) in positions.items()
    }
    upwards, eye = {right: 0, UP[-1]: sign, deep: 0}, {right: 0.7, UP[-1]: sign / 2, deep: -1.8}
    camera = {"up": upwards, "eye": eye}
    sides, flat = positions.diff().loc["max"] + 2, {"projection": {"type": "orthographic"}}
    scene |= {"aspectratio": (1.6 * sides / sides.max()).to_dict(), "camera": camera | flat}
    legend = {"groupclick": "toggleitem", "itemsizing": "constant"}
    #: if pia
    view.update_layout(title=f"{names[shown]} (pia up)", scene=scene, legend=legend)
    #: else
    view.update_layout(title=names[shown], scene=scene, legend=legend)
    #: endif
    view.update_layout(height=720, margin={"l": 0, "r": 10, "t": 40, "b": 0})
    view.show(renderer="plotly_mimetype", config=OPTIONS)
view.layout.height = None
page = view.to_html(config=OPTIONS, div_id="neuron", default_height="100vh")
head = f"<head><title>{view.layout.title.text}</title><style>body {{margin: 0}}</style>"
page = "<!DOCTYPE html>" + page.replace("<head>", head, 1)
_ = Path("smo_microns_demonstration_3d.html").write_text(page, encoding="utf-8", newline="\n")
#: endif

# %% [markdown]
# ## Going on
#: if published
# `navis.plot3d(neuron)` turns any neuron; `data_dictionary.md` explains all columns. Some
# skeletons are in several pieces: each has a root of its own, with parent −1. If you use data of
# MICrONS layer 2/3, please cite [Reconstruction of neocortex: Organelles, compartments, cells,
# circuits, and activity](https://www.sciencedirect.com/science/article/pii/S0092867422001349)
# (Cell, 2022), and see the [MICrONS Explorer](https://www.microns-explorer.org/phase1).
#: else
# `data_dictionary.md` explains all columns.
#: if skeletons
# `navis.plot3d(neuron)` turns any neuron. Some skeletons are in several pieces: each has a root of
# its own, with parent −1.
#: endif
#: endif
