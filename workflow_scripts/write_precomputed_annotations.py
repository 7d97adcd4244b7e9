"""Write mitochondria and synapses as points that Neuroglancer opens."""

from typing import TYPE_CHECKING

from mitosyn.jobs import run
from mitosyn.precomputed import write_mitochondria, write_synapses

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Convert the cells' CSV files and the table of synapses."""
    source, target = snakemake.input, snakemake.output
    write_mitochondria(target.mitochondria, source.csvs, snakemake.params.pyramidal_labels)
    write_synapses(target.synapses, source.synapses)


if __name__ == "__main__":
    run(main, snakemake)
