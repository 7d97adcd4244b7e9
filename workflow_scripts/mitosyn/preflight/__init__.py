"""A look at every input before anything is computed: all that is wrong or odd, at once."""

from mitosyn.preflight.alignment import Sizes
from mitosyn.preflight.findings import Findings, warnings_of
from mitosyn.preflight.layers import (
    Look, check_mesh_layer, check_segmentation, check_skeleton_source,
)
from mitosyn.preflight.new import write_new_dataset
from mitosyn.preflight.tables import Choice, check_cells, check_mitochondria, check_synapses
