"""Draw what changes along neurites with the distance from the soma."""

import pyarrow.parquet as pq
from mitosyn.catalogue import INHIBITORY, PYRAMIDAL
from mitosyn.report import (
    BRANCH_COLUMNS,
    bin_gradients,
    draw_gradients,
    name_branches,
    save_figures,
)
from mitosyn.support import run


def main(snakemake) -> None:
    """Read the branches, sum them up by distance, write the figures."""
    cells = pq.read_table(snakemake.input.cells, columns=["cell_id", "cell_type"])
    branches = pq.read_table(snakemake.input.branches, columns=BRANCH_COLUMNS)
    gradients = bin_gradients(name_branches(branches, cells))
    figures = {
        "gradients_pyramidal": draw_gradients(gradients, PYRAMIDAL),
        "gradients_inhibitory": draw_gradients(gradients, INHIBITORY),
    }
    save_figures(figures, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
