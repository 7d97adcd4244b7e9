"""Closedness and pieces of meshes against trimesh, on made-up cases and the sample's meshes."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from mitosyn.meshes import batches
from mitosyn.meshes.bundle import Mesh, MeshBundle, bundle_meshes, read_bundle
from mitosyn.meshes.surfaces import describe_surfaces
from workflow import Run


def bundle(*meshes: Mesh) -> MeshBundle:
    return bundle_meshes(np.arange(len(meshes)), dict(enumerate(meshes)))


def box(x: float = 0, y: float = 0, z: float = 0) -> Mesh:
    """Give a box of 16 × 16 × 40 nm at some place."""
    made = trimesh.creation.box((16, 16, 40))
    return Mesh(np.float32(made.vertices + np.array([x, y, z])), np.uint32(made.faces))


def together(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    return Mesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.faces + np.uint32(s) for m, s in zip(meshes, starts, strict=False)]),
    )


def in_chunks(mesh: Mesh) -> Mesh:
    """Give each triangle vertices of its own, as at the borders of chunks."""
    count = 3 * len(mesh.faces)
    return Mesh(mesh.vertices[mesh.faces.ravel()], np.arange(count, dtype=np.uint32).reshape(-1, 3))


def with_trimesh(mesh: Mesh) -> tuple[bool, int]:
    merged = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    merged.merge_vertices()
    return merged.is_watertight and merged.is_winding_consistent, merged.body_count


def described(made: MeshBundle) -> list[tuple[bool, int]]:
    found = describe_surfaces(made)
    return list(zip(found.closed.tolist(), found.pieces.tolist(), strict=True))


NOTHING = Mesh(np.empty((0, 3), np.float32), np.empty((0, 3), np.uint32))
CASES = {
    "a box": (box(), True, 1),
    "two boxes": (together(box(), box(100)), True, 2),
    "a box in chunks": (in_chunks(box()), True, 1),
    "two boxes in chunks": (in_chunks(together(box(), box(100))), True, 2),
    # Two boxes with one vertex in common hang together there.
    "corner to corner": (together(box(), box(16, 16, 40)), True, 1),
    "a box without a triangle": (Mesh(box().vertices, box().faces[1:]), False, 1),
    "one open, one closed": (together(box(), Mesh(box().vertices + 99, box().faces[1:])), False, 2),
    "inside out": (Mesh(box().vertices, box().faces[:, ::-1]), True, 1),
    "a triangle turned": (
        Mesh(box().vertices, np.concatenate([box().faces[:1, ::-1], box().faces[1:]])),
        False,
        1,
    ),
    "0 and -0 are one place": (
        together(
            Mesh(np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.uint32([[0, 1, 2]])),
            Mesh(np.float32([[-0.0, 0, 0], [0, 0, 1], [0, 1, 1]]), np.uint32([[0, 1, 2]])),
        ),
        False,
        1,
    ),
    "vertices that no triangle has": (
        Mesh(np.concatenate([box().vertices, np.float32([[5, 5, 5]])]), box().faces),
        True,
        1,
    ),
    "nothing": (NOTHING, False, 0),
}


@pytest.mark.parametrize("case", CASES)
def test_made_up_meshes(case: str) -> None:
    mesh, closed, pieces = CASES[case]
    assert described(bundle(mesh)) == [(closed, pieces)]
    if pieces:
        assert with_trimesh(mesh) == (closed, pieces)


def test_boxes_that_share_an_edge_are_closed() -> None:
    """They enclose a volume, though four triangles meet at the edge."""
    assert described(bundle(together(box(), box(16, 16)))) == [(True, 1)]


def test_meshes_of_a_cell_do_not_merge_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mitochondria may touch; nor does it matter where batches end."""
    meshes = [mesh for mesh, _, _ in CASES.values()]
    expected = [(closed, pieces) for _, closed, pieces in CASES.values()]
    assert described(bundle(*meshes)) == expected
    monkeypatch.setattr(batches, "BATCH_TRIANGLES", 20)
    assert described(bundle(*meshes)) == expected
    assert described(bundle(NOTHING, NOTHING)) == [(False, 0)] * 2
    assert described(bundle()) == []


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), vertices=st.integers(3, 200), faces=st.integers(1, 200))
def test_pieces_of_any_triangles_are_trimeshs(seed: int, vertices: int, faces: int) -> None:
    rng = np.random.default_rng(seed)
    places = np.float32(rng.integers(0, 20, (vertices, 3)))
    mesh = Mesh(places, np.uint32(rng.integers(0, vertices, (faces, 3))))
    assert describe_surfaces(bundle(mesh)).pieces.tolist() == [with_trimesh(mesh)[1]]


@pytest.mark.workflow
def test_meshes_of_the_sample(sample_run: Run) -> None:
    paths = sorted((sample_run.folder / "results/sample/per_cell/meshes").glob("*.npz"))
    cells = [read_bundle(path) for path in (paths[0], paths[-1])]
    for cell in cells:
        meshes = zip(cell, described(cell), strict=True)
        assert all(with_trimesh(mesh) == found for mesh, found in meshes if len(mesh.faces))
    assert all(cell.has_mesh.sum() > 10 for cell in cells)
