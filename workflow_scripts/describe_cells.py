"""Write the table of all analysed cells, as Parquet and as CSV."""

import pyarrow.parquet as pq
from mitosyn.catalogue import columns_of
from mitosyn.dataset import describe_cells, tabulate, write_table
from mitosyn.support import run
from mitosyn.tables import read_cells, write_csv


def main(snakemake) -> None:
    """Read what was collected of all cells, write a row for each cell."""
    source, output = snakemake.input, snakemake.output
    measured = ["cell_id", "mito_size"]
    rows = describe_cells(
        read_cells(source.cells),
        pq.read_table(source.mitochondria, columns=measured),
        pq.read_table(source.nodes, columns=["cell_id", "parent_id", "x", "y", "z"]),
        pq.read_table(source.synapses, columns=["cell_id", "synapse_type"]),
    )
    table = tabulate("cells.parquet", rows)
    write_table(output.table, "cells.parquet", snakemake.params.dataset, [table])
    names = columns_of("cells.csv")
    # None is written as nothing.
    write_csv(output.csv, names, [[row[name] for name in names] for row in rows])


if __name__ == "__main__":
    run(main, snakemake)
