"""Skeletons, mitochondria and synapses as precomputed sources, which Neuroglancer reads.

The formats are described with Neuroglancer (``datasource/precomputed``); CloudVolume's skeleton
and Neuroglancer's annotation writer do the encoding. All positions are in nm.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from cloudvolume import Skeleton
from neuroglancer.coordinate_space import CoordinateSpace
from neuroglancer.viewer_state import AnnotationPropertySpec
from neuroglancer.write_annotations import AnnotationWriter

from mitosyn.catalogue import COMPARTMENT_COLOURS, SYNAPSE_TYPES
from mitosyn.dataset import NM3_PER_UM3
from mitosyn.meshes import named_mesh_folder, read_info
from mitosyn.skeletons import NO_PARENT
from mitosyn.support import whole_folder, write_text
from mitosyn.tables import ID, NUMBER, TEXT, Cell, own_name, read_csv_rows, read_table

IDENTITY = (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
SKELETON_ATTRIBUTES = (
    {"id": "compartment", "data_type": "float32", "num_components": 1},
    {"id": "radius", "data_type": "float32", "num_components": 1},
)
SEGMENT_PROPERTIES = "segment_properties"
# Numbers for the compartments of mitochondria: those of the skeletons' labels, then Branch, Far.
COMPARTMENT_NUMBERS = {name: number for number, name in enumerate(COMPARTMENT_COLOURS)}
SYNAPSE_NUMBERS = {name: number for number, name in enumerate(SYNAPSE_TYPES)}
_SYNAPSE_COLUMNS = {
    "cell_id": ID,
    "synapse_type": TEXT,
    **dict.fromkeys("xyz", NUMBER),
    "pre_root_id": ID,
    "post_root_id": ID,
}


def read_swc(path: str | Path) -> Skeleton:
    """Read an SWC file of this workflow.

    Returns
    -------
    cloudvolume.Skeleton
        Vertices (N, 3) in nm, an edge to each node but the roots from its parent, and for
        each vertex its ``compartment`` label and its ``radius`` in nm. The format does not
        say which end of an edge comes first; navis takes the second one's parent for it.
    """
    swc = np.loadtxt(path, ndmin=2)
    parents = swc[:, 6].astype(np.int64)
    child = np.flatnonzero(parents != NO_PARENT)
    skeleton = Skeleton(
        vertices=swc[:, 2:5].astype(np.float32),
        edges=np.column_stack([parents[child], child]).astype(np.uint32),
        radii=swc[:, 5].astype(np.float32),
        segid=int(Path(path).stem),
        extra_attributes=list(SKELETON_ATTRIBUTES),
    )
    skeleton.compartment = swc[:, 1].astype(np.float32)
    return skeleton


def write_skeletons(
    folder: str | Path, morphologies: Iterable[str | Path], cells: Mapping[int, Cell]
) -> None:
    """Write skeletons, and what is known of all cells as properties of their segments.

    Parameters
    ----------
    folder : str or Path
        Replaced, if it is there.
    morphologies : paths of SWC files
        ``<cell_id>.swc``.
    cells : mapping from cell id to Cell
        Those without a skeleton too.
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
        for path in morphologies:
            skeleton = read_swc(path)
            (temporary / str(skeleton.id)).write_bytes(skeleton.to_precomputed())


def segment_properties(cells: Mapping[int, Cell]) -> dict[str, Any]:
    """Give type and subtype of cells as Neuroglancer's labels and tags of segments."""
    tags = sorted({tag for cell in cells.values() for tag in _tags(cell)})
    numbers = [sorted(tags.index(tag) for tag in _tags(cell)) for cell in cells.values()]
    labels = [f"{cell.cell_subtype} {cell.cell_id}" for cell in cells.values()]
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
    """Name type and subtype; tags have no blanks."""
    return {cell.cell_type, cell.cell_subtype.replace(" ", "_")}


def write_mitochondria(
    folder: str | Path, csvs: Iterable[str | Path], pyramidal_labels: Mapping[str, int]
) -> None:
    """Write mitochondria as points.

    Each has its ``mito_id`` as id, its ``compartment``, its ``volume_um3`` (NaN where it was
    not measured), and is related to its ``cell`` and, as a segment, to itself.

    Parameters
    ----------
    folder : str or Path
        Replaced, if it is there.
    csvs : paths of the cells' CSV files
    pyramidal_labels : mapping from name to label
        The compartments in the files of pyramidal cells.
    """
    properties = [
        AnnotationPropertySpec(id="volume_um3", type="float32", description="volume in µm³"),
        _enumeration("compartment", COMPARTMENT_NUMBERS),
    ]
    writer = _point_writer(("cell", "mitochondrion"), properties)
    for path in csvs:
        for row in read_csv_rows(path):
            name = own_name(row["compartment"], row["cell_type"], pyramidal_labels)
            writer.add_point(
                [float(row[axis]) for axis in "xyz"],
                id=int(row["mito_id"]),
                volume_um3=float(row["mito size"] or "nan") / NM3_PER_UM3,
                compartment=COMPARTMENT_NUMBERS[name],
                cell=int(row["cellid"]),
                mitochondrion=int(row["mito_id"]),
            )
    _write_points(folder, writer)


def write_synapses(folder: str | Path, synapses: str | Path) -> None:
    """Write the neuron ends of synapses as points.

    The id is the row's number in the table, since a synapse between two neurons has two ends.
    Each has its ``synapse_type`` and is related to the ``cell`` whose end it is, to its
    ``pre_cell`` and to its ``post_cell``.

    Parameters
    ----------
    folder : str or Path
        Replaced, if it is there.
    synapses : path of the table of neuron ends of synapses
    """
    writer = _point_writer(
        ("cell", "pre_cell", "post_cell"), [_enumeration("synapse_type", SYNAPSE_NUMBERS)]
    )
    for number, row in enumerate(read_table(synapses, _SYNAPSE_COLUMNS).to_pylist()):
        writer.add_point(
            [row[axis] for axis in "xyz"],
            id=number,
            synapse_type=SYNAPSE_NUMBERS[row["synapse_type"]],
            cell=row["cell_id"],
            pre_cell=row["pre_root_id"],
            post_cell=row["post_root_id"],
        )
    _write_points(folder, writer)


def _enumeration(name: str, numbers: Mapping[str, int]) -> AnnotationPropertySpec:
    return AnnotationPropertySpec(
        id=name, type="uint8", enum_values=list(numbers.values()), enum_labels=list(numbers)
    )


def _point_writer(
    relationships: Sequence[str], properties: Sequence[AnnotationPropertySpec]
) -> AnnotationWriter:
    space = CoordinateSpace(names=list("xyz"), units="nm", scales=[1, 1, 1])
    return AnnotationWriter(space, "point", relationships, properties)


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
    """Make a local mesh layer available below the folder that is served.

    The meshes are linked to, not copied. Neuroglancer refuses an ``info`` whose ``@type`` it does
    not know, while CloudVolume writes and reads any: it is put right here.

    Parameters
    ----------
    folder : str or Path
        Replaced, if it is there.
    layer : Path
        Its folder.
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
