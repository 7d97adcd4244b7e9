"""Figures, statistics, page and notebook."""

from mitosyn.report.agreement import (
    add_links, confusion, describe_differences, largest_differences, pair_values,
    summarise_agreement,
)
from mitosyn.report.demonstration_meshes import FOLDER, pack_meshes, rank_cells
from mitosyn.report.figures.collected import Collected, draw_question
from mitosyn.report.figures.style import save_figures
from mitosyn.report.notebook import run_template, write_notebook
from mitosyn.report.page import (
    absent_of_cells, compare_counts, count_placements, count_reasons, describe_files,
    embedded_figures, explain_incomplete, headline, render_page,
)
from mitosyn.report.run_times import costs_by_rule, write_run_times
from mitosyn.report.statistics import (
    bin_gradients, branch_statistics, measure_mitochondria, name_branches,
)
