"""Write the skeleton nodes that all mitochondria cover into one Parquet table."""

import logging
from pathlib import Path

from mitosyn.catalogue import MITOCHONDRION_NODES
from mitosyn.dataset import mitochondrion_nodes_table, write_table
from mitosyn.support import run
from mitosyn.tables import read_arrow


def main(snakemake) -> None:
    """Read the file of each neuron, a neuron at a time."""
    files = {int(Path(path).stem.split("_")[0]): path for path in snakemake.input.coverage}
    parts = (mitochondrion_nodes_table(i, read_arrow(path)) for i, path in files.items())
    rows = write_table(snakemake.output.table, MITOCHONDRION_NODES, snakemake.params.dataset, parts)
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
