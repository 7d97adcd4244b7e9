"""Collect the mitochondria of the analysed cells into one typed table, by cell."""

import logging

from mitosyn.sources import Source, collect_mitochondria
from mitosyn.support import run
from mitosyn.tables import read_cells, write_arrow


def main(snakemake) -> None:
    """Read the source's tables of mitochondria, write one."""
    params = snakemake.params
    cells = read_cells(snakemake.input.cells).values()
    mitochondria = collect_mitochondria(
        Source(**params.source), snakemake.input, cells, params.published_labels
    )
    logging.info("%d mitochondria of %d cells", len(mitochondria), len(cells))
    write_arrow(snakemake.output.mitochondria, mitochondria)


if __name__ == "__main__":
    run(main, snakemake)
