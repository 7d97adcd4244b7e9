"""Write the mitochondria of all cells into one Parquet table."""

import logging
from collections.abc import Iterator

import pyarrow as pa
from mitosyn.catalogue import CELL_CSV
from mitosyn.dataset import mitochondria_table, read_csv, write_table
from mitosyn.support import run
from mitosyn.tables import mitochondria_of_cell, read_arrow, read_cells


def main(snakemake) -> None:
    """Join the files of each cell, a cell at a time."""
    output, dataset = snakemake.output.table, snakemake.params.dataset
    rows = write_table(output, "mitochondria.parquet", dataset, cell_by_cell(snakemake))
    logging.info("%d rows", rows)


def cell_by_cell(snakemake) -> Iterator[pa.Table]:
    """Give the mitochondria of each cell in turn."""
    source = snakemake.input
    cell_ids = read_cells(source.cells)
    for cell_id, csv, morphometrics in zip(
        cell_ids, source.csvs, source.morphometrics, strict=True
    ):
        yield mitochondria_table(
            read_csv(csv, CELL_CSV),
            mitochondria_of_cell(source.mitochondria, cell_id),
            read_arrow(morphometrics),
            snakemake.params.voxel_size_nm,
            snakemake.params.pyramidal_labels,
        )


if __name__ == "__main__":
    run(main, snakemake)
