"""Write the skeleton nodes that all mitochondria cover into one Parquet table."""

import logging
from pathlib import Path

from mitosyn.dataset import mitochondrion_nodes_table, write_table
from mitosyn.support import run
from mitosyn.tables import read_arrow


def main(snakemake) -> None:
    """Read the file of each neuron, a neuron at a time."""
    files = {int(Path(path).stem.split("_")[0]): path for path in snakemake.input.coverage}
    parts = (mitochondrion_nodes_table(i, read_arrow(path)) for i, path in files.items())
    output, dataset = snakemake.output.table, snakemake.params.dataset
    rows = write_table(output, "mitochondrion_nodes.parquet", dataset, parts)
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
