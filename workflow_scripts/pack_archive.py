"""Pack the per-cell files of one kind."""

import logging
import sys
from pathlib import Path

from mitosyn.retrieval import pack
from mitosyn.support import remove_strays, run


def main(snakemake) -> None:
    """Pack the inputs into one folder of an archive; remove what is of other cells or names."""
    params = snakemake.params
    for folder in params.folders:
        removed = remove_strays(params.names, snakemake.input.members, folder)
        if removed:
            text = f"removed, as they are of no cell of this run: {', '.join(removed)}"
            logging.warning(text)
            print(text, file=sys.stderr)
    packed = pack(snakemake.output.archive, Path(params.folders[0]).name, snakemake.input.members)
    logging.info("%d files", packed)


if __name__ == "__main__":
    run(main, snakemake)
