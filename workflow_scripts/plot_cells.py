"""Draw which cells there are: how many of each kind, where, with how many mitochondria."""

import pyarrow.parquet as pq
from mitosyn.report import (
    CELL_COLUMNS,
    draw_mitochondria_per_cell,
    draw_positions,
    draw_types,
    save_figures,
)
from mitosyn.support import run


def main(snakemake) -> None:
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
