"""Write the branches of all neurons by one type as Parquet and as CSV."""

import logging

from mitosyn.catalogue import columns_of
from mitosyn.dataset import write_csv_table, write_table
from mitosyn.support import run
from mitosyn.tables import read_arrow


def main(snakemake) -> None:
    """Read the file of each neuron, a neuron at a time."""
    paths, output = snakemake.input.branches, snakemake.output
    dataset = snakemake.params.dataset
    rows = write_table(output.table, "branches_<type>.parquet", dataset, map(read_arrow, paths))
    write_csv_table(output.csv, columns_of("branches_<type>.csv"), map(read_arrow, paths))
    logging.info("%d branches", rows)


if __name__ == "__main__":
    run(main, snakemake)
