"""Skeletons, mitochondria and synapses as precomputed sources, which Neuroglancer reads.

The formats are described with Neuroglancer (``datasource/precomputed``); CloudVolume's skeleton
and Neuroglancer's annotation writer do the encoding, each imported where it is used, as no
script needs both. All positions are in nm.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mitosyn.catalogue import COMPARTMENTS, SYNAPSE_TYPES, compartment_colours
from mitosyn.meshes import named_mesh_folder, read_info
from mitosyn.skeletons import NO_PARENT
from mitosyn.support import NM3_PER_UM3, whole_folder, write_text
from mitosyn.tables import Cell
from mitosyn.views.tables import NO_MITOCHONDRION

if TYPE_CHECKING:
    from cloudvolume import Skeleton
    from neuroglancer.write_annotations import AnnotationWriter

IDENTITY = (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
SKELETON_ATTRIBUTES = (
    {"id": "compartment", "data_type": "float32", "num_components": 1},
    {"id": "radius", "data_type": "float32", "num_components": 1},
)
SEGMENT_PROPERTIES = "segment_properties"
SYNAPSE_NUMBERS = {name: number for number, name in enumerate(SYNAPSE_TYPES)}


def precomputed_skeleton(nodes: pa.Table) -> Skeleton:
    """Return a neuron's skeleton, of the table of its nodes, as CloudVolume has it.

    It has an edge to each node but the roots from its parent, and for each vertex its
    ``compartment`` label and its ``radius``. The format does not say which end of an edge comes
    first; navis takes the second one's parent for it.
    """
    from cloudvolume import Skeleton

    parents = nodes["parent_id"].fill_null(NO_PARENT).to_numpy()
    child = np.flatnonzero(parents != NO_PARENT)
    skeleton = Skeleton(
        vertices=np.column_stack([nodes[axis] for axis in "xyz"]).astype(np.float32),
        edges=np.column_stack([parents[child], child]).astype(np.uint32),
        radii=nodes["radius"].to_numpy().astype(np.float32),
        segid=nodes["cell_id"][0].as_py(),
        extra_attributes=list(SKELETON_ATTRIBUTES),
    )
    skeleton.compartment = nodes["label"].to_numpy().astype(np.float32)
    return skeleton


def write_skeletons(
    folder: str | Path, neurons: Iterable[pa.Table], cells: Mapping[int, Cell]
) -> None:
    """Write skeletons, and type and subtype of all cells as properties of their segments.

    ``neurons`` are tables of nodes as :func:`mitosyn.skeletons.node_table` returns them, ``cells``
    those without a skeleton too, by id. A folder that is there is replaced.
    """
    info = {
        "@type": "neuroglancer_skeletons",
        "transform": IDENTITY,
        "vertex_attributes": SKELETON_ATTRIBUTES,
        SEGMENT_PROPERTIES: SEGMENT_PROPERTIES,
    }
    with whole_folder(folder) as temporary:
        write_json(temporary / "info", info)
        write_json(temporary / SEGMENT_PROPERTIES / "info", segment_properties(cells))
        for nodes in neurons:
            skeleton = precomputed_skeleton(nodes)
            (temporary / str(skeleton.id)).write_bytes(skeleton.to_precomputed())


def segment_properties(cells: Mapping[int, Cell]) -> dict[str, Any]:
    """Return type and subtype of cells as Neuroglancer's labels and tags of segments."""
    tags = sorted({tag for cell in cells.values() for tag in _tags(cell)})
    numbers = [sorted(tags.index(tag) for tag in _tags(cell)) for cell in cells.values()]
    labels = [f"{cell.cell_subtype or cell.cell_type} {i}" for i, cell in cells.items()]
    return {
        "@type": "neuroglancer_segment_properties",
        "inline": {
            "ids": [str(cell_id) for cell_id in cells],
            "properties": [
                {"id": "label", "type": "label", "values": labels},
                {"id": "tags", "type": "tags", "tags": tags, "values": numbers},
            ],
        },
    }


def _tags(cell: Cell) -> set[str]:
    """Return type and subtype; tags have no blanks."""
    return {cell.cell_type, cell.cell_subtype.replace(" ", "_")} - {""}


def write_mitochondria(
    folder: str | Path, mitochondria: pd.DataFrame, names: Sequence[str] = COMPARTMENTS
) -> None:
    """Write mitochondria, as :func:`~mitosyn.views.tables.read_mitochondria` returns them.

    They are points: each has its ``mito_id`` as id, its ``compartment``, its ``volume_um3`` (NaN
    where it was not measured), and is related to its ``cell`` and, as a segment, to itself.
    Compartments have the numbers of the skeletons' labels, whose ``names`` are given, but that
    Branch and Far come before the dataset's own. A folder that is there is replaced.
    """
    numbers = {name: number for number, name in enumerate(compartment_colours(names))}
    writer = _point_writer(
        ("cell", "mitochondrion"),
        {"id": "volume_um3", "type": "float32", "description": "volume in µm³"},
        _enumeration("compartment", numbers),
    )
    for row in mitochondria.itertuples():
        writer.add_point(
            [row.x, row.y, row.z],
            id=row.mito_id,
            volume_um3=row.mito_size / NM3_PER_UM3,
            compartment=numbers[row.compartment],
            cell=row.cell_id,
            mitochondrion=row.mito_id,
        )
    _write_points(folder, writer)


def write_synapses(folder: str | Path, synapses: pd.DataFrame) -> None:
    """Write synapse ends, as :func:`~mitosyn.views.tables.read_synapses` returns them.

    They are points: the id is the row's number in the table, since a synapse between two neurons
    has two ends. Each has its ``synapse_type`` and is related to the ``cell`` whose end it is, to
    its ``pre_cell`` and ``post_cell``, and to the nearest ``mitochondrion``, if any. A folder that
    is there is replaced.
    """
    writer = _point_writer(
        ("cell", "pre_cell", "post_cell", "mitochondrion"),
        _enumeration("synapse_type", SYNAPSE_NUMBERS),
    )
    for row in synapses.itertuples():
        writer.add_point(
            [row.x, row.y, row.z],
            id=row.Index,
            synapse_type=SYNAPSE_NUMBERS[row.synapse_type],
            cell=row.cell_id,
            pre_cell=row.pre_root_id,
            post_cell=row.post_root_id,
            mitochondrion=None if row.nearest_mito_id == NO_MITOCHONDRION else row.nearest_mito_id,
        )
    _write_points(folder, writer)


def _enumeration(name: str, numbers: Mapping[str, int]) -> dict[str, Any]:
    """Return the description of an enumerated property of points."""
    return {
        "id": name,
        "type": "uint8",
        "enum_values": list(numbers.values()),
        "enum_labels": list(numbers),
    }


def _point_writer(relationships: Sequence[str], *properties: dict[str, Any]) -> AnnotationWriter:
    """Return a writer of points in nm with some relationships and properties."""
    from neuroglancer.coordinate_space import CoordinateSpace
    from neuroglancer.viewer_state import AnnotationPropertySpec
    from neuroglancer.write_annotations import AnnotationWriter

    space = CoordinateSpace(names=list("xyz"), units="nm", scales=[1, 1, 1])
    specs = [AnnotationPropertySpec(**described) for described in properties]
    return AnnotationWriter(space, "point", relationships, specs)


def _write_points(folder: str | Path, writer: AnnotationWriter) -> None:
    """Write what a writer has collected, in bounds of whole nm, the upper one exclusive."""
    if not writer.annotations:
        # Those of nothing are infinite, which JSON cannot say.
        writer.lower_bound = writer.upper_bound = np.zeros(writer.rank)
    writer.lower_bound = np.floor(writer.lower_bound)
    writer.upper_bound = np.floor(writer.upper_bound) + 1
    with whole_folder(folder) as temporary:
        writer.write(temporary)
        # The writer has the type in small letters, the format's description in capital ones.
        info = json.loads((temporary / "info").read_text())
        write_json(temporary / "info", info | {"annotation_type": "POINT"})


def link_mesh_layer(folder: str | Path, layer: Path) -> None:
    """Make a local mesh layer available in a folder below the one that is served.

    The meshes are linked to, not copied. Neuroglancer refuses an ``info`` whose ``@type`` it does
    not know, while CloudVolume writes and reads any: it is put right here. A folder that is there
    is replaced.
    """
    info = read_info(layer)
    name = named_mesh_folder(info, layer)
    with whole_folder(folder) as temporary:
        write_json(temporary / "info", info | {"@type": "neuroglancer_multiscale_volume"})
        link = temporary / name
        link.parent.mkdir(parents=True, exist_ok=True)
        # Relative, so that results and inputs can be moved together.
        target = os.path.relpath(layer.resolve() / name, link.parent.resolve())
        link.symlink_to(target, target_is_directory=True)


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON without superfluous blanks, whole or not at all."""
    write_text(path, json.dumps(content, separators=(",", ":")) + "\n")
