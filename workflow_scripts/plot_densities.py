"""Draw what goes with the amount of mitochondria in a segment, and what its coverage is made of."""

import pyarrow.parquet as pq
from mitosyn.report import (
    BRANCH_COLUMNS,
    draw_relations,
    draw_variances,
    name_branches,
    save_figures,
    select_distal,
    split_by_distance,
    split_variances,
)
from mitosyn.support import run


def main(snakemake) -> None:
    """Read the branches, relate and split, write the figures."""
    cells = pq.read_table(snakemake.input.cells, columns=["cell_id", "cell_type"])
    table = pq.read_table(snakemake.input.branches, columns=BRANCH_COLUMNS)
    branches = name_branches(table, cells)
    figures = {
        "mitochondria_and_synapses": draw_relations(select_distal(branches)),
        "coverage_variance": draw_variances(split_variances(branches), split_by_distance(branches)),
    }
    save_figures(figures, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
