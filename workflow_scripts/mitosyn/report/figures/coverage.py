"""How much of a neurite its mitochondria cover, and how many it has."""

from __future__ import annotations

from matplotlib.figure import Figure

from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.groups import draw_per_length
from mitosyn.report.neurites import add_counts, sum_lengths

SHARE = "covered share of length (%)"
NUMBER = "mitochondria per 100 µm"


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw covered share and mitochondria per length of each neuron, by compartment."""
    nodes, names = collected.tables["mitochondrion_nodes"], collected.compartment_names
    lengths = sum_lengths(collected.neurons, nodes, names)
    lengths = collected.typed(add_counts(lengths, collected.mitochondria, "mitochondria"))
    colours = collected.colours, collected.compartment_colours
    return {
        "covered_share": draw_per_length(lengths, "covered_um", 100, SHARE, *colours),
        "mitochondria_per_length": draw_per_length(lengths, "mitochondria", 100, NUMBER, *colours),
    }
