"""Write a description and empty tables to begin a dataset of one's own with."""

import sys
from pathlib import Path

from mitosyn.preflight import write_new_dataset
from mitosyn.support import run

TEMPLATE = Path(__file__).parent / "templates" / "new_dataset.yaml"


def main(snakemake) -> None:
    """Write the files of a new dataset, and say which."""
    written = write_new_dataset(".", snakemake.params.name, TEMPLATE)
    print("Written:", *written, sep="\n  ", file=sys.stderr)


if __name__ == "__main__":
    run(main, snakemake)
