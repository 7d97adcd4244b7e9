"""The pictures of the documentation are those that the code draws."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from branch_types import branch_colours, draw_branch_types, example_cell
from definitions import draw_definitions
from distances import draw_distances
from matplotlib.figure import Figure
from matplotlib.image import imread
from mitosyn.branches.division import BRANCH_TYPES, split, template
from workflow import ROOT


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("definitions", draw_definitions),
        ("branch_types", draw_branch_types),
        ("distances", draw_distances),
    ],
)
def test_the_picture_is_current(name: str, draw: Callable[[], Figure]) -> None:
    drawn = io.BytesIO()
    draw().savefig(drawn, format="png", bbox_inches="tight")
    drawn.seek(0)
    now, kept = imread(drawn), imread(ROOT / "docs" / "images" / f"{name}.png")
    renew = f"python docs/make {name}"
    assert now.shape == kept.shape, renew
    # Fonts may be drawn a little differently elsewhere.
    assert np.abs(now - kept).mean() < 0.01, renew


def test_neighbouring_branches_have_different_colours() -> None:
    skeleton, covered = example_cell()
    for kind in BRANCH_TYPES:
        values = template(kind, skeleton, covered)
        branches = split(skeleton, values, kind)
        colours = branch_colours(skeleton, branches, values)
        assert len(colours) == len(branches.ids) > 1
        ends = branches.branch_of_node[skeleton.edges]
        between = ends[ends[:, 0] != ends[:, 1]]
        assert len(between) and all(colours[a] != colours[b] for a, b in between), kind
