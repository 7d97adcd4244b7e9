"""Fetch the meshes of a cell's mitochondria into one file."""

import logging
from typing import TYPE_CHECKING

from mitosyn.fetch import fetch_meshes
from mitosyn.jobs import run
from mitosyn.meshes import bundle_meshes, write_bundle
from mitosyn.mitochondria import mitochondria_of_cell

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the cell's mitochondria, write their meshes."""
    cell_id = int(snakemake.wildcards.cell_id)
    mito_ids = mitochondria_of_cell(snakemake.input.mitochondria, cell_id)["mito_id"].to_numpy()
    bundle = bundle_meshes(mito_ids, fetch_meshes(snakemake.params.mesh_layer, mito_ids.tolist()))
    for mito_id, problem in zip(mito_ids.tolist(), bundle.problems.tolist(), strict=True):
        if problem:
            logging.warning("mitochondrion %d: %s", mito_id, problem)
    logging.info("%d of %d mitochondria have a mesh", bundle.has_mesh.sum(), len(mito_ids))
    write_bundle(snakemake.output.meshes, bundle)


if __name__ == "__main__":
    run(main, snakemake)
