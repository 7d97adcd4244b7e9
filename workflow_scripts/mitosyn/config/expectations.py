"""The section ``datasets.<name>.expectations``."""

from __future__ import annotations

from typing import Literal

from mitosyn.config.values import Count, Section

CellType = Literal["pyramidal", "inhibitory", "glia"]


class Expectations(Section):
    """Published counts that a run is compared with; what is not given is not compared."""

    cells: dict[CellType, Count] = {}
    """Analysed cells by type."""
    mitochondria: dict[CellType, Count] = {}
    """Mitochondria in these cells, by cell type."""
    compartments: dict[CellType, dict[str, Count]] = {}
    """Mitochondria by cell type and compartment."""
    synapses: dict[Literal["post", "pre", "autapse"], Count] = {}
    """Rows of synapses by the end that lies on an analysed neuron; of an `autapse`, both do."""
    morphologies: Count | None = None
    """Number of SWC files."""
    associated_nodes: Count | None = None
    """Number of JSON files of skeleton nodes."""
