"""The one colour scheme of all pictures and views.

After Okabe and Ito: its colours can be told apart with any kind of colour vision. The notebook
has it too, since it must run without this package; a test keeps the two the same.
"""

from __future__ import annotations

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
CELL_TYPE_COLOURS = {"pyramidal": "#D55E00", "inhibitory": "#0072B2", "glia": "#009E73"}
SYNAPSE_COLOURS = {"post": "#000000", "pre": "#D55E00", "autapse": "#0072B2"}
SKELETON_COLOUR = "#A6A6A6"
