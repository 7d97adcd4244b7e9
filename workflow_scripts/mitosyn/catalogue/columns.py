"""Names of the dataset: cell types, compartments and columns, in their published order."""

from __future__ import annotations

PYRAMIDAL = "pyramidal"
INHIBITORY = "inhibitory"
GLIA = "glia"
NEURON_TYPES = (PYRAMIDAL, INHIBITORY)
CELL_TYPES = (*NEURON_TYPES, GLIA)

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

CELL_TYPE_CSV_COLUMNS = (
    "cell_id",
    "centroid_x",
    "centroid_y",
    "centroid_z",
    "cell_type",
    "cell_subtype",
)

CELLS_COLUMNS = (
    "cell_id",
    "cell_type",
    "cell_subtype",
    *(f"centroid_{axis}" for axis in "xyz"),
    *(f"soma_{axis}" for axis in "xyz"),
    "mitochondria",
    "mitochondria_measured",
    "mitochondria_volume_um3",
    *(f"synapses_{kind}" for kind in SYNAPSE_TYPES),
    "skeleton_nodes",
    "skeleton_pieces",
    "skeleton_length_um",
)

INCOMPLETE_COLUMNS = ("cell_id", "mito_id", "kind", "problem", "missing")
AGREEMENT_COLUMNS = ("group", "statistic", "unit", "n", "value")
CONFUSION_COLUMNS = ("published_compartment", "recomputed_compartment", "mitochondria", "share")
DIFFERENCE_COLUMNS = (
    "mito_id",
    "cell_id",
    "differs",
    "published_compartment",
    "recomputed_compartment",
    "vertices_at_published",
    "vertices_at_recomputed",
    "published_length_nm",
    "recomputed_length_nm",
    "difference_nm",
    "note",
    "x",
    "y",
    "z",
    *(f"{axis}_vx" for axis in "xyz"),
    "link",
)
LEFT_OUT_COLUMNS = ("cell_id", "cell_type", "cell_subtype", "reason")
POSITION_CHECK_COLUMNS = (
    "cell_id",
    "compared_with",
    "mitochondria",
    "median_nm",
    *(f"ratio_{axis}" for axis in "xyz"),
    "verdict",
)
SWC_COLUMNS = ("id", "label", "x", "y", "z", "radius", "parent")


def tidy_name(name: str) -> str:
    """Give the name of a CSV column in the Parquet tables: ``PC1 CA`` as ``pc1_ca``."""
    return name.lower().replace(" ", "_")


MITOCHONDRION_TABLE_COLUMNS = (
    "mito_id",
    "cell_id",
    "cell_type",
    "cell_subtype",
    "compartment",
    "label",
    "x",
    "y",
    "z",
    "voxels",
    tidy_name(LENGTH_ALONG_SKELETON),
    *map(tidy_name, MORPHOMETRICS),
    "complexity_index",
    "mesh_closed",
    "mesh_pieces",
    "problem",
)
SKELETON_NODE_COLUMNS = ("cell_id", "node_id", "parent_id", "label", "compartment", "x", "y", "z")
MITOCHONDRION_NODE_COLUMNS = ("cell_id", "mito_id", "node_id", "vertices")

# The branch analysis: names as the published analysis has them.
BRANCH_COLUMNS = (
    "cellid",
    "branchid",
    "compartment",
    "pathlength",
    "surfacearea",
    "volume",
    "synapsecount",
    "mitovol",
    "coveredpathlength",
    "uncoveredpathlength",
    "extracoveragelength",
    "mitovoldensity",
    "linearmitocoverage",
    "surfsynapsedensity",
    "linearsynapsedensity",
    "mindiam",
    "meandiam",
    "mediandiam",
    "maxdiam",
    "mindisttosoma",
    "meandisttosoma",
    "maxdisttosoma",
    "mindisttoleaf",
    "nodes",
    "vertices",
)
BRANCH_COMPARTMENT_COLUMNS = (
    "cell_id",
    "compartment",
    "branches",
    "branches_without_mesh",
    "pathlength",
    "surfacearea",
    "volume",
    "nucleusvol",
    "cytovol",
    "synapsecount",
    "mitovol",
    "coveredpathlength",
    "uncoveredpathlength",
    "extracoveragelength",
    "mitovoldensity",
    "linearmitocoverage",
    "surfsynapsedensity",
    "linearsynapsedensity",
    "nodes",
    "vertices",
)
NEURITE_LENGTH_COLUMNS = ("cell_id", "compartment", "length_um")
TIP_LENGTH_COLUMNS = ("cell_id", "skeleton_node", "node_id", "compartment", "length_um")
BRANCH_PROBLEM_COLUMNS = ("cell_id", "subject", "problem")
STATISTIC_COLUMNS = ("statistic", "group", "n", "value", "p", "published", "note")
GRADIENT_COLUMNS = (
    *("cell_type", "compartment", "quantity", "from_um", "to_um", "segments", "cells"),
    *("mean", "sd", "q25", "q50", "q75"),
)

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
