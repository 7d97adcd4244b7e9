"""The picture of distances along a small tree."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

EDGE, NODE, MITO, GREY = "#A6A6A6", "#333333", "#009E73", "#6E6E6E"
PRE, POST, PATH = "#D55E00", "#000000", "#0072B2"
# The trunk from the soma, then two arms from its last node; in µm.
TRUNK = np.column_stack([np.arange(9.0), np.zeros(9)])
UPPER = np.column_stack([np.arange(8.0, 15.0), np.arange(7) * 0.55])
LOWER = np.column_stack([np.arange(8.0, 14.0), np.arange(6) * -0.6])
MITOCHONDRIA = {"A": TRUNK[3:6], "B": UPPER[3:6]}
SITE = np.array([9.8, -0.35])


def draw_distances() -> Figure:
    """Draw the distances of a synaptic site, and those of a mitochondrion."""
    figure = Figure(figsize=(10.5, 6.2), dpi=150)
    of_site, of_mitochondrion = figure.subplots(2, 1)
    for axes in (of_site, of_mitochondrion):
        _draw_tree(axes)
        axes.set_aspect("equal")
        axes.axis("off")
        axes.set_xlim(-0.8, 16.5)
        axes.set_ylim(-3.6, 4.4)
    _draw_site(of_site)
    _draw_mitochondrion(of_mitochondrion)
    figure.tight_layout(h_pad=0.5)
    return figure


def _draw_tree(axes: Axes) -> None:
    """Draw the tree, its soma, and the mitochondria beside the nodes that they cover."""
    for line in (TRUNK, UPPER, LOWER):
        axes.plot(*line.T, "o-", color=EDGE, ms=4, mfc=NODE, mec=NODE, lw=1.5, zorder=1)
    axes.plot(0, 0, "o", color="#D0D0D0", ms=26, zorder=0)
    axes.text(0, -0.75, "soma", ha="center", va="top", color=GREY)
    for name, nodes in MITOCHONDRIA.items():
        axes.plot(*nodes.T, color=MITO, lw=11, alpha=0.35, solid_capstyle="round", zorder=0)
        axes.text(*nodes[1] + [-0.1, 0.35], name, color=MITO, weight="bold", ha="center")


def _way(axes: Axes, points: np.ndarray, shift: float, text: str, colour: str) -> None:
    """Draw a path beside the tree with arrowheads at its ends, and name it in its middle."""
    line = points + np.array([0, shift])
    axes.plot(*line.T, color=colour, lw=1.4)
    for end, before in ((line[-1], line[-2]), (line[0], line[1])):
        arrow = {"arrowstyle": "-|>", "color": colour, "lw": 1.4, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", end, before, arrowprops=arrow)
    side = "bottom" if shift > 0 else "top"
    # Beside the trunk, where all ways have a part.
    across = line[line[:, 0] <= TRUNK[-1, 0], 0]
    place = across.mean() - 0.25, shift + 0.12 * np.sign(shift)
    axes.text(*place, text, color=colour, ha="center", va=side, size=9)


def _draw_site(axes: Axes) -> None:
    """Draw where a presynaptic site is, and how far from what."""
    axes.set_title("A presynaptic site (synapses.parquet)", loc="left", size=10)
    axes.plot(*SITE, "^", color=PRE, ms=9)
    node = LOWER[2]
    axes.plot(*node, "o", color=PRE, ms=7)
    axes.plot(*np.array([SITE, node]).T, ":", color=PRE)
    axes.annotate(
        "node_distance",
        (SITE + node) / 2,
        (12.2, -0.3),
        color=PRE,
        size=9,
        va="center",
        arrowprops={"arrowstyle": "-", "color": PRE, "lw": 0.6},
    )
    axes.text(*(node + np.array([0.3, 0.1])), "node_id", color=PRE, size=9)
    to_soma = np.concatenate([TRUNK, LOWER[1:3]])
    _way(axes, to_soma, -1.35, "soma_distance: to the nearest somatic node", GREY)
    to_mito = np.concatenate([TRUNK[5:], LOWER[1:3]])
    _way(axes, to_mito, -0.65, "nearest_mito_path", PATH)
    end = MITOCHONDRIA["A"][2] + [0.25, 0.25]
    axes.plot(*np.array([SITE, end]).T, "--", color=MITO, lw=1.2)
    text = "nearest_mito_distance: straight, to its mesh"
    axes.text(8.7, 1.0, text, color=MITO, size=9, ha="right")
    axes.text(8.7, 1.8, "nearest_mito_id: A, by path", color=PATH, size=9, ha="right")


def _draw_mitochondrion(axes: Axes) -> None:
    """Draw how far a mitochondrion is from what."""
    axes.set_title("Mitochondrion A (mitochondria.parquet)", loc="left", size=10)
    axes.text(4, -0.55, "nodes: 3", color=MITO, size=9, ha="center", va="top")
    _way(axes, TRUNK[:4], 0.85, "soma_distance", GREY)
    _way(axes, TRUNK[5:9], -0.85, "nearest_branch_point_path", PATH)
    axes.plot(*TRUNK[8], "D", color=PATH, ms=6)
    to_other = np.concatenate([TRUNK[5:], UPPER[1:4]])
    _way(axes, to_other, 0.85, "nearest_mito_path", PATH)
    axes.plot(*LOWER[2], "^", color=PRE, ms=8)
    axes.plot(*LOWER[5], "s", color=GREY, ms=6)
    axes.text(
        *LOWER[5] + [0.3, 0], "nearest tip: nearest_tip_path", color=GREY, va="center", size=9
    )
    text = "nearest presynaptic site:\nnearest_pre_path"
    axes.text(*LOWER[2] + [-0.4, -0.45], text, color=PRE, va="top", ha="right", size=9)
    axes.text(*UPPER[6] + [0.3, 0], "tips_beyond: 2", color=GREY, va="center", size=9)
