"""Divide a neuron's skeleton into branches of each type, measure them, and the ways to its tips."""

import logging
from pathlib import Path

from mitosyn.branches import (
    Neuron,
    coverage_of_cell,
    measure_branches,
    missing_inputs,
    overlap_volumes,
    tip_lengths,
    tip_problems,
    write_problems,
)
from mitosyn.skeletons import nearest_nodes, read_assigned, read_diameters, read_skeleton
from mitosyn.support import run
from mitosyn.tables import (
    mitochondria_of_cell,
    numpy_values,
    postsynaptic_sites,
    read_arrow,
    write_arrow,
)


def main(snakemake) -> None:
    """Read what is known of a neuron along its skeleton, write its branches and tips."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    cell_id = int(snakemake.wildcards.cell_id)
    skeleton = read_skeleton(params.skeleton, params.skeleton_form)
    mito_ids = numpy_values(mitochondria_of_cell(source.mitochondria, cell_id)["mito_id"])
    overlaps, sites = read_arrow(source.overlaps), postsynaptic_sites(source.synapse_ends, cell_id)
    neuron = Neuron(
        cell_id,
        skeleton,
        mesh=read_assigned(source.assigned),
        diameters=read_diameters(source.assigned),
        coverage=coverage_of_cell(read_arrow(source.coverage), mito_ids),
        mitochondria_um3=overlap_volumes(overlaps, cell_id, mito_ids, params.voxel_size_nm),
        synapse_nodes=nearest_nodes(skeleton.vertices, sites),
    )
    for path in output.branches:
        kind = Path(path).parent.name
        table = measure_branches(neuron, kind, len(params.compartment_names))
        write_arrow(path, table)
        logging.info("%d branches of type %s", len(table), kind)
    tips = tip_lengths(skeleton)
    write_arrow(output.tips, tips)
    found = tip_problems(tips), missing_inputs(neuron, mito_ids)
    for path, problems in zip(output.problems, found, strict=True):
        for subject, problem in problems:
            logging.warning("%s: %s", subject, problem)
        write_problems(path, [(cell_id, *problem) for problem in problems])


if __name__ == "__main__":
    run(main, snakemake)
