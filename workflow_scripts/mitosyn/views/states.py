"""States of Neuroglancer: which layers it opens, what is selected in them, and their colours.

States are made without a look at the layers, so nothing here needs a network. Positions are in
voxels of the dataset's true voxel size. Public layers may believe in another one (4 nm where 3.58
nm are true): a matrix in each of their sources scales them, so that a voxel of the layer is a
voxel of the state, points lie where they belong and the scale bar is right.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from nglui.statebuilder import (
    AnnotationLayer,
    CoordSpaceTransform,
    ImageLayer,
    PointAnnotation,
    SegmentationLayer,
    SkeletonRendering,
    Source,
    ViewerState,
)

from mitosyn.catalogue import (
    COMPARTMENT_COLOURS,
    COMPARTMENTS,
    POSTSYNAPTIC,
    SKELETON_COLOUR,
    SYNAPSE_STYLES,
    SYNAPSE_TYPES,
    TYPE_COLOURS,
)
from mitosyn.tables import ID, NUMBER, TEXT, Cell, own_name, read_csv_rows, read_table

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

_SYNAPSE_COLUMNS = {
    "cell_id": ID,
    "synapse_type": TEXT,
    **dict.fromkeys("xyz", NUMBER),
    "pre_root_id": ID,
    "post_root_id": ID,
}


@dataclass(frozen=True)
class Layers:
    """Layers of a dataset as Neuroglancer opens them.

    Attributes
    ----------
    cells, mitochondria : str
        Segmentations with meshes, ``precomputed://…``.
    image : str or None
        The EM.
    voxel_size_nm, layer_voxel_size_nm : three floats
        The true one, and the one that the layers believe in.
    """

    cells: str
    mitochondria: str
    image: str | None
    voxel_size_nm: VoxelSize
    layer_voxel_size_nm: VoxelSize


@dataclass(frozen=True)
class Synapses:
    """Neuron ends of synapses.

    Attributes
    ----------
    rows : (N,) int64 array
        Row numbers in the table.
    kinds : (N,) array of str
    positions : (N, 3) float64 array
        In nm.
    partners : (N,) int64 array
        The cell at the other end.
    """

    rows: np.ndarray
    kinds: np.ndarray
    positions: np.ndarray
    partners: np.ndarray

    def of(self, chosen: np.ndarray) -> Synapses:
        """Give some of them, by index or mask."""
        return Synapses(
            self.rows[chosen], self.kinds[chosen], self.positions[chosen], self.partners[chosen]
        )


NO_SYNAPSES = Synapses(
    rows=np.zeros(0, dtype=np.int64),
    kinds=np.zeros(0, dtype=str),
    positions=np.zeros((0, 3)),
    partners=np.zeros(0, dtype=np.int64),
)


@dataclass(frozen=True)
class CellViews:
    """What there is to look at a cell with.

    Attributes
    ----------
    state : str
        Everything, as JSON.
    shown : str
        What the link shows, one of :data:`SHOWN`: synapses, and then mitochondria, are left out
        where it would be longer than :data:`URL_LIMIT`.
    url : str
        The link.
    """

    state: str
    shown: str
    url: str


def read_synapses(path: str | Path) -> dict[int, Synapses]:
    """Read the neuron ends of synapses, by cell id."""
    table = read_table(path, _SYNAPSE_COLUMNS)
    cell_ids, pre, post = (
        table[name].to_numpy() for name in ("cell_id", "pre_root_id", "post_root_id")
    )
    kinds = np.array(table["synapse_type"].to_pylist(), dtype=str)
    ends = Synapses(
        rows=np.arange(len(table)),
        kinds=kinds,
        positions=np.column_stack([table[axis].to_numpy() for axis in "xyz"]),
        partners=np.where(kinds == POSTSYNAPTIC, pre, post),
    )
    order = np.argsort(cell_ids, kind="stable")
    ids, starts = np.unique(cell_ids[order], return_index=True)
    return {
        int(cell_id): ends.of(chosen)
        for cell_id, chosen in zip(ids, np.split(order, starts)[1:], strict=True)
    }


def read_mitochondria(
    paths: Iterable[str | Path], pyramidal_labels: Mapping[str, int]
) -> tuple[dict[int, str], np.ndarray]:
    """Read what views need of the mitochondria in cells' CSV files.

    Parameters
    ----------
    paths : paths of CSV files
    pyramidal_labels : mapping from name to label
        The compartments in the files of pyramidal cells.

    Returns
    -------
    compartments : dict from mitochondrion id to compartment
        By the names that skeleton labels have.
    positions : (N, 3) float64 array
        In nm.
    """
    rows = [row for path in paths for row in read_csv_rows(path)]
    positions = [[float(row[axis]) for axis in "xyz"] for row in rows]
    compartments = {
        int(row["mito_id"]): own_name(row["compartment"], row["cell_type"], pyramidal_labels)
        for row in rows
    }
    return compartments, np.reshape(positions, (-1, 3))


def cell_state(
    cell: Cell,
    compartments: Mapping[int, str],
    synapses: Synapses,
    layers: Layers,
    position_nm: Sequence[float] | None = None,
) -> ViewerState:
    """Show a cell with its mitochondria and synapses in public layers.

    Parameters
    ----------
    cell : Cell
    compartments : mapping from mitochondrion id to compartment
        The mitochondria to select, coloured by compartment.
    synapses : Synapses
        A layer of points for each kind, each point related to the cell at the other end.
    layers : Layers
    position_nm : three floats or None
        Where to look; None looks at the soma.
    """
    sizes = layers.voxel_size_nm, layers.layer_voxel_size_nm
    image = [ImageLayer("EM", _source(layers.image, *sizes))] if layers.image else []
    cells = SegmentationLayer(
        "cells",
        _source(layers.cells, *sizes),
        segments=[cell.cell_id],
        segment_colors={cell.cell_id: SKELETON_COLOUR},
        alpha_3d=0.3,
    )
    mitochondria = SegmentationLayer(
        "mitochondria",
        _source(layers.mitochondria, *sizes),
        segments=list(compartments),
        segment_colors=_compartment_colours(compartments),
    )
    points = [
        _synapse_points(kind, synapses.of(synapses.kinds == kind), layers)
        for kind in SYNAPSE_TYPES
        if kind in synapses.kinds
    ]
    return _viewer_state(
        [*image, cells, mitochondria, *points],
        layers.voxel_size_nm,
        position_nm=position_nm or cell.soma or cell.centroid,
        title=f"{cell.cell_type} {cell.cell_id}",
    )


def cell_views(
    cell: Cell,
    compartments: Mapping[int, str],
    synapses: Synapses,
    layers: Layers,
    viewer: str,
) -> CellViews:
    """Give the state of a cell, and a link to it that browsers and spreadsheets take.

    Parameters
    ----------
    cell, compartments, synapses, layers
        As for :func:`cell_state`.
    viewer : str
        URL of a Neuroglancer.
    """
    state = state_text(cell_state(cell, compartments, synapses, layers))
    shown, url = SHOWN[0], _link(viewer, state)
    for fewer, mitochondria in ((SHOWN[1], compartments), (SHOWN[2], {})):
        if len(url) > URL_LIMIT:
            reduced = state_text(cell_state(cell, mitochondria, NO_SYNAPSES, layers))
            shown, url = fewer, _link(viewer, reduced)
    return CellViews(state, shown, url)


def mitochondrion_link(
    cell: Cell,
    mitochondrion: tuple[int, str],
    position_nm: Sequence[float],
    layers: Layers,
    viewer: str,
) -> str:
    """Give a link to one mitochondrion in public layers, with its cell.

    Parameters
    ----------
    cell, layers, viewer
        As for :func:`cell_views`.
    mitochondrion : (int, str)
        Its id and its compartment, which colours it.
    position_nm : three floats
    """
    state = cell_state(cell, dict([mitochondrion]), NO_SYNAPSES, layers, position_nm)
    return _link(viewer, state_text(state))


def served_link(
    cell: Cell,
    mitochondrion: tuple[int, str],
    position_nm: Sequence[float],
    meshes: str,
    voxel_size_nm: VoxelSize,
    mesh_voxel_size_nm: VoxelSize,
    viewer: str,
) -> str:
    """Give a link to one mitochondrion in the precomputed folder that is served locally.

    Parameters
    ----------
    cell, mitochondrion, position_nm
        As for :func:`mitochondrion_link`.
    meshes, voxel_size_nm, mesh_voxel_size_nm
        As for :func:`local_state`.
    viewer : str
        URL of a Neuroglancer.
    """
    around = np.add(position_nm, np.outer([-1, 1], [SURROUNDINGS_NM] * 3))
    state = local_state(
        [cell], dict([mitochondrion]), around, meshes, voxel_size_nm, mesh_voxel_size_nm
    )
    return _link(viewer, state_text(state))


def _link(viewer: str, state: str) -> str:
    return f"{viewer}#!{quote(state, safe=URL_SAFE)}"


def state_text(state: ViewerState) -> str:
    """Give a state as JSON that a browser reads exactly: ids beyond 2^53 are texts."""
    content = state.to_dict()
    for layer in content["layers"]:
        for annotation in layer.get("annotations", ()):
            annotation["segments"] = [list(map(str, ids)) for ids in annotation["segments"]]
    return json.dumps(content, separators=(",", ":"))


def local_state(
    cells: Iterable[Cell],
    compartments: Mapping[int, str],
    positions: np.ndarray,
    meshes: str,
    voxel_size_nm: VoxelSize,
    mesh_voxel_size_nm: VoxelSize,
) -> ViewerState:
    """Show a dataset from its precomputed folder, served at :data:`LOCAL_SERVER`.

    Parameters
    ----------
    cells : iterable of Cell
        All are selected; those without a skeleton for their mitochondria's sake.
    compartments : mapping from mitochondrion id to compartment
        Of all mitochondria; the meshes of the first :data:`MESHES_SHOWN` are selected.
    positions : (N, 3) float64 array
        Of all mitochondria, in nm: the view is fitted to them.
    meshes : str
        The layer of mitochondrial meshes.
    voxel_size_nm, mesh_voxel_size_nm : three floats
        The true one, and the one that the meshes' layer believes in.
    """
    cells = list(cells)
    shown = dict(list(compartments.items())[:MESHES_SHOWN])
    layers = [
        SegmentationLayer(
            "cells",
            f"precomputed://{LOCAL_SERVER}/skeletons",
            segments=[cell.cell_id for cell in cells],
            segment_colors={cell.cell_id: TYPE_COLOURS[cell.cell_type] for cell in cells},
            skeleton_rendering=SkeletonRendering(shader=skeleton_shader(), line_width_3d=2),
        ),
        SegmentationLayer(
            "mitochondria",
            _source(
                meshes,
                voxel_size_nm,
                mesh_voxel_size_nm,
                subsources={"mesh": True},
                enable_default_subsources=False,
            ),
            segments=list(shown),
            segment_colors=_compartment_colours(shown),
        ),
        _served_points(
            "mitochondria: points",
            f"{LOCAL_SERVER}/mitochondria",
            {"cell": "cells", "mitochondrion": "mitochondria"},
            point_shader("compartment", COMPARTMENT_COLOURS),
        ),
        _served_points(
            "synapses",
            f"{LOCAL_SERVER}/synapses",
            {"cell": "cells", "pre_cell": "cells", "post_cell": "cells"},
            point_shader(
                "synapse_type", {kind: SYNAPSE_STYLES[kind]["color"] for kind in SYNAPSE_TYPES}
            ),
        ),
    ]
    if len(positions) == 0:
        positions = np.zeros((1, 3))
    low, high = positions.min(axis=0), positions.max(axis=0)
    return _viewer_state(
        layers,
        voxel_size_nm,
        position_nm=(low + high) / 2,
        layout="3d",
        scale_3d=max(0.8 * float((high - low).max()), NARROWEST_NM) / voxel_size_nm[0],
    )


def skeleton_shader() -> str:
    """Give a shader that colours a skeleton by compartment, or its cells by their own colour."""
    colours = {name: COMPARTMENT_COLOURS[name] for name in COMPARTMENTS}
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
    """Give a shader that colours points by an enumerated property.

    Parameters
    ----------
    name : str
        Of the property, whose values count the keys of ``colours``.
    colours : mapping from label to colour
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
        f"  colours[{number}] = vec3({', '.join(f'{part / 255:.3f}' for part in _rgb(colour))});"
        f"  // {label}\n"
        for number, (label, colour) in enumerate(colours.items())
    )


def _rgb(colour: str) -> bytes:
    return bytes.fromhex(colour.removeprefix("#"))


def _source(
    url: str, voxel_size_nm: VoxelSize, layer_voxel_size_nm: VoxelSize, **options: Any
) -> Source:
    """Give a source whose voxels are those of the dataset."""
    scales = np.divide(voxel_size_nm, layer_voxel_size_nm)
    if np.all(scales == 1):
        return Source(url, **options)
    # Neuroglancer keeps lengths where only the output's scale differs: it takes a matrix.
    transform = CoordSpaceTransform(
        output_dimensions=list(voxel_size_nm),
        matrix=np.column_stack([np.diag(scales), np.zeros(3)]).tolist(),
    )
    return Source(url, transform=transform, **options)


def _compartment_colours(compartments: Mapping[int, str]) -> dict[int, str]:
    return {mito_id: COMPARTMENT_COLOURS[name] for mito_id, name in compartments.items()}


def _synapse_points(kind: str, synapses: Synapses, layers: Layers) -> AnnotationLayer:
    """Give a layer of points, related to the cells at their other ends."""
    voxels = np.round(synapses.positions / layers.voxel_size_nm, 3)
    return AnnotationLayer(
        f"synapses: {kind}",
        resolution=list(layers.voxel_size_nm),
        color=SYNAPSE_STYLES[kind]["color"],
        linked_segmentation="cells",
        set_position=False,
        swap_visible_segments_on_move=False,
        # An id of its own: without one, nglui makes a random one.
        annotations=[
            PointAnnotation(id=str(row), point=point, segments=[[int(partner)]])
            for row, point, partner in zip(
                synapses.rows, voxels.tolist(), synapses.partners, strict=True
            )
        ],
    )


def _served_points(name: str, url: str, linked: Mapping[str, str], shader: str) -> AnnotationLayer:
    """Give a layer of served points that shows those of the selected cells."""
    return AnnotationLayer(
        name,
        f"precomputed://{url}",
        linked_segmentation=dict(linked),
        filter_by_segmentation=["cell"],
        swap_visible_segments_on_move=False,
        shader=shader,
    )


def _viewer_state(
    layers: list,
    voxel_size_nm: VoxelSize,
    position_nm: Sequence[float] | np.ndarray,
    **settings: Any,
) -> ViewerState:
    """Give a state without a look at its layers or at the viewer, which would use the network."""
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
