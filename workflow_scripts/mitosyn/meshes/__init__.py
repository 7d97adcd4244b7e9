"""Meshes of mitochondria and cells: files, layers, measures."""

from mitosyn.meshes.bundle import (
    Mesh, MeshBundle, MeshError, MeshStore, NOT_DESCRIBED, NO_MESH, WITHOUT_MESH, bundle_meshes,
    read_bundle, source_scale, write_bundle,
)
from mitosyn.meshes.cell_mesh import CELL_MESH_ENDINGS, CellMesh, cell_mesh_scale, read_cell_mesh
from mitosyn.meshes.formats.registry import format_name, mesh_reader
from mitosyn.meshes.formats.shards import Shards
from mitosyn.meshes.formats.stored import Content, Part, Wanted, stored_transform, whole_part
from mitosyn.meshes.layers import (
    FILE_LAYER, LAYER, REMEDY, WEB_LAYERS, at_level, is_file_name, is_web_layer, local_layer,
    mesh_folder, named_mesh_folder, read_info, resolution_of, resolution_problem,
)
from mitosyn.meshes.morphometrics import complexity_index, measure_bundle
from mitosyn.meshes.segmentation import mesh_segmentation
from mitosyn.meshes.states import fragment_states, state_digest
from mitosyn.meshes.surfaces import describe_surfaces
from mitosyn.meshes.table import morphometrics_table
from mitosyn.meshes.vectors import cross, dot
