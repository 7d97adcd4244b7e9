"""Meshes of whole neurons: a soma and tubes along the skeleton, one closed surface.

Dirt made here, as in the published meshes:

- the last neuron has no mesh file;
- the mesh of the first pyramidal cell is in two pieces, like its skeleton; that of the
  first inhibitory cell is whole, although its skeleton is in two pieces;
- the second neuron's mesh has a scrap beside it that no skeleton node is near to;
- neurites of one cell that touch are joined.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import manifold3d
import numpy as np

from mitosyn.sample.skeleton import RADII_NM, Label, Skeleton
from mitosyn.sample.space import Floats, Ints, square, unit
from mitosyn.sample.tubes import Mesh, scaled_to, surface_of, tube_triangles, union
from mitosyn.support import whole_file

SOMA_SPHERE_NM = 6_000.0
"""Radius of the soma; it holds the somatic mitochondria."""

_THINNEST = {Label.AXONAL: 1.0, Label.BASAL: 0.6, Label.APICAL: 0.4}  # of that, far out
_TAPERS_OVER_NM = 120_000.0
_AROUND = 8  # vertices around a neurite
_SOMA_SEGMENTS = 64
_SHORTEST_EDGE_NM = 0.2  # keeps the rings of straight thin neurites
_SCRAP_NM = 500.0
_CAP_TURNS = np.array([np.pi / 3, np.pi / 6])  # of the rings that round the ends
# A polygon in a circle has less area than the circle; this much larger, it has the same.
_SWELL = np.sqrt(2 * np.pi / (_AROUND * np.sin(2 * np.pi / _AROUND)))


def node_radii(skeleton: Skeleton) -> Floats:
    """Return the neurite's radius at each node, (n,) in nm; in the soma, of the one that starts.

    It tapers with the path length from the soma and swells and shrinks by 6 % on the way.
    """
    kinds = _kinds(skeleton)
    distance = skeleton.path_lengths(skeleton.parents >= 0)
    first = np.array([RADII_NM[Label(kind)] for kind in kinds])
    kinds = np.select([kinds == Label.UNKNOWN_DENDRITIC, kinds == Label.UNKNOWN], [2, 1], kinds)
    thinnest = np.array([_THINNEST[Label(kind)] for kind in kinds])
    taper = np.maximum(thinnest, 1 - (1 - thinnest) * distance / _TAPERS_OVER_NM)
    return first * taper * (1 + 0.06 * np.sin(distance / 1_900.0))


def calibres(skeleton: Skeleton) -> Floats:
    """Return the local diameter at each node, (n,) in nm: that of the soma inside it."""
    return 2 * np.where(skeleton.off_soma() < SOMA_SPHERE_NM, SOMA_SPHERE_NM, node_radii(skeleton))


def cell_mesh(skeleton: Skeleton, *, bridged: bool = False, scrap: bool = False) -> Mesh:
    """Return a closed surface around a neuron, in true nm.

    If ``bridged``, it closes the gap to a piece of skeleton that is not connected; else that
    piece has a surface of its own. A ``scrap`` is a small ball beyond the end of the last
    neurite.
    """
    radii = node_radii(skeleton)
    parts = [_ball(skeleton.nodes[0], SOMA_SPHERE_NM)]
    for chain in neurite_chains(skeleton):
        first = chain[0]
        if bridged and first != 0 and skeleton.parents[first] < 0:
            # To the nearest one of those that grew before it.
            off = np.linalg.norm(skeleton.nodes[:first] - skeleton.nodes[first], axis=1)
            chain = np.concatenate([[np.argmin(off)], chain])
        # A side branch starts inside the neurite that it leaves, as thick as itself.
        thick = np.concatenate([radii[chain[1:2]], radii[chain[1:]]])
        parts.append(neurite_tube(skeleton.nodes[chain], thick))
    if scrap:
        end = len(skeleton.nodes) - 1
        heading = unit(skeleton.nodes[end] - skeleton.nodes[skeleton.parents[end]])
        parts.append(_ball(skeleton.nodes[end] + 4 * _SCRAP_NM * heading, _SCRAP_NM))
    return union(parts, _SHORTEST_EDGE_NM)


def neurite_chains(skeleton: Skeleton) -> list[Ints]:
    """Return the unforked chains of nodes of a skeleton, each from where it leaves another.

    At a fork the first child goes on; every other child starts a chain, as every neurite
    does at the centre of the soma. Each edge is in one chain; a node without edges in none.
    """
    parents = skeleton.parents.tolist()
    goes_on: dict[int, int] = {}
    for node, parent in enumerate(parents):
        if parent > 0:
            goes_on.setdefault(parent, node)
    chains = []
    for node, parent in enumerate(parents):
        loose = parent < 0 and node != 0
        if loose or parent == 0 or (parent > 0 and goes_on[parent] != node):
            chain = [node] if loose else [parent, node]
            while chain[-1] in goes_on:
                chain.append(goes_on[chain[-1]])
            if len(chain) > 1:
                chains.append(np.array(chain))
    return chains


def neurite_tube(axis: Floats, radii: Floats) -> Mesh:
    """Return a closed tube with round ends and about the volume of a round one.

    ``axis`` (k, 3), nm, has at least two points; ``radii`` (k,) are those of the tube at each.
    """
    forward = unit(np.gradient(axis, axis=0))
    out, across = np.cos(_CAP_TURNS)[:, None], np.sin(_CAP_TURNS)
    before = (axis[0] - radii[0] * out * forward[0])[::-1]
    middles = np.concatenate([before, axis, axis[-1] + radii[-1] * out * forward[-1]])
    thick = np.concatenate([radii[0] * across[::-1], radii, radii[-1] * across]) * _SWELL
    turns = len(_CAP_TURNS)
    forward = np.concatenate([forward[:1].repeat(turns, 0), forward, forward[-1:].repeat(turns, 0)])
    right = _untwisted(forward)
    up = np.cross(forward, right)
    angles = 2 * np.pi * np.arange(_AROUND) / _AROUND
    circles = middles[:, None] + thick[:, None, None] * (
        np.cos(angles)[:, None] * right[:, None] + np.sin(angles)[:, None] * up[:, None]
    )
    tips = np.stack([axis[0] - radii[0] * forward[0], axis[-1] + radii[-1] * forward[-1]])
    vertices = np.concatenate([circles.reshape(-1, 3), tips])
    return Mesh(vertices, tube_triangles(len(middles), _AROUND))


def write_cell_mesh(folder: Path, cell_id: int, mesh: Mesh) -> None:
    """Write ``<cell>_mesh.h5`` as MeshParty does, of a mesh in the nm of the mesh source."""
    with whole_file(folder / f"{cell_id}_mesh.h5") as temporary, h5py.File(temporary, "w") as file:
        file.create_dataset("vertices", data=mesh.vertices.astype(np.float32), compression="gzip")
        file.create_dataset("faces", data=mesh.triangles.astype(np.uint32), compression="gzip")


def _kinds(skeleton: Skeleton) -> Ints:
    """Return the label of each node (n,); for somatic ones, of the neurite that continues them."""
    kinds = skeleton.labels.astype(np.int64)
    later: dict[int, int] = {}
    for node in range(len(kinds) - 1, -1, -1):
        if kinds[node] == Label.SOMATIC:
            kinds[node] = later.get(node, int(Label.BASAL))
        later[int(skeleton.parents[node])] = int(kinds[node])
    return kinds


def _ball(centre: Floats, radius: float) -> Mesh:
    """Return a sphere around ``centre``, nm, of the volume of a round one."""
    ball = surface_of(manifold3d.Manifold.sphere(radius, _SOMA_SEGMENTS), centre)
    return scaled_to(ball, 4 / 3 * np.pi * radius**3)


def _untwisted(forward: Floats) -> Floats:
    """Return unit vectors (r, 3) at right angles to headings (r, 3), each turned the least."""
    right = np.empty_like(forward)
    last = np.eye(3)[np.argmin(np.abs(forward[0]))]
    for number, heading in enumerate(forward):
        last = square(last, heading)
        right[number] = last
    return right
