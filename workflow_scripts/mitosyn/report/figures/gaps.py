"""How far mitochondria are from the next one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mitosyn.catalogue import REACH_NM
from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.curves import SHUFFLED, WITHIN, draw_within

GAPS = "mitochondria"
KEYS = ["cell_id", "kind", "shuffle", "label"]


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw how many mitochondria have another near."""
    positions = collected.tables["mitochondrion_positions"].to_pandas()
    styles = {GAPS: {"label": "measured", "color": "#0072B2"}}
    across = "gap to the nearest other mitochondrion (µm)"
    return {"mitochondrion_gaps": draw_within(count_gaps(positions), styles, across, collected)}


def count_gaps(positions: pd.DataFrame) -> pd.DataFrame:
    """Count mitochondria by compartment and by the path to the nearest other one.

    Parameters
    ----------
    positions : pandas.DataFrame
        ``cell_id, mito_id, kind, shuffle, label, nodes, nearest_mito_path`` (nm). What lies on no
        node is left out and, where some are shuffled, what was not to be.

    Returns
    -------
    pandas.DataFrame
        As :func:`~mitosyn.report.figures.curves.draw_within` takes it.
    """
    shuffled = positions["kind"] == SHUFFLED
    if shuffled.any():
        ids = ["cell_id", "mito_id"]
        positions = positions.merge(positions.loc[shuffled, ids].drop_duplicates(), on=ids)
    there = positions[positions["nodes"] > 0].fillna({"shuffle": 0})
    gaps = there["nearest_mito_path"].fillna(np.inf).to_numpy(float)
    reached = pd.DataFrame(gaps[:, None] <= np.array(REACH_NM), there.index, WITHIN)
    flags = there[KEYS].join(reached).assign(n=1)
    return flags.groupby(KEYS)[["n", *WITHIN]].sum().reset_index().assign(what=GAPS)
