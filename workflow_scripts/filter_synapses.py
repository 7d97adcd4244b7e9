"""Collect the synapses that have an end on one of the cells whose synapses are listed."""

import logging

from mitosyn.sources import Source, has_synapse_ids, stream_synapses
from mitosyn.support import run
from mitosyn.tables import SYNAPSES_SCHEMA, listed_cells, read_cells, synapses_of, write_batches


def main(snakemake) -> None:
    """Stream the synapses of the source into a typed table."""
    source, params = snakemake.input, snakemake.params
    cells = read_cells(source.cells).values()
    form = Source(**params.source)
    synapses = synapses_of(
        source.synapses,
        stream_synapses(form, source.synapses),
        listed_cells(cells, params.skeletons),
        has_synapse_ids(form, source.synapses),
    )
    rows = write_batches(snakemake.output.synapses, SYNAPSES_SCHEMA, synapses)
    logging.info("%d synapses", rows)


if __name__ == "__main__":
    run(main, snakemake)
