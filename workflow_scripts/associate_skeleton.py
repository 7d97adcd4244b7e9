"""Find the nodes that a neuron's mitochondria cover; compartments, lengths and neighbours."""

import logging

from mitosyn.cells import (
    compartment_table,
    covered_nodes,
    fit_meshes,
    fit_skeleton,
    keep_published,
    mesh_centres,
    refuse_contradiction,
    write_associated_nodes,
    write_fits,
)
from mitosyn.meshes import read_bundle, source_scale
from mitosyn.positions import neuron_of, position_tables, site_table, without_sites
from mitosyn.skeletons import associate, covered_lengths, majority_labels, read_skeleton
from mitosyn.support import run
from mitosyn.tables import (
    ENDS_SCHEMA,
    find_cell,
    mitochondria_of_cell,
    names_by_label,
    positions_nm,
    read_arrow,
    write_arrow,
)


def main(snakemake) -> None:
    """Read a neuron's meshes and skeleton, write what its mitochondria cover."""
    source, params = snakemake.input, snakemake.params
    cell = find_cell(source.cells, int(snakemake.wildcards.cell_id))
    bundle = read_bundle(source.meshes)
    skeleton = read_skeleton(params.skeleton, params.skeleton_form)
    scale = source_scale(params.voxel_size_nm, params.mesh_voxel_size_nm)
    mitochondria = mitochondria_of_cell(source.mitochondria, cell.cell_id)
    positions = positions_nm(mitochondria)
    fits = [
        fit_meshes(positions, mesh_centres(bundle, scale)),
        fit_skeleton(positions, skeleton.vertices, skeleton.somatic),
    ]
    refuse_contradiction(params.skeleton, fits, params.voxel_size_nm, params.mesh_voxel_size_nm)
    coverage = associate(bundle, scale, skeleton)
    count = len(bundle.mito_ids)
    labels = majority_labels(coverage, skeleton, count)
    lengths = covered_lengths(coverage, skeleton, count)
    published = cell.compartments_from == "published"
    if published and not params.recompute_pyramidal:
        unpublished = mitochondria["published_compartment"].null_count
        if unpublished:
            logging.warning("%d mitochondria without published values: measured", unpublished)
        labels = keep_published(labels, mitochondria["published_compartment"])
        lengths = keep_published(lengths, mitochondria["published_length"])
    names = names_by_label(params.pyramidal_labels) if published else params.compartment_names
    compartments = compartment_table(bundle.mito_ids, labels, lengths, names)
    nodes = covered_nodes(cell.cell_id, bundle.mito_ids, coverage, skeleton.tree.swc_ids())
    write_arrow(snakemake.output.coverage, nodes)
    write_arrow(snakemake.output.compartments, compartments)
    write_fits(snakemake.output.fit, cell.cell_id, fits)
    if snakemake.output.nodes:
        write_associated_nodes(snakemake.output.nodes, compartments, nodes)
    ends = read_arrow(source.ends) if source.ends else ENDS_SCHEMA.empty_table()
    neuron = neuron_of(cell.cell_id, skeleton, coverage, bundle.mito_ids, labels, ends)
    sites = site_table(neuron, bundle, scale, params.compartment_names)
    write_arrow(snakemake.output.sites, sites)
    positions, reached = position_tables(neuron, **params.null_model)
    write_arrow(snakemake.output.reached, reached)
    write_arrow(snakemake.output.positions, positions if source.ends else without_sites(positions))


if __name__ == "__main__":
    run(main, snakemake)
