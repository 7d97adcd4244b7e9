"""Unpack the archive of cell meshes into one folder."""

import logging

from mitosyn.support import run, unpack_files


def main(snakemake) -> None:
    """Unpack the mesh files, whatever folders the archive has them in."""
    count = unpack_files(snakemake.input.archive, snakemake.output.folder, ("_mesh.h5",))
    logging.info("%d files", count)


if __name__ == "__main__":
    run(main, snakemake)
