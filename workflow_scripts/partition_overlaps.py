"""Collect how much of each mitochondrion lies in which neuron, by cell."""

import logging
from typing import TYPE_CHECKING

import numpy as np
from mitosyn.cells import read_cells
from mitosyn.columns import NEURON_TYPES
from mitosyn.jobs import run
from mitosyn.overlaps import read_overlaps
from mitosyn.tables import write_arrow

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the published overlaps, write those with analysed neurons."""
    cells = read_cells(snakemake.input.cells).values()
    neurons = [cell.cell_id for cell in cells if cell.cell_type in NEURON_TYPES]
    overlaps = read_overlaps(snakemake.input.overlaps)
    of_neurons = overlaps.filter(np.isin(overlaps["cell_id"].to_numpy(), neurons))
    logging.info("%d of %d overlaps are with neurons", len(of_neurons), len(overlaps))
    write_arrow(snakemake.output.overlaps, of_neurons)


if __name__ == "__main__":
    run(main, snakemake)
