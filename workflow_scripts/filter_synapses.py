"""Write a row for each end of a synapse that lies on a neuron."""

import logging

from mitosyn.dataset import filter_synapses
from mitosyn.support import run
from mitosyn.tables import read_cells


def main(snakemake) -> None:
    """Stream the published synapses into the filtered table."""
    cells = read_cells(snakemake.input.cells).values()
    rows = filter_synapses(
        snakemake.input.synapses,
        snakemake.output.synapses,
        [cell.cell_id for cell in cells if cell.skeleton],
        snakemake.params.voxel_size_nm,
    )
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
