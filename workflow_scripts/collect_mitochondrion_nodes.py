"""Write the skeleton nodes that all mitochondria cover into one Parquet table."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from mitosyn.dictionary import MITOCHONDRION_NODES
from mitosyn.jobs import run
from mitosyn.tables import read_arrow
from mitosyn.tidy import mitochondrion_nodes_table, write_table

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the file of each neuron, a neuron at a time."""
    files = {int(Path(path).stem.split("_")[0]): path for path in snakemake.input.coverage}
    parts = (mitochondrion_nodes_table(i, read_arrow(path)) for i, path in files.items())
    rows = write_table(snakemake.output.table, MITOCHONDRION_NODES, snakemake.params.dataset, parts)
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
