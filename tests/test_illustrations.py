"""The pictures of the documentation are those that the code draws."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.image import imread
from mitosyn.branch_illustrations import branch_colours, draw_branch_types, example_cell
from mitosyn.branches import BRANCH_TYPES, split, template
from mitosyn.illustrations import draw_definitions
from workflow import ROOT


def test_the_definitions_picture_is_current() -> None:
    drawn = io.BytesIO()
    draw_definitions().savefig(drawn, format="png", bbox_inches="tight")
    drawn.seek(0)
    kept = imread(ROOT / "docs" / "images" / "definitions.png")
    renew = "snakemake --cores 1 --force draw_definitions"
    assert imread(drawn).shape == kept.shape, renew
    drawn.seek(0)
    # Fonts may be drawn a little differently elsewhere.
    assert np.abs(imread(drawn) - kept).mean() < 0.01, renew


def test_the_branch_types_picture_is_current() -> None:
    drawn = io.BytesIO()
    draw_branch_types().savefig(drawn, format="png", bbox_inches="tight")
    drawn.seek(0)
    kept = imread(ROOT / "docs" / "images" / "branch_types.png")
    renew = "snakemake --cores 1 --force draw_branch_types"
    assert imread(drawn).shape == kept.shape, renew
    drawn.seek(0)
    assert np.abs(imread(drawn) - kept).mean() < 0.01, renew


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
