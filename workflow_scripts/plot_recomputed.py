"""Draw how recomputed compartments and lengths agree with the published ones."""

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq
from mitosyn.agreement import PAIRED_COLUMNS, pair_values
from mitosyn.figures.agreement import draw_confusion, draw_lengths
from mitosyn.figures.style import save_figures
from mitosyn.jobs import run
from mitosyn.tables import read_arrow

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
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
