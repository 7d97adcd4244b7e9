"""Write the skeletons of all neurons as a source that Neuroglancer opens."""

from pathlib import Path

import numpy as np
from mitosyn.support import run
from mitosyn.tables import read_cells
from mitosyn.views import read_nodes, write_skeletons


def main(snakemake) -> None:
    """Convert the table of nodes; types and subtypes of all cells go along."""
    source = snakemake.input
    # Radii, where they were measured, are in no table: they stand in the sixth column of an SWC.
    radii = {
        int(Path(path).stem): np.loadtxt(path, usecols=5, ndmin=1) for path in source.morphologies
    }
    cells = read_cells(source.cells)
    write_skeletons(snakemake.output.skeletons, read_nodes(source.nodes), cells, radii)


if __name__ == "__main__":
    run(main, snakemake)
