"""Write the skeleton nodes of all neurons into one Parquet table."""

import logging
from pathlib import Path

from mitosyn.dataset import skeleton_nodes_table, write_table
from mitosyn.support import run


def main(snakemake) -> None:
    """Read the file of each neuron, a neuron at a time."""
    files = {int(Path(path).stem): path for path in snakemake.input.morphologies}
    parts = (skeleton_nodes_table(i, path) for i, path in files.items())
    output, dataset = snakemake.output.table, snakemake.params.dataset
    rows = write_table(output, "skeleton_nodes.parquet", dataset, parts)
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
