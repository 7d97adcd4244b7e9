"""What is published, once: files with their columns, figures, names, colours."""

from mitosyn.catalogue.colours import (
    COMPARTMENT_COLOURS, SKELETON_COLOUR, SYNAPSE_STYLES, compartment_colours, type_colours,
)
from mitosyn.catalogue.column import FLAG, INTEGER, NUMBER, TEXT, tidy_name
from mitosyn.catalogue.dictionary import data_dictionary
from mitosyn.catalogue.figures import QUESTIONS, SEGMENT_COLUMNS, place_in_report, questions
from mitosyn.catalogue.files import (
    CATALOGUE, CELL_CSV, SWC, absent, columns_of, is_made, made_files, published,
)
from mitosyn.catalogue.names import (
    ASTROCYTE_COMPARTMENTS, AUTAPSE, BRANCH_TYPES, CELL_MESHES, COMPARTMENTS, CONNECTED,
    MESH_LAYER, POSTSYNAPTIC, PRESYNAPTIC, PUBLISHED_BRANCH_FILES, PUBLISHED_FILES,
    PUBLISHED_LABELS, SOMATIC, SYNAPSE_TYPES, UNKNOWN,
)
from mitosyn.catalogue.position_tables import MITO_BINS_NM, REACH_NM, SITE_BINS_NM
from mitosyn.catalogue.tables import LENGTH_ALONG_SKELETON, MORPHOMETRICS
from mitosyn.catalogue.words import own_words
