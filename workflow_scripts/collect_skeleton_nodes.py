"""Write the skeleton nodes of all neurons into one Parquet table."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from mitosyn.dictionary import SKELETON_NODES
from mitosyn.jobs import run
from mitosyn.tidy import skeleton_nodes_table, write_table

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the file of each neuron, a neuron at a time."""
    files = {int(Path(path).stem): path for path in snakemake.input.morphologies}
    parts = (skeleton_nodes_table(i, path) for i, path in files.items())
    rows = write_table(snakemake.output.table, SKELETON_NODES, snakemake.params.dataset, parts)
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
