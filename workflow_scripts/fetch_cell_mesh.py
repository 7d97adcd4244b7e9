"""Fetch a neuron's own mesh from a layer into a file."""

import logging
import sys

import numpy as np
from mitosyn.meshes import at_level, bundle_meshes, is_web_layer, write_bundle
from mitosyn.retrieval import MeshLayer, Transfer, policy_from, refuse_offline
from mitosyn.support import run


def main(snakemake) -> None:
    """Write the mesh of the cell, or that it has none: one cell costs itself."""
    params, cell_id = snakemake.params, int(snakemake.wildcards.cell_id)
    if is_web_layer(params.layer) and params.offline:
        raise refuse_offline(snakemake.output.mesh, params.layer)
    connections = params.patience["connections_per_job"]
    transfer = Transfer(policy_from(params.patience), connections, sys.stderr.isatty())
    layer = MeshLayer(params.layer, transfer, params.mesh_voxel_size_nm, params.lod)
    bundle = bundle_meshes(np.array([cell_id]), layer.fetch([cell_id]))
    if bundle.problems[0]:
        logging.warning("cell %d: %s", cell_id, bundle.problems[0])
    write_bundle(snakemake.output.mesh, bundle, at_level(params.layer, params.lod))


if __name__ == "__main__":
    run(main, snakemake)
