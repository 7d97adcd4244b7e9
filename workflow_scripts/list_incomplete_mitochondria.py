"""List the mitochondria without a mesh, with a bad one, or with a measure missing."""

import logging
from pathlib import Path

from mitosyn.catalogue import columns_of
from mitosyn.dataset import incomplete_mitochondria
from mitosyn.support import run
from mitosyn.tables import read_arrow, write_csv


def main(snakemake) -> None:
    """Read the morphometrics of every cell, write what they lack."""
    rows = [
        row
        for path in snakemake.input.morphometrics
        for row in incomplete_mitochondria(int(Path(path).stem), read_arrow(path))
    ]
    logging.info("%d incomplete mitochondria", len(rows))
    write_csv(snakemake.output.incomplete, columns_of("incomplete_mitochondria.csv"), rows)


if __name__ == "__main__":
    run(main, snakemake)
