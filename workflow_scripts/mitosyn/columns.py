"""Names of the dataset: cell types, compartments and columns, in their published order."""

from __future__ import annotations

PYRAMIDAL = "pyramidal"
INHIBITORY = "inhibitory"
GLIA = "glia"
NEURON_TYPES = (PYRAMIDAL, INHIBITORY)
CELL_TYPES = (*NEURON_TYPES, GLIA)

# By skeleton label. The published code swaps the names of 4 and 5; the dataset's
# description has them as here.
COMPARTMENTS = ("Somatic", "Axonal", "Basal", "Apical", "Unknown dendritic", "Unknown")
SOMATIC = COMPARTMENTS[0]
UNKNOWN = COMPARTMENTS[5]
# Of astrocytes, which have no skeleton: by distance from the soma.
ASTROCYTE_COMPARTMENTS = (SOMATIC, "Branch", "Far")

POSTSYNAPTIC, PRESYNAPTIC, AUTAPSE = "post", "pre", "autapse"
SYNAPSE_TYPES = (POSTSYNAPTIC, PRESYNAPTIC, AUTAPSE)

# The morphometric columns of a cell's CSV, in nm, nm² and nm³.
MORPHOMETRICS = (
    *(
        f"PC{k} {measure}"
        for k in (1, 2, 3)
        for measure in ("CA", "Circum", "Length", "inertia moment", "symmetry")
    ),
    "convex hull SA",
    "convex hull compactness",
    "convex hull volume",
    "mito CA",
    "mito SA",
    "mito diam",
    "mito size",
    "sphericity",
)

LENGTH_ALONG_SKELETON = "length along skeleton"
CELL_CSV_COLUMNS = (
    "mito_id",
    "cellid",
    "compartment",
    "x",
    "y",
    "z",
    LENGTH_ALONG_SKELETON,
    *MORPHOMETRICS,
    "cell_type",
    "cell_subtype",
)

SYNAPSE_CSV_COLUMNS = (
    "id",
    "cell_id",
    "synapse_type",
    "x",
    "y",
    "z",
    "pre_root_id",
    "post_root_id",
)

MESH_LAYER = "mitochondria_meshes"
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
