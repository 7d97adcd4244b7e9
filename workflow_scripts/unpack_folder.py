"""Unpack the archive of all skeletons, or of all cell meshes, into one folder."""

import logging

from mitosyn.retrieval import unpack_files
from mitosyn.support import run


def main(snakemake) -> None:
    """Unpack the files of each cell, whatever folders the archive has them in."""
    endings = tuple(snakemake.params.endings)
    count = unpack_files(snakemake.input.archive, snakemake.output.folder, endings)
    logging.info("%d files", count)


if __name__ == "__main__":
    run(main, snakemake)
