# %% [markdown]
# # Mitochondria and synapses of cortical cells
#
# This notebook is a first look at the dataset. It uses nothing but the published files that
# lie beside it, and needs [navis](https://navis-org.github.io/navis/) (with `pandas`, `trimesh`
# and `seaborn`, which it brings), `matplotlib` and `plotly` to run again.
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

# %%
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import navis
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import seaborn
import trimesh
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

navis.set_pbars(hide=True)
plt.style.use("default")
plt.rcParams.update({"figure.dpi": 110, "font.size": 9, "axes.titlesize": 10})
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## The tables
#
# The archives are unpacked into a temporary folder, or used as you have unpacked them here.

# %%
scratch = tempfile.TemporaryDirectory()


def files(archive: str, pattern: str) -> list[Path]:
    """List the files of an archive, or of its folder if only that is here."""
    here = Path(scratch.name) if Path(archive).exists() else Path()
    if Path(archive).exists():
        shutil.unpack_archive(archive, here, filter="data")
    return sorted(here.glob(pattern))


cell_tables = files("microns.tar.gz", "microns_cells/[!.]*.csv")
swc_files = files("morphologies.tar.gz", "cell_morphologies/[!.]*.swc")
nodes_files = files("nodes.tar.gz", "associated_nodes/[!.]*.json")
mesh_files = files("demonstration_meshes.tar.gz", "demonstration_meshes/*/[!.]*.ply")

# %% [markdown]
# Ids of cells are larger than a floating-point number can hold exactly: read them as integers
# (or text), never as floats. A mitochondrion without a mesh has a row without morphometrics.
#
# The complexity index is SA³ / (16 π² V²): 0.72 for a ball, and the larger, the longer or the
# more branched a mitochondrion is. Here both area and volume are those of the mesh; the published
# index, which `mitochondria.parquet` has, takes the volume from the number of voxels.

# %%
types = dict.fromkeys(["x", "y", "z", "mito SA", "mito size", "sphericity"], "float64")
types |= {"mito_id": "int64", "cellid": "int64", "compartment": "str", "cell_type": "str"}
tables = [pd.read_csv(path, usecols=list(types), dtype=types) for path in cell_tables]
mitochondria = pd.concat(tables, ignore_index=True)
mitochondria["volume"] = mitochondria["mito size"] / 1e9  # µm³
size = mitochondria["mito size"].where(mitochondria["mito size"] > 0)
mitochondria["complexity index"] = mitochondria["mito SA"] ** 3 / (16 * np.pi**2 * size**2)
synapses = pd.read_csv("synapse_filtered.csv", index_col=0)
neuron_types = pd.read_csv("cell_type_classification_filtered.csv", index_col="cell_id")

# %% [markdown]
# `compartment` says where in its cell a mitochondrion is. In a skeleton the label of a node says
# it: that of the SWC standard less one. In the published tables of pyramidal cells the names of
# the last two are swapped; here a name means the same in all cells.
#
# | label | 0 | 1 | 2 | 3 | 4 | 5 |
# | --- | --- | --- | --- | --- | --- | --- |
# | compartment | Somatic | Axonal | Basal | Apical | Unknown dendritic | Unknown |
#
# Astrocytes have no skeleton. Their mitochondria are labelled by the distance from the soma:
# Somatic below 7 µm, Far beyond 70 µm (perhaps part of another cell), and Branch in between.

# %%
SKELETON_LABELS = ["Somatic", "Axonal", "Basal", "Apical", "Unknown dendritic", "Unknown"]
# What the tables of pyramidal cells call them.
PYRAMIDAL_NAMES = ["Somatic", "Axonal", "Basal", "Apical", "Unknown dendritic", "Unknown"]
names = dict(zip(PYRAMIDAL_NAMES, SKELETON_LABELS, strict=True))
pyramidal = mitochondria["cell_type"] == "pyramidal"
mitochondria.loc[pyramidal, "compartment"] = mitochondria["compartment"].map(names)

# %% [markdown]
# The tables are named `<cell_type>_<cell_id>.csv`: together they are a list of all cells.

# %%
cells = pd.DataFrame([path.stem.split("_") for path in cell_tables], columns=["cell_type", "id"])
cells = cells.set_index(cells.pop("id").astype("int64")).sort_index()
cells["mitochondria"] = mitochondria.groupby("cellid").size().reindex(cells.index, fill_value=0)
subtypes = neuron_types["cell_subtype"].reindex(cells.index).fillna("astrocyte")
subtypes = subtypes.where(cells["cell_type"] != "inhibitory", subtypes + " interneuron")
names = subtypes.str.replace(r"^unknown\S* ", "", regex=True) + " " + cells.index.astype(str)
cells = cells.sort_values("mitochondria", ascending=False, kind="stable")

overview = cells.groupby("cell_type")["mitochondria"].agg(cells="size", mitochondria="sum")
kinds = pd.crosstab(synapses["cell_id"].map(cells["cell_type"]), synapses["synapse_type"])
overview.join(kinds.reindex(overview.index, fill_value=0).add_prefix("synapses: "))

# %% [markdown]
# ## A first neuron
#
# navis reads the skeletons. The synapses of a neuron become its connectors, which navis draws by
# their kind: an input is `post` (this neuron is postsynaptic), an output `pre`, and an autapse is
# both. The colours of all figures, after Okabe and Ito, can be told apart with any kind of
# colour vision.

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
SKELETON_COLOUR = "#A6A6A6"
SYNAPSES = {
    "post": {"name": "input (postsynaptic)", "color": "#000000"},
    "pre": {"name": "output (presynaptic)", "color": "#D55E00"},
    "autapse": {"name": "autapse", "color": "#0072B2"},
}
CONNECTORS = {"connectors": True, "cn_layout": SYNAPSES | {"display": "circles"}, "cn_size": 5}
XYZ = ["x", "y", "z"]


def read_neuron(path: Path) -> navis.TreeNeuron:
    """Read a skeleton (nm) with the compartment of each node, and the neuron's synapses."""
    # By default navis takes label 1 for the soma, which is the axon here.
    neuron = navis.read_swc(str(path), fmt="{name,id:int}.swc", soma_label=0, units="nm")
    neuron.nodes["compartment"] = np.array(SKELETON_LABELS)[neuron.nodes["label"].astype(int)]
    own = synapses[synapses["cell_id"] == neuron.id]
    own = own.rename(columns={"id": "connector_id", "synapse_type": "type"})
    neuron.connectors = own.assign(node_id=neuron.snap(own[XYZ].to_numpy())[0])  # the nearest
    return neuron


neurons = {int(path.stem): read_neuron(path) for path in swc_files}
cells["drawn"] = cells.index.isin([i for i, neuron in neurons.items() if neuron.n_nodes > 1])
if cells["drawn"].any():
    neuron = neurons[cells.index[cells["drawn"]][0]]
    look = {"color": SKELETON_COLOUR, "soma": False, "scalebar": "10 um"}
    figure, ax = navis.plot2d(neuron, view=("x", "-y"), **look, **CONNECTORS)
    ax.set_axis_off()
    ax.set_title(f"{names[neuron.id]}, {neuron.cable_length / 1000:,.0f} µm long (bar: 10 µm)")
    plt.show()

# %% [markdown]
# ## An interneuron and its favourite pyramidal cell
#
# A synapse between two neurons of the dataset has two rows, one for either end. Its `pre` row
# is enough to count it.

# %%
ends = synapses.loc[synapses["synapse_type"] == "pre", ["pre_root_id", "post_root_id"]]
end_types = ends.apply(lambda ids: ids.map(cells["cell_type"]))
ends = ends[(end_types == ["inhibitory", "pyramidal"]).all(axis=1)]
connections = ends.value_counts(sort=False).sort_values(ascending=False, kind="stable")
pair = list(connections.index[0]) if len(connections) else []
if pair:
    print(
        "Of the connections from an interneuron to a pyramidal cell, the strongest is from the\n"
        f"{names[pair[0]]} to the {names[pair[1]]}: {connections.iloc[0]} synapses. "
        f"Pairs with a synapse: {len(connections)}."
    )
else:
    print("No interneuron of this dataset has a synapse onto one of its pyramidal cells.")

# %% [markdown]
# ## Cells with their mitochondria and synapses
#
# Each cell is seen from the front (x–y) and the side (z–y), with the pia above, and from above
# (x–z). Every dot is a mitochondrion: its area grows with the volume, its colour is the
# compartment, and an open circle has not been measured.

# %%
VIEWS = [("x", "-y"), ("z", "-y"), ("x", "-z")]
DOT_AREA = 150  # square points for 1 µm³


def draw(axes: Iterable[Axes], things: Any, **style: Any) -> None:
    """Let navis draw neurons, or a table of points (nm), from three sides."""
    style = {"color": SKELETON_COLOUR, "linewidth": 0.6, "soma": False, "cn_zorder": 3} | style
    for ax, view in zip(axes, VIEWS, strict=True):
        navis.plot2d(things, view=view, ax=ax, **style)


def draw_mitochondria(axes: Iterable[Axes], table: pd.DataFrame) -> None:
    """Draw mitochondria, the small ones in front."""
    table = table.sort_values("volume", ascending=False, kind="stable")
    colours, measured = table["compartment"].map(COMPARTMENT_COLOURS), table["volume"].notna()
    style = {"c": colours.where(measured, "none"), "edgecolor": colours.mask(measured, "white")}
    areas = (DOT_AREA * table["volume"].fillna(0.05)).clip(3, 200)
    style |= {"s": areas, "linewidths": measured.map({True: 0.25, False: 0.8})}
    draw(axes, [table] if len(table) else [], scatter_kws=style)


def key(label: str, color: str, marker: str = "o", size: float = 6, **style: Any) -> Line2D:
    """Make an entry of a legend."""
    return Line2D([], [], ls="", marker=marker, ms=size, color=color, label=label, **style)


DOT_KEYS = [key(f"{v} µm³", "#BFBFBF", size=(DOT_AREA * v) ** 0.5) for v in (0.02, 0.1, 0.5)]
DOT_KEYS.append(key("not measured", "#7F7F7F", size=3, mfc="none"))
SYNAPSE_KEYS = [key(style["name"], style["color"], size=4) for style in SYNAPSES.values()]


def show(figure: plt.Figure, compartments: Iterable[str], keys: list[Line2D]) -> None:
    """Add scale bars and a legend of compartments and other things, and show a figure."""
    for ax, view in zip(figure.axes, 2 * VIEWS, strict=False):
        width = abs(np.diff(ax.get_xlim())[0])
        bar = next((um for um in (50, 20, 10, 5, 2) if 1000 * um < width / 3), 1)
        navis.plot2d([], view=view, ax=ax, scalebar={"size": 1000 * bar, "lw": 2}, autoscale=False)
        ax.set_title(f"{view[0]}–{view[1][-1]}, bar: {bar} µm", y=-0.08, size=7)
        ax.set_axis_off()
    present = set(compartments)
    shown = [key(name, colour) for name, colour in COMPARTMENT_COLOURS.items() if name in present]
    style = {"ncols": 6, "fontsize": 8, "handletextpad": 0.2, "frameon": False}
    figure.legend(handles=[*shown, *keys], loc="outside lower left", **style)
    plt.show()


# %% [markdown]
# Two cells of each type: those of the pair, then those with most mitochondria. Without a
# skeleton, its mitochondria alone outline an astrocyte. The dashed circle has the 7 µm within
# which one of them counts as somatic; it is drawn about the middle of those.

# %%
cells["drawn"] |= (cells["cell_type"] == "glia") & (cells["mitochondria"] > 0)
chosen = cells[cells["drawn"]].assign(first=lambda table: table.index.isin(pair))
chosen = chosen.sort_values("first", ascending=False, kind="stable").groupby("cell_type").head(2)
for cell_id in chosen.sort_values("cell_type", ascending=False, kind="stable").index:
    own = mitochondria[mitochondria["cellid"] == cell_id]
    counts = synapses.loc[synapses["cell_id"] == cell_id, "synapse_type"].value_counts()
    words = [f"{len(own)} mitochondria", *(f"{n} {kind}" for kind, n in counts.items())]
    panels = {"squeeze": False, "layout": "constrained"}
    if cell_id in neurons:
        figure, rows = plt.subplots(2, 3, figsize=(9, 6.5), **panels)
        draw(rows[0], neurons[cell_id])
        draw(rows[1], neurons[cell_id], **CONNECTORS)
    else:
        figure, rows = plt.subplots(1, 3, figsize=(9, 3.5), **panels)
        middle = own.loc[own["compartment"] == "Somatic", XYZ].mean()
        for ax, (across, down) in zip(rows[0], VIEWS, strict=True):
            circle = {"fill": False, "ls": "--", "lw": 0.8, "color": "#7F7F7F"}
            ax.add_patch(plt.Circle((middle[across], middle[down[-1]]), 7000, **circle))
    figure.suptitle(f"{names[cell_id]}: {', '.join(words)}")
    draw_mitochondria(rows[0], own)
    show(figure, own["compartment"], DOT_KEYS + SYNAPSE_KEYS * (cell_id in neurons))

# %% [markdown]
# ### The synapses between the pair
#
# Above both cells, below the surroundings of the tightest group of their synapses, with the
# mitochondria of either cell that lie there.


# %%
def crowded(table: pd.DataFrame, reach: float, weights: Any = 1) -> np.ndarray:
    """Return the corners of the box (nm) around a position that has the most others inside."""
    positions = table[XYZ].to_numpy(float)
    close = (np.abs(positions[:, None] - positions) < reach).all(axis=2) * weights
    return positions[close.sum(axis=1).argmax()] + np.array([[-reach], [reach]])


def inside(table: pd.DataFrame, box: np.ndarray) -> np.ndarray:
    """Say which positions lie in a box."""
    return ((table[XYZ] >= box[0]) & (table[XYZ] <= box[1])).all(axis=1).to_numpy()


if pair and cells["drawn"][pair].all():
    both = [neurons[cell_id] for cell_id in pair]
    contacts = both[0].connectors.query("type == 'pre' and post_root_id == @pair[1]")
    near = crowded(contacts, 10_000)
    close_by = contacts[inside(contacts, near)]
    own = mitochondria[mitochondria["cellid"].isin(pair) & inside(mitochondria, near)]
    figure, rows = plt.subplots(2, 3, figsize=(9, 6.5), layout="constrained")
    figure.suptitle(f"Above, {len(contacts)} synapses between two cells; below, {len(close_by)}")
    colours = ["#000000", SKELETON_COLOUR]
    star = {"color": "#F0E442", "marker": "*"}
    edge = {"edgecolor": "black", "linewidths": 0.6, "zorder": 5}
    draw(rows[0], [*both, contacts], color=colours, scatter_kws={"s": 60, **star, **edge})
    parts = [navis.subset_neuron(neuron, inside(neuron.nodes, near)) for neuron in both]
    draw(rows[1], [*parts, close_by], color=colours, scatter_kws={"s": 130, **star, **edge})
    draw_mitochondria(rows[1], own)
    keys = [key(names[i], colour, "_", 12) for i, colour in zip(pair, colours, strict=True)]
    keys.append(key("synapse between them", size=9, mec="black", mew=0.6, **star))
    show(figure, own["compartment"], keys)

# %% [markdown]
# ## Mitochondria by cell type and compartment
#
# A row for each compartment of each cell type. The dots are single mitochondria, at most 150 a
# row, drawn at random; the boxes have all of them (median, quartiles, and whiskers from the
# 5th to the 95th percentile). The table has median (lower quartile – upper quartile).


# %%
def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by cell type and compartment, and name the groups that these are."""
    order = ["pyramidal", "inhibitory", "glia", *COMPARTMENT_COLOURS]
    table = table.sort_values(
        ["cell_type", "compartment"], key=lambda names: names.map(order.index), kind="stable"
    )
    return table.assign(group=table["cell_type"] + "  " + table["compartment"])


def spread(values: pd.Series) -> str:
    """Write median and quartiles in three significant digits, and the number of values."""
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    return f"{middle:.3g} ({low:.3g} – {high:.3g}), n = {values.count()}"


def distributions(table: pd.DataFrame, counted: str, labels: dict[str, str]) -> pd.DataFrame:
    """Draw and tabulate each group: how many rows it has, then how columns are distributed."""
    style = {"y": "group", "hue": "compartment", "palette": COMPARTMENT_COLOURS, "legend": False}
    box = {"whis": (5, 95), "showfliers": False, "fill": False, "color": "black", "linewidth": 1}
    size = (4 + 2.6 * len(labels), 1 + 0.32 * table["group"].nunique())
    _, axes = plt.subplots(1, 1 + len(labels), sharey=True, figsize=size, layout="constrained")
    seaborn.countplot(table, ax=axes[0], saturation=1, **style)
    for bars in axes[0].containers:
        axes[0].bar_label(bars, fmt="{:,.0f}", padding=3, size=8)
    axes[0].set(xlabel=counted, ylabel="", xlim=(0, 1.25 * axes[0].get_xlim()[1]))
    some = table.sample(frac=1, random_state=0).groupby("group").head(150)
    for ax, (column, label) in zip(axes[1:], labels.items(), strict=True):
        ax.set_xscale("log" if column in ("volume", "complexity index") else "linear")
        seaborn.stripplot(some, x=column, ax=ax, size=2.5, alpha=0.5, jitter=0.28, **style)
        seaborn.boxplot(table, x=column, y="group", ax=ax, width=0.6, **box)
        ax.set(xlabel=label, ylabel="")
        ax.xaxis.set_major_formatter("{x:g}")
    plt.show()
    groups = table.groupby(["cell_type", "compartment"], sort=False)
    columns = {label: (column, spread) for column, label in labels.items()}
    return groups.agg(**{counted: ("group", "size")}, **columns)


if len(mitochondria):
    measures = {
        "volume": "volume (µm³)",
        "sphericity": "sphericity (1: a ball)",
        "complexity index": "complexity index (0.72: a ball)",
    }
    display(distributions(in_order(mitochondria), "mitochondria", measures).reset_index())

# %% [markdown]
# ## How much of a neurite has a mitochondrion?
#
# `<cell_id>_associated_nodes.json` lists the skeleton nodes that each mitochondrion covers;
# somatic mitochondria are left out, and `[]` stands for one without a mesh. An edge of the
# skeleton is covered if both its nodes belong to the same mitochondrion; it belongs to the
# compartment of its outer node. The length covered in a compartment is that of its covered
# edges, each counted once, and the covered share is this over the length of all its edges.


# %%
def is_covered(nodes: pd.DataFrame, path: Path) -> pd.Series:
    """Say which nodes share a mitochondrion with their parent."""
    owned = pd.read_json(path, typ="series", convert_axes=False).explode().dropna().astype("int64")
    owned = owned.rename("node_id").rename_axis("mitochondrion").reset_index()
    edges = nodes[["node_id", "parent_id"]].merge(owned)
    parents = owned.rename(columns={"node_id": "parent_id"})
    return nodes["node_id"].isin(edges.merge(parents)["node_id"])


lengths = []
for path in nodes_files:
    neuron = neurons[int(path.stem.split("_")[0])]
    edge = navis.morpho.mmetrics.parent_dist(neuron, root_dist=0) / 1000  # µm
    neuron.nodes["length"] = edge
    neuron.nodes["covered"] = edge * is_covered(neuron.nodes, path)
    outside = neuron.nodes[neuron.nodes["compartment"] != "Somatic"]
    sums = outside.groupby("compartment", as_index=False)[["length", "covered"]].sum()
    lengths.append(sums.assign(cell_id=neuron.id, cell_type=cells["cell_type"][neuron.id]))
lengths = in_order(pd.concat(lengths).query("length > 0")) if lengths else pd.DataFrame()
if len(lengths):
    lengths["share"] = 100 * lengths["covered"] / lengths["length"]
    labels = {"covered": "covered in a neuron (µm)", "share": "covered in a neuron (% of length)"}
    table = distributions(lengths, "neurons", labels)
    sums = lengths.groupby(["cell_type", "compartment"])[["length", "covered"]].sum()
    sums["covered (%)"] = 100 * sums["covered"] / sums["length"]
    sums = sums.rename(columns={"length": "length (µm)", "covered": "covered (µm)"})
    display(sums.round(1).join(table).reindex(table.index).reset_index())
else:
    print("No neuron of this dataset has a skeleton outside its soma.")

# %% [markdown]
# Of the neurons drawn above, the one with the greatest covered length.


# %%
def pieces(neuron: navis.TreeNeuron, outer: pd.DataFrame) -> list[navis.TreeNeuron]:
    """Return the edges from some nodes to their parents, as a neuron for each compartment."""
    result = []
    for compartment, part in outer[outer["parent_id"] >= 0].groupby("compartment"):
        ends = set(part["parent_id"]) - set(part["node_id"])
        inner = neuron.nodes[neuron.nodes["node_id"].isin(ends)].assign(parent_id=-1)
        table = pd.concat([part, inner])
        result.append(navis.TreeNeuron(table, name=compartment, units=neuron.units))
    return result


def coloured(things: list[Any]) -> list[str]:
    """Return the colours of neurons that are named after a compartment."""
    return [COMPARTMENT_COLOURS[thing.name] for thing in things]


covered = {
    cell_id: neurons[cell_id].nodes.query("covered > 0 and compartment != 'Somatic'")
    for cell_id in chosen.index.intersection(list(neurons))
}
most = max(covered, key=lambda cell_id: covered[cell_id]["covered"].sum(), default=None)
if most and len(covered[most]):
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.5), layout="constrained")
    figure.suptitle(f"{names[most]}: {covered[most]['covered'].sum():,.0f} µm covered")
    parts = pieces(neurons[most], covered[most])
    draw(axes, neurons[most])
    draw(axes, parts, color=coloured(parts), linewidth=3)
    show(figure, covered[most]["compartment"], [])

# %% [markdown]
# ## One neuron in 3D
#
# `demonstration_meshes.tar.gz` holds the meshes of one neuron: that of the interneuron with the
# strongest connection, found above; without such a pair, that of the neuron with most
# mitochondria. A browser turns some hundred thousand triangles with ease, a large neuron has
# more. For the picture, the vertices of a mitochondrion in the same box of a grid become one, and
# the grid is made coarser until 150,000 triangles are left. Measure the meshes of the archive.

# %%
meshes = {int(path.stem): navis.read_mesh(str(path), output="trimesh") for path in mesh_files}
grid = 50  # nm
while sum(len(mesh.faces) for mesh in meshes.values()) > 150_000:
    for mesh in meshes.values():
        mesh.apply_scale(1 / grid)
        mesh.merge_vertices(digits_vertex=0)
        mesh.update_faces(mesh.nondegenerate_faces() & mesh.unique_faces())
        mesh.apply_scale(grid)
    grid *= 1.25


def joined(table: pd.DataFrame) -> list[navis.MeshNeuron]:
    """Join the meshes of each compartment; each vertex knows its mitochondrion."""
    result = []
    for compartment, ids in table["mito_id"].groupby(table["compartment"]):
        parts = [meshes[mito_id] for mito_id in ids]
        mesh = navis.MeshNeuron(trimesh.util.concatenate(parts), name=compartment)
        mesh.mito_ids = np.repeat(ids, [len(part.vertices) for part in parts])
        result.append(mesh)
    return result


candidates = [*pair[:1], *(cell_id for cell_id in cells.index if cell_id in neurons)]
shown = int(mesh_files[0].parent.name) if meshes else next(iter(candidates), None)
own = mitochondria[mitochondria["cellid"] == shown]
solid = own[own["mito_id"].isin(list(meshes))]
bare = own.drop(solid.index)
if meshes:
    print(f"{names[shown]}: {len(own)} mitochondria, {len(solid)} with a mesh.")
elif shown:
    print("Points are shown: without demonstration_meshes.tar.gz, there are no meshes.")

# %% [markdown]
# A picture for readers that cannot show the interactive view: the surroundings, 20 µm wide, of
# the most mitochondrial volume outside the soma.

# %%
if shown:
    neuron, outside = neurons[shown], own[own["compartment"] != "Somatic"]
    middle = outside if len(outside) else neuron.nodes.assign(volume=1)
    near = crowded(middle, 10_000, middle["volume"].fillna(0).to_numpy())
    part = navis.subset_neuron(neuron, inside(neuron.nodes, near))
    things = pieces(part, part.nodes) + joined(solid[inside(solid, near)])
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.5), layout="constrained")
    figure.suptitle(names[shown])
    draw(axes, things, color=coloured(things), linewidth=1)
    draw(axes, part, connectors_only=True, **CONNECTORS)
    draw_mitochondria(axes, bare[inside(bare, near)].assign(volume=np.nan))
    show(figure, [thing.name for thing in things], SYNAPSE_KEYS)

# %% [markdown]
# The interactive view: drag to turn, scroll to come closer, click on an entry of the legend to
# switch it on or off, and double-click to see it alone. It is also written beside this notebook
# as `smo_microns_demonstration_3d.html`, which any browser opens without a network.

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
    view.update_traces(lighting=light, lightposition={"x": 0, "y": -1e5, "z": -1e5})
    for compartment, table in bare.groupby("compartment"):
        marker = {"name": f"{compartment}, no mesh", "color": COMPARTMENT_COLOURS[compartment]}
        navis.plot3d(table, scatter_kws=marker | {"size": 5}, **style)
    # Pale, since the line of the skeleton runs through the mitochondria.
    navis.plot3d(lines, color=coloured(lines), alpha=0.6, legend_group="Skeleton", **style)
    navis.plot3d(neuron, connectors_only=True, legend_group="Synapses", **CONNECTORS | style)
    soma = {"name": "soma", "color": COMPARTMENT_COLOURS["Somatic"], "size": 12}
    navis.plot3d(
        neuron.nodes[neuron.nodes["compartment"] == "Somatic"][:1], scatter_kws=soma, **style
    )
    for trace in view.data:
        trace.update(name=trace.name.split(" of ")[0], showlegend=True)
        for axis in {"x", "y", "z", "i", "j", "k"} & set(trace):
            # µm, in lists: older viewers read no arrays, which plotly keeps if they are equal.
            numbers = np.array(trace[axis], float) / (1000 if axis in XYZ else 1)
            trace[axis] = None
            trace[axis] = [None if np.isnan(n) else n for n in numbers.round(3).tolist()]
    positions = pd.concat([neuron.nodes, own, neuron.connectors])[XYZ].agg(["min", "max"]) / 1000
    grey = {"gridcolor": "#E6E6E6", "zeroline": False, "nticks": 6, "showspikes": False}
    for axis, (low, high) in positions.items():
        limits = {"title": f"{axis} (µm)", "range": [low - 1, high + 1]}
        view.update_layout({"scene": {f"{axis}axis": grey | limits}})
    # Nearly as in the other pictures: y points down, and one looks along z.
    camera = {"up": {"x": 0, "y": -1, "z": 0}, "eye": {"x": 0.7, "y": -0.5, "z": -1.8}}
    view.update_layout(title=f"{names[shown]} (pia up)", height=720, scene_aspectmode="data")
    view.update_layout(scene_camera=camera | {"projection": {"type": "orthographic"}})
    view.update_layout(margin={"l": 0, "r": 10, "t": 40, "b": 0}, legend_groupclick="toggleitem")
    view.show(renderer="plotly_mimetype", config=OPTIONS)
view.layout.height = None
page = view.to_html(config=OPTIONS, div_id="neuron", default_height="100vh")
head = f"<head><title>{view.layout.title.text}</title><style>body {{margin: 0}}</style>"
page = "<!DOCTYPE html>" + page.replace("<head>", head, 1)
Path("smo_microns_demonstration_3d.html").write_text(page, encoding="utf-8", newline="\n")

# %% [markdown]
# ## Going on
#
# `navis.plot3d(neuron)` turns any neuron in the browser. Some skeletons are in several pieces: each
# has a root of its own, with parent −1. What all columns mean is in `data_dictionary.md`.
#
# If you use data of MICrONS layer 2/3, please cite the reconstruction that they derive from:
# [Reconstruction of neocortex: Organelles, compartments, cells, circuits, and
# activity](https://www.sciencedirect.com/science/article/pii/S0092867422001349) (Cell, 2022),
# and see the [MICrONS Explorer](https://www.microns-explorer.org/phase1).

# %%
scratch.cleanup()
