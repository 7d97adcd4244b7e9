"""Write the skeletons of all neurons as a source that Neuroglancer opens."""

from mitosyn.support import run
from mitosyn.tables import read_cells
from mitosyn.views import write_skeletons


def main(snakemake) -> None:
    """Convert the SWC files; types and subtypes of all cells go along."""
    source = snakemake.input
    write_skeletons(snakemake.output.skeletons, source.morphologies, read_cells(source.cells))


if __name__ == "__main__":
    run(main, snakemake)
