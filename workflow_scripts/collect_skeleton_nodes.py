"""Write the skeleton nodes of all neurons into one Parquet table."""

import logging
from pathlib import Path

from mitosyn.catalogue import SKELETON_NODES
from mitosyn.dataset import skeleton_nodes_table, write_table
from mitosyn.support import run


def main(snakemake) -> None:
    """Read the file of each neuron, a neuron at a time."""
    files = {int(Path(path).stem): path for path in snakemake.input.morphologies}
    parts = (skeleton_nodes_table(i, path) for i, path in files.items())
    rows = write_table(snakemake.output.table, SKELETON_NODES, snakemake.params.dataset, parts)
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
