"""The data dictionary: type, unit and meaning of each column of each published file.

Names and their order are those of :mod:`mitosyn.catalogue.columns`; a name without a meaning here
raises a KeyError. The schemas of the Parquet tables are made from this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mitosyn.catalogue.columns import (
    AGREEMENT_COLUMNS,
    ASTROCYTE_COMPARTMENTS,
    BRANCH_COLUMNS,
    BRANCH_COMPARTMENT_COLUMNS,
    BRANCH_PROBLEM_COLUMNS,
    CELL_CSV_COLUMNS,
    CELL_TYPE_CSV_COLUMNS,
    CELL_TYPES,
    CELLS_COLUMNS,
    COMPARTMENTS,
    CONFUSION_COLUMNS,
    DIFFERENCE_COLUMNS,
    GRADIENT_COLUMNS,
    INCOMPLETE_COLUMNS,
    LEFT_OUT_COLUMNS,
    LENGTH_ALONG_SKELETON,
    MITOCHONDRION_NODE_COLUMNS,
    MITOCHONDRION_TABLE_COLUMNS,
    NEURITE_LENGTH_COLUMNS,
    NEURON_TYPES,
    POSITION_CHECK_COLUMNS,
    SKELETON_NODE_COLUMNS,
    STATISTIC_COLUMNS,
    SWC_COLUMNS,
    SYNAPSE_CSV_COLUMNS,
    SYNAPSE_TYPES,
    TIP_LENGTH_COLUMNS,
    tidy_name,
)

INTEGER, NUMBER, TEXT, FLAG = "int64", "float64", "text", "bool"
NM, NM2, NM3, PER_UNIT = "nm", "nm²", "nm³", "1"
CELL_CSV, SWC = "microns_cells/<cell_type>_<cell_id>.csv", "cell_morphologies/<cell_id>.swc"
CELLS_CSV, SYNAPSES_CSV = "cells.csv", "synapse_filtered.csv"
CELLS, SYNAPSES = "cells.parquet", "synapses.parquet"
MITOCHONDRIA, MITOCHONDRION_NODES = "mitochondria.parquet", "mitochondrion_nodes.parquet"
SKELETON_NODES = "skeleton_nodes.parquet"
BRANCHES, BRANCHES_CSV = "branches_<type>.parquet", "branches_<type>.csv"
BRANCH_COMPARTMENTS = "branch_compartments.parquet"
BRANCH_COMPARTMENTS_CSV = "branch_compartments.csv"


@dataclass(frozen=True)
class Meaning:
    """What the values of a column are.

    Attributes
    ----------
    kind : {"int64", "float64", "text", "bool"}
    unit : str
        ``1`` for counts and ratios, empty for ids, labels, texts and flags.
    description : str
    missing : str
        What it means that a value is missing; empty where none can be.
    """

    kind: str
    unit: str
    description: str
    missing: str = ""


@dataclass(frozen=True)
class PublishedTable:
    """A published file, or files that are alike, and its columns.

    Attributes
    ----------
    name : str
        Path under the dataset's results.
    description : str
    columns : dict from column name to its meaning
        In the order of the file.
    """

    name: str
    description: str
    columns: dict[str, Meaning]


def _number(unit: str, description: str, missing: str = "") -> Meaning:
    return Meaning(NUMBER, unit, description, missing)


def _integer(unit: str, description: str, missing: str = "") -> Meaning:
    return Meaning(INTEGER, unit, description, missing)


def _text(description: str, missing: str = "") -> Meaning:
    return Meaning(TEXT, "", description, missing)


def _either(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _position(what: str, missing: str = "") -> dict[str, Meaning]:
    """Give the meanings of x, y and z."""
    text = "position of {} along {}: voxel position × voxel size"
    return {axis: _number(NM, text.format(what, axis), missing) for axis in "xyz"}


_ROW = {"": _integer("", "running number of the row, from 0")}
_CELL_ID = _integer("", "segmentation id (root id) of the cell")
_MITO_ID = _integer("", "segmentation id of the mitochondrion")
_CELL = {
    "cell_id": _CELL_ID,
    "cell_type": _text(_either(CELL_TYPES)),
    "cell_subtype": _text("as the published cell type table has it"),
}
_NO_MESH = "no mesh, or a bad one"
_NO_SECTION = f"{_NO_MESH}, or the plane misses it"
_NO_VOLUME = f"{_NO_MESH}, or it encloses no volume"
_NO_HULL = f"{_NO_MESH}, or it is flat"
_NO_SKELETON = "an astrocyte: it has no skeleton"
_NO_SYNAPSES = "an astrocyte: the table has those of neurons only"
_COMPARTMENT = _text(
    f"neurons: {_either(COMPARTMENTS)}; astrocytes: {_either(ASTROCYTE_COMPARTMENTS)}. Pyramidal "
    "cells keep the published text, in which `Unknown` and `Unknown dendritic` may have changed "
    "places: `label` in `mitochondria.parquet` has the number"
)
_LABELS = "; ".join(f"{label} {name}" for label, name in enumerate(COMPARTMENTS))


def _of_axis(k: int) -> dict[str, Meaning]:
    """Give the meanings of the measures by principal axis."""
    plane = f"the plane through the centroid c with normal PC{k}"
    return {
        f"PC{k} CA": _number(NM2, f"area of the section by {plane}, holes subtracted", _NO_SECTION),
        f"PC{k} Circum": _number(NM, "length of the outline of that section", _NO_SECTION),
        f"PC{k} Length": _number(NM, f"extent of the mesh's vertices along PC{k}", _NO_MESH),
        f"PC{k} inertia moment": _number(
            NM2,
            f"sum over the vertices of their squared distance to the axis PC{k} through their "
            "mean, not normalised",
            _NO_MESH,
        ),
        f"PC{k} symmetry": _number(
            PER_UNIT,
            f"1 − abs(V₊ − V₋) / (V₊ + V₋) of the volumes on the sides of {plane}",
            _NO_VOLUME,
        ),
    }


_MORPHOMETRICS = {
    **_of_axis(1),
    **_of_axis(2),
    **_of_axis(3),
    "convex hull SA": _number(NM2, "surface area of the convex hull of the vertices", _NO_HULL),
    "convex hull compactness": _number(PER_UNIT, "mito size / convex hull volume", _NO_VOLUME),
    "convex hull volume": _number(NM3, "volume of the convex hull of the vertices", _NO_HULL),
    "mito CA": _number(NM2, "PC3 CA", _NO_SECTION),
    "mito SA": _number(NM2, "summed area of the mesh's triangles", _NO_MESH),
    "mito diam": _number(NM, "PC1 Length", _NO_MESH),
    "mito size": _number(NM3, "volume that the mesh encloses, absolute, about c", _NO_VOLUME),
    "sphericity": _number(PER_UNIT, "π^(1/3) (6 mito size)^(2/3) / mito SA", _NO_VOLUME),
}
_LENGTH = _number(
    NM,
    "summed length of the skeleton edges whose two nodes the mitochondrion both covers, 0 where "
    "there are none, as published for pyramidal cells; astrocytes: PC1 Length stands in",
    "an astrocyte's mitochondrion without a mesh",
)
_CELL_CSV = {
    **_ROW,
    **_CELL,
    **_position("the mitochondrion"),
    **_MORPHOMETRICS,
    "mito_id": _MITO_ID,
    "cellid": _CELL_ID,
    "compartment": _COMPARTMENT,
    LENGTH_ALONG_SKELETON: _LENGTH,
}
_MITOCHONDRIA = {
    **_CELL_CSV,
    **{tidy_name(name): meaning for name, meaning in _MORPHOMETRICS.items()},
    tidy_name(LENGTH_ALONG_SKELETON): _LENGTH,
    "label": _integer(
        "",
        f"number of the compartment, the same as that of skeleton nodes: {_LABELS}",
        "an astrocyte",
    ),
    "voxels": _integer("1", "voxels of the mitochondrion in the segmentation (`mito_vx`)"),
    "complexity_index": _number(
        PER_UNIT,
        "mitochondrial complexity index SA³ / (16 π² V²): SA is mito SA, V voxels × voxel volume",
        _NO_MESH,
    ),
    "mesh_closed": Meaning(
        FLAG,
        "",
        "once repeated vertices are merged, the mesh's triangles run through each edge as often "
        "in one direction as in the other: it encloses a volume",
        _NO_MESH,
    ),
    "mesh_pieces": _integer(
        "1", "connected pieces of the mesh once repeated vertices are merged", _NO_MESH
    ),
    "problem": _text(
        "why values are missing: `no mesh`, what is wrong with a bad mesh, or for each reason "
        "`<reason>: <missing columns>`, separated by `; `",
        "no value of the row is missing",
    ),
}
_CELLS = {
    **_CELL,
    **{
        f"{point}_{axis}": _number(NM, f"{what} along {axis}", missing)
        for point, what, missing in (
            ("centroid", "position of the cell after the cell type table", ""),
            (
                "soma",
                "position of the soma after the soma table",
                "that table has no row of the cell, or more than one",
            ),
        )
        for axis in "xyz"
    },
    "mitochondria": _integer("1", "number of its mitochondria"),
    "mitochondria_measured": _integer("1", "number of those with a mito size"),
    "mitochondria_volume_um3": _number("µm³", "summed mito size"),
    "synapses_post": _integer("1", "number of `post` rows in the table of synapses", _NO_SYNAPSES),
    "synapses_pre": _integer("1", "number of `pre` rows in the table of synapses", _NO_SYNAPSES),
    "synapses_autapse": _integer(
        "1", "number of `autapse` rows in the table of synapses", _NO_SYNAPSES
    ),
    "skeleton_nodes": _integer("1", "number of nodes of its skeleton", _NO_SKELETON),
    "skeleton_pieces": _integer("1", "number of connected pieces of its skeleton", _NO_SKELETON),
    "skeleton_length_um": _number("µm", "summed length of the edges of its skeleton", _NO_SKELETON),
}
_SYNAPSES = {
    **_ROW,
    **_position("the synapse"),
    "id": _integer("", "segmentation id of the synapse"),
    "cell_id": _integer("", "segmentation id (root id) of the neuron on which the row's end lies"),
    "synapse_type": _text(f"which end lies on the neuron: {_either(SYNAPSE_TYPES)}"),
    "pre_root_id": _integer("", "segmentation id of the presynaptic partner, any object"),
    "post_root_id": _integer("", "segmentation id of the postsynaptic partner, any object"),
}
_NODE_ID = _integer("", "number of the skeleton node in the cell's SWC file, from 0")
_SKELETON_NODES = {
    "cell_id": _CELL_ID,
    "node_id": _NODE_ID,
    "id": _NODE_ID,
    "parent_id": _integer("", "node_id of the node's parent", "a root"),
    "parent": _integer("", "id of the node's parent, -1 for a root"),
    "label": _integer("", f"compartment of the node: {_LABELS}"),
    "compartment": _text("name of the label"),
    **{axis: _number(NM, f"position of the node along {axis}") for axis in "xyz"},
    "radius": _number(
        "nm",
        "1 throughout: the skeletons have no radii; with the setting `swc_radii: measured` that "
        "of the node, 1 where it is not known",
    ),
}
_MITOCHONDRION_NODES = {
    "cell_id": _CELL_ID,
    "mito_id": _MITO_ID,
    "node_id": _NODE_ID,
    "vertices": _integer("1", "mesh vertices of the mitochondrion nearest to the node"),
}
_ASSOCIATED_NODES = {
    "key": _text("mito_id as text: each mitochondrion of the cell's CSV that is not `Somatic`"),
    "value": Meaning(
        "list of int64",
        "",
        "ids of the covered nodes in the SWC file, ascending; `[]` without a mesh",
    ),
}
_INCOMPLETE = {
    "cell_id": _CELL_ID,
    "mito_id": _MITO_ID,
    "kind": _text("`no mesh`, `bad mesh` or `partly measured`"),
    "problem": _text("`no mesh`, or what is wrong with a bad mesh", "partly measured"),
    "missing": _text("the morphometrics that are missing, separated by `;`"),
}
_NOT_PUBLISHED = "the published table has none"
_AGREEMENT = {
    "group": _text("`all`, `with a mesh`, or a published compartment"),
    "statistic": _text(
        "`mitochondria`, `without_published_compartment`, `without_published_length`, "
        "`without_mesh`: numbers; `equal_compartment`, `length_within_1_nm`, "
        "`length_within_1_percent`, `length_within_10_percent` (of the published length): shares; "
        "`length_difference_…`, `relative_length_difference_…`: `min`, percentiles and `max` of "
        "recomputed − published, relative to published lengths above 0"
    ),
    "unit": _text("unit of the value: `nm`, or `1` for numbers, shares and ratios"),
    "n": _integer("1", "mitochondria that the value is of: those with a published one"),
    "value": _number("as in unit", "the value", "there is nothing to compare"),
}
_CONFUSION = {
    "published_compartment": _text(
        f"{_either(COMPARTMENTS)}: the name, as skeletons have it, of the published label",
        _NOT_PUBLISHED,
    ),
    "recomputed_compartment": _text(_either(COMPARTMENTS)),
    "mitochondria": _integer("1", "number of mitochondria with these two"),
    "share": _number(PER_UNIT, "share of those with this published compartment"),
}
_NO_VERTICES = "no mesh, or a bad one"
_DIFFERENCES = {
    **_position("the mitochondrion"),
    **{f"{axis}_vx": _number("voxels", f"the same along {axis}") for axis in "xyz"},
    "mito_id": _MITO_ID,
    "cell_id": _CELL_ID,
    "differs": _text("`compartment`, `length` (by more than 1 nm) or `compartment, length`"),
    "published_compartment": _CONFUSION["published_compartment"],
    "recomputed_compartment": _CONFUSION["recomputed_compartment"],
    "vertices_at_published": _number(
        PER_UNIT,
        "share of the mesh's vertices nearest to nodes of the published compartment",
        f"{_NO_VERTICES}, or no published compartment",
    ),
    "vertices_at_recomputed": _number(
        PER_UNIT, "the same, of the recomputed compartment", _NO_VERTICES
    ),
    "published_length_nm": _number(NM, "published length along skeleton", _NOT_PUBLISHED),
    "recomputed_length_nm": _number(NM, "recomputed length along skeleton"),
    "difference_nm": _number(NM, "recomputed − published length", _NOT_PUBLISHED),
    "note": _text("what the data tell about why it differs", "nothing"),
    "link": _text(
        "Neuroglancer at the mitochondrion: in the public layers, or else in the folder that is "
        "served locally",
        "the dataset has neither",
    ),
}
_LEFT_OUT = {**_CELL, "reason": _text("why the cell is not analysed")}
_POSITION_CHECKS = {
    "cell_id": _CELL_ID,
    "compared_with": _text("`meshes` (their centres) or `skeleton` (its nearest node)"),
    "mitochondria": _integer("1", "mitochondria that could be compared"),
    "median_nm": _number(
        NM, "median distance of the table's positions from these; 10 µm of the soma's node are 0"
    ),
    **{
        f"ratio_{axis}": _number(
            PER_UNIT, f"factor on {axis} that would bring them together; 1 where none would"
        )
        for axis in "xyz"
    },
    "verdict": _text("`fits`, or `doubtful` where the median is above 1 µm (meshes) or 2.5 µm"),
}
_UM, _UM2, _UM3 = "µm", "µm²", "µm³"
_NO_BRANCH_MESH = "no part of a cell mesh belongs to it"
_NO_LENGTH = "the path length is 0"
_NO_OVERLAP = "a mitochondrion there has no overlap with the cell in the table of overlaps"
_NO_WAY = "no way leads to the soma"
_NO_DIAMETER = "no node has a known diameter"
_BRANCH_LENGTHS = {
    "pathlength": _number(_UM, "summed length of the skeleton edges with both ends in it"),
    "coveredpathlength": _number(
        _UM, "sum over those edges of length × number of mitochondria that cover both ends"
    ),
    "uncoveredpathlength": _number(_UM, "summed length of those edges that none covers so"),
    "extracoveragelength": _number(
        _UM, "sum over those edges that more than one covers so of length × (number − 1)"
    ),
    "synapsecount": _integer(
        "1", "postsynaptic sites of the cell, autapses too, whose nearest skeleton node is in it"
    ),
    "nodes": _integer("1", "number of its skeleton nodes"),
    "vertices": _integer("1", "number of its cell mesh vertices", "the cell has no usable mesh"),
}
_BRANCHES = {
    **_BRANCH_LENGTHS,
    "cellid": _CELL_ID,
    "branchid": _integer(
        "",
        "skeleton index of the node nearest to the soma; `coveredornot`: farthest from it",
    ),
    "compartment": _integer(
        "",
        f"label of that node: {_LABELS}; label + 6 for an uncovered branch of `coveredornot`",
    ),
    "surfacearea": _number(
        _UM2, "area of the cell mesh's triangles with all three vertices in it", _NO_BRANCH_MESH
    ),
    "volume": _number(
        _UM3,
        "volume of these triangles, each boundary loop closed with a fan to its mean point",
        _NO_BRANCH_MESH,
    ),
    "mitovol": _number(
        _UM3,
        "sum over mitochondria of their overlap with the cell × the share of their mesh vertices "
        "nearest to nodes of the branch",
        _NO_OVERLAP,
    ),
    "mitovoldensity": _number(PER_UNIT, "mitovol / volume", "one of them is missing or volume 0"),
    "linearmitocoverage": _number(PER_UNIT, "coveredpathlength / pathlength", _NO_LENGTH),
    "surfsynapsedensity": _number(
        "1/µm²", "synapsecount / surfacearea", f"{_NO_BRANCH_MESH}, or its area is 0"
    ),
    "linearsynapsedensity": _number("1/µm", "synapsecount / pathlength", _NO_LENGTH),
    **{
        f"{short}diam": _number(NM, f"{name} diameter of its nodes", _NO_DIAMETER)
        for short, name in (
            ("min", "smallest"),
            ("mean", "mean"),
            ("median", "median"),
            ("max", "largest"),
        )
    },
    **{
        f"{short}disttosoma": _number(
            _UM, f"{name} distance of its nodes from the soma, along the skeleton", _NO_WAY
        )
        for short, name in (("min", "smallest"), ("mean", "mean"), ("max", "largest"))
    },
    "mindisttoleaf": _number(
        _UM,
        "smallest distance of its nodes from a tip, along the skeleton",
        "no way leads to a tip",
    ),
}
_NO_NUCLEUS = "not the soma, or not exactly one nucleus of known volume"
_BRANCH_COMPARTMENTS = {
    **_BRANCH_LENGTHS,
    "cell_id": _CELL_ID,
    "compartment": _text(_either(COMPARTMENTS)),
    "branches": _integer("1", "number of the compartment's branches of type `full`"),
    "branches_without_mesh": _integer("1", "number of those without a part of the cell mesh"),
    "surfacearea": _number(_UM2, "summed area of the branches with a mesh", "none has one"),
    "volume": _number(_UM3, "summed volume of the branches with a mesh", "none has one"),
    "nucleusvol": _number(_UM3, "soma: volume of the nucleus, voxels × voxel volume", _NO_NUCLEUS),
    "cytovol": _number(
        _UM3,
        "volume; soma: volume − nucleusvol",
        "the volume is missing; soma: so is the nucleus, or it is not smaller",
    ),
    "mitovol": _number(_UM3, "summed mitovol of the branches", _NO_OVERLAP),
    "mitovoldensity": _number(PER_UNIT, "mitovol / cytovol", "one of them is missing or 0"),
    "linearmitocoverage": _number(PER_UNIT, "coveredpathlength / pathlength", _NO_LENGTH),
    "surfsynapsedensity": _number(
        "1/µm²", "synapsecount / surfacearea", "the area is missing or 0"
    ),
    "linearsynapsedensity": _number("1/µm", "synapsecount / pathlength", _NO_LENGTH),
}
_NEURITE_LENGTHS = {
    "cell_id": _CELL_ID,
    "compartment": _text(_either(COMPARTMENTS)),
    "length_um": _number(_UM, "summed length of the skeleton edges with both ends in it"),
}
_TIP_LENGTHS = {
    "cell_id": _CELL_ID,
    "skeleton_node": _integer("", "index of the tip in the skeleton file, from 0"),
    "node_id": _NODE_ID,
    "compartment": _text("name of the tip's label"),
    "length_um": _number(_UM, "length of the way from the soma to the tip", _NO_WAY),
}
_BRANCH_PROBLEMS = {
    "cell_id": _CELL_ID,
    "subject": _text("`cell mesh`, `skeleton`, `nucleus` or `mitochondrion <mito_id>`"),
    "problem": _text("what is wrong with it, or missing"),
}
_OF_QUANTITY = "that of the quantity"
_FEW = "too few values"
_STATISTICS = {
    "statistic": _text("see docs/branch-types.md"),
    "group": _text("compartment of pyramidal cells, or the two that are compared"),
    "n": _integer(PER_UNIT, "values that it is made of"),
    "value": _number("that of the statistic", "what was found here", _FEW),
    "p": _number(PER_UNIT, "probability under the null hypothesis", "nothing is tested"),
    "published": _number("that of the statistic", "of MICrONS layer 2/3", "not published"),
    "note": _text("what to know of the row", "nothing"),
}
_GRADIENTS = {
    "cell_type": _text(_either(NEURON_TYPES)),
    "compartment": _text(_either(COMPARTMENTS)),
    "quantity": _text("a column of branches_distancebins"),
    "from_um": _integer(_UM, "where the bin of distances from the soma begins"),
    "to_um": _integer(_UM, "where it ends"),
    "segments": _integer(PER_UNIT, "branches in the bin"),
    "cells": _integer(PER_UNIT, "cells that they are of"),
    "mean": _number(_OF_QUANTITY, "mean", _FEW),
    "sd": _number(_OF_QUANTITY, "standard deviation over n", _FEW),
    "q25": _number(_OF_QUANTITY, "first quartile", _FEW),
    "q50": _number(_OF_QUANTITY, "median", _FEW),
    "q75": _number(_OF_QUANTITY, "third quartile", _FEW),
}
_RUN_TIMES = {
    "rule": _text("rule of the workflow"),
    "jobs": _integer("1", "number of its jobs"),
    "start_s": _number("s", "summed CPU time of starting: interpreter and imports"),
    "work_s": _number("s", "summed CPU time of working"),
    "peak_mb": _number("MB", "largest memory of one of the jobs"),
}


_INTRODUCTION = """\
# Data dictionary

The columns of every published table, under `results/<dataset>/`. Ids are integers beyond 2^53:
read them as 64-bit integers, never as floats. A missing value is an empty field in a CSV file
and a null in a Parquet file; a column without an entry under "missing where" has none. A float64
has a decimal point or an exponent in every row of a CSV file, and reads back exactly. Counts
and ratios have the unit 1. The Parquet files have unit and meaning in their columns' metadata.

PC1, PC2 and PC3 are the principal axes of a mesh's vertices; c is the mean of its triangles'
centroids, weighted by area. The definitions of cells, compartments and
coverage are in the workflow's `docs/definitions.md`.
"""


def _columns(names: Iterable[str], meanings: Mapping[str, Meaning]) -> dict[str, Meaning]:
    return {name: meanings[name] for name in names}


PUBLISHED_TABLES = (
    PublishedTable(
        CELL_CSV,
        "The mitochondria of a cell, packed as `microns.tar.gz`.",
        _columns(("", *CELL_CSV_COLUMNS), _CELL_CSV),
    ),
    PublishedTable(
        SWC,
        "The skeleton of a neuron, a parent before its children, packed as "
        "`morphologies.tar.gz`. Blanks between the columns, no header.",
        _columns(SWC_COLUMNS, _SKELETON_NODES),
    ),
    PublishedTable(
        "associated_nodes/<cell_id>_associated_nodes.json",
        "The skeleton nodes that the mitochondria of a neuron cover outside the soma, packed as "
        "`nodes.tar.gz`: one JSON object. The suffix is a setting.",
        _ASSOCIATED_NODES,
    ),
    PublishedTable(
        "cell_type_classification_filtered.csv",
        "The neurons with position and type, in the order of the cell type table.",
        _columns(CELL_TYPE_CSV_COLUMNS, {**_CELLS, "cell_type": _text(_either(NEURON_TYPES))}),
    ),
    PublishedTable(
        CELLS_CSV,
        "All analysed cells, astrocytes too, with what is known of each.",
        _columns(CELLS_COLUMNS, _CELLS),
    ),
    PublishedTable(
        SYNAPSES_CSV,
        "The synapses of the neurons, a row for each end of a synapse on a neuron; an autapse "
        "has one row. The second rows of synapses between two neurons, their `pre` ends, stand at "
        "the end.",
        _columns(("", *SYNAPSE_CSV_COLUMNS), _SYNAPSES),
    ),
    PublishedTable(
        "incomplete_mitochondria.csv",
        "The mitochondria without a mesh, with a bad one, or with a measure missing.",
        _columns(INCOMPLETE_COLUMNS, _INCOMPLETE),
    ),
    PublishedTable(
        "recomputed_agreement.csv",
        "With `recompute_pyramidal`: how recomputed compartments and lengths of pyramidal "
        "mitochondria agree with the published ones.",
        _columns(AGREEMENT_COLUMNS, _AGREEMENT),
    ),
    PublishedTable(
        "recomputed_labels.csv",
        "With `recompute_pyramidal`: the pyramidal mitochondria by published and by recomputed "
        "compartment.",
        _columns(CONFUSION_COLUMNS, _CONFUSION),
    ),
    PublishedTable(
        "recomputed_differences.csv",
        "With `recompute_pyramidal`: the pyramidal mitochondria that differ most from what is "
        "published, the largest difference of length first; at most 200 with another compartment "
        "and 200 with another length.",
        _columns(DIFFERENCE_COLUMNS, _DIFFERENCES),
    ),
    PublishedTable(
        "tables/left_out_cells.csv",
        "Cells that one could expect but that are not analysed.",
        _columns(LEFT_OUT_COLUMNS, _LEFT_OUT),
    ),
    PublishedTable(
        "tables/position_checks.csv",
        "How well the positions of each cell's mitochondria fit its meshes and its skeleton.",
        _columns(POSITION_CHECK_COLUMNS, _POSITION_CHECKS),
    ),
    PublishedTable(
        "run_times.csv",
        "What the jobs of each rule cost when they last ran; differs from run to run.",
        _RUN_TIMES,
    ),
    PublishedTable(
        CELLS,
        "All analysed cells, astrocytes too, with what is known of each: as cells.csv.",
        _columns(CELLS_COLUMNS, _CELLS),
    ),
    PublishedTable(
        MITOCHONDRIA,
        "The mitochondria of all cells, in the order of the cells and of their CSV files.",
        _columns(MITOCHONDRION_TABLE_COLUMNS, _MITOCHONDRIA),
    ),
    PublishedTable(
        SYNAPSES,
        "The synapses of the neurons, a row for each end of a synapse on a neuron: as "
        "synapse_filtered.csv.",
        _columns(SYNAPSE_CSV_COLUMNS, _SYNAPSES),
    ),
    PublishedTable(
        SKELETON_NODES,
        "The skeleton nodes of all neurons, in the order of the cells and of their SWC files.",
        _columns(SKELETON_NODE_COLUMNS, _SKELETON_NODES),
    ),
    PublishedTable(
        MITOCHONDRION_NODES,
        "The skeleton nodes that each mitochondrion of a neuron covers, those in the soma too: "
        "the nodes that are nearest to a vertex of its mesh.",
        _columns(MITOCHONDRION_NODE_COLUMNS, _MITOCHONDRION_NODES),
    ),
    PublishedTable(
        BRANCHES,
        "The branches of all neurons by one of the types that the setting `branches` lists.",
        _columns(BRANCH_COLUMNS, _BRANCHES),
    ),
    PublishedTable(
        BRANCHES_CSV,
        "The same as CSV.",
        _columns(BRANCH_COLUMNS, _BRANCHES),
    ),
    PublishedTable(
        BRANCH_COMPARTMENTS,
        "Sums over the branches of each neuron by compartment, with the setting `branches`.",
        _columns(BRANCH_COMPARTMENT_COLUMNS, _BRANCH_COMPARTMENTS),
    ),
    PublishedTable(
        BRANCH_COMPARTMENTS_CSV,
        "The same as CSV.",
        _columns(BRANCH_COMPARTMENT_COLUMNS, _BRANCH_COMPARTMENTS),
    ),
    PublishedTable(
        "neurite_lengths.csv",
        "The length of each neuron's skeleton by compartment, with the setting `branches`.",
        _columns(NEURITE_LENGTH_COLUMNS, _NEURITE_LENGTHS),
    ),
    PublishedTable(
        "tip_lengths.csv",
        "The tips of each neuron's skeleton, with the setting `branches`.",
        _columns(TIP_LENGTH_COLUMNS, _TIP_LENGTHS),
    ),
    PublishedTable(
        "branch_problems.csv",
        "What the branch analysis or measured radii lack, neuron by neuron, and why.",
        _columns(BRANCH_PROBLEM_COLUMNS, _BRANCH_PROBLEMS),
    ),
    PublishedTable(
        "branch_statistics.csv",
        "Statistics of compartments and branches beside the published ones, with `distancebins`.",
        _columns(STATISTIC_COLUMNS, _STATISTICS),
    ),
    PublishedTable(
        "branch_gradients.csv",
        "Branches by 10 µm of distance from the soma, with `distancebins`.",
        _columns(GRADIENT_COLUMNS, _GRADIENTS),
    ),
)


def published_table(name: str) -> PublishedTable:
    """Look up a published table by its path under the dataset's results."""
    return next(table for table in PUBLISHED_TABLES if table.name == name)


def data_dictionary() -> str:
    """Give the data dictionary in Markdown."""
    return "\n".join([_INTRODUCTION, *map(_section, PUBLISHED_TABLES)])


def _section(table: PublishedTable) -> str:
    """Describe one table: a heading, what it holds, a line for each column."""
    lines = [
        f"| {f'`{name}`' if name else '(unnamed)'} | {meaning.kind} | {meaning.unit} | "
        f"{meaning.description} | {meaning.missing} |"
        for name, meaning in table.columns.items()
    ]
    return "\n".join(
        [
            f"## {table.name}\n\n{table.description}\n",
            "| column | type | unit | meaning | missing where |",
            "| --- | --- | --- | --- | --- |",
            *lines,
            "",
        ]
    )
