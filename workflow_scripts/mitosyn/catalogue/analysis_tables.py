"""The columns of the tables of analyses: recomputed values, branches, statistics."""

from __future__ import annotations

from mitosyn.catalogue.column import (
    INTEGER,
    NM,
    PER_UNIT,
    UM,
    UM2,
    UM3,
    Column,
    count,
    identifier,
    number,
    text,
)
from mitosyn.catalogue.tables import CELL_ID, CELL_TYPE, LABELS, MITO_ID, NODE_ID, Columns

_NOT_PUBLISHED = "the published table has none"
AGREEMENT: Columns = {
    "group": text("`all`, `with a mesh`, or a published compartment"),
    "statistic": text(
        "`mitochondria`, `without_published_compartment`, `without_published_length`, "
        "`without_mesh`: numbers; `equal_compartment`, `length_within_1_nm`, "
        "`length_within_1_percent`, `length_within_10_percent` (of the published length): shares; "
        "`length_difference_…`, `relative_length_difference_…`: `min`, percentiles and `max` of "
        "recomputed − published, relative to published lengths above 0"
    ),
    "unit": text("unit of the value: `nm`, or `1` for numbers, shares and ratios"),
    "n": count("mitochondria that the value is of: those with a published one"),
    "value": number("as in unit", "the value", "there is nothing to compare"),
}
_PUBLISHED = text(
    "{compartments}: the name, as skeletons have it, of the published label",
    _NOT_PUBLISHED,
)
_RECOMPUTED = text("{compartments}")
CONFUSION: Columns = {
    "published_compartment": _PUBLISHED,
    "recomputed_compartment": _RECOMPUTED,
    "mitochondria": count("number of mitochondria with these two"),
    "share": number(PER_UNIT, "share of those with this published compartment"),
}
_NO_VERTICES = "no mesh, or a bad one"
DIFFERENCES: Columns = {
    "mito_id": MITO_ID,
    "cell_id": CELL_ID,
    "differs": text("`compartment`, `length` (by more than 1 nm) or `compartment, length`"),
    "published_compartment": _PUBLISHED,
    "recomputed_compartment": _RECOMPUTED,
    "vertices_at_published": number(
        PER_UNIT,
        "share of the mesh's vertices nearest to nodes of the published compartment",
        f"{_NO_VERTICES}, or no published compartment",
    ),
    "vertices_at_recomputed": number(
        PER_UNIT, "the same, of the recomputed compartment", _NO_VERTICES
    ),
    "published_length_nm": number(NM, "published length along skeleton", _NOT_PUBLISHED),
    "recomputed_length_nm": number(NM, "recomputed length along skeleton"),
    "difference_nm": number(NM, "recomputed − published length", _NOT_PUBLISHED),
    "note": text("what the data say about why it differs", "nothing"),
    **{
        axis: number(NM, f"position of the mitochondrion along {axis}: voxel position × voxel size")
        for axis in "xyz"
    },
    **{f"{axis}_vx": number("voxels", f"the same along {axis}") for axis in "xyz"},
    "link": text(
        "Neuroglancer at the mitochondrion: in the public layers, or else in the folder that is "
        "served locally",
        "the dataset has neither",
    ),
}
_NO_BRANCH_MESH = "no part of a cell mesh belongs to it"
_NO_LENGTH = "the path length is 0"
_NO_OVERLAP = "a mitochondrion there has no overlap with the cell in the table of overlaps"
_NO_WAY = "no way leads to the soma"
_NO_DIAMETER = "no node has a known diameter"
_LENGTH: Columns = {
    "pathlength": number(UM, "summed length of the skeleton edges with both ends in it")
}
_COVERED: Columns = {
    "coveredpathlength": number(
        UM, "sum over those edges of length × number of mitochondria that cover both ends"
    ),
    "uncoveredpathlength": number(UM, "summed length of those edges that none covers so"),
    "extracoveragelength": number(
        UM, "sum over those edges that more than one covers so of length × (number − 1)"
    ),
}
_SYNAPSES: Columns = {
    "synapsecount": count(
        "postsynaptic sites of the cell, autapses too, whose nearest skeleton node is in it"
    )
}
_SIZES: Columns = {
    "nodes": count("number of its skeleton nodes"),
    "vertices": count("number of its cell mesh vertices", "the cell has no usable mesh"),
}


def _densities(volume: str, no_volume: str, no_area: str) -> Columns:
    return {
        "mitovoldensity": number(PER_UNIT, f"mitovol / {volume}", no_volume),
        "linearmitocoverage": number(PER_UNIT, "coveredpathlength / pathlength", _NO_LENGTH),
        "surfsynapsedensity": number("1/µm²", "synapsecount / surfacearea", no_area),
        "linearsynapsedensity": number("1/µm", "synapsecount / pathlength", _NO_LENGTH),
    }


# Names as the published analysis has them.
BRANCHES: Columns = {
    "cellid": CELL_ID,
    "branchid": identifier(
        "skeleton index of the node nearest to the soma; `coveredornot`: farthest from it"
    ),
    "compartment": identifier(
        f"label of that node: {LABELS}; label + 6 for an uncovered branch of `coveredornot`"
    ),
    **_LENGTH,
    "surfacearea": number(
        UM2, "area of the cell mesh's triangles with all three vertices in it", _NO_BRANCH_MESH
    ),
    "volume": number(
        UM3,
        "volume of these triangles, each boundary loop closed with a fan to its mean point",
        _NO_BRANCH_MESH,
    ),
    **_SYNAPSES,
    "mitovol": number(
        UM3,
        "sum over mitochondria of their overlap with the cell × the share of their mesh vertices "
        "nearest to nodes of the branch",
        _NO_OVERLAP,
    ),
    **_COVERED,
    **_densities(
        "volume", "one of them is missing or volume 0", f"{_NO_BRANCH_MESH}, or its area is 0"
    ),
    **{
        f"{short}diam": number(NM, f"{name} diameter of its nodes", _NO_DIAMETER)
        for short, name in (
            ("min", "smallest"),
            ("mean", "mean"),
            ("median", "median"),
            ("max", "largest"),
        )
    },
    **{
        f"{short}disttosoma": number(
            UM, f"{name} distance of its nodes from the soma, along the skeleton", _NO_WAY
        )
        for short, name in (("min", "smallest"), ("mean", "mean"), ("max", "largest"))
    },
    "mindisttoleaf": number(
        UM,
        "smallest distance of its nodes from a tip, along the skeleton",
        "no way leads to a tip",
    ),
    **_SIZES,
}
BRANCH_COMPARTMENTS: Columns = {
    "cell_id": CELL_ID,
    "compartment": text("{compartments}"),
    "branches": count("number of the compartment's branches of type `full`"),
    "branches_without_mesh": count("number of those without a part of the cell mesh"),
    **_LENGTH,
    "surfacearea": number(UM2, "summed area of the branches with a mesh", "none has one"),
    "volume": number(UM3, "summed volume of the branches with a mesh", "none has one"),
    "nucleusvol": number(
        UM3,
        "soma: volume of the nucleus, voxels × voxel volume",
        "not the soma, or not exactly one nucleus of known volume",
    ),
    "cytovol": number(
        UM3,
        "volume; soma: volume − nucleusvol",
        "the volume is missing; soma: so is the nucleus, or it is not smaller",
    ),
    **_SYNAPSES,
    "mitovol": number(UM3, "summed mitovol of the branches", _NO_OVERLAP),
    **_COVERED,
    **_densities("cytovol", "one of them is missing or 0", "the area is missing or 0"),
    **_SIZES,
}
NEURITE_LENGTHS: Columns = {
    "cell_id": CELL_ID,
    "compartment": text("{compartments}"),
    "length_um": number(UM, "summed length of the skeleton edges with both ends in it"),
}
TIP_LENGTHS: Columns = {
    "cell_id": CELL_ID,
    "skeleton_node": identifier("index of the tip in the skeleton file, from 0"),
    "node_id": NODE_ID,
    "compartment": text("name of the tip's label"),
    "length_um": number(UM, "length of the way from the soma to the tip", _NO_WAY),
}
BRANCH_PROBLEMS: Columns = {
    "cell_id": CELL_ID,
    "subject": text("`cell mesh`, `skeleton`, `nucleus` or `mitochondrion <mito_id>`"),
    "problem": text("what is wrong with it, or missing"),
}
_FEW = "too few values"
STATISTICS: Columns = {
    "statistic": text("see docs/branch-types.md"),
    "group": text("compartment of pyramidal cells, or the two that are compared"),
    "n": count("values that it is made of"),
    "value": number("that of the statistic", "what was found here", _FEW),
    "p": number(PER_UNIT, "probability under the null hypothesis", "nothing is tested"),
    "published": number("that of the statistic", "of MICrONS layer 2/3", "not published"),
    "note": text("what to know of the row", "nothing"),
}
GRADIENTS: Columns = {
    "cell_type": CELL_TYPE,
    "compartment": text("{compartments}"),
    "quantity": text("a column of branches_distancebins"),
    "from_um": Column(INTEGER, UM, "where the bin of distances from the soma begins"),
    "to_um": Column(INTEGER, UM, "where it ends"),
    "segments": count("branches in the bin"),
    "cells": count("cells that they are of"),
    **{
        name: number("that of the quantity", meaning, _FEW)
        for name, meaning in (
            ("mean", "mean"),
            ("sd", "standard deviation over n"),
            ("q25", "first quartile"),
            ("q50", "median"),
            ("q75", "third quartile"),
        )
    },
}
