"""The section ``datasets.<name>.synthetic``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mitosyn.config.values import Count, Integer, PositiveInt, Section


class Synthetic(Section):
    """Sizes of a generated dataset; the least that holds every sort of untidiness."""

    seed: Count
    """Seed of the random numbers: the same seed and sizes give the same files."""
    pyramidal_cells: PositiveInt
    """Number of pyramidal cells."""
    inhibitory_cells: PositiveInt
    """Number of interneurons."""
    astrocytes: PositiveInt
    """Number of astrocytes."""
    mitochondria_per_cell: Annotated[Integer, Field(ge=8)]
    """Mitochondria of each cell, at least 8."""
    synapses: Annotated[Integer, Field(ge=40)]
    """Rows of the synapse table, at least 40."""
