"""Write the SWC nodes that each of a neuron's mitochondria outside the soma covers."""

from typing import TYPE_CHECKING

from mitosyn.export import write_associated_nodes
from mitosyn.jobs import run
from mitosyn.tables import read_arrow

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the coverage, write the JSON."""
    write_associated_nodes(
        snakemake.output.nodes,
        read_arrow(snakemake.input.compartments),
        read_arrow(snakemake.input.nodes),
    )


if __name__ == "__main__":
    run(main, snakemake)
