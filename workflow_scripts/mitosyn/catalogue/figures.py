"""The figures of the report by the question that they answer."""

from __future__ import annotations

from collections.abc import Mapping

SUMMARY = "Summary"
QUESTIONS = {
    "cells": "Which cells, and is everything there?",
    "mitochondria": "What do mitochondria look like by compartment?",
    "coverage": "How much of a neurite is covered?",
    "synapses": "Where are the synapses?",
    "incomplete": "What could not be measured?",
    "compartments": "Do mitochondria differ between compartments?",
    "gradients": "What changes with the distance from the soma?",
    "densities": "Do mitochondria go with synapses?",
    "recomputed": "Do recomputed values agree with the published ones?",
}
# Asked only where an option is set or branches of a type are: either by the question.
OPTIONAL = {
    "compartments": "distancebins",
    "gradients": "distancebins",
    "densities": "distancebins",
    "recomputed": "recompute_pyramidal",
}
# Each figure's file name and title; its caption is report/<file name>.rst.
FIGURES = {
    "cells": {
        "cells_by_type": "Cells by type and subtype",
        "soma_positions": "Positions of the somata",
        "mitochondria_per_cell": "Mitochondria per cell",
    },
    "mitochondria": {
        "mitochondrion_volume": "Volume",
        "mitochondrion_sphericity": "Sphericity",
        "mitochondrion_complexity": "Complexity index",
    },
    "coverage": {
        "covered_share": "Share of length with a mitochondrion",
        "mitochondria_per_length": "Mitochondria per length",
    },
    "synapses": {
        "synapses_per_cell": "Synapses per cell",
        "synapse_density": "Density of postsynaptic sites",
        "synapse_soma_distance": "Distance from the soma",
    },
    "incomplete": {
        "incomplete_mitochondria": "Mitochondria without some or all measures",
    },
    "compartments": {
        "compartment_differences": "Volume and complexity, tested",
    },
    "gradients": {
        "gradients_pyramidal": "Along the neurites of pyramidal cells",
        "gradients_inhibitory": "Along the neurites of interneurons",
    },
    "densities": {
        "mitochondria_and_synapses": "Synapses, diameter and mitochondria",
        "coverage_variance": "What the variance of coverage is made of",
    },
    "recomputed": {
        "recomputed_labels": "Compartments, published and recomputed",
        "recomputed_lengths": "Lengths along the skeleton, published and recomputed",
    },
}


def questions(options: Mapping[str, object]) -> list[str]:
    """Give the questions that a run answers, by what its configuration switches on."""
    return [key for key in QUESTIONS if key not in OPTIONAL or options.get(OPTIONAL[key])]


def category(question: str) -> str:
    """Name a question in the report, which sorts by name: numbered, after the summary."""
    order = [SUMMARY, *QUESTIONS]
    return f"{order.index(question) + 1} {QUESTIONS.get(question, question)}"
