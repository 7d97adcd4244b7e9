"""Write the table of synapses of the neurons as Parquet."""

import logging
from typing import TYPE_CHECKING

from mitosyn.dictionary import SYNAPSES
from mitosyn.jobs import run
from mitosyn.tidy import stream_csv, write_table

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Copy the CSV table, with types, units and nulls."""
    output, dataset = snakemake.output.table, snakemake.params.dataset
    rows = write_table(output, SYNAPSES, dataset, stream_csv(snakemake.input.synapses, SYNAPSES))
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
