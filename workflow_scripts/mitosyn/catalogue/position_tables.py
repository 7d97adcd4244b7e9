"""The columns of where mitochondria and synaptic sites sit on the skeletons of neurons."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from mitosyn.catalogue.column import NM, Column, count, identifier, number, text
from mitosyn.catalogue.tables import CELL_ID, LABELS, MITO_ID, NODE_ID, Columns

SITE_BINS_NM = (0, 300, 600, 1200, 2500)
MITO_BINS_NM = (0, 500, 1200, 2500, 5000, 10000)
REACH_NM = (0, 250, 500, 750, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10000)
_NO_SOMA = "no path leads to a somatic node"
_NO_NEIGHBOUR = "no path leads to a mitochondrion"

SITES: Columns = {
    "node_id": replace(NODE_ID, missing="{no_node}"),
    "node_distance": number(NM, "distance of the end from that node, the nearest one", "{no_node}"),
    "compartment": text("compartment of the node", "{no_node}"),
    "soma_distance": number(NM, "path from the node to the nearest somatic one", _NO_SOMA),
    "nearest_mito_id": identifier(
        "the mitochondrion with the shortest path from the node to a node that it covers; of "
        "equals the smallest id",
        _NO_NEIGHBOUR,
    ),
    "nearest_mito_path": number(NM, "that path; 0 where it covers the node", _NO_NEIGHBOUR),
    "nearest_mito_distance": number(
        NM, "distance of the end from the nearest vertex of its mesh", _NO_NEIGHBOUR
    ),
}
_NO_NODES = "it covers no node: no mesh, or a cell without a skeleton"


def _path(meaning: str, where: str) -> Column:
    return number(NM, meaning, f"no path leads to {where}, or {_NO_NODES}")


def _count(meaning: str) -> Column:
    return count(meaning, _NO_NODES)


def _sites(meaning: str) -> Column:
    return count(meaning, f"{_NO_NODES}{{or_no_synapses}}")


_ENTRY = "its node nearest to the soma, or to the root where no path leads to a soma"
MITOCHONDRIA: Columns = {
    "nodes": count("skeleton nodes that it covers", "a cell without a skeleton"),
    "soma_distance": _path("shortest path from its nodes to a somatic one", "one"),
    "branch_order": _count(
        f"branch points on the way to the soma or the root from {_ENTRY}; that node counts, the "
        "soma does not"
    ),
    "tips_beyond": _count(f"tips whose way to the root passes {_ENTRY}"),
    "branch_points_covered": _count("branch points among its nodes: nodes with several children"),
    "nearest_branch_point_path": _path("shortest path from its nodes to a branch point", "one"),
    "nearest_tip_path": _path("shortest path from its nodes to a tip", "one"),
    "nearest_mito_id": identifier(
        "the mitochondrion of the cell with the shortest path between a node of each; of equals "
        "the smallest id",
        f"no path leads to another, or {_NO_NODES}",
    ),
    "nearest_mito_path": _path("that path; 0 where they share a node", "another"),
    "pre_sites": _sites("presynaptic sites at its nodes, autapses too"),
    "post_sites": _sites("postsynaptic sites at its nodes, autapses too"),
    "nearest_pre_path": _path("shortest path from its nodes to a presynaptic site", "one"),
    "nearest_post_path": _path("shortest path from its nodes to a postsynaptic site", "one"),
}


def _counts() -> Columns:
    """Describe the counts by distance, in the mitochondrion's own compartment."""
    return {
        f"{name}_{begin}_{end}_nm": _count(
            f"{what} of its compartment at a path above {begin} and up to {end} nm"
        )
        for name, what, bins in (
            ("pre_sites", "presynaptic sites", SITE_BINS_NM),
            ("post_sites", "postsynaptic sites", SITE_BINS_NM),
            ("branch_points", "branch points", SITE_BINS_NM),
            ("mitochondria", "other mitochondria", MITO_BINS_NM),
        )
        for begin, end in pairwise(bins)
    }


_KIND = text("`measured`; `shuffled`: placed anew at random, see docs/positions.md")
_SHUFFLE = identifier("number of the shuffle, from 1", "measured")
POSITIONS: Columns = {
    "cell_id": CELL_ID,
    "mito_id": MITO_ID,
    "kind": _KIND,
    "shuffle": _SHUFFLE,
    "label": identifier(f"number of the mitochondrion's compartment: {LABELS}"),
    **MITOCHONDRIA,
    **_counts(),
}
SITE_DISTANCES: Columns = {
    "cell_id": CELL_ID,
    "kind": _KIND,
    "shuffle": _SHUFFLE,
    "label": identifier(f"number of the compartment of the sites' nodes: {LABELS}"),
    "synapse_type": text("`pre` or `post`; an autapse is a site of both"),
    "sites": count("sites of the cell in that compartment"),
    **{
        f"sites_within_{reach}_nm": count(
            f"those with a path of at most {reach} nm to the nearest mitochondrion"
        )
        for reach in REACH_NM
    },
}
