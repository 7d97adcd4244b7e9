"""Unpack the archive of all skeletons, or of all cell meshes, into one folder."""

import logging

from mitosyn.retrieval import unpack_files
from mitosyn.support import run

ENDINGS = {
    "skeletons": ("_skeleton.h5", "_skeleton_label.npy"),
    "cell_meshes": ("_mesh.h5",),
}


def main(snakemake) -> None:
    """Unpack the files of each cell, whatever folders the archive has them in."""
    endings = ENDINGS[snakemake.wildcards.folder]
    count = unpack_files(snakemake.input.archive, snakemake.output.folder, endings)
    logging.info("%d files", count)


if __name__ == "__main__":
    run(main, snakemake)
