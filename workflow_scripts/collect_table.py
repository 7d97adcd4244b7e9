"""Write the rows of a table of all cells, which jobs before wrote cell by cell, as Parquet."""

import logging

from mitosyn.dataset import covered_by_node, in_batches, write_table
from mitosyn.support import run
from mitosyn.tables import read_arrow


def main(snakemake) -> None:
    """Put the tables of cells end to end, one at a time."""
    name, dataset = f"{snakemake.wildcards.table}.parquet", snakemake.params.dataset
    tables = map(read_arrow, snakemake.input)
    if name == "mitochondrion_nodes.parquet":
        tables = map(covered_by_node, tables)
    words = snakemake.params.words
    rows = write_table(snakemake.output.table, name, dataset, in_batches(tables), words)
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
