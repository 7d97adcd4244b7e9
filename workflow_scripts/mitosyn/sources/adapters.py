"""The adapters by name: each makes canonical tables of the tables of one kind of source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

import mitosyn.sources.canonical as canonical
import mitosyn.sources.microns_l23 as microns_l23
from mitosyn.tables import Cell, LeftOutCell

MICRONS_L23_TYPES = microns_l23.TYPES
MICRONS_L23, CANONICAL = "microns_l23", "canonical"
READS: dict[str, dict[str, tuple[str, ...]]] = {
    MICRONS_L23: {
        "cells": ("cell_types", "somas", "neuron_mitochondria", "pyramidal_ids"),
        "mitochondria": ("mitochondria", "neuron_mitochondria", "pyramidal_mitochondria"),
        "synapses": ("synapses",),
    },
    CANONICAL: {name: (name,) for name in ("cells", "mitochondria", "synapses")},
}
"""Which tables of the source each adapter makes the canonical ones of."""


def select_cells(
    adapter: str,
    paths: Mapping[str, str],
    types: Mapping[str, str],
    voxel_size_nm: tuple[float, float, float],
) -> tuple[list[Cell], list[LeftOutCell]]:
    """Return the cells of some types, and those that are not analysed.

    ``paths`` are those of the tables in :data:`READS`; ``types`` say where compartments come from.
    """
    if adapter == CANONICAL:
        return canonical.select_cells(paths["cells"], types)
    tables = [paths[name] for name in READS[adapter]["cells"]]
    return microns_l23.select_cells(microns_l23.read_cell_tables(voxel_size_nm, *tables))


def collect_mitochondria(
    adapter: str,
    paths: Mapping[str, str],
    cells: Iterable[Cell],
    voxel_size_nm: tuple[float, float, float],
    published_labels: Mapping[str, int],
) -> pa.Table:
    """Return the mitochondria of the analysed cells, as :func:`select_cells` the cells.

    ``published_labels`` are the labels by the names of published compartments.
    """
    if adapter == CANONICAL:
        return canonical.collect_mitochondria(paths["mitochondria"], cells)
    read = microns_l23.read_mitochondria(*(paths[n] for n in READS[adapter]["mitochondria"]))
    return microns_l23.collect_mitochondria(read, cells, voxel_size_nm, published_labels)


def stream_synapses(
    adapter: str, path: str, voxel_size_nm: tuple[float, float, float]
) -> Iterator[pa.RecordBatch]:
    """Read the synapses of all cells, as :func:`select_cells` the cells."""
    if adapter == CANONICAL:
        return canonical.stream_synapses(path)
    return microns_l23.stream_synapses(path, voxel_size_nm)
