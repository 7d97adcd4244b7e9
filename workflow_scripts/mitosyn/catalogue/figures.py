"""The figures of the report by the question that they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mitosyn.catalogue.position_tables import SITE_DISTANCES

SUMMARY = "Summary"
# Of branches, what statistics and figures are made of.
SEGMENT_COLUMNS = (
    *("cellid", "compartment", "pathlength", "volume", "mitovol"),
    *("uncoveredpathlength", "extracoveragelength", "mitovoldensity", "linearmitocoverage"),
    *("surfsynapsedensity", "linearsynapsedensity", "meandiam", "mediandiam"),
    *("mindisttosoma", "meandisttosoma", "mindisttoleaf"),
)
_TYPES = ("cell_id", "cell_type")
_NODES = ("cell_id", "node_id", "parent_id", "label", *"xyz")


@dataclass(frozen=True)
class Question:
    """A question, and the figures and tables that answer it.

    Attributes
    ----------
    tables : mapping from name to columns
        The collected tables that the figures are drawn from, and what is read of them.
    figures, lists : mappings from name to title
        What ``mitosyn/report/figures/<question>.py`` draws, and files that the report shows
        beside it. Captions of both are ``report/<name>.rst``.
    asked_if : tuple of str
        The options and types of branches without any of which nothing is asked.
    """

    title: str
    tables: Mapping[str, Sequence[str]]
    figures: Mapping[str, str]
    lists: Mapping[str, str] = field(default_factory=dict)
    asked_if: tuple[str, ...] = ()


QUESTIONS = {
    "cells": Question(
        "Which cells, and is everything there?",
        {
            "cells": (
                *("cell_id", "cell_type", "cell_subtype", "mitochondria"),
                *(f"{point}_{axis}" for point in ("centroid", "soma") for axis in "xyz"),
            ),
            "mitochondria": ("cell_id", *"xyz"),
        },
        {
            "cells_by_type": "Cells by type and subtype",
            "soma_positions": "Positions of the somata",
            "mitochondria_per_cell": "Mitochondria per cell",
        },
        {"check": "Table of all counts (JSON)"},
    ),
    "mitochondria": Question(
        "What do mitochondria look like by compartment?",
        {
            "cells": _TYPES,
            "mitochondria": (
                *("cell_type", "compartment", "label"),
                *("mito_size", "sphericity", "complexity_index"),
            ),
        },
        {
            "mitochondrion_volume": "Volume",
            "mitochondrion_sphericity": "Sphericity",
            "mitochondrion_complexity": "Complexity index",
        },
        asked_if=("meshes",),
    ),
    "coverage": Question(
        "How much of a neurite is covered?",
        {
            "cells": _TYPES,
            "mitochondria": ("cell_id", "compartment", "label"),
            "skeleton_nodes": _NODES,
            "mitochondrion_nodes": ("cell_id", "mito_id", "node_id"),
        },
        {
            "covered_share": "Share of length with a mitochondrion",
            "mitochondria_per_length": "Mitochondria per length",
        },
        asked_if=("skeletons", "meshes"),
    ),
    "synapses": Question(
        "Where are the synapses?",
        {
            "cells": (*_TYPES, "synapses_post", "synapses_pre", "synapses_autapse"),
            "synapses": ("cell_id", "synapse_type", *"xyz"),
            "skeleton_nodes": _NODES,
        },
        {
            "synapses_per_cell": "Synapses per cell",
            "synapse_density": "Density of postsynaptic sites",
            "synapse_soma_distance": "Distance from the soma",
        },
        asked_if=("synapses", "skeletons"),
    ),
    "distances": Question(
        "How far are synapses from mitochondria?",
        {
            "cells": _TYPES,
            "mitochondria": ("cell_id", "compartment", "label"),
            "skeleton_nodes": _NODES,
            "site_distances": tuple(SITE_DISTANCES),
        },
        {
            "synapse_mitochondrion_distance": "From a synapse to the nearest mitochondrion",
            "mitochondria_by_synapses": "Mitochondria and synapses per 10 µm",
        },
        asked_if=("synapses", "skeletons", "meshes"),
    ),
    "gaps": Question(
        "How far are mitochondria from one another?",
        {
            "cells": _TYPES,
            "mitochondrion_positions": (
                *("cell_id", "mito_id", "kind", "shuffle", "label", "nodes", "nearest_mito_path"),
            ),
        },
        {"mitochondrion_gaps": "Gaps between neighbouring mitochondria"},
        asked_if=("skeletons", "meshes"),
    ),
    "incomplete": Question(
        "What could not be measured?",
        {"cells": _TYPES, "mitochondria": ("cell_type", "mesh_pieces", "problem")},
        {"incomplete_mitochondria": "Mitochondria without some or all measures"},
        {"incomplete_list": "Table of these mitochondria (CSV)"},
        asked_if=("meshes",),
    ),
    "compartments": Question(
        "Do mitochondria differ between compartments?",
        {"mitochondria": ("cell_type", "compartment", "label", "voxels", "complexity_index")},
        {"compartment_differences": "Volume and complexity, tested"},
        asked_if=("distancebins", "studied"),
    ),
    "gradients": Question(
        "What changes with the distance from the soma?",
        {"cells": _TYPES, "branches_distancebins": SEGMENT_COLUMNS},
        {
            "gradients_pyramidal": "Along the neurites of pyramidal cells",
            "gradients_inhibitory": "Along the neurites of interneurons",
        },
        {"branch_gradients": "Table of all bins (CSV)"},
        asked_if=("distancebins", "studied"),
    ),
    "densities": Question(
        "Do mitochondria go with synapses?",
        {"cells": _TYPES, "branches_distancebins": SEGMENT_COLUMNS},
        {
            "mitochondria_and_synapses": "Synapses, diameter and mitochondria",
            "coverage_variance": "What the variance of coverage is made of",
        },
        {"branch_statistics": "Table of all statistics (CSV)"},
        asked_if=("distancebins", "studied"),
    ),
    "recomputed": Question(
        "Do recomputed values agree with the published ones?",
        {
            "mitochondria": (
                *("mito_id", "cell_id", "cell_type", "compartment", *"xyz"),
                *("length_along_skeleton", "mesh_pieces", "problem"),
            ),
            "published": ("mito_id", "published_compartment", "published_length"),
        },
        {
            "recomputed_labels": "Compartments, published and recomputed",
            "recomputed_lengths": "Lengths along the skeleton, published and recomputed",
        },
        {
            "recomputed_agreement": "Table of the agreement by compartment (CSV)",
            "recomputed_differences": "Table of the largest differences (CSV)",
        },
        asked_if=("recompute_pyramidal",),
    ),
}
# Before all questions.
_SUMMED_UP = {"summary": "Summary page", "run_times": "Table of what each rule cost (CSV)"}
_SECTIONS = {SUMMARY: Question(SUMMARY, {}, {}, _SUMMED_UP), **QUESTIONS}


def questions(options: Mapping[str, object]) -> dict[str, Question]:
    """Return the questions that a run answers, by what its configuration switches on."""
    return {
        name: question
        for name, question in QUESTIONS.items()
        if all(options.get(name) for name in question.asked_if)
    }


def category(section: str) -> str:
    """Return a question's or the summary's name in the report, which sorts by name: numbered."""
    return f"{list(_SECTIONS).index(section) + 1} {_SECTIONS[section].title}"


def place_in_report(name: str) -> tuple[str, str]:
    """Return the category and the title under which the report shows a figure or a file."""
    for section, question in _SECTIONS.items():
        titles = {**question.figures, **question.lists}
        if name in titles:
            return category(section), titles[name]
    raise KeyError(name)
