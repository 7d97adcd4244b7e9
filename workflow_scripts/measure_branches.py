"""Divide a neuron's skeleton into branches of one type and measure each."""

import logging
from typing import TYPE_CHECKING

from mitosyn.assigned_meshes import read_assigned
from mitosyn.branch_inputs import (
    coverage_of_cell,
    missing_inputs,
    sites_of_cell,
)
from mitosyn.branch_problems import write_problems
from mitosyn.branch_tables import measure_branches
from mitosyn.branches import soma_distances
from mitosyn.cell_meshes import read_cell_mesh
from mitosyn.coverage import nearest_nodes
from mitosyn.jobs import run
from mitosyn.meshes import source_scale
from mitosyn.mitochondria import mitochondria_of_cell
from mitosyn.overlaps import overlap_volumes
from mitosyn.skeletons import read_skeleton
from mitosyn.tables import numpy_values, read_arrow, write_arrow

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read what is known of a neuron along its skeleton, write its branches."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    cell_id = int(snakemake.wildcards.cell_id)
    skeleton = read_skeleton(params.skeleton, params.labels)
    assigned = read_assigned(source.assigned)
    mesh = None
    if assigned.node_of_vertex is not None:
        scale = source_scale(params.voxel_size_nm, params.mesh_voxel_size_nm)
        mesh = read_cell_mesh(params.mesh, scale)
    mito_ids = numpy_values(mitochondria_of_cell(source.mitochondria, cell_id)["mito_id"])
    coverage = coverage_of_cell(read_arrow(source.coverage), mito_ids)
    volumes = overlap_volumes(read_arrow(source.overlaps), cell_id, mito_ids, params.voxel_size_nm)
    table = measure_branches(
        cell_id,
        skeleton,
        snakemake.wildcards.branch_type,
        mesh=mesh,
        node_of_vertex=assigned.node_of_vertex,
        diameters=assigned.diameters,
        coverage=coverage,
        mitochondria_um3=volumes,
        synapse_nodes=nearest_nodes(skeleton.vertices, sites_of_cell(source.sites, cell_id)),
    )
    problems = missing_inputs(mito_ids, coverage, volumes, soma_distances(skeleton))
    for subject, problem in problems:
        logging.warning("%s: %s", subject, problem)
    logging.info("%d branches", len(table))
    write_arrow(output.branches, table)
    write_problems(output.problems, [(cell_id, *problem) for problem in problems])


if __name__ == "__main__":
    run(main, snakemake)
