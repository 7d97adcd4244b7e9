"""Write the ends of the synapses of all neurons, with where they are, into one Parquet table."""

import logging

from mitosyn.dataset import in_batches, located_ends, write_table
from mitosyn.support import run
from mitosyn.tables import read_arrow


def main(snakemake) -> None:
    """Put what each neuron's job found of its ends beside them."""
    source = snakemake.input
    parts = located_ends(read_arrow(source.ends), [read_arrow(path) for path in source.sites])
    table, params = snakemake.output.table, snakemake.params
    batches = in_batches(parts)
    rows = write_table(table, "synapses.parquet", params.dataset, batches, params.words)
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
