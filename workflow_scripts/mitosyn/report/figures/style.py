"""What all figures have in common: how they look, and files that are the same every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from mitosyn.support import whole_file

Style = dict[str, Any]  # of what is drawn

DPI = 160
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.08,
    "svg.hashsalt": "mitosyn",
    "savefig.dpi": DPI,
}
# Without them files would differ from day to day and from version to version.
METADATA: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}
GRID: Style = {"color": "#E0E0E0", "linewidth": 0.6}
QUIET = "#6E6E6E"


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure, in inches, that arranges its axes itself."""
    return Figure(figsize=(width, height), layout="constrained")


def save_figures(figures: Mapping[str, Figure], paths: Iterable[str | Path]) -> None:
    """Write figures as PNG or SVG files that depend on nothing but what is drawn.

    Files are named like the figures; the ending is the format.
    """
    for path in map(Path, paths):
        with whole_file(path) as temporary, rc_context(STYLE):
            figures[path.stem].savefig(
                temporary, format=path.suffix[1:], metadata=METADATA[path.suffix]
            )


def nothing_to_show(text: str) -> Figure:
    """Draw a figure that only says why there is nothing to draw."""
    figure = new_figure(6, 1.2)
    figure.text(0.5, 0.5, text, ha="center", va="center", color=QUIET, size=10)
    return figure
