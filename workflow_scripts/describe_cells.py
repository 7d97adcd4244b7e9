"""Write the table of all analysed cells, as Parquet and as CSV."""

import pyarrow as pa
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
        optional(source.nodes, ["cell_id", "parent_id", "x", "y", "z"]),
        optional(source.synapses, ["cell_id", "synapse_type"]),
        snakemake.params.skeletons,
    )
    table = tabulate("cells.parquet", rows)
    params = snakemake.params
    write_table(output.table, "cells.parquet", params.dataset, [table], params.words)
    names = columns_of("cells.csv")
    # None is written as nothing.
    write_csv(output.csv, names, [[row[name] for name in names] for row in rows])


def optional(path: str | list, columns: list[str]) -> pa.Table | None:
    """Read some columns of a table, if the dataset has it."""
    return pq.read_table(path, columns=columns) if path else None


if __name__ == "__main__":
    run(main, snakemake)
