"""The pictures of the documentation are those that the code draws."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.image import imread
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
