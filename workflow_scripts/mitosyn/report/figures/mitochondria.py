"""What mitochondria look like, by compartment."""

from __future__ import annotations

from matplotlib.figure import Figure

from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.groups import draw_by_compartment
from mitosyn.support import NM3_PER_UM3


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw the volumes of the meshes, sphericities and complexity indices by compartment."""
    table, colours = collected.mitochondria, (collected.colours, collected.compartment_colours)
    volumes = table.assign(value=table["mito_size"] / NM3_PER_UM3)
    sphericities = table.assign(value=table["sphericity"])
    indices = table.assign(value=table["complexity_index"])
    return {
        "mitochondrion_volume": draw_by_compartment(volumes, "volume (µm³)", *colours, log=True),
        "mitochondrion_sphericity": draw_by_compartment(
            sphericities, "sphericity", *colours, limits=(0.0, 1.0)
        ),
        "mitochondrion_complexity": draw_by_compartment(
            indices, "complexity index", *colours, log=True
        ),
    }
