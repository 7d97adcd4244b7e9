"""Write the skeletons of all neurons as a source that Neuroglancer opens."""

from typing import TYPE_CHECKING

from mitosyn.cells import read_cells
from mitosyn.jobs import run
from mitosyn.precomputed import write_skeletons

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Convert the SWC files; types and subtypes of all cells go along."""
    source = snakemake.input
    write_skeletons(snakemake.output.skeletons, source.morphologies, read_cells(source.cells))


if __name__ == "__main__":
    run(main, snakemake)
