"""The adapters by name: each makes canonical tables of the tables of one kind of source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

import mitosyn.sources.canonical as canonical
import mitosyn.sources.microns_l23 as microns_l23
from mitosyn.sources.columns import TableForm, column_names
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


@dataclass(frozen=True)
class Source:
    """How the tables of a dataset are read.

    Attributes
    ----------
    adapter : str
        One of :data:`READS`.
    voxel_size_nm : (x, y, z)
    forms : mapping from table to what its columns are called and count in
        Of tables of one's own.
    """

    adapter: str
    voxel_size_nm: tuple[float, float, float]
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def form(self, table: str) -> TableForm:
        """Return the form of a table of one's own."""
        return TableForm.of(self.forms.get(table))


def select_cells(
    source: Source,
    paths: Mapping[str, str],
    types: Mapping[str, str],
    types_in_table: Mapping[str, str],
    has_skeletons: bool,
) -> tuple[list[Cell], list[LeftOutCell]]:
    """Return the cells of some types, and those that are not analysed.

    ``paths`` are those of the tables in :data:`READS`; ``types`` say where compartments come from,
    ``types_in_table`` what they are called in a table of one's own.
    """
    if source.adapter == CANONICAL:
        return canonical.select_cells(
            paths["cells"], types, source.form("cells"), types_in_table, has_skeletons
        )
    tables = [paths[name] for name in READS[source.adapter]["cells"]]
    return microns_l23.select_cells(microns_l23.read_cell_tables(source.voxel_size_nm, *tables))


def collect_mitochondria(
    source: Source,
    paths: Mapping[str, str],
    cells: Iterable[Cell],
    published_labels: Mapping[str, int],
) -> pa.Table:
    """Return the mitochondria of the analysed cells, as :func:`select_cells` the cells.

    ``published_labels`` are the labels by the names of published compartments.
    """
    if source.adapter == CANONICAL:
        form = source.form("mitochondria")
        return canonical.collect_mitochondria(paths["mitochondria"], cells, form, published_labels)
    names = READS[source.adapter]["mitochondria"]
    read = microns_l23.read_mitochondria(*(paths[name] for name in names))
    return microns_l23.collect_mitochondria(read, cells, source.voxel_size_nm, published_labels)


def stream_synapses(source: Source, path: str) -> Iterator[pa.RecordBatch]:
    """Read the synapses of all cells, as :func:`select_cells` the cells."""
    if source.adapter == CANONICAL:
        return canonical.stream_synapses(path, source.form("synapses"))
    return microns_l23.stream_synapses(path, source.voxel_size_nm)


def has_synapse_ids(source: Source, path: str) -> bool:
    """Whether synapses have ids of their own; others are numbered by row."""
    form = source.form("synapses")
    return source.adapter != CANONICAL or "id" in form.columns or "id" in column_names(path)


CELLS_COLUMNS = tuple(canonical.CELLS)
MITOCHONDRIA_COLUMNS = tuple(canonical.MITOCHONDRIA)
SYNAPSES_COLUMNS = tuple(canonical.SYNAPSES)
