"""Collect the synapses that have an end on an analysed cell with a skeleton."""

import logging

from mitosyn.sources import stream_synapses
from mitosyn.support import run
from mitosyn.tables import SYNAPSES_SCHEMA, read_cells, synapses_of, write_batches


def main(snakemake) -> None:
    """Stream the published synapses into a typed table."""
    source = snakemake.input
    cells = read_cells(source.cells).values()
    synapses = synapses_of(
        source.synapses,
        stream_synapses(source.synapses, snakemake.params.voxel_size_nm),
        [cell.cell_id for cell in cells if cell.skeleton],
    )
    rows = write_batches(snakemake.output.synapses, SYNAPSES_SCHEMA, synapses)
    logging.info("%d synapses", rows)


if __name__ == "__main__":
    run(main, snakemake)
