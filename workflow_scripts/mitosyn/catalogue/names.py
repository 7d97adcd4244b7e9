"""Names of the dataset: cell types, compartments, kinds of synapse ends, branch types, inputs."""

from __future__ import annotations

# By skeleton label, as the dataset's description names them.
COMPARTMENTS = ("Somatic", "Axonal", "Basal", "Apical", "Unknown dendritic", "Unknown")
# The published table of pyramidal mitochondria was written with the names of 4 and 5 swapped.
PUBLISHED_LABELS = {
    "Somatic": 0,
    "Axonal": 1,
    "Basal": 2,
    "Apical": 3,
    "Unknown": 4,
    "Unknown dendritic": 5,
}
SOMATIC = COMPARTMENTS[0]
UNKNOWN = COMPARTMENTS[5]
# Of astrocytes, which have no skeleton: by distance from the soma.
ASTROCYTE_COMPARTMENTS = (SOMATIC, "Branch", "Far")

# The types of the two neurons of whose synapses the published notebook shows the most.
CONNECTED = ("inhibitory", "pyramidal")
POSTSYNAPTIC, PRESYNAPTIC, AUTAPSE = "post", "pre", "autapse"
SYNAPSE_TYPES = (POSTSYNAPTIC, PRESYNAPTIC, AUTAPSE)

# The ways to divide a skeleton into branches, by what tells the branches apart.
BRANCH_TYPES = ("full", "distancebins", "distalbranches", "branchpointsegments", "coveredornot")

MESH_LAYER = "mitochondria_meshes"
CELL_MESHES = "cell_meshes"
# The inputs by their key in the config, and what each is called where it is published.
PUBLISHED_FILES = {
    "cell_types": "220309_cell_type_classification.csv",
    "somas": "soma_valence_v185.csv",
    "mitochondria": "211019_mitochondria_info.csv",
    "neuron_mitochondria": "pni_mito_cellswskel_v185.csv",
    "pyramidal_ids": "pyc_analysis_ids.csv",
    "pyramidal_mitochondria": "pni_mito_analysisids_fullstats.csv",
    "synapses": "pni_synapses_v185.csv",
    "skeletons": "skeletons",
    MESH_LAYER: "mito_meshes",
}
# Likewise, those that only the branch analysis reads.
PUBLISHED_BRANCH_FILES = {
    "mitochondrion_cell_overlaps": "pni_mito_cell_overlaps_v185.csv",
    "nucleus_segments": "pni_nucleus_segments.csv",
    "nucleus_cell_overlaps": "pni_nucleus_cell_overlaps_v185.csv",
    CELL_MESHES: CELL_MESHES,
}
