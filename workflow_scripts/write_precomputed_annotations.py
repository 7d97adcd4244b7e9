"""Write mitochondria and synapses as points that Neuroglancer opens."""

from mitosyn.support import run
from mitosyn.views import write_mitochondria, write_synapses


def main(snakemake) -> None:
    """Convert the cells' CSV files and the table of synapses."""
    source, target = snakemake.input, snakemake.output
    write_mitochondria(target.mitochondria, source.csvs, snakemake.params.pyramidal_labels)
    write_synapses(target.synapses, source.synapses)


if __name__ == "__main__":
    run(main, snakemake)
