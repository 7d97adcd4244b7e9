"""Collect how much of each mitochondrion lies in which neuron, by cell."""

import logging

import numpy as np
from mitosyn.sources import read_overlaps
from mitosyn.support import run
from mitosyn.tables import read_cells, write_arrow


def main(snakemake) -> None:
    """Read the published overlaps, write those with analysed neurons."""
    cells = read_cells(snakemake.input.cells).values()
    neurons = [cell.cell_id for cell in cells if cell.skeleton]
    overlaps = read_overlaps(snakemake.input.overlaps)
    of_neurons = overlaps.filter(np.isin(overlaps["cell_id"].to_numpy(), neurons))
    logging.info("%d of %d overlaps are with neurons", len(of_neurons), len(overlaps))
    write_arrow(snakemake.output.overlaps, of_neurons)


if __name__ == "__main__":
    run(main, snakemake)
