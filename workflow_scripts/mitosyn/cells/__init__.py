"""What a cell's jobs write, and whether its positions fit."""

from mitosyn.cells.export import (
    compartment_table, covered_nodes, keep_published, soma_compartments, write_associated_nodes,
    write_cell_csv,
)
from mitosyn.cells.fit import (
    DOUBTFUL, FITS, Fit, LIMITS, MESHES, fit_meshes, fit_skeleton, mesh_centres,
)
from mitosyn.cells.verdicts import (
    all_cells, check_all_cells, explain, fit_row, place, read_fits, refuse_contradiction,
    refuse_without_meshes, write_fits,
)
