"""Write the mitochondria of all cells into one Parquet table."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
from mitosyn.cells import read_cells
from mitosyn.dictionary import CELL_CSV, MITOCHONDRIA
from mitosyn.jobs import run
from mitosyn.mitochondria import mitochondria_of_cell
from mitosyn.tables import read_arrow
from mitosyn.tidy import mitochondria_table, read_csv, write_table

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Join the files of each cell, a cell at a time."""
    output, dataset = snakemake.output.table, snakemake.params.dataset
    rows = write_table(output, MITOCHONDRIA, dataset, cell_by_cell(snakemake))
    logging.info("%d rows", rows)


def cell_by_cell(snakemake: "Snakemake") -> Iterator[pa.Table]:
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
