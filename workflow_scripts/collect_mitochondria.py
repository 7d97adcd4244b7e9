"""Write the mitochondria of all cells into one Parquet table."""

import logging

from mitosyn.dataset import mitochondria_table, write_table
from mitosyn.support import run
from mitosyn.tables import mitochondria_of_cell, read_arrow, read_cells


def main(snakemake) -> None:
    """Join the tables of each cell, a cell at a time."""
    source, params = snakemake.input, snakemake.params
    cells = read_cells(source.cells).values()
    positions = iter(source.positions)
    parts = (
        mitochondria_table(
            cell,
            mitochondria_of_cell(source.mitochondria, cell.cell_id),
            read_arrow(compartments),
            read_arrow(morphometrics),
            params.voxel_size_nm,
            read_arrow(next(positions)) if cell.skeleton else None,
        )
        for cell, compartments, morphometrics in zip(
            cells, source.compartments, source.morphometrics, strict=True
        )
    )
    path, name = snakemake.output.table, "mitochondria.parquet"
    rows = write_table(path, name, params.dataset, parts, params.words)
    logging.info("%d rows", rows)


if __name__ == "__main__":
    run(main, snakemake)
