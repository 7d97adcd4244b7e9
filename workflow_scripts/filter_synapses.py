"""Write a row for each end of a synapse that lies on a neuron."""

import logging
from typing import TYPE_CHECKING

from mitosyn.cells import read_cells
from mitosyn.columns import NEURON_TYPES
from mitosyn.jobs import run
from mitosyn.synapses import filter_synapses

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Stream the published synapses into the filtered table."""
    cells = read_cells(snakemake.input.cells).values()
    rows = filter_synapses(
        snakemake.input.synapses,
        snakemake.output.synapses,
        [cell.cell_id for cell in cells if cell.cell_type in NEURON_TYPES],
        snakemake.params.voxel_size_nm,
    )
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
