"""The tables behind everything: cells, mitochondria, compartments; reading and writing them."""

from mitosyn.tables.cells import (
    Cell, Sources, find_cell, in_table_order, leave_out_without_skeleton, read_cells,
    read_somas, select_cells, why_not, write_cells, write_left_out,
)
from mitosyn.tables.compartments import OWN_LABELS, name_by_label, names_by_label
from mitosyn.tables.mitochondria import SCHEMA, mitochondria_of_cell, positions_nm
from mitosyn.tables.reading import (
    CELL_TYPE_COLUMNS, ID, MITOCHONDRION_COLUMNS, NUMBER, POSITION_VX,
    PUBLISHED_MITOCHONDRION_COLUMNS, SOMA_COLUMNS, SYNAPSE_COLUMNS, TEXT, flags, is_id, numbers,
    numpy_values, read_arrow, read_csv_rows, read_header, read_ids, read_lines, read_table,
    refuse_repeats, stream_table, texts, to_nm, write_arrow, write_batches, write_csv,
)
from mitosyn.tables.synapses import (
    ENDS_SCHEMA, SYNAPSES_SCHEMA, postsynaptic_sites, synapse_ends, synapses_of,
)
