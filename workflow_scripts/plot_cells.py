"""Draw which cells there are: how many of each kind, where, with how many mitochondria."""

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from mitosyn.figures.cells import (
    CELL_COLUMNS,
    draw_mitochondria_per_cell,
    draw_positions,
    draw_types,
)
from mitosyn.figures.style import save_figures
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the table of cells, write the figures."""
    cells = pq.read_table(snakemake.input.cells, columns=CELL_COLUMNS).to_pandas()
    figures = {
        "cells_by_type": draw_types(cells),
        "soma_positions": draw_positions(cells),
        "mitochondria_per_cell": draw_mitochondria_per_cell(cells),
    }
    save_figures(figures, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
