"""Where tables come from: the adapters of published and of own datasets."""

from mitosyn.sources.microns_l23 import stream_synapses
from mitosyn.sources.partition import MitochondriaTables, partition_mitochondria
from mitosyn.sources.published_statistics import ASCENDING, STUDIED_TYPE, published_value
