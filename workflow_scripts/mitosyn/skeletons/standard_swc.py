"""Skeletons as standard SWC: µm, the standard's types, ids from 1, the soma as one point.

The standard is that of INCF (https://swc-specification.readthedocs.io). Types are the
skeleton's labels plus one; its 5 (custom) and 6 (unspecified neurite) keep ``Unknown
dendritic`` and ``Unknown`` apart, which one 0 (undefined) for both would not. Names that a
description adds have 8 and more, since 7 are processes of glia. MorphIO, and with
it NeuroM and morph-tool, refuse a file whose type changes between branch points: each section
has one type, and comments at the end of the file say which points have another of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mitosyn.catalogue import COMPARTMENTS
from mitosyn.skeletons.assigned import known_diameters
from mitosyn.skeletons.skeleton import NO_PARENT, SOMATIC_LABEL, UNKNOWN_LABEL, Skeleton
from mitosyn.support import NM_PER_UM, write_text

FIRST_ID = 1
DEFAULT_RADIUS_NM = 100.0
"""Radius of nodes whose calibre is not known: that of a thin neurite."""

CALIBRES = "half the local calibre"
"""What radii are that come from the skeleton file, in the words of the header."""

SOMA_TYPE = SOMATIC_LABEL + 1
HEADER = """\
# Skeleton of cell {cell_id} as standard SWC: id type x y z radius parent
# Units: micrometres
# Types: 1 soma, 2 axon, 3 basal dendrite, 4 apical dendrite, 5 unknown dendrite, 6 unknown{own}
# Soma: {soma}
# Radii: {radii}
# Sections (from branch point to branch point) have one type: that of most of their length
"""
OWN_TYPES = "# Points with another type of their own: id type\n"


@dataclass(frozen=True)
class StandardTree:
    """What stands in the lines of a standard SWC file, parents before their children.

    Attributes
    ----------
    types : (N,) int64 array
        1 soma, 2 axon, 3 basal, 4 apical dendrite, 5 unknown dendrite, 6 unknown, from 8 on others;
        the same throughout a section.
    own_types : (N,) int64 array
        Of each point itself.
    positions, radii : (N, 3) and (N,) float64 arrays
        In nm.
    parents : (N,) int64 array
        Line number of each one's parent, from 0; -1 for roots.
    """

    types: np.ndarray
    own_types: np.ndarray
    positions: np.ndarray
    radii: np.ndarray
    parents: np.ndarray


def node_radii(calibres: np.ndarray | None, count: int) -> np.ndarray:
    """Return a radius for each node, (count,) float64 in nm: half its calibre or the default."""
    if calibres is None:
        return np.full(count, DEFAULT_RADIUS_NM)
    return np.where(known_diameters(calibres), calibres / 2, DEFAULT_RADIUS_NM)


def swc_types(labels: np.ndarray) -> np.ndarray:
    """Return the types of nodes with some labels, both (N,) int64."""
    return labels + 1 + (labels >= len(COMPARTMENTS))


def soma_nodes(skeleton: Skeleton) -> np.ndarray:
    """Return the soma: the largest group of somatic nodes that hang together, ascending.

    Of equal groups, the one with the smallest node; empty where no node is somatic.
    """
    somatic = skeleton.somatic
    inside = skeleton.edges[somatic[skeleton.edges].all(axis=1)]
    groups = Skeleton(skeleton.vertices, inside, skeleton.labels, skeleton.root).pieces
    groups = [group for group in groups if somatic[group[0]]]
    return max(groups, key=len, default=np.empty(0, np.int64))


def collapse_soma(skeleton: Skeleton, radii: np.ndarray) -> tuple[Skeleton, np.ndarray]:
    """Put one node in the place of the soma's, with the beginnings of its neurites around it.

    Parameters
    ----------
    radii : (N,) float64 array
        In nm.

    Returns
    -------
    Skeleton
        Its node 0, the root, is the soma at the mean of the soma's nodes. The other nodes
        follow in their order; somatic ones that do not hang together with the soma are
        ``Unknown``, as SWC has one soma. Then, for each edge that leaves the soma, its somatic
        node again, between the soma and the neurite and labelled as that: readers count a
        neurite from its second point, and MorphIO writes none of a single point. A skeleton
        without somatic nodes stays as it is.
    (M,) float64 array
        Radii in nm. The soma's is the mean distance of its border from its centre: of the
        nodes where neurites leave, of all where none does. A neurite begins with the radius
        of its first node outside.
    """
    soma = soma_nodes(skeleton)
    if len(soma) == 0:
        return skeleton, radii
    in_soma = np.zeros(len(skeleton.vertices), bool)
    in_soma[soma] = True
    numbers = np.where(in_soma, 0, np.cumsum(~in_soma))
    crossing = in_soma[skeleton.edges].sum(axis=1)
    leaving = skeleton.edges[crossing == 1]
    border, outside = leaving[in_soma[leaving]], leaving[~in_soma[leaving]]
    begin = np.arange(len(leaving)) + (~in_soma).sum() + 1
    edges = [
        numbers[skeleton.edges[crossing == 0]],
        np.column_stack([np.zeros_like(begin), begin]),
        np.column_stack([begin, numbers[outside]]),
    ]
    centre = skeleton.vertices[soma].mean(axis=0)
    kept = np.append(np.flatnonzero(~in_soma), outside)
    labels = skeleton.labels[kept]
    collapsed = Skeleton(
        vertices=np.vstack([centre, skeleton.vertices[~in_soma], skeleton.vertices[border]]),
        edges=np.concatenate(edges),
        labels=np.append(SOMATIC_LABEL, np.where(labels == SOMATIC_LABEL, UNKNOWN_LABEL, labels)),
        root=0,
    )
    rim = skeleton.vertices[border if len(border) else soma]
    distance = np.linalg.norm(rim - centre, axis=1).mean()
    # A soma of a single node has no extent, but readers want a radius.
    return collapsed, np.append(distance or radii[soma].max(), radii[kept])


def standard_tree(skeleton: Skeleton, calibres: np.ndarray | None) -> StandardTree:
    """Arrange a skeleton for a standard SWC file, the soma first.

    The order is that of :func:`mitosyn.skeletons.skeleton.swc_tree`, but for the pieces that do not
    hang together with the soma, which follow it: each has a root of its own. ``calibres`` are
    those of :func:`read_calibres`.
    """
    radii = node_radii(calibres, len(skeleton.vertices))
    collapsed, radii = collapse_soma(skeleton, radii)
    tree = collapsed.tree
    first = int(tree.swc_ids()[collapsed.root])
    nodes = np.roll(tree.nodes, -first)
    shifted = np.where(tree.parents == NO_PARENT, NO_PARENT, tree.parents - first)
    parents = np.roll(np.where(shifted < NO_PARENT, shifted + len(nodes), shifted), -first)
    own_types = swc_types(collapsed.labels[nodes])
    positions = collapsed.vertices[nodes]
    return StandardTree(
        types=_section_types(own_types, positions, parents),
        own_types=own_types,
        positions=positions,
        radii=radii[nodes],
        parents=parents,
    )


def _section_types(types: np.ndarray, positions: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """Return for each point the type of most of its section's length, the smallest of equals.

    A section begins at the soma, at a root or behind a branch point, and ends with a branch
    point or tip: between, each point has the one before it as parent.
    """
    children = np.bincount(parents[parents != NO_PARENT], minlength=len(parents))
    starts = (parents == NO_PARENT) | (children[parents] != 1) | (types[parents] == SOMA_TYPE)
    section = np.cumsum(starts) - 1
    lengths = np.linalg.norm(positions - positions[parents], axis=1)
    lengths[(parents == NO_PARENT) | (types[parents] == SOMA_TYPE)] = 0
    # A type that does not occur in a section has less than any that does.
    votes = np.full((section[-1] + 1, types.max() + 1), -1.0)
    votes[section, types] = 0
    np.add.at(votes, (section, types), lengths)
    return votes.argmax(axis=1)[section]


def write_standard_swc(
    path: str | Path,
    cell_id: str,
    skeleton: Skeleton,
    calibres: np.ndarray | None,
    source: str = CALIBRES,
    names: Sequence[str] = COMPARTMENTS,
) -> None:
    """Write a skeleton as standard SWC; comments say what is what.

    Radii are half of ``calibres``, (N,) float64 diameters in nm; ``source`` says in the header
    what they are. ``names`` are those of the labels 0, 1, 2, ….
    """
    tree = standard_tree(skeleton, calibres)
    count = len(soma_nodes(skeleton))
    soma = f"one point for {count} skeleton nodes, at their mean" if count else "none"
    default = f"{DEFAULT_RADIUS_NM / NM_PER_UM:g} where not known"
    known = default if calibres is None else f"{source}, {default}"
    added = [*enumerate(names)][len(COMPARTMENTS) :]
    own = "".join(f", {swc_types(np.array(label))} {name}" for label, name in added)
    lines = [HEADER.format(cell_id=cell_id, own=own, soma=soma, radii=known)]
    lines += (
        f"{i} {kind} {x:.6f} {y:.6f} {z:.6f} {radius:.6f} "
        f"{NO_PARENT if parent == NO_PARENT else parent + FIRST_ID}\n"
        for i, (kind, (x, y, z), radius, parent) in enumerate(
            zip(
                tree.types.tolist(),
                (tree.positions / NM_PER_UM).tolist(),
                (tree.radii / NM_PER_UM).tolist(),
                tree.parents.tolist(),
                strict=True,
            ),
            start=FIRST_ID,
        )
    )
    differ = np.flatnonzero(tree.own_types != tree.types)
    if len(differ):
        lines.append(OWN_TYPES)
    lines += [f"# {i + FIRST_ID} {tree.own_types[i]}\n" for i in differ.tolist()]
    write_text(path, "".join(lines))
