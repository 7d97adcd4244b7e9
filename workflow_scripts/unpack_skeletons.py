"""Unpack the archive of skeletons into one folder."""

import logging

from mitosyn.support import run, unpack_files


def main(snakemake) -> None:
    """Unpack the skeleton and label files, whatever folders the archive has them in."""
    endings = ("_skeleton.h5", "_skeleton_label.npy")
    count = unpack_files(snakemake.input.archive, snakemake.output.folder, endings)
    logging.info("%d files", count)


if __name__ == "__main__":
    run(main, snakemake)
