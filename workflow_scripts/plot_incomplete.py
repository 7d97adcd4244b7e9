"""Draw how many mitochondria lack measures, and why."""

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq
from mitosyn.figures.mitochondria import draw_incomplete
from mitosyn.figures.style import save_figures
from mitosyn.jobs import run
from mitosyn.neurites import add_cell_types

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the list of incomplete mitochondria, write the figure."""
    incomplete = pd.read_csv(snakemake.input.incomplete, usecols=["cell_id", "kind"])
    cells = pq.read_table(snakemake.input.cells, columns=["cell_id", "cell_type", "mitochondria"])
    totals = cells.to_pandas().groupby("cell_type")["mitochondria"].sum().to_dict()
    figure = draw_incomplete(add_cell_types(incomplete, cells), totals)
    save_figures({"incomplete_mitochondria": figure}, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
