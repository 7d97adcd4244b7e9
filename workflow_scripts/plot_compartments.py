"""Draw how mitochondria of pyramidal cells differ between compartments."""

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from mitosyn.branch_statistics import (
    MITOCHONDRION_COLUMNS,
    compare_compartments,
    pyramidal_mitochondria,
)
from mitosyn.figures.branches import draw_compartments
from mitosyn.figures.style import save_figures
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the table of mitochondria, compare compartments, write the figure."""
    table = pq.read_table(snakemake.input.mitochondria, columns=MITOCHONDRION_COLUMNS)
    mitochondria = pyramidal_mitochondria(table.to_pandas(), snakemake.params.voxel_size_nm)
    tests = list(compare_compartments(mitochondria))
    figures = {"compartment_differences": draw_compartments(mitochondria, tests)}
    save_figures(figures, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
