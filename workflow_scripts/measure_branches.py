"""Divide a neuron's skeleton into branches of one type and measure each."""

import logging

from mitosyn.branches import (
    coverage_of_cell,
    measure_branches,
    missing_inputs,
    overlap_volumes,
    soma_distances,
    write_problems,
)
from mitosyn.meshes import read_cell_mesh, source_scale
from mitosyn.skeletons import nearest_nodes, read_assigned, read_skeleton
from mitosyn.support import run
from mitosyn.tables import (
    mitochondria_of_cell,
    numpy_values,
    postsynaptic_sites,
    read_arrow,
    write_arrow,
)


def main(snakemake) -> None:
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
    sites = postsynaptic_sites(source.synapse_ends, cell_id)
    table = measure_branches(
        cell_id,
        skeleton,
        snakemake.wildcards.branch_type,
        mesh=mesh,
        node_of_vertex=assigned.node_of_vertex,
        diameters=assigned.diameters,
        coverage=coverage,
        mitochondria_um3=volumes,
        synapse_nodes=nearest_nodes(skeleton.vertices, sites),
    )
    problems = missing_inputs(mito_ids, coverage, volumes, soma_distances(skeleton))
    for subject, problem in problems:
        logging.warning("%s: %s", subject, problem)
    logging.info("%d branches", len(table))
    write_arrow(output.branches, table)
    write_problems(output.problems, [(cell_id, *problem) for problem in problems])


if __name__ == "__main__":
    run(main, snakemake)
