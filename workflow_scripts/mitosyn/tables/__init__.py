"""The tables behind everything: cells, mitochondria, compartments; reading and writing them."""

from mitosyn.tables.arrow import (
    flags, numbers, numpy_values, read_arrow, texts, write_arrow, write_batches,
)
from mitosyn.tables.cells import (
    Cell, LeftOutCell, find_cell, leave_out_without_skeleton, listed_cells, other_than,
    read_cells, subset_of, why_not, write_cells, write_left_out,
)
from mitosyn.tables.compartments import name_by_label, names_by_label
from mitosyn.tables.mitochondria import (
    MITOCHONDRIA_SCHEMA, in_cell_order, mitochondria_of_cell, positions_nm,
)
from mitosyn.tables.reading import (
    COMPRESSED, ID, NUMBER, TEXT, expected_value, is_id, is_number, is_sound, read_csv_rows,
    read_header, read_ids, read_lines, read_table, refuse_repeats, stream_table, write_csv,
)
from mitosyn.tables.synapses import (
    ENDS_SCHEMA, SYNAPSES_SCHEMA, postsynaptic_sites, synapse_ends, synapses_of,
)
