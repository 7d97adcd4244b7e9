"""Collect the postsynaptic sites of the neurons into one typed table, by cell."""

import logging

from mitosyn.branches import postsynaptic_sites
from mitosyn.support import run
from mitosyn.tables import write_arrow


def main(snakemake) -> None:
    """Read the neuron ends of synapses, write the postsynaptic ones."""
    sites = postsynaptic_sites(snakemake.input.synapses)
    logging.info("%d sites", len(sites))
    write_arrow(snakemake.output.sites, sites)


if __name__ == "__main__":
    run(main, snakemake)
