"""Draw how recomputed compartments and lengths agree with the published ones."""

import pandas as pd
import pyarrow.parquet as pq
from mitosyn.report import PAIRED_COLUMNS, draw_confusion, draw_lengths, pair_values, save_figures
from mitosyn.support import run
from mitosyn.tables import read_arrow


def main(snakemake) -> None:
    """Read the counts and the paired lengths, write the figures."""
    source = snakemake.input
    pairs = pair_values(
        pq.read_table(source.mitochondria, columns=list(PAIRED_COLUMNS)),
        read_arrow(source.published),
    )
    figures = {
        "recomputed_labels": draw_confusion(pd.read_csv(source.labels)),
        "recomputed_lengths": draw_lengths(pairs),
    }
    save_figures(figures, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
