"""Draw size, roundness and complexity of mitochondria by compartment."""

import pyarrow.parquet as pq
from mitosyn.report import (
    SHAPE_COLUMNS,
    draw_complexities,
    draw_sphericities,
    draw_volumes,
    save_figures,
)
from mitosyn.support import run
from mitosyn.tables import name_by_label


def main(snakemake) -> None:
    """Read the table of mitochondria, write the figures."""
    table = pq.read_table(snakemake.input.mitochondria, columns=SHAPE_COLUMNS)
    mitochondria = name_by_label(table.to_pandas())
    figures = {
        "mitochondrion_volume": draw_volumes(mitochondria),
        "mitochondrion_sphericity": draw_sphericities(mitochondria),
        "mitochondrion_complexity": draw_complexities(mitochondria),
    }
    save_figures(figures, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
