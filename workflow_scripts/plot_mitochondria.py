"""Draw size, roundness and complexity of mitochondria by compartment."""

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from mitosyn.compartments import name_by_label
from mitosyn.figures.mitochondria import (
    SHAPE_COLUMNS,
    draw_complexities,
    draw_sphericities,
    draw_volumes,
)
from mitosyn.figures.style import save_figures
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
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
