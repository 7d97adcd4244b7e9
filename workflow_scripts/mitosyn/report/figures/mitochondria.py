"""What mitochondria look like, by compartment."""

from __future__ import annotations

from matplotlib.figure import Figure

from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.groups import Scale, draw_by_compartment
from mitosyn.support import NM3_PER_UM3

VOLUME = Scale("volume (µm³)", log=True)
SPHERICITY = Scale("sphericity", limits=(0.0, 1.0))
COMPLEXITY = Scale("complexity index", log=True)


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw the volumes of the meshes, sphericities and complexity indices by compartment."""
    table, colours = collected.mitochondria, collected.colours
    measures = {
        "mitochondrion_volume": (table["mito_size"] / NM3_PER_UM3, VOLUME),
        "mitochondrion_sphericity": (table["sphericity"], SPHERICITY),
        "mitochondrion_complexity": (table["complexity_index"], COMPLEXITY),
    }
    return {
        name: draw_by_compartment(table.assign(value=values), scale, colours)
        for name, (values, scale) in measures.items()
    }
