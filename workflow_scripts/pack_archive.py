"""Pack the per-cell files of one kind."""

import logging
from typing import TYPE_CHECKING

from mitosyn.archives import pack
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Pack the inputs into one folder of an archive."""
    packed = pack(snakemake.output.archive, snakemake.params.folder, snakemake.input.members)
    logging.info("%d files", packed)


if __name__ == "__main__":
    run(main, snakemake)
