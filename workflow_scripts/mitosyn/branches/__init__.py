"""The branch analysis: dividing skeletons, assigning meshes, measuring."""

from mitosyn.branches.assignment import assign_mesh
from mitosyn.branches.division import soma_distances, tips
from mitosyn.branches.inputs import coverage_of_cell, missing_inputs
from mitosyn.branches.measures import measure_branches
from mitosyn.branches.nuclei import Nuclei, read_nuclei
from mitosyn.branches.overlaps import EM_VOXELS, overlap_volumes, read_overlaps
from mitosyn.branches.problems import Problem, read_problems, write_problems
from mitosyn.branches.summary import (
    neurite_lengths, nucleus_of, soma_problems, sum_compartments, tip_lengths, tip_problems,
    tip_rows,
)
