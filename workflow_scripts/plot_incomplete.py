"""Draw how many mitochondria lack measures, and why."""

import pandas as pd
import pyarrow.parquet as pq
from mitosyn.report import add_cell_types, draw_incomplete, save_figures
from mitosyn.support import run


def main(snakemake) -> None:
    """Read the list of incomplete mitochondria, write the figure."""
    incomplete = pd.read_csv(snakemake.input.incomplete, usecols=["cell_id", "kind"])
    cells = pq.read_table(snakemake.input.cells, columns=["cell_id", "cell_type", "mitochondria"])
    totals = cells.to_pandas().groupby("cell_type")["mitochondria"].sum().to_dict()
    figure = draw_incomplete(add_cell_types(incomplete, cells), totals)
    save_figures({"incomplete_mitochondria": figure}, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
