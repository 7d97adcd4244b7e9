"""The one colour scheme of all pictures and views.

After Okabe and Ito: its colours can be told apart with any kind of colour vision. The notebook
has it too, since it must run without this package; a test keeps the two the same.
"""

from __future__ import annotations

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
SYNAPSE_STYLES: dict[str, dict[str, Any]] = {
    "post": {"label": "input (postsynaptic)", "marker": "o", "color": "#000000", "s": 5},
    "pre": {"label": "output (presynaptic)", "marker": "^", "color": "#D55E00", "s": 16},
    "autapse": {"label": "autapse", "marker": "D", "color": "#0072B2", "s": 16},
}
SKELETON_COLOUR = "#A6A6A6"
