"""Whether a mesh is closed and of how many pieces it is, many meshes at a time.

Both once the vertices are merged that repeat, at the same position, where the mesh source cut
a mesh into chunks. Sorting the edges of the meshes, the usual way, would take longer than
measuring them; sums and minima over the triangles show the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mitosyn.meshes.batches import MeshBatch, mesh_batches
from mitosyn.meshes.bundle import MeshBundle

# An odd 64-bit number without a pattern: 2^64 divided by the golden ratio.
FACTOR = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(32)


@dataclass(frozen=True)
class Surfaces:
    """What is known of the surfaces of M meshes.

    The triangles of a closed one run through every edge as often in one direction as in the
    other, so that they enclose a volume that does not depend on where the mesh lies. Triangles
    of a piece hang together by vertices that they share.
    """

    closed: np.ndarray  # (M,) bool, False where there is no mesh
    pieces: np.ndarray  # (M,) int64, 0 where there is no mesh


def describe_surfaces(bundle: MeshBundle) -> Surfaces:
    """Return whether each mesh of a cell is closed, and how many pieces it has."""
    count = len(bundle.mito_ids)
    surfaces = Surfaces(np.zeros(count, bool), np.zeros(count, np.int64))
    for batch in mesh_batches(bundle):
        owners = batch.to_vertices(np.arange(len(batch.rows)))
        keys = _position_keys(batch.vertices, owners)
        surfaces.closed[batch.rows] = _closed(batch, keys)
        roots = _roots(_merged(keys).take(batch.faces), len(keys))
        surfaces.pieces[batch.rows] = np.bincount(owners[roots], minlength=len(batch.rows))
    return surfaces


def merged_vertices(vertices: np.ndarray) -> np.ndarray:
    """Return for each vertex (V, 3) of a mesh one at its position, (V,) int64.

    It is the same for all that are there.
    """
    return _merged(_position_keys(vertices, np.zeros(len(vertices), np.int64)))


def _position_keys(vertices: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Return a number for each vertex, (V,) uint64, the same at the same position of a mesh.

    It is a hash: two positions share one with odds of 2^-64.
    """
    # 0.0 and -0.0 are the same position, but not the same bits.
    positions = np.add(vertices, 0, order="F")
    keys = owners.astype(np.uint64)
    for bits in positions.view(f"u{positions.itemsize}").T:
        keys += bits
        keys *= FACTOR
        keys ^= keys >> HALF
    keys *= FACTOR
    return keys ^ (keys >> HALF)


def _closed(batch: MeshBatch, keys: np.ndarray) -> np.ndarray:
    """Whether each mesh is closed, (B,) bool, by the key of each vertex.

    With a random number r at each vertex, let an edge from a to b count r_a r_b (r_a - r_b),
    modulo 2^64, so that its opposite counts the negative of that. The edges of a triangle
    then count (r_a - r_b) (r_b - r_c) (r_a - r_c) together. On a closed mesh all cancel out;
    on another their sum is 0 with odds of some 2^-60.
    """
    a, b, c = keys.take(batch.faces)
    return batch.sum_faces((a - b) * (b - c) * (a - c)) == 0


def _merged(keys: np.ndarray) -> np.ndarray:
    """Return for each vertex, by its key, one at its position, the same for all that are there.

    Each vertex enters itself in a table by the low bits of its key. One that
    finds another key there tries again; some are settled in every round, most in the first.
    """
    mask = np.uint64((1 << (4 * len(keys)).bit_length()) - 1)
    places = (keys & mask).astype(np.int64)
    table = np.empty(int(mask) + 1, np.int64)
    merged = np.empty(len(keys), np.int64)
    waiting = np.arange(len(keys))
    while waiting.size:
        place = places.take(waiting)
        table[place] = waiting
        found = table.take(place)
        merged[waiting] = found
        waiting = waiting[keys.take(found) != keys.take(waiting)]
    return merged


def _roots(faces: np.ndarray, count: int) -> np.ndarray:
    """Return one vertex of each connected piece of triangles (3, F) between ``count`` vertices.

    Each vertex hangs itself on the smallest one among its triangles; what hangs on the
    same vertex in the end is one piece. Triangles between pieces join these in the next
    round, the few that are left.
    """
    parents = np.arange(count)
    between = faces
    while between.size:
        a, b, c = between
        smallest = np.minimum(np.minimum(a, b), c)
        for corners in between:
            np.minimum.at(parents, corners, smallest)
        while not np.array_equal(parents, above := parents.take(parents)):
            parents = above
        a, b, c = between = parents.take(between)
        between = between.take(np.flatnonzero((a != b) | (a != c)), axis=1)
    in_use = np.zeros(count, bool)
    in_use[parents.take(faces[0])] = True
    return np.flatnonzero(in_use)
