"""Draw how mitochondria of pyramidal cells differ between compartments."""

import pyarrow.parquet as pq
from mitosyn.report import (
    MITOCHONDRION_COLUMNS,
    compare_compartments,
    draw_compartments,
    pyramidal_mitochondria,
    save_figures,
)
from mitosyn.support import run


def main(snakemake) -> None:
    """Read the table of mitochondria, compare compartments, write the figure."""
    table = pq.read_table(snakemake.input.mitochondria, columns=MITOCHONDRION_COLUMNS)
    mitochondria = pyramidal_mitochondria(table.to_pandas(), snakemake.params.voxel_size_nm)
    tests = list(compare_compartments(mitochondria))
    figures = {"compartment_differences": draw_compartments(mitochondria, tests)}
    save_figures(figures, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
