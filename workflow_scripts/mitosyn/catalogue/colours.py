"""The one colour scheme of all pictures and views.

After Okabe and Ito: its colours can be told apart with any kind of colour vision. Where a dataset
has more types or compartments, those of Kelly (1965, Color Engineering 3:26) follow that differ
most from these and from one another. The notebook has the scheme too, since it must run without
this package; a test keeps the two the same.
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
# Of types that have no colour of their own, in their order.
OTHER_TYPE_COLOURS = ("#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#000000")
FURTHER_COLOURS = (
    *("#8DB600", "#BE0032", "#F99379", "#654522", "#C2B280"),
    *("#604E97", "#882D17", "#2B3D26", "#DCD300", "#B3446C"),
)
SYNAPSE_STYLES: dict[str, dict[str, Any]] = {
    "post": {"label": "input (postsynaptic)", "marker": "o", "color": "#000000", "s": 5},
    "pre": {"label": "output (presynaptic)", "marker": "^", "color": "#D55E00", "s": 16},
    "autapse": {"label": "autapse", "marker": "D", "color": "#0072B2", "s": 16},
}
SKELETON_COLOUR = "#A6A6A6"


def type_colours(cell_types: Iterable[str]) -> dict[str, str]:
    """Return the colour of each cell type of a dataset, in their order: of up to 18 one each."""
    types = list(dict.fromkeys(cell_types))
    palette = (*TYPE_COLOURS.values(), *OTHER_TYPE_COLOURS, *FURTHER_COLOURS)
    known = {name: TYPE_COLOURS[name] for name in types if name in TYPE_COLOURS}
    free = cycle(colour for colour in palette if colour not in known.values())
    return {name: known.get(name) or next(free) for name in types}


def compartment_colours(names: Iterable[str] = ()) -> dict[str, str]:
    """Return the colour of each compartment: of the usual ones, then of a dataset's own."""
    own = [name for name in dict.fromkeys(names) if name not in COMPARTMENT_COLOURS]
    return COMPARTMENT_COLOURS | dict(zip(own, cycle(FURTHER_COLOURS), strict=False))
