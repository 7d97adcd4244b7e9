"""Association of meshes and skeleton, compartments, covered lengths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitosyn.meshes.bundle import Mesh, bundle_meshes
from mitosyn.skeletons.coverage import (
    Coverage,
    associate,
    astrocyte_compartments,
    covered_lengths,
    majority_labels,
)
from mitosyn.skeletons.skeleton import Skeleton

SCALE = np.array([0.5, 1.0, 1.0])


def line(count: int = 6, labels=None) -> Skeleton:
    vertices = np.zeros((count, 3))
    vertices[:, 0] = 10.0 * np.arange(count)
    edges = np.column_stack([np.arange(count - 1), np.arange(1, count)])
    return Skeleton(vertices, edges, np.zeros(count, np.int64) if labels is None else labels, 0)


def points(*xs: float) -> Mesh:
    return Mesh(np.array([[x, 1, 0] for x in xs], np.float32), np.array([[0, 0, 0]], np.uint32))


def test_each_vertex_goes_to_the_nearest_node_with_counts() -> None:
    bundle = bundle_meshes(np.array([5, 6, 7]), {5: points(0, 4, 21, 22), 7: points(98)})
    coverage = associate(bundle, SCALE, line())
    assert coverage.mitochondrion.tolist() == [0, 0, 2]
    assert coverage.node.tolist() == [0, 1, 5]
    assert coverage.vertices.tolist() == [2, 2, 1]


def test_no_mesh_covers_nothing() -> None:
    coverage = associate(bundle_meshes(np.array([5]), {}), SCALE, line())
    assert len(coverage.node) == 0
    assert majority_labels(coverage, line(), 1).tolist() == [5]
    assert covered_lengths(coverage, line(), 1).tolist() == [0]


def test_majority_counts_vertices_and_ties_go_to_the_smallest_label() -> None:
    skeleton = line(4, np.array([3, 1, 1, 2]))
    coverage = Coverage(
        np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 0, 3]), np.array([5, 3, 3, 4, 4])
    )
    assert majority_labels(coverage, skeleton, 3).tolist() == [1, 2, 5]


def test_length_needs_both_ends_of_an_edge() -> None:
    coverage = Coverage(np.array([0, 0, 0, 1]), np.array([1, 2, 4, 3]), np.ones(4, np.int64))
    assert covered_lengths(coverage, line(), 2).tolist() == [10, 0]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(1, 5))
def test_covered_lengths_agree_with_a_plain_loop(seed, nodes, mitochondria) -> None:
    rng = np.random.default_rng(seed)
    parents = np.array([rng.integers(0, i) for i in range(1, nodes)])
    edges = np.column_stack([parents, np.arange(1, nodes)])
    skeleton = Skeleton(rng.normal(size=(nodes, 3)), edges, np.zeros(nodes, np.int64), 0)
    covered = rng.random((mitochondria, nodes)) < 0.5
    mitochondrion, node = np.nonzero(covered)
    coverage = Coverage(mitochondrion, node, np.ones(len(node), np.int64))
    expected = [
        sum(
            np.linalg.norm(skeleton.vertices[a] - skeleton.vertices[b])
            for a, b in edges
            if row[a] and row[b]
        )
        for row in covered
    ]
    assert covered_lengths(coverage, skeleton, mitochondria) == pytest.approx(expected)


def test_association_agrees_with_measuring_every_distance(em_block) -> None:
    from mitosyn.retrieval.fetch import MeshLayer, Transfer
    from mitosyn.skeletons.formats.registry import read_skeleton

    base = em_block / "skeletons" / "648518346349537404_skeleton"
    skeleton = read_skeleton(base.with_suffix(".h5"))
    rows = (em_block / "211019_mitochondria_info.csv").read_text().splitlines()
    ids = [int(r.split(",")[0]) for r in rows if "648518346349537404" in r][:5]
    meshes = MeshLayer(f"precomputed://file://{em_block / 'mito_meshes'}", Transfer()).fetch(ids)
    scale = np.array([0.895, 0.895, 1])
    coverage = associate(bundle_meshes(np.array(ids), meshes), scale, skeleton)
    for i, mito_id in enumerate(ids):
        vertices = meshes[mito_id].vertices.astype(float) * scale
        distance = np.linalg.norm(vertices[:, None] - skeleton.vertices[None], axis=2)
        nearest = distance.min(axis=1)
        nodes = coverage.node[coverage.mitochondrion == i]
        # Voxel grids give ties: a covered node is one of the nearest of some vertex, and
        # every vertex has one of its nearest among the covered ones.
        within = distance[:, nodes] <= nearest[:, None] * (1 + 1e-9)
        assert within.any(axis=0).all() and within.any(axis=1).all()
        assert coverage.vertices[coverage.mitochondrion == i].sum() == len(vertices)


def test_astrocyte_compartments_at_their_borders() -> None:
    x = np.array([0, 6_999.9, 7_000, 70_000, 70_000.1])
    positions = np.column_stack([x, 0 * x, 0 * x]) + 500
    assert astrocyte_compartments(positions, np.full(3, 500.0)) == [
        "Somatic",
        "Somatic",
        "Branch",
        "Branch",
        "Far",
    ]
