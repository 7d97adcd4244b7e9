"""The columns of the dataset's tables, in the order of the files."""

from __future__ import annotations

from mitosyn.catalogue.column import (
    FLAG,
    NM,
    NM2,
    NM3,
    PER_UNIT,
    UM,
    UM3,
    Column,
    count,
    either,
    identifier,
    number,
    text,
    tidy_name,
)
from mitosyn.catalogue.names import SYNAPSE_TYPES

Columns = dict[str, Column]
LENGTH_ALONG_SKELETON = "length along skeleton"
# What stands in braces is filled in from :mod:`mitosyn.catalogue.words`.
LABELS = "{labels}"
ROW: Columns = {"": identifier("running number of the row, from 0")}
CELL_ID = identifier("segmentation id (root id) of the cell")
MITO_ID = identifier("segmentation id of the mitochondrion")
NODE_ID = identifier("number of the skeleton node in the cell's SWC file, from 0")
CELL_TYPE = text("{neuron_types}")
_CELL: Columns = {
    "cell_id": CELL_ID,
    "cell_type": text("{types}"),
    "cell_subtype": text("{subtype}"),
}
_NO_MESH = "no mesh, or a bad one"
_NO_SECTION = f"{_NO_MESH}, or the plane misses it"
_NO_VOLUME = f"{_NO_MESH}, or it encloses no volume"
_NO_HULL = f"{_NO_MESH}, or it is flat"
_VOLUME, _HULL, _SECTION = "enclosed volume", "convex hull", "section across PC{}"
_NO_SKELETON = "{no_skeleton}"
_NO_SYNAPSES = "{no_synapses}"


def _position(what: str) -> Columns:
    meaning = "position of {} along {}: voxel position × voxel size"
    return {axis: number(NM, meaning.format(what, axis)) for axis in "xyz"}


def _of_axis(k: int) -> Columns:
    """Describe the measures by principal axis."""
    plane, across = f"the plane through the centroid c with normal PC{k}", _SECTION.format(k)
    return {
        f"PC{k} CA": number(
            NM2, f"area of the section by {plane}, holes subtracted", _NO_SECTION, across
        ),
        f"PC{k} Circum": number(NM, "length of the outline of that section", _NO_SECTION, across),
        f"PC{k} Length": number(NM, f"extent of the mesh's vertices along PC{k}", _NO_MESH),
        f"PC{k} inertia moment": number(
            NM2,
            f"sum over the vertices of their squared distance to the axis PC{k} through their "
            "mean, not normalised",
            _NO_MESH,
        ),
        f"PC{k} symmetry": number(
            PER_UNIT,
            f"1 − abs(V₊ − V₋) / (V₊ + V₋) of the volumes on the sides of {plane}",
            _NO_VOLUME,
            _VOLUME,
        ),
    }


MORPHOMETRICS: Columns = {
    **_of_axis(1),
    **_of_axis(2),
    **_of_axis(3),
    "convex hull SA": number(
        NM2, "surface area of the convex hull of the vertices", _NO_HULL, _HULL
    ),
    "convex hull compactness": number(
        PER_UNIT, "mito size / convex hull volume", _NO_VOLUME, _VOLUME
    ),
    "convex hull volume": number(NM3, "volume of the convex hull of the vertices", _NO_HULL, _HULL),
    "mito CA": number(NM2, "PC3 CA", _NO_SECTION, _SECTION.format(3)),
    "mito SA": number(NM2, "summed area of the mesh's triangles", _NO_MESH),
    "mito diam": number(NM, "PC1 Length", _NO_MESH),
    "mito size": number(
        NM3, "volume that the mesh encloses, absolute, about c", _NO_VOLUME, _VOLUME
    ),
    "sphericity": number(PER_UNIT, "π^(1/3) (6 mito size)^(2/3) / mito SA", _NO_VOLUME, _VOLUME),
}
_COMPARTMENT = text("{compartment}")
_LENGTH = number(
    NM,
    "summed length of the skeleton edges whose two nodes the mitochondrion both covers, 0 where "
    "there are none{of_length}",
    "{no_length}",
)
CELL_MITOCHONDRIA: Columns = {
    "mito_id": MITO_ID,
    "cellid": CELL_ID,
    "compartment": _COMPARTMENT,
    **_position("the mitochondrion"),
    LENGTH_ALONG_SKELETON: _LENGTH,
    **MORPHOMETRICS,
    "cell_type": _CELL["cell_type"],
    "cell_subtype": _CELL["cell_subtype"],
}
MITOCHONDRIA: Columns = {
    "mito_id": MITO_ID,
    **_CELL,
    "compartment": _COMPARTMENT,
    "label": identifier(
        f"number of the compartment, the same as that of skeleton nodes: {LABELS}", "{no_label}"
    ),
    **_position("the mitochondrion"),
    "voxels": count("voxels of the mitochondrion in the segmentation{voxels}", "{no_voxels}"),
    tidy_name(LENGTH_ALONG_SKELETON): _LENGTH,
    **{tidy_name(name): column for name, column in MORPHOMETRICS.items()},
    "complexity_index": number(
        PER_UNIT,
        "mitochondrial complexity index SA³ / (16 π² V²): SA is mito SA, V voxels × voxel volume",
        f"{_NO_MESH}{{or_no_voxels}}",
    ),
    "mesh_closed": Column(
        FLAG,
        "",
        "once repeated vertices are merged, the mesh's triangles run through each edge as often "
        "in one direction as in the other: it encloses a volume",
        _NO_MESH,
    ),
    "mesh_pieces": count(
        "connected pieces of the mesh once repeated vertices are merged", _NO_MESH
    ),
    "problem": text(
        "why values are missing: `no mesh`, what is wrong with a bad mesh, or for each reason "
        "`<reason>: <missing columns>`, separated by `; `",
        "no value of the row is missing",
    ),
}
_CENTROID: Columns = {
    f"centroid_{axis}": number(
        NM, f"position of the cell in the {{cell_table}} along {axis}", "{no_centroid}"
    )
    for axis in "xyz"
}
NEURONS: Columns = {
    "cell_id": CELL_ID,
    **_CENTROID,
    "cell_type": CELL_TYPE,
    "cell_subtype": _CELL["cell_subtype"],
}
CELLS: Columns = {
    **_CELL,
    **_CENTROID,
    **{
        f"soma_{axis}": number(
            NM,
            f"position of the soma in the {{soma_table}} along {axis}",
            "{no_soma}",
        )
        for axis in "xyz"
    },
    "mitochondria": count("number of its mitochondria"),
    "mitochondria_measured": count("number of those with a mito size"),
    "mitochondria_volume_um3": number(UM3, "summed mito size"),
    **{
        f"synapses_{kind}": count(f"number of `{kind}` rows in the table of synapses", _NO_SYNAPSES)
        for kind in SYNAPSE_TYPES
    },
    "skeleton_nodes": count("number of nodes of its skeleton", _NO_SKELETON),
    "skeleton_pieces": count("number of connected pieces of its skeleton", _NO_SKELETON),
    "skeleton_length_um": number(UM, "summed length of the edges of its skeleton", _NO_SKELETON),
}
SYNAPSES: Columns = {
    "id": identifier("segmentation id of the synapse"),
    "cell_id": identifier("segmentation id (root id) of the neuron on which the row's end lies"),
    "synapse_type": text(f"which end lies on the neuron: {either(SYNAPSE_TYPES)}"),
    **_position("the synapse"),
    "pre_root_id": identifier("segmentation id of the presynaptic partner, any object"),
    "post_root_id": identifier("segmentation id of the postsynaptic partner, any object"),
}
_NODE_POSITION: Columns = {axis: number(NM, f"position of the node along {axis}") for axis in "xyz"}
_NODE_LABEL = identifier(f"compartment of the node: {LABELS}")
SWC_NODES: Columns = {
    "id": NODE_ID,
    "label": _NODE_LABEL,
    **_NODE_POSITION,
    "radius": number(
        NM,
        "1 throughout: the skeletons have no radii; with the setting `swc_radii: measured` that "
        "of the node, 1 where it is not known",
    ),
    "parent": identifier("id of the node's parent, -1 for a root"),
}
SKELETON_NODES: Columns = {
    "cell_id": CELL_ID,
    "node_id": NODE_ID,
    "parent_id": identifier("node_id of the node's parent", "a root"),
    "label": _NODE_LABEL,
    "compartment": text("name of the label"),
    **_NODE_POSITION,
}
MITOCHONDRION_NODES: Columns = {
    "cell_id": CELL_ID,
    "mito_id": MITO_ID,
    "node_id": NODE_ID,
    "vertices": count("mesh vertices of the mitochondrion nearest to the node"),
}
ASSOCIATED_NODES: Columns = {
    "key": text("mito_id as text: each mitochondrion of the cell's CSV that is not `Somatic`"),
    "value": Column(
        "list of int64",
        "",
        "ids of the covered nodes in the SWC file, ascending; `[]` without a mesh",
    ),
}
INCOMPLETE: Columns = {
    "cell_id": CELL_ID,
    "mito_id": MITO_ID,
    "kind": text("`no mesh`, `bad mesh` or `partly measured`"),
    "problem": text("`no mesh`, or what is wrong with a bad mesh", "partly measured"),
    "missing": text("the morphometrics that are missing, separated by `;`"),
}
LEFT_OUT: Columns = {**_CELL, "reason": text("why the cell is not analysed")}
POSITION_CHECKS: Columns = {
    "cell_id": CELL_ID,
    "compared_with": text("`meshes` (their centres) or `skeleton` (its nearest node)"),
    "mitochondria": count("mitochondria that could be compared"),
    "median_nm": number(
        NM, "median distance of the table's positions from these; 10 µm of the soma's node are 0"
    ),
    **{
        f"ratio_{axis}": number(
            PER_UNIT, f"factor on {axis} that would bring them together; 1 where none would"
        )
        for axis in "xyz"
    },
    "verdict": text("`fits`, or `doubtful` where the median is above 1 µm (meshes) or 2.5 µm"),
}
RUN_TIMES: Columns = {
    "rule": text("rule of the workflow"),
    "jobs": count("number of its jobs"),
    "start_s": number("s", "summed CPU time of starting: interpreter and imports"),
    "work_s": number("s", "summed CPU time of working"),
    "peak_mb": number("MB", "largest memory of one of the jobs"),
}
