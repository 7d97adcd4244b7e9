"""Write the table of all analysed cells as Parquet."""

import logging

from mitosyn.dataset import stream_csv, write_table
from mitosyn.support import run


def main(snakemake) -> None:
    """Copy the CSV table, with types, units and nulls."""
    output, dataset = snakemake.output.table, snakemake.params.dataset
    parts = stream_csv(snakemake.input.cells, "cells.parquet")
    rows = write_table(output, "cells.parquet", dataset, parts)
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
