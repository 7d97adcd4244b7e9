"""Adapters: tables as published, or canonical ones, become the canonical tables of a run."""

from mitosyn.sources.adapters import (
    CANONICAL, MICRONS_L23, MICRONS_L23_TYPES, READS, collect_mitochondria, select_cells,
    stream_synapses,
)
from mitosyn.sources.published_statistics import ASCENDING, STUDIED_TYPE, published_value
