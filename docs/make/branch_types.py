"""The picture that explains the branch types, drawn from a made-up pyramidal cell."""

from __future__ import annotations

from collections import Counter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from mitosyn.branches.division import (
    BRANCH_POINT_SEGMENTS,
    COVERED_OR_NOT,
    DISTAL_BRANCHES,
    DISTANCE_BINS,
    FULL,
    PROXIMAL,
    UNCOVERED,
    UNREACHABLE,
    Branches,
    split,
    template,
)
from mitosyn.catalogue.colours import COMPARTMENT_COLOURS
from mitosyn.catalogue.names import BRANCH_TYPES, COMPARTMENTS
from mitosyn.sample.mitochondria import neuron_mitochondria
from mitosyn.sample.neurites import grow_pyramidal
from mitosyn.sample.space import VOLUME_NM, Purpose, stream
from mitosyn.skeletons.coverage import nearest_nodes
from mitosyn.skeletons.skeleton import Skeleton
from mitosyn.skeletons.standard_swc import NO_PARENT

SEED, MITOCHONDRIA = 6, 40
# From the middle of the volume, which neurites turn to where they would leave it.
SOMA_SHIFT_NM = np.array([5e3, 15e3, 0.0])
BETWEEN, QUIET, COVERED, BARE = "#CFCFCF", "#9A9A9A", "#D55E00", "#56B4E9"
# Neighbours never share one of these.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#5D3A9B", "#A6761D")
EXPLANATIONS = {
    FULL: "one compartment",
    DISTANCE_BINS: "the same 10 µm of path to the soma",
    DISTAL_BRANCHES: "one compartment, beyond 60 µm",
    BRANCH_POINT_SEGMENTS: "as many branch points up from a tip",
    COVERED_OR_NOT: "all covered or all bare",
}
NOTES = """Each branch is a run of nodes that share something.
A new colour is a new branch; colours repeat.

full: green is basal, pink apical, blue axonal,
light blue and grey are unknown.

distalbranches: grey is what is nearer than 60 µm
or has no path to the soma.

coveredornot: orange is covered by mitochondria,
blue is bare.

Thin light lines join two branches and are part
of neither. The black dot is the soma."""
SCALE_BAR_UM = 50


def example_cell() -> tuple[Skeleton, np.ndarray]:
    """Return a pyramidal cell with a loose piece, and whether each of its nodes is covered."""
    grown = grow_pyramidal(
        stream(SEED, Purpose.SKELETONS), VOLUME_NM.mean(axis=0) + SOMA_SHIFT_NM, loose_piece=True
    )
    child = np.flatnonzero(grown.parents != NO_PARENT)
    edges = np.sort(np.column_stack([child, grown.parents[child]]), axis=1)
    skeleton = Skeleton(grown.nodes, edges, grown.labels.astype(np.int64), 0)
    laid = neuron_mitochondria(
        stream(SEED, Purpose.MITOCHONDRIA), 1, grown, MITOCHONDRIA, pyramidal=True
    )
    covered = np.zeros(len(grown.nodes), bool)
    for mitochondrion in laid:
        covered[nearest_nodes(grown.nodes, mitochondrion.mesh.vertices)] = True
    return skeleton, covered


def draw_branch_types() -> Figure:
    """Draw one cell five times, each branch of a type in a colour that no neighbour has."""
    skeleton, covered = example_cell()
    figure = Figure(figsize=(11, 8.4), dpi=110)
    panels = figure.subplots(2, 3, sharex=True, sharey=True).flat
    for ax, kind in zip(panels, BRANCH_TYPES, strict=False):
        values = template(kind, skeleton, covered)
        branches = split(skeleton, values, kind)
        _draw_branches(ax, skeleton, branches, branch_colours(skeleton, branches, values))
        ax.set_title(kind, size=12, weight="bold", family="DejaVu Sans Mono", pad=20)
        text = f"{EXPLANATIONS[kind]}: {len(branches.ids)} branches"
        ax.text(0.5, 1.01, text, transform=ax.transAxes, ha="center", va="bottom", size=9)
        ax.set_aspect("equal")
        ax.axis("off")
    panels[0].invert_yaxis()
    _draw_scale(panels[0], skeleton)
    panels[-1].axis("off")
    panels[-1].text(0.05, 0.5, NOTES, transform=panels[-1].transAxes, va="center", size=9)
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.93, wspace=0.04, hspace=0.16)
    return figure


def branch_colours(skeleton: Skeleton, branches: Branches, values: np.ndarray) -> list[str]:
    """Return a colour for each branch: one with a meaning, or one that no neighbour has.

    Parameters
    ----------
    skeleton : Skeleton
        N nodes.
    branches : Branches
    values : (N,) int64 array
        The template that the branches are made with.
    """
    names = [COMPARTMENTS[number % UNCOVERED] for number in branches.compartments]
    if branches.kind == FULL:
        return [COMPARTMENT_COLOURS[name] for name in names]
    if branches.kind == COVERED_OR_NOT:
        return [BARE if number >= UNCOVERED else COVERED for number in branches.compartments]
    ends = branches.branch_of_node[skeleton.edges]
    used: Counter[str] = Counter()
    colours: dict[int, str] = {}
    for row, value in enumerate(values[branches.ids].tolist()):
        if branches.kind == DISTAL_BRANCHES and value in (PROXIMAL, UNREACHABLE):
            colours[row] = QUIET
            continue
        touching = ends[(ends == row).any(axis=1)].ravel().tolist()
        taken = {colours.get(other) for other in touching}
        free = [colour for colour in COLOURS if colour not in taken] or list(COLOURS)
        colours[row] = min(free, key=lambda colour: used[colour])
        used[colours[row]] += 1
    return [colours[row] for row in range(len(branches.ids))]


def _draw_branches(ax: Axes, skeleton: Skeleton, branches: Branches, colours: list[str]) -> None:
    """Draw the edges within branches in colour, those between branches thin and grey."""
    ends = branches.branch_of_node[skeleton.edges]
    within = ends[:, 0] == ends[:, 1]
    lines = skeleton.vertices[skeleton.edges][:, :, :2] / 1e3
    ax.add_collection(LineCollection(list(lines[~within]), colors=BETWEEN, linewidths=0.8))
    shades = [colours[row] for row in ends[within, 0]]
    ax.add_collection(
        LineCollection(list(lines[within]), colors=shades, linewidths=1.9, capstyle="round")
    )
    soma = skeleton.vertices[skeleton.somatic, :2].mean(axis=0) / 1e3
    ax.plot(*soma, "o", color="black", ms=6)
    ax.autoscale_view()


def _draw_scale(ax: Axes, skeleton: Skeleton) -> None:
    left, bottom = skeleton.vertices[:, 0].min() / 1e3, skeleton.vertices[:, 1].max() / 1e3
    ax.plot([left, left + SCALE_BAR_UM], [bottom + 8, bottom + 8], color="black", lw=2)
    ax.text(left + SCALE_BAR_UM / 2, bottom + 5, f"{SCALE_BAR_UM} µm", size=8, ha="center")
