"""Shaders: how Neuroglancer colours skeletons and points by what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mitosyn.catalogue import COMPARTMENTS, compartment_colours


def skeleton_shader(names: Sequence[str] = COMPARTMENTS) -> str:
    """Return a shader that colours a skeleton by compartment, or its cells by their own colour.

    ``names`` are the compartments by label.
    """
    every = compartment_colours(names)
    colours = {name: every[name] for name in names}
    return (
        "#uicontrol bool by_compartment checkbox(default=true)\n"
        "void main() {\n"
        f"  vec3 colours[{len(colours)}];\n"
        f"{_colour_lines(colours)}"
        "  if (by_compartment) emitRGB(colours[int(compartment + 0.5)]);\n"
        "  else emitDefault();\n"
        "}\n"
    )


def point_shader(name: str, colours: Mapping[str, str]) -> str:
    """Return a shader that colours points by an enumerated property of some name.

    Its values count the labels of ``colours``.
    """
    return (
        "#uicontrol float size slider(min=1, max=20, default=5)\n"
        "void main() {\n"
        f"  vec3 colours[{len(colours)}];\n"
        f"{_colour_lines(colours)}"
        f"  setColor(colours[int(prop_{name}())]);\n"
        "  setPointMarkerSize(size);\n"
        "  setPointMarkerBorderWidth(1.0);\n"
        "  setPointMarkerBorderColor(vec3(1.0, 1.0, 1.0));\n"
        "}\n"
    )


def _colour_lines(colours: Mapping[str, str]) -> str:
    return "".join(
        f"  colours[{number}] = vec3("
        f"{', '.join(f'{part / 255:.3f}' for part in bytes.fromhex(colour.removeprefix('#')))});"
        f"  // {label}\n"
        for number, (label, colour) in enumerate(colours.items())
    )
