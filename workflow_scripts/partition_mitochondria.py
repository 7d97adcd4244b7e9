"""Collect the mitochondria of the analysed cells into one typed table, by cell."""

import logging

from mitosyn.sources import MitochondriaTables, partition_mitochondria
from mitosyn.support import run
from mitosyn.tables import (
    MITOCHONDRION_COLUMNS,
    PUBLISHED_MITOCHONDRION_COLUMNS,
    read_cells,
    read_table,
    write_arrow,
)


def main(snakemake) -> None:
    """Read the three tables of mitochondria, write one."""
    source = snakemake.input
    tables = MitochondriaTables(
        everything=read_table(source.mitochondria, MITOCHONDRION_COLUMNS),
        neurons=read_table(source.neuron_mitochondria, MITOCHONDRION_COLUMNS),
        pyramidal=read_table(source.pyramidal_mitochondria, PUBLISHED_MITOCHONDRION_COLUMNS),
        paths=(source.mitochondria, source.neuron_mitochondria, source.pyramidal_mitochondria),
    )
    cells = read_cells(source.cells).values()
    params = snakemake.params
    mitochondria = partition_mitochondria(
        tables, cells, params.voxel_size_nm, params.published_labels
    )
    logging.info("%d mitochondria of %d cells", len(mitochondria), len(cells))
    write_arrow(snakemake.output.mitochondria, mitochondria)


if __name__ == "__main__":
    run(main, snakemake)
