"""The branch analysis: dividing skeletons, assigning meshes, measuring."""

from mitosyn.branches.measures import measure_branches
from mitosyn.branches.mesh import assign_mesh
from mitosyn.branches.neuron import Neuron, coverage_of_cell, overlap_volumes
from mitosyn.branches.problems import (
    Problem, missing_inputs, nucleus_of, read_problems, soma_problems, tip_problems,
    write_problems,
)
from mitosyn.branches.summary import sum_compartments, tip_lengths, tip_rows
