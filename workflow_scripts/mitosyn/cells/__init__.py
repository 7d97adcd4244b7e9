"""What a cell's jobs write, and whether its positions fit."""

from mitosyn.cells.export import (
    compartment_table, covered_nodes, keep_published, soma_compartments, write_associated_nodes,
    write_cell_csv,
)
from mitosyn.cells.fit import DOUBTFUL, fit_meshes, fit_skeleton, mesh_centres
from mitosyn.cells.verdicts import (
    check_all_cells, fit_row, read_fits, refuse_contradiction, refuse_without_meshes,
    write_fits,
)
