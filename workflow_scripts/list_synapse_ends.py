"""Write a row for each end of a synapse that lies on a cell whose synapses are listed."""

import logging

import pyarrow as pa
from mitosyn.catalogue import columns_of
from mitosyn.dataset import write_csv_table
from mitosyn.support import run
from mitosyn.tables import (
    ENDS_SCHEMA,
    listed_cells,
    read_arrow,
    read_cells,
    synapse_ends,
    write_arrow,
)


def main(snakemake) -> None:
    """Read the synapses, write their ends as a typed table and as CSV."""
    cells = read_cells(snakemake.input.cells).values()
    wanted = listed_cells(cells, snakemake.params.skeletons)
    parts = synapse_ends(read_arrow(snakemake.input.synapses), wanted)
    ends = pa.concat_tables([ENDS_SCHEMA.empty_table(), *parts]).combine_chunks()
    write_arrow(snakemake.output.ends, ends)
    numbered = ends.add_column(0, "", pa.array(range(len(ends)), pa.int64()))
    write_csv_table(snakemake.output.csv, ["", *columns_of("synapse_filtered.csv")], [numbered])
    logging.info("%d rows", len(ends))


if __name__ == "__main__":
    run(main, snakemake)
