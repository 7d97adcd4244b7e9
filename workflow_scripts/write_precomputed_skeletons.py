"""Write the skeletons of all neurons as a source that Neuroglancer opens."""

from mitosyn.support import run
from mitosyn.tables import read_arrow, read_cells
from mitosyn.views import write_skeletons


def main(snakemake) -> None:
    """Convert the nodes of each neuron; types and subtypes of all cells go along."""
    source = snakemake.input
    neurons = map(read_arrow, source.nodes)
    write_skeletons(snakemake.output.skeletons, neurons, read_cells(source.cells))


if __name__ == "__main__":
    run(main, snakemake)
