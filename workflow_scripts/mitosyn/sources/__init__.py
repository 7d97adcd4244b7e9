"""Adapters: tables as published, or canonical ones, become the canonical tables of a run."""

from mitosyn.sources.adapters import (
    CANONICAL, CELLS_COLUMNS, MICRONS_L23, MICRONS_L23_TYPES, MITOCHONDRIA_COLUMNS, READS,
    SYNAPSES_COLUMNS, Source, collect_mitochondria, has_synapse_ids, select_cells,
    stream_synapses,
)
from mitosyn.sources.counts import listed_ends, listed_mitochondria
from mitosyn.sources.nuclei import Nuclei, read_nuclei
from mitosyn.sources.overlaps import EM_VOXELS, read_overlaps
from mitosyn.sources.problems import sampled_synapses, table_problems
from mitosyn.sources.published_statistics import ASCENDING, STUDIED_TYPE, published_value
