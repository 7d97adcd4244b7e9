"""Collect the postsynaptic sites of the neurons into one typed table, by cell."""

import logging
from typing import TYPE_CHECKING

from mitosyn.branch_inputs import postsynaptic_sites
from mitosyn.jobs import run
from mitosyn.tables import write_arrow

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the neuron ends of synapses, write the postsynaptic ones."""
    sites = postsynaptic_sites(snakemake.input.synapses)
    logging.info("%d sites", len(sites))
    write_arrow(snakemake.output.sites, sites)


if __name__ == "__main__":
    run(main, snakemake)
