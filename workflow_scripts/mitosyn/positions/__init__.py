"""Where mitochondria and synapses of a neuron sit on its skeleton, and how far from one another."""

from mitosyn.positions.neuron import neuron_of
from mitosyn.positions.relations import position_tables, without_sites
from mitosyn.positions.sites import site_table
