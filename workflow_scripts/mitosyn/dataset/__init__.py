"""All cells together: collecting, describing, checking, provenance."""

from mitosyn.dataset.checks import (
    CELL_CSV, compare_expectations, compare_mitochondria, compare_synapses, count_outputs,
    read_synapse_rows, refuse_differences, refuse_other_contents, summarise,
)
from mitosyn.dataset.contents import Written, compare_contents
from mitosyn.dataset.description import (
    BAD_MESH, PARTLY_MEASURED, describe_cells, incomplete_mitochondria,
)
from mitosyn.dataset.provenance import (
    checksum_lines, data_package, describe_input, describe_output, git_commit, package_versions,
)
from mitosyn.dataset.sites import located_ends
from mitosyn.dataset.tidy import (
    covered_by_node, in_batches, mitochondria_table, tabulate, write_csv_table, write_table,
)
