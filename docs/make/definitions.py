"""Pictures that explain definitions, drawn from a made-up mitochondrion."""

from __future__ import annotations

import numpy as np
import trimesh
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from mitosyn.sample.tubes import Mesh, centroid, tube
from mitosyn.skeletons.coverage import nearest_nodes

MESH, ABOVE, SECTION, NODE = "#B3CDE3", "#FDBF6F", "#D55E00", "#333333"
MARGIN_NM = 260
LIGHT = np.array([-0.35, 0.6, 0.72])


def example_mitochondrion() -> Mesh:
    """Return a bent mitochondrion, some 2 µm long, in nm."""
    t = np.linspace(0, 1, 200)
    axis = np.column_stack([2200 * t, 500 * np.sin(2.6 * t), 260 * np.cos(2 * t)])
    return tube(axis, 190.0, np.random.default_rng(11), 2.4e8)


def draw_definitions() -> Figure:
    """Draw the principal axes, the section across PC1, and the covered skeleton nodes."""
    mesh = example_mitochondrion()
    figure = Figure(figsize=(10.5, 2.9), dpi=150)
    lengths, section, coverage = figure.subplots(1, 3)
    _draw_lengths(lengths, mesh)
    _draw_section(section, mesh)
    _draw_coverage(coverage, mesh)
    for ax in (lengths, section, coverage):
        ax.set_aspect("equal")
        ax.axis("off")
        ax.title.set_size(10)
    figure.tight_layout(w_pad=2)
    return figure


def _in_principal_frame(mesh: Mesh) -> np.ndarray:
    """Return the vertices (n, 3) from their mean, along PC1, PC2 and PC3, in nm."""
    offsets = mesh.vertices - mesh.vertices.mean(axis=0)
    axes = np.linalg.svd(offsets, full_matrices=False)[2]
    axes[2] = np.cross(axes[0], axes[1])
    return offsets @ axes.T


def _draw_mesh(ax: Axes, view: np.ndarray, triangles: np.ndarray, colours: np.ndarray) -> None:
    """Draw triangles shaded by their slope, those behind first.

    ``view`` (n, 3) has the coordinates across, up and towards the viewer.
    """
    corners = view[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    light = 0.72 + 0.28 * np.clip(normals @ LIGHT, -1, 1)
    front = normals[:, 2] > 0
    order = np.argsort(corners[front, :, 2].mean(axis=1))
    shaded = np.clip(colours[front] * light[front, None], 0, 1)[order]
    faces = corners[front][order][:, :, :2]
    ax.add_collection(PolyCollection(faces, facecolors=shaded, edgecolors=shaded, linewidths=0.3))


def _draw_lengths(ax: Axes, mesh: Mesh) -> None:
    frame = _in_principal_frame(mesh)
    _draw_mesh(ax, frame, mesh.triangles, np.tile(to_rgb(MESH), (len(mesh.triangles), 1)))
    low, high = frame.min(axis=0), frame.max(axis=0)
    below, right = low[1] - 120, high[0] + 120
    bracket = {"arrowstyle": "<->", "color": NODE, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (low[0], below), (high[0], below), arrowprops=bracket)
    ax.annotate("", (right, low[1]), (right, high[1]), arrowprops=bracket)
    ax.text((low[0] + high[0]) / 2, below - 50, "PC1 Length", ha="center", va="top")
    ax.text(right + 40, (low[1] + high[1]) / 2, "PC2 Length", rotation=90, va="center")
    arrow = {"arrowstyle": "-|>", "color": SECTION, "lw": 1.5, "shrinkA": 0, "shrinkB": 0}
    for name, tip in (("PC1", (480.0, 0.0)), ("PC2", (0.0, 330.0))):
        ax.annotate("", tip, (0, 0), arrowprops=arrow)
        ax.text(tip[0] + 35, tip[1], name, color=SECTION, va="center")
    ax.plot(0, 0, "o", color=SECTION, ms=4)
    ax.set_xlim(low[0] - MARGIN_NM, right + MARGIN_NM)
    ax.set_ylim(below - MARGIN_NM, high[1] + MARGIN_NM)
    ax.set_title("Principal axes of the vertices\nand the extent along each")


def _draw_section(ax: Axes, mesh: Mesh) -> None:
    """Draw the section by the plane through the centroid with normal PC1, seen at a slant."""
    frame = _in_principal_frame(mesh)
    frame -= centroid(Mesh(frame, mesh.triangles))
    whole = trimesh.Trimesh(frame, mesh.triangles, process=False)
    turn = _slant()
    below = whole.slice_plane((0, 0, 0), (-1, 0, 0))
    above = whole.slice_plane((0, 0, 0), (1, 0, 0))
    half = 420.0
    corners = np.array([[0, -half, -half], [0, half, -half], [0, half, half], [0, -half, half]])
    section = whole.section((1, 0, 0), (0, 0, 0))
    assert section is not None  # the plane goes through the centroid of a closed mesh
    outline = section.discrete[0] @ turn.T
    shift = np.array([560.0, 0, 0])
    _draw_half(ax, below, turn, MESH)
    _fill(ax, corners @ turn.T, (0.5, 0.5, 0.5, 0.18), "#888888")
    _fill(ax, outline, (*to_rgb(SECTION), 0.55), SECTION)
    ax.plot(0, 0, "o", color=NODE, ms=3)
    ax.annotate("c", (0, 0), (4, 3), textcoords="offset points")
    above.vertices += shift
    _draw_half(ax, above, turn, ABOVE)
    bottom = (corners @ turn.T)[:, 1].min()
    ax.annotate(
        "PC1 CA (filled)\nPC1 Circum (outline)",
        outline[np.argmin(outline[:, 1]), :2],
        (-100, bottom - 60),
        arrowprops={"arrowstyle": "-", "color": SECTION},
        color=SECTION,
        ha="center",
        va="top",
    )
    for part, name in ((below, "V₋"), (above, "V₊")):
        across, up = (part.vertices @ turn.T)[:, :2].mean(axis=0)
        ax.text(across, up + 330, name, size=12, ha="center")
    sides = np.concatenate([below.vertices, above.vertices]) @ turn.T
    ax.set_xlim(sides[:, 0].min() - 60, sides[:, 0].max() + 60)
    ax.set_ylim(bottom - 380, -bottom + 80)
    ax.set_title("The plane through c across PC1;\nsymmetry compares V₊ and V₋")


def _draw_half(ax: Axes, half: trimesh.Trimesh, turn: np.ndarray, colour: str) -> None:
    colours = np.tile(to_rgb(colour), (len(half.faces), 1))
    _draw_mesh(ax, half.vertices @ turn.T, half.faces, colours)


def _fill(ax: Axes, corners: np.ndarray, face: tuple[float, ...], edge: str) -> None:
    ax.add_collection(PolyCollection([corners[:, :2]], facecolors=[face], edgecolors=edge))


def _slant() -> np.ndarray:
    """Return a rotation (3, 3) that looks at PC1 and PC2 from half right and above."""
    a, b = np.deg2rad(-38), np.deg2rad(18)
    about_up = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_across = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return about_across @ about_up


def _draw_coverage(ax: Axes, mesh: Mesh) -> None:
    """Draw a skeleton, the vertices by the node they are nearest to, and what is covered."""
    frame = _in_principal_frame(mesh)
    low, high = frame.min(axis=0), frame.max(axis=0)
    along = np.linspace(low[0] - 700, high[0] + 700, 15)
    nodes = np.column_stack([along, high[1] + 150 + 60 * np.sin(along / 500), np.zeros(15)])
    nearest = nearest_nodes(nodes, frame)
    covered = np.unique(nearest)
    shades = np.array([to_rgb("#0072B2"), to_rgb("#56B4E9")])
    ax.scatter(frame[:, 0], frame[:, 1], s=1.5, c=shades[nearest % 2], linewidths=0)
    pairs = np.column_stack([np.arange(14), np.arange(1, 15)])
    both = np.isin(pairs, covered).all(axis=1)
    ends = nodes[pairs][:, :, :2]
    ax.add_collection(LineCollection(list(ends[~both]), colors="#999999", linewidths=1.2))
    ax.add_collection(LineCollection(list(ends[both]), colors=SECTION, linewidths=3))
    hollow = np.setdiff1d(np.arange(15), covered)
    ax.plot(*nodes[hollow, :2].T, "o", mfc="white", mec="#999999", ms=5, ls="")
    ax.plot(*nodes[covered, :2].T, "o", color=SECTION, ms=5, ls="")
    top = nodes[:, 1].max()
    ax.text(0, top + 130, "length along skeleton", color=SECTION, ha="center")
    ax.text(0, low[1] - 120, "vertices, by the node nearest to them", ha="center", va="top")
    ax.set_xlim(nodes[0, 0] - 80, nodes[-1, 0] + 80)
    ax.set_ylim(low[1] - 420, top + 380)
    ax.set_title("Covered skeleton nodes (filled)\nand the length between them")
