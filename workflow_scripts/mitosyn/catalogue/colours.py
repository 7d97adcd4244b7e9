"""The one colour scheme of all pictures and views.

After Okabe and Ito: its colours can be told apart with any kind of colour vision. The notebook
has it too, since it must run without this package; a test keeps the two the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle
from typing import Any

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
TYPE_COLOURS = {"pyramidal": "#D55E00", "inhibitory": "#0072B2", "glia": "#009E73"}
# Of types that have no colour of their own, in alphabetical order, over and over.
OTHER_TYPE_COLOURS = ("#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#000000")
SYNAPSE_STYLES: dict[str, dict[str, Any]] = {
    "post": {"label": "input (postsynaptic)", "marker": "o", "color": "#000000", "s": 5},
    "pre": {"label": "output (presynaptic)", "marker": "^", "color": "#D55E00", "s": 16},
    "autapse": {"label": "autapse", "marker": "D", "color": "#0072B2", "s": 16},
}
SKELETON_COLOUR = "#A6A6A6"


def type_colours(cell_types: Iterable[str]) -> dict[str, str]:
    """Return the colour of each cell type that occurs, in the order in which types are shown."""
    found = set(cell_types)
    known = {name: colour for name, colour in TYPE_COLOURS.items() if name in found}
    return known | dict(zip(sorted(found - set(known)), cycle(OTHER_TYPE_COLOURS), strict=False))
