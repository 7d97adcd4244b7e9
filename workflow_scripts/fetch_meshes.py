"""Fetch the meshes of a cell's mitochondria into one file."""

import logging
import sys

from mitosyn.meshes import (
    NOT_DESCRIBED,
    MeshError,
    MeshStore,
    at_level,
    bundle_meshes,
    is_web_layer,
    write_bundle,
)
from mitosyn.retrieval import Transfer, fetch_in_batches, policy_from, refuse_offline
from mitosyn.support import run
from mitosyn.tables import mitochondria_of_cell, numpy_values


def main(snakemake) -> None:
    """Read the cell's mitochondria, write their meshes; fetch those that are not there yet."""
    params, layer = snakemake.params, snakemake.params.mesh_layer
    cell_id = int(snakemake.wildcards.cell_id)
    mitochondria = mitochondria_of_cell(snakemake.input.mitochondria, cell_id)
    mito_ids = numpy_values(mitochondria["mito_id"])
    if layer is None:
        none = dict.fromkeys(mito_ids.tolist(), MeshError(NOT_DESCRIBED))
        write_bundle(snakemake.output.meshes, bundle_meshes(mito_ids, none))
        return
    connections = params.patience["connections_per_job"]
    transfer = Transfer(policy_from(params.patience), connections, sys.stderr.isatty())
    source = at_level(layer, params.lod)
    store = MeshStore(params.store, snakemake.output.meshes, source)
    if is_web_layer(layer) and params.offline and {*mito_ids.tolist()} - {*store.read()}:
        raise refuse_offline(snakemake.output.meshes, layer)
    fetched = fetch_in_batches(
        layer, mito_ids.tolist(), transfer, store, params.mesh_voxel_size_nm, params.lod
    )
    bundle = bundle_meshes(mito_ids, fetched)
    for mito_id, problem in zip(mito_ids.tolist(), bundle.problems.tolist(), strict=True):
        if problem:
            logging.warning("mitochondrion %d: %s", mito_id, problem)
    found = bundle.has_mesh.sum()
    # No error: of one cell among others it may be so. That of all is one where all are known.
    level = logging.INFO if found or not len(mito_ids) else logging.WARNING
    logging.log(level, "%d of %d mitochondria have a mesh", found, len(mito_ids))
    write_bundle(snakemake.output.meshes, bundle, source)
    store.clear()


if __name__ == "__main__":
    run(main, snakemake)
