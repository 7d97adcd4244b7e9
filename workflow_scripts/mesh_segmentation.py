"""Mesh the mitochondria of the analysed cells in their segmentation."""

import logging

from mitosyn.meshes import is_web_layer, mesh_segmentation
from mitosyn.retrieval import refuse_offline
from mitosyn.support import run
from mitosyn.tables import read_arrow


def main(snakemake) -> None:
    """Read which mitochondria there are, write a layer of their meshes."""
    path, layer = snakemake.params.segmentation, snakemake.output.layer
    if is_web_layer(path) and snakemake.params.offline:
        raise refuse_offline(layer, path)
    mito_ids = read_arrow(snakemake.input.mitochondria)["mito_id"].to_pylist()
    meshed = mesh_segmentation(path, mito_ids, layer)
    logging.info("%d of %d mitochondria have voxels", meshed, len(mito_ids))


if __name__ == "__main__":
    run(main, snakemake)
