"""Views in Neuroglancer."""

from mitosyn.views.precomputed import (
    link_mesh_layer, write_mitochondria, write_skeletons, write_synapses,
)
from mitosyn.views.states import (
    LINK_COLUMNS, Layers, NO_SYNAPSES, SERVED_MESHES, Shown, cell_views, mitochondrion_link,
    served_state, state_text,
)
from mitosyn.views.tables import read_mitochondria, read_synapses, with_places
