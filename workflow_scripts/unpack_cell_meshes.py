"""Unpack the archive of cell meshes into one folder."""

import logging
from typing import TYPE_CHECKING

from mitosyn.archives import unpack_files
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Unpack the mesh files, whatever folders the archive has them in."""
    count = unpack_files(snakemake.input.archive, snakemake.output.folder, ("_mesh.h5",))
    logging.info("%d files", count)


if __name__ == "__main__":
    run(main, snakemake)
