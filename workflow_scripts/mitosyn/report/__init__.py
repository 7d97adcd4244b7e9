"""Figures, statistics, page and notebook."""

from mitosyn.report.agreement import (
    PAIRED_COLUMNS, add_vertex_shares, confusion, explain, largest_differences, pair_values,
    summarise_agreement,
)
from mitosyn.report.demonstration_meshes import (
    COUNTED_COLUMNS, FOLDER, SYNAPSE_COLUMNS, pack_meshes, rank_cells,
)
from mitosyn.report.figures.agreement import draw_confusion, draw_lengths
from mitosyn.report.figures.branches import (
    draw_compartments, draw_gradients, draw_relations, draw_variances,
)
from mitosyn.report.figures.cells import (
    CELL_COLUMNS, draw_mitochondria_per_cell, draw_positions, draw_types,
)
from mitosyn.report.figures.coverage import draw_covered_shares, draw_numbers_per_length
from mitosyn.report.figures.mitochondria import (
    SHAPE_COLUMNS, draw_complexities, draw_incomplete, draw_sphericities, draw_volumes,
)
from mitosyn.report.figures.style import save_figures
from mitosyn.report.figures.synapses import (
    draw_densities, draw_numbers_by_kind, draw_soma_distances,
)
from mitosyn.report.neurites import (
    NODE_COLUMNS, Neurites, add_cell_types, add_mitochondria, covered_edges, locate_synapses,
    neurite_lengths, synapse_densities,
)
from mitosyn.report.notebook import run_template, write_notebook
from mitosyn.report.page import (
    compare_counts, count_reasons, describe_files, embedded_figures, explain_incomplete,
    headline, render_page,
)
from mitosyn.report.run_times import costs_by_rule, write_run_times
from mitosyn.report.statistics import (
    BRANCH_COLUMNS, MITOCHONDRION_COLUMNS, bin_gradients, branch_statistics,
    compare_compartments, name_branches, pyramidal_mitochondria, select_distal,
    split_by_distance, split_variances,
)
