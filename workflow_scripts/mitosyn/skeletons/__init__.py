"""Skeletons of neurons: reading, SWC, and the nodes that mitochondria cover."""

from mitosyn.skeletons.assigned import (
    AssignedMesh, known_diameters, read_assigned, read_diameters, write_assigned,
)
from mitosyn.skeletons.coverage import (
    Coverage, associate, astrocyte_compartments, covered_lengths, covering_mitochondria,
    first_nearest_nodes, majority_labels, nearest_nodes,
)
from mitosyn.skeletons.formats.fetched import write_fetched
from mitosyn.skeletons.formats.form import SkeletonForm
from mitosyn.skeletons.formats.layers import SKELETON_TYPE, SkeletonError, StoredSkeletons
from mitosyn.skeletons.formats.meshparty import read_calibres
from mitosyn.skeletons.formats.registry import read_skeleton, skeleton_endings
from mitosyn.skeletons.skeleton import NO_PARENT, SOMATIC_LABEL, Skeleton
from mitosyn.skeletons.standard_swc import CALIBRES, write_standard_swc
from mitosyn.skeletons.swc import node_table, read_swc, write_swc
