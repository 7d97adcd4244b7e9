"""Sections of a dataset beside its inputs: generated sizes, public layers, expected counts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mitosyn.config.values import Count, Integer, PositiveInt, PublicLayer, Section, Url

PUBLIC_VIEWER = "https://neuroglancer-demo.appspot.com/"


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


class Neuroglancer(Section):
    """The dataset's public layers, and the Neuroglancer that links open them in."""

    image: PublicLayer | None = None
    """The EM images, `precomputed://gs://…` or `precomputed://https://…`."""
    cells: PublicLayer
    """The segmentation of the cells, with meshes."""
    mitochondria: PublicLayer
    """The segmentation of the mitochondria, with meshes."""
    viewer: Url = PUBLIC_VIEWER
    """The Neuroglancer to open the layers in."""


class Expectations(Section):
    """Published counts that a run is compared with; what is not given is not compared."""

    cells: dict[str, Count] = {}
    """Analysed cells by type."""
    mitochondria: dict[str, Count] = {}
    """Mitochondria in these cells, by cell type."""
    compartments: dict[str, dict[str, Count]] = {}
    """Mitochondria by cell type and compartment."""
    synapses: dict[Literal["post", "pre", "autapse"], Count] = {}
    """Rows of synapses by the end that lies on an analysed neuron; of an `autapse`, both do."""
    morphologies: Count | None = None
    """Number of SWC files."""
    associated_nodes: Count | None = None
    """Number of JSON files of skeleton nodes."""
