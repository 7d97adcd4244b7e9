"""List the mitochondria without a mesh, with a bad one, or with a measure missing."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from mitosyn.columns import INCOMPLETE_COLUMNS
from mitosyn.description import incomplete_mitochondria
from mitosyn.jobs import run
from mitosyn.tables import read_arrow, write_csv

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the morphometrics of every cell, write what they lack."""
    rows = [
        row
        for path in snakemake.input.morphometrics
        for row in incomplete_mitochondria(int(Path(path).stem), read_arrow(path))
    ]
    logging.info("%d incomplete mitochondria", len(rows))
    write_csv(snakemake.output.incomplete, list(INCOMPLETE_COLUMNS), rows)


if __name__ == "__main__":
    run(main, snakemake)
