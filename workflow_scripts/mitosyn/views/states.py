"""States of Neuroglancer: which layers it opens, what is selected in them, and their colours.

States are made without a look at the layers, so nothing here needs a network. Positions are in
voxels of the dataset's true voxel size. Public layers may believe in another one (4 nm where 3.58
nm are true): a matrix in each of their sources scales them, so that a voxel of the layer is a
voxel of the state, points lie where they belong and the scale bar is right.

nglui takes seconds to import: functions that build layers import it, so that scripts that only
write sources do without.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import numpy as np
import pandas as pd

from mitosyn.catalogue import (
    COMPARTMENT_COLOURS,
    COMPARTMENTS,
    POSTSYNAPTIC,
    SKELETON_COLOUR,
    SYNAPSE_STYLES,
    SYNAPSE_TYPES,
    compartment_colours,
    type_colours,
)
from mitosyn.tables import Cell
from mitosyn.views.shaders import point_shader, skeleton_shader
from mitosyn.views.tables import SYNAPSE_COLUMNS

if TYPE_CHECKING:
    from nglui.statebuilder import AnnotationLayer, SegmentationLayer, Source, ViewerState

VoxelSize = tuple[float, float, float]

LINK_COLUMNS = ("cell_id", "cell_type", "shown", "url")
# What a link shows, by how much of the cell it leaves out to stay short enough.
SHOWN = ("cell, mitochondria, synapses", "cell, mitochondria", "cell")
# As much as a spreadsheet's cell holds; some browsers do not take much more.
URL_LIMIT = 32_000
# What neuroglancer.to_url leaves as it is.
URL_SAFE = "~@#$&()*!+=:;,.?/'"
# Where docs/neuroglancer.md has the precomputed folder served.
LOCAL_SERVER = "http://localhost:9000"
SERVED_MESHES = f"precomputed://{LOCAL_SERVER}/meshes"
# How far to each side of a single mitochondrion is seen.
SURROUNDINGS_NM = 2500.0
# How much of a dataset with next to nothing in it is seen.
NARROWEST_NM = 1000.0
# More at once are slow to draw; the others are a click away.
MESHES_SHOWN = 2000
NO_SYNAPSES = pd.DataFrame(columns=SYNAPSE_COLUMNS)


@dataclass(frozen=True)
class Layers:
    """Layers of a dataset as Neuroglancer opens them, ``precomputed://…``.

    ``cells`` is None where the precomputed folder is served at :data:`LOCAL_SERVER`, which has
    their skeletons.
    """

    mitochondria: str  # segmentation with meshes; empty if there is none
    voxel_size_nm: VoxelSize  # the true one
    layer_voxel_size_nm: VoxelSize  # the one that the layers believe in
    cells: str | None = None  # segmentation with meshes
    image: str | None = None  # the EM


@dataclass(frozen=True)
class Shown:
    """What a folder of precomputed sources has, and how types and compartments are named.

    ``types`` are in their order, without which they stand as the cells do; ``compartment_names``
    are by label.
    """

    skeletons: bool = True
    synapses: bool = True
    types: Sequence[str] = ()
    compartment_names: Sequence[str] = COMPARTMENTS


EVERYTHING = Shown()


class CellViews(NamedTuple):
    """What there is to look at a cell with."""

    state: str  # everything, as JSON
    shown: str  # by the link, one of SHOWN
    url: str  # the link


def cell_views(
    cell: Cell,
    compartments: Mapping[int, str],
    synapses: pd.DataFrame,
    layers: Layers,
    viewer: str,
    names: Sequence[str] = COMPARTMENTS,
) -> CellViews:
    """Return the state of a cell, and a link to it that browsers and spreadsheets take.

    Synapses, and then mitochondria, are left out of the link where it would be longer than
    :data:`URL_LIMIT`.

    Parameters
    ----------
    compartments : mapping from mitochondrion id to compartment
        The mitochondria to select, coloured by compartment.
    synapses : pandas.DataFrame
        The cell's, as :func:`~mitosyn.views.tables.read_synapses` returns them: a layer of
        points for each type, each point related to the cell at the other end.
    layers, viewer
        Public layers, and the URL of a Neuroglancer.
    names : sequence of str
        The dataset's compartments by label.
    """
    colours = compartment_colours(names)
    state = state_text(_public_state(cell, compartments, synapses, layers, colours))
    shown, url = SHOWN[0], _link(viewer, state)
    for fewer, mitochondria in ((SHOWN[1], compartments), (SHOWN[2], {})):
        if len(url) > URL_LIMIT:
            reduced = state_text(_public_state(cell, mitochondria, NO_SYNAPSES, layers, colours))
            shown, url = fewer, _link(viewer, reduced)
    return CellViews(state, shown, url)


def mitochondrion_link(
    cell: Cell,
    mitochondrion: tuple[int, str],
    position_nm: Sequence[float],
    layers: Layers,
    viewer: str,
) -> str:
    """Return a link to one mitochondrion of a cell: its id, and its compartment to colour it by.

    Layers are public ones or those of the folder that is served; ``viewer`` is the URL of a
    Neuroglancer.
    """
    compartments = dict([mitochondrion])
    if layers.cells is None:
        around = np.add(position_nm, np.outer([-1, 1], [SURROUNDINGS_NM] * 3))
        state = served_state([cell], compartments, around, layers)
    else:
        colours = COMPARTMENT_COLOURS
        state = _public_state(cell, compartments, NO_SYNAPSES, layers, colours, position_nm)
    return _link(viewer, state_text(state))


def served_state(
    cells: Iterable[Cell],
    compartments: Mapping[int, str],
    positions: np.ndarray,
    layers: Layers,
    shown: Shown = EVERYTHING,
) -> ViewerState:
    """Return the state that shows a dataset from its precomputed folder.

    Parameters
    ----------
    cells : iterable of Cell
        All are selected; those without a skeleton for their mitochondria's sake.
    compartments : mapping from mitochondrion id to compartment
        The meshes of the first :data:`MESHES_SHOWN` are selected.
    positions : (N, 3) float64 array
        Of all mitochondria, in nm: the view is fitted to them.
    layers : Layers
        Of mitochondrial meshes; all else is served at :data:`LOCAL_SERVER`.
    shown : Shown
        What the folder has, and how types and compartments are named.
    """
    from nglui.statebuilder import SegmentationLayer, SkeletonRendering

    cells = list(cells)
    colours = type_colours(shown.types or (cell.cell_type for cell in cells))
    of_compartments = compartment_colours(shown.compartment_names)
    solid = dict(list(compartments.items())[:MESHES_SHOWN])
    meshes_only = {"subsources": {"mesh": True}, "enable_default_subsources": False}
    synapse_colours = {kind: SYNAPSE_STYLES[kind]["color"] for kind in SYNAPSE_TYPES}
    around = positions if len(positions) else np.zeros((1, 3))
    low, high = around.min(axis=0), around.max(axis=0)
    shader = skeleton_shader(shown.compartment_names)
    there = {"cells": shown.skeletons, "mitochondria": bool(layers.mitochondria)}
    possible = [
        shown.skeletons
        and SegmentationLayer(
            "cells",
            f"precomputed://{LOCAL_SERVER}/skeletons",
            segments=[cell.cell_id for cell in cells],
            segment_colors={cell.cell_id: colours[cell.cell_type] for cell in cells},
            skeleton_rendering=SkeletonRendering(shader=shader, line_width_3d=2),
        ),
        layers.mitochondria and _mitochondria(solid, layers, of_compartments, **meshes_only),
        _served_points(
            "mitochondria: points",
            f"{LOCAL_SERVER}/mitochondria",
            {"cell": "cells", "mitochondrion": "mitochondria"},
            there,
            point_shader("compartment", of_compartments),
        ),
        shown.synapses
        and _served_points(
            "synapses",
            f"{LOCAL_SERVER}/synapses",
            {
                **dict.fromkeys(("cell", "pre_cell", "post_cell"), "cells"),
                "mitochondrion": "mitochondria",
            },
            there,
            point_shader("synapse_type", synapse_colours),
        ),
    ]
    return _viewer_state(
        [layer for layer in possible if layer],
        layers.voxel_size_nm,
        position_nm=(low + high) / 2,
        layout="3d",
        scale_3d=max(0.8 * float((high - low).max()), NARROWEST_NM) / layers.voxel_size_nm[0],
    )


def state_text(state: ViewerState) -> str:
    """Return a state as JSON that a browser reads exactly: ids beyond 2^53 are texts."""
    content = state.to_dict()
    for layer in content["layers"]:
        for annotation in layer.get("annotations", ()):
            annotation["segments"] = [list(map(str, ids)) for ids in annotation["segments"]]
    return json.dumps(content, separators=(",", ":"))


def _link(viewer: str, state: str) -> str:
    return f"{viewer}#!{quote(state, safe=URL_SAFE)}"


def _public_state(
    cell: Cell,
    compartments: Mapping[int, str],
    synapses: pd.DataFrame,
    layers: Layers,
    colours: Mapping[str, str],
    position_nm: Sequence[float] | None = None,
) -> ViewerState:
    """Return a state of a cell in public layers that looks at its soma by default."""
    from nglui.statebuilder import ImageLayer, SegmentationLayer

    image = [ImageLayer("EM", _source(layers.image, layers))] if layers.image else []
    cells = SegmentationLayer(
        "cells",
        _source(layers.cells or "", layers),
        segments=[cell.cell_id],
        segment_colors={cell.cell_id: SKELETON_COLOUR},
        alpha_3d=0.3,
    )
    points = [
        _synapse_points(kind, synapses[synapses["synapse_type"] == kind], layers)
        for kind in SYNAPSE_TYPES
        if kind in synapses["synapse_type"].to_numpy()
    ]
    return _viewer_state(
        [*image, cells, _mitochondria(compartments, layers, colours), *points],
        layers.voxel_size_nm,
        position_nm=position_nm or cell.soma or cell.centroid or (0.0, 0.0, 0.0),
        title=f"{cell.cell_type} {cell.cell_id}",
    )


def _mitochondria(
    compartments: Mapping[int, str],
    layers: Layers,
    colours: Mapping[str, str] = COMPARTMENT_COLOURS,
    **options: Any,
) -> SegmentationLayer:
    """Return a layer that selects some mitochondria, coloured by compartment."""
    from nglui.statebuilder import SegmentationLayer

    return SegmentationLayer(
        "mitochondria",
        _source(layers.mitochondria, layers, **options),
        segments=list(compartments),
        segment_colors={i: colours[name] for i, name in compartments.items()},
    )


def _source(url: str, layers: Layers, **options: Any) -> Source:
    """Return a source whose voxels are those of the dataset."""
    from nglui.statebuilder import CoordSpaceTransform, Source

    scales = np.divide(layers.voxel_size_nm, layers.layer_voxel_size_nm)
    if np.all(scales == 1):
        return Source(url, **options)
    # Neuroglancer keeps lengths where only the output's scale differs: it takes a matrix.
    transform = CoordSpaceTransform(
        output_dimensions=list(layers.voxel_size_nm),
        matrix=np.column_stack([np.diag(scales), np.zeros(3)]).tolist(),
    )
    return Source(url, transform=transform, **options)


def _synapse_points(kind: str, synapses: pd.DataFrame, layers: Layers) -> AnnotationLayer:
    """Return a layer of points, related to the cells at their other ends."""
    from nglui.statebuilder import AnnotationLayer, PointAnnotation

    voxels = np.round(synapses[list("xyz")].to_numpy() / layers.voxel_size_nm, 3)
    partners = synapses["pre_root_id" if kind == POSTSYNAPTIC else "post_root_id"]
    return AnnotationLayer(
        f"synapses: {kind}",
        resolution=list(layers.voxel_size_nm),
        color=SYNAPSE_STYLES[kind]["color"],
        linked_segmentation="cells",
        set_position=False,
        swap_visible_segments_on_move=False,
        # An id of its own: without one, nglui makes a random one.
        annotations=[
            PointAnnotation(id=str(row), point=point, segments=[[partner]])
            for row, point, partner in zip(
                synapses.index, voxels.tolist(), partners.tolist(), strict=True
            )
        ],
    )


def _served_points(
    name: str, url: str, linked: Mapping[str, str], there: Mapping[str, bool], shader: str
) -> AnnotationLayer:
    """Return a layer of served points that shows those of the selected cells, if cells are there.

    It is linked with the layers that are there.
    """
    from nglui.statebuilder import AnnotationLayer

    return AnnotationLayer(
        name,
        f"precomputed://{url}",
        linked_segmentation={what: layer for what, layer in linked.items() if there[layer]},
        filter_by_segmentation=["cell"] if there["cells"] else None,
        swap_visible_segments_on_move=False,
        shader=shader,
    )


def _viewer_state(
    layers: list,
    voxel_size_nm: VoxelSize,
    position_nm: Sequence[float] | np.ndarray,
    **settings: Any,
) -> ViewerState:
    """Return a state without a look at its layers or at the viewer, which would use the network."""
    from nglui.statebuilder import ViewerState

    return ViewerState(
        layers=layers,
        dimensions=list(voxel_size_nm),
        position=np.round(np.divide(position_nm, voxel_size_nm), 3).tolist(),
        # White, since black is a colour of the scheme.
        projection_background_color="#FFFFFF",
        infer_coordinates=False,
        capabilities="main",
        **settings,
    )
