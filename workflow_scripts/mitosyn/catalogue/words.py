"""What the catalogue says in other words of the published tables and of a dataset of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mitosyn.catalogue.column import either
from mitosyn.catalogue.names import ASTROCYTE_COMPARTMENTS, COMPARTMENTS

Words = dict[str, str]
"""Texts by the names that stand in braces in the catalogue."""


def list_labels(names: Iterable[str]) -> str:
    """List compartments with their labels."""
    return "; ".join(f"{label} {name}" for label, name in enumerate(names))


PUBLISHED_WORDS: Words = {
    "types": "`pyramidal`, `inhibitory`, `glia`",
    "neuron_types": "`pyramidal`, `inhibitory`",
    "subtype": "as the published cell type table has it",
    "labels": list_labels(COMPARTMENTS),
    "compartments": either(COMPARTMENTS),
    "compartment": (
        f"neurons: {either(COMPARTMENTS)}; astrocytes: {either(ASTROCYTE_COMPARTMENTS)}. Pyramidal "
        "cells keep the published text, in which `Unknown` and `Unknown dendritic` may have "
        "changed places: `label` in `mitochondria.parquet` has the number"
    ),
    "of_length": ", as published for pyramidal cells; astrocytes: PC1 Length stands in",
    "no_length": "an astrocyte's mitochondrion without a mesh",
    "no_label": "an astrocyte",
    "no_skeleton": "an astrocyte: it has no skeleton",
    "no_synapses": "an astrocyte: the table has those of neurons only",
    "no_node": "",
    "or_no_synapses": "",
    "voxels": " (`mito_vx`)",
    "no_voxels": "",
    "or_no_voxels": "",
    "cell_table": "cell type table",
    "no_centroid": "",
    "soma_table": "soma table",
    "no_soma": "that table has no row of the cell, or more than one",
    "astrocytes_too": ", astrocytes too",
}


def own_words(
    types: Iterable[str], neuron_types: Iterable[str], compartments: Sequence[str]
) -> Words:
    """Return the words for a dataset of one's own: its types, those with skeletons, its labels."""
    without = "a cell without a skeleton"
    by_distance = [name for name in ASTROCYTE_COMPARTMENTS if name not in compartments]
    return {
        "types": either(types),
        "neuron_types": either(neuron_types),
        "subtype": "as the table of cells has it, if it does; else a type that is part of this one",
        "labels": list_labels(compartments),
        "compartments": either(compartments),
        "compartment": (
            f"{either(compartments)}; by distance from the soma, {either(by_distance)} too"
        ),
        "of_length": f"; {without}: PC1 Length stands in",
        "no_length": f"a mitochondrion without a mesh of {without}",
        "no_label": without,
        "no_skeleton": without,
        "no_synapses": "the table has no synapses of the cell's type, or there is none",
        "no_node": "the cell has no skeleton",
        "or_no_synapses": ", or there are no synapses",
        "voxels": "",
        "no_voxels": "the table of mitochondria has none",
        "or_no_voxels": ", or no voxels",
        "cell_table": "table of cells",
        "no_centroid": "that table has neither it nor a soma",
        "soma_table": "table of cells",
        "no_soma": "that table has none",
        "astrocytes_too": ", those without a skeleton too",
    }
