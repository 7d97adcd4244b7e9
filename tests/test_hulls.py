"""Convex hulls against Qhull, and that no hull gets through that is not certified."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import shared_folder
from manifold3d import Manifold
from mitosyn.meshes import hulls
from mitosyn.meshes.bundle import Mesh
from mitosyn.meshes.hulls import convex_hull
from mitosyn.retrieval.fetch import MeshLayer, Transfer
from scipy.spatial import ConvexHull, QhullError

SCALE = np.array([0.895, 0.895, 1.0])


def midpoints(mask: np.ndarray) -> np.ndarray:
    """Give the vertices that marching cubes make of voxels: halfway between in and out."""
    found = []
    for axis in range(3):
        points = np.argwhere(np.diff(mask.astype(np.int8), axis=axis)).astype(float)
        points[:, axis] += 0.5
        found.append(points)
    return np.concatenate(found)


def cloud(seed: int) -> np.ndarray:
    mask = np.pad(np.random.default_rng(seed).random((4, 4, 3)) < 0.8, 1)
    return (midpoints(mask) * (4, 4, 40)).astype(np.float32) * SCALE


def blob(seed: int) -> np.ndarray:
    """Give the vertices of a rough ellipsoid of voxels, far from the origin."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.indices(rng.integers(5, 18, 3)))
    middle = (np.array(grid.shape[1:]) - 1)[:, None, None, None] / 2
    radius = (((grid - middle) / (middle + 0.5)) ** 2).sum(axis=0)
    mask = np.pad(radius + rng.normal(0, 0.1, radius.shape) < rng.uniform(0.4, 1), 1)
    voxels = midpoints(mask) + rng.integers(0, 20000, 3)
    return (voxels * (16, 16, 40)).astype(np.float32) * SCALE


def turned(seed: int) -> np.ndarray:
    """Give a cloud whose planes are planes but for the rounding of its coordinates."""
    axes, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return (cloud(seed) @ axes + 1e4).astype(np.float32).astype(float)


def measured(points: np.ndarray) -> tuple[float, float]:
    return convex_hull(np.ascontiguousarray((points - points.mean(axis=0)).T))


def assert_as_qhull(points: np.ndarray, what: object = None) -> None:
    hull = ConvexHull(points - points.mean(axis=0))
    assert measured(points) == pytest.approx((hull.volume, hull.area), rel=1e-6), what


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Collect what Qhull is asked for."""
    found: list[np.ndarray] = []
    by_qhull = hulls._by_qhull
    monkeypatch.setattr(hulls, "_by_qhull", lambda p: found.append(p) or by_qhull(p))
    return found


def test_clouds_of_a_voxel_grid(asked: list[np.ndarray]) -> None:
    for seed in range(2000):
        assert_as_qhull(cloud(seed), seed)
    # Else each cell would import SciPy.
    assert len(asked) < 4


def test_marching_cubes_meshes(asked: list[np.ndarray]) -> None:
    for seed in range(250):
        assert_as_qhull(blob(seed), seed)
    assert len(asked) < 4


def test_clouds_turned_out_of_the_axes() -> None:
    for seed in range(300):
        assert_as_qhull(turned(seed), seed)


@pytest.mark.parametrize("stretch", [1, 1e-2, 1e-4, 1e-6])
def test_thin_and_round_clouds(stretch: float) -> None:
    rng = np.random.default_rng(0)
    axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    for count in (4, 5, 20, 3000):
        ball = rng.normal(size=(count, 3))
        for points in (ball, ball / np.linalg.norm(ball, axis=1)[:, None]):
            assert_as_qhull(points * (1, 1, stretch) @ axes, count)
            assert_as_qhull(points * (1, stretch, stretch) @ axes, count)


@pytest.mark.parametrize("layer", ["em_block/mito_meshes", "em_modern/mitochondria_legacy"])
def test_every_mesh_of_real_segmentations(layer: str, asked: list[np.ndarray]) -> None:
    dataset, _, folder = layer.partition("/")
    path = shared_folder(dataset) / folder
    ids = [int(file.name.split(":")[0]) for file in path.rglob("*:0*")]
    meshes = MeshLayer(f"precomputed://file://{path}", Transfer()).fetch(sorted(set(ids)))
    vertices = {i: m.vertices.astype(float) for i, m in meshes.items() if isinstance(m, Mesh)}
    assert len(vertices) > 200
    for mito_id, points in vertices.items():
        assert_as_qhull(points * SCALE, mito_id)
    assert not asked


def test_repeated_vertices_change_nothing() -> None:
    points = cloud(1)
    assert measured(np.concatenate([points] * 3)) == pytest.approx(measured(points), rel=1e-12)


LEFT_OUT = "a vertex outside"
NO_VERTEX = "a corner that is no vertex"
OPEN = "a missing triangle"
TWICE = "every triangle twice"
INSIDE_OUT = "inside out"
EMPTY = "no triangle"


def spoiled(how: str) -> Callable[[np.ndarray], SimpleNamespace]:
    """Make hulls that are wrong in some way."""
    real = Manifold.hull_points

    def hull_points(points: np.ndarray) -> SimpleNamespace:
        if how == LEFT_OUT:
            points = points[np.argsort(points @ [1.0, 2.0, 3.0])[:-1]]
        mesh = real(points).to_mesh64()
        corners, triangles = np.array(mesh.vert_properties), np.array(mesh.tri_verts)
        if how == NO_VERTEX:
            corners[np.argmax(corners @ [1.0, 2.0, 3.0])] *= 1.01
        triangles = {
            OPEN: triangles[1:],
            TWICE: np.concatenate([triangles, triangles]),
            INSIDE_OUT: triangles[:, ::-1],
            EMPTY: triangles[:0],
        }.get(how, triangles)
        return SimpleNamespace(
            to_mesh64=lambda: SimpleNamespace(vert_properties=corners, tri_verts=triangles)
        )

    return hull_points


@pytest.mark.parametrize("how", [LEFT_OUT, NO_VERTEX, OPEN, TWICE, INSIDE_OUT, EMPTY])
def test_a_wrong_hull_never_gets_through(
    how: str, asked: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hulls, "Manifold", SimpleNamespace(hull_points=spoiled(how)))
    for seed in range(20):
        assert_as_qhull(cloud(seed), seed)
        assert_as_qhull(turned(seed), seed)
    assert len(asked) == 40


def test_qhull_is_asked_for_huge_hulls(
    asked: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hulls, "MOST_DISTANCES", 10)
    assert_as_qhull(cloud(0))
    assert len(asked) == 1


def test_many_vertices_are_held_against_the_planes_in_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = measured(cloud(0))
    monkeypatch.setattr(hulls, "TABLE_SIZE", 7)
    assert measured(cloud(0)) == expected


def test_no_hull_where_qhull_fails_or_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hulls, "SHIFTS", ())

    def refuse(_: np.ndarray) -> None:
        raise QhullError("precision")

    monkeypatch.setattr("scipy.spatial.ConvexHull", refuse)
    assert np.isnan(measured(cloud(0))).all()
    monkeypatch.setattr(
        "scipy.spatial.ConvexHull", lambda p: ConvexHull(p[np.argsort(p[:, 0])[:-30]])
    )
    assert np.isnan(measured(cloud(0))).all()


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((1, 3)),
        np.zeros((9, 3)),
        np.arange(30.0).reshape(10, 3),
        np.eye(3),
        cloud(0)[cloud(0)[:, 2] == 60],
        cloud(0)[cloud(0)[:, 2] == 60] @ np.linalg.qr(cloud(0)[:3] + np.eye(3))[0],
    ],
    ids=["point", "one place", "line", "triangle", "plane", "oblique plane"],
)
def test_what_is_flat_has_no_hull(points: np.ndarray) -> None:
    assert np.isnan(measured(points)).all()
