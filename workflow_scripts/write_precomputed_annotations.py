"""Write mitochondria, and synapses if there are any, as points that Neuroglancer opens."""

from mitosyn.support import run
from mitosyn.views import read_mitochondria, read_synapses, write_mitochondria, write_synapses


def main(snakemake) -> None:
    """Convert the collected tables."""
    source, target = snakemake.input, snakemake.output
    mitochondria = read_mitochondria(source.mitochondria)
    write_mitochondria(target.mitochondria, mitochondria, snakemake.params.compartment_names)
    if source.synapses:
        write_synapses(target.synapses, read_synapses(source.synapses))


if __name__ == "__main__":
    run(main, snakemake)
