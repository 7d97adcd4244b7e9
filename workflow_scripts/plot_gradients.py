"""Draw what changes along neurites with the distance from the soma."""

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from mitosyn.branch_statistics import BRANCH_COLUMNS, bin_gradients, name_branches
from mitosyn.columns import INHIBITORY, PYRAMIDAL
from mitosyn.figures.branches import draw_gradients
from mitosyn.figures.style import save_figures
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
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
