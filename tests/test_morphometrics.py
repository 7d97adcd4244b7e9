"""Morphometrics against closed forms, against trimesh, and on defective meshes."""

from __future__ import annotations

import json

import numpy as np
import pytest
import reference
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mitosyn.catalogue.tables import MORPHOMETRICS
from mitosyn.meshes.bundle import Mesh, MeshError, bundle_meshes
from mitosyn.meshes.morphometrics import complexity_index, measure_bundle
from mitosyn.retrieval.fetch import MeshLayer, Transfer
from scipy.spatial import ConvexHull, QhullError

NO_SCALE = np.ones(3)


def measure(*meshes: trimesh.Trimesh | Mesh, scale: np.ndarray = NO_SCALE) -> list[dict]:
    """Measure meshes together, a dict of values for each."""
    numbered = {
        i: Mesh(np.asarray(m.vertices), np.asarray(m.faces, np.uint32))
        for i, m in enumerate(meshes)
    }
    values = measure_bundle(bundle_meshes(np.arange(len(meshes)), numbered), scale)
    return [{name: values[name][i] for name in MORPHOMETRICS} for i in range(len(meshes))]


def missing(values: dict) -> set[str]:
    return {name for name, value in values.items() if np.isnan(value)}


def tube(radius: float = 1.0, height: float = 6.0) -> trimesh.Trimesh:
    return trimesh.creation.cylinder(radius, height, sections=256)


def test_sphere() -> None:
    (values,) = measure(trimesh.creation.icosphere(subdivisions=5, radius=300.0))
    assert values["mito size"] == pytest.approx(4 / 3 * np.pi * 300**3, rel=2e-3)
    assert values["mito SA"] == pytest.approx(4 * np.pi * 300**2, rel=2e-3)
    assert values["sphericity"] == pytest.approx(1, rel=1e-3)
    for k in (1, 2, 3):
        assert values[f"PC{k} Length"] == pytest.approx(600, rel=2e-3)
        assert values[f"PC{k} CA"] == pytest.approx(np.pi * 300**2, rel=2e-3)
        assert values[f"PC{k} Circum"] == pytest.approx(2 * np.pi * 300, rel=2e-3)
        assert values[f"PC{k} symmetry"] == pytest.approx(1, abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(5, 2000), ball=st.booleans())
def test_hull_of_points_on_a_voxel_grid_is_qhulls(seed: int, count: int, ball: bool) -> None:
    rng = np.random.default_rng(seed)
    voxels = rng.integers(0, rng.integers(2, 40, 3), (count, 3))
    if ball:
        voxels = voxels[np.linalg.norm(voxels - voxels.mean(axis=0), axis=1) < 12]
    points = (voxels * (16.0, 16.0, 40.0)).astype(np.float32)
    scale = np.array([0.895, 0.895, 1.0])
    if len(points) < 4:
        return
    (values,) = measure(Mesh(points, np.array([[0, 1, 2]])), scale=scale)
    try:
        hull = ConvexHull(points * scale)
    except QhullError:
        assert {"convex hull volume", "convex hull SA"} <= missing(values)
        return
    assert values["convex hull volume"] == pytest.approx(hull.volume, rel=1e-6)
    assert values["convex hull SA"] == pytest.approx(hull.area, rel=1e-6)


def test_box() -> None:
    (values,) = measure(trimesh.creation.box(extents=(10.0, 4.0, 2.0)))
    assert values["mito size"] == pytest.approx(80)
    assert values["mito SA"] == pytest.approx(136)
    assert values["convex hull volume"] == pytest.approx(80)
    assert values["convex hull SA"] == pytest.approx(136)
    assert values["convex hull compactness"] == pytest.approx(1)
    for k, (length, area, outline) in enumerate([(10, 8, 12), (4, 20, 24), (2, 40, 28)], start=1):
        assert values[f"PC{k} Length"] == pytest.approx(length)
        assert values[f"PC{k} CA"] == pytest.approx(area)
        assert values[f"PC{k} Circum"] == pytest.approx(outline)
        assert values[f"PC{k} symmetry"] == pytest.approx(1)
    # Eight corners, each sqrt(2² + 1²) from the long axis.
    assert values["PC1 inertia moment"] == pytest.approx(8 * 5)
    assert values["mito CA"] == values["PC3 CA"]
    assert values["mito diam"] == values["PC1 Length"]


def test_torus_has_holes_subtracted() -> None:
    mesh = trimesh.creation.torus(major_radius=5.0, minor_radius=1.0, major_sections=256)
    (values,) = measure(mesh)
    # The plane of the ring cuts an annulus, a plane across it two discs.
    assert values["PC3 CA"] == pytest.approx(np.pi * (6**2 - 4**2), rel=1e-2)
    assert values["PC3 Circum"] == pytest.approx(2 * np.pi * (6 + 4), rel=1e-2)
    assert values["PC1 CA"] == pytest.approx(2 * np.pi, rel=1e-2)
    assert values["mito size"] == pytest.approx(2 * np.pi**2 * 5, rel=1e-2)


def test_tube() -> None:
    (values,) = measure(tube())
    assert values["PC1 Length"] == pytest.approx(6)
    assert values["PC1 CA"] == pytest.approx(np.pi, rel=1e-3)
    assert values["PC1 Circum"] == pytest.approx(2 * np.pi, rel=1e-3)
    assert values["mito size"] == pytest.approx(6 * np.pi, rel=1e-3)


def test_half_sphere_is_asymmetric_along_its_axis() -> None:
    sphere = trimesh.creation.icosphere(subdivisions=4)
    half = sphere.slice_plane([0, 0, 0], [0, 0, 1], cap=True).apply_scale([1, 1, 3])
    (values,) = measure(half)
    expected = reference.morphometrics(half.vertices, half.faces)
    assert values["PC1 symmetry"] == pytest.approx(expected["PC1 symmetry"], rel=1e-6)
    assert values["PC1 symmetry"] < 0.99


def test_every_measure_agrees_with_trimesh_on_the_closed_meshes_of_the_em_block(em_block) -> None:
    mito_ids = [
        int(line.split(",")[0])
        for line in (em_block / "211019_mitochondria_info.csv").read_text().splitlines()[1:]
    ]
    meshes = MeshLayer(f"precomputed://file://{em_block / 'mito_meshes'}", Transfer()).fetch(
        mito_ids
    )
    scale = np.array([0.895, 0.895, 1.0])
    values = measure_bundle(bundle_meshes(np.array(mito_ids), meshes), scale)
    closed = 0
    for i, mito_id in enumerate(mito_ids):
        mesh = meshes[mito_id]
        if isinstance(mesh, MeshError):
            continue
        vertices = mesh.vertices.astype(float) * scale
        merged = trimesh.Trimesh(vertices, mesh.faces, process=False)
        merged.merge_vertices()
        if not merged.is_watertight:
            continue
        closed += 1
        for name, expected in reference.morphometrics(vertices, mesh.faces).items():
            assert values[name][i] == pytest.approx(expected, rel=1e-6), (mito_id, name)
    assert closed == 119


def blob(points: np.ndarray, stretch: tuple[float, float, float]) -> trimesh.Trimesh:
    """A closed, dented surface: a sphere pushed in and out, then stretched."""
    sphere = trimesh.creation.icosphere(subdivisions=2)
    bumps = 1 + 0.3 * np.tanh(sphere.vertices @ points.T).mean(axis=1)
    return trimesh.Trimesh(sphere.vertices * bumps[:, None] * stretch, sphere.faces, process=False)


@settings(max_examples=25, deadline=None)
@given(
    arrays(float, (4, 3), elements=st.floats(-3, 3)),
    st.tuples(st.floats(300, 400), st.floats(150, 200), st.floats(60, 90)),
    arrays(float, 3, elements=st.floats(-1e5, 1e5)),
)
def test_dented_surfaces_agree_with_trimesh_wherever_they_lie(points, stretch, offset) -> None:
    mesh = blob(points, stretch)
    expected = reference.morphometrics(mesh.vertices, mesh.faces)
    (values,) = measure(Mesh(mesh.vertices + offset, mesh.faces))
    for name, value in expected.items():
        assert values[name] == pytest.approx(value, rel=1e-6), name


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 2 * np.pi), st.floats(0.1, 10), arrays(float, 3, elements=st.floats(-50, 50)))
def test_turning_moving_and_scaling(angle, factor, offset) -> None:
    mesh = blob(np.eye(4, 3), (3, 2, 1))
    turned = mesh.copy()
    turned.apply_transform(trimesh.transformations.rotation_matrix(angle, [1, 2, 3]))
    (before,) = measure(mesh)
    (after,) = measure(Mesh(turned.vertices * factor + offset, mesh.faces))
    powers = {"Length": 1, "Circum": 1, "diam": 1, "volume": 3, "size": 3, "SA": 2, "CA": 2}
    powers |= {"moment": 2, "symmetry": 0, "compactness": 0, "sphericity": 0}
    for name in MORPHOMETRICS:
        power = powers[name.split()[-1]]
        assert after[name] == pytest.approx(before[name] * factor**power, rel=1e-6), name


def test_each_mesh_is_measured_as_if_alone() -> None:
    meshes = [tube(), trimesh.creation.box((3, 2, 1)), blob(np.ones((4, 3)), (9, 5, 2))]
    assert measure(*meshes) == [measure(mesh)[0] for mesh in meshes]


def test_inside_out_measures_the_same() -> None:
    mesh = blob(np.eye(4, 3), (3, 2, 1))
    (values,) = measure(mesh)
    (inverted,) = measure(Mesh(mesh.vertices, mesh.faces[:, ::-1]))
    for name in MORPHOMETRICS:
        assert inverted[name] == pytest.approx(values[name], rel=1e-9), name


def test_repeated_border_vertices_count_in_the_principal_axes() -> None:
    box = trimesh.creation.box((4, 2, 1))
    doubled = Mesh(np.concatenate([box.vertices, box.vertices]), box.faces)
    (once,), (twice,) = measure(box), measure(doubled)
    assert twice["PC1 inertia moment"] == pytest.approx(2 * once["PC1 inertia moment"])
    assert twice["mito size"] == pytest.approx(once["mito size"])


def test_volume_of_an_open_mesh_does_not_depend_on_where_it_lies() -> None:
    mesh = tube()
    faces = mesh.faces[5:]
    (here,) = measure(Mesh(mesh.vertices, faces))
    (there,) = measure(Mesh(mesh.vertices + np.array([1000, -2000, 500]), faces))
    assert here["mito size"] == pytest.approx(there["mito size"], rel=1e-9)
    assert not missing(here)


def test_flat_mesh_keeps_its_other_measures() -> None:
    square = Mesh(np.array([[0, 0, 0], [4, 0, 0], [4, 2, 0], [0, 2, 0.0]]), [[0, 1, 2], [0, 2, 3]])
    (values,) = measure(square)
    assert values["mito SA"] == pytest.approx(8)
    assert values["PC1 Length"] == pytest.approx(4)
    assert values["PC1 Circum"] == pytest.approx(2)
    assert missing(values) == {
        "mito size",
        "mito CA",
        "sphericity",
        "convex hull SA",
        "convex hull volume",
        "convex hull compactness",
        "PC3 CA",
        "PC3 Circum",
        "PC1 symmetry",
        "PC2 symmetry",
        "PC3 symmetry",
    }


def test_plane_that_misses_costs_that_section_only() -> None:
    ends = [trimesh.creation.box((1, 1, 1)).apply_translation([x, 0, 0]) for x in (-5, 5)]
    (values,) = measure(trimesh.util.concatenate(ends))
    assert missing(values) == {"PC1 CA", "PC1 Circum"}
    assert values["mito size"] == pytest.approx(2)
    assert values["PC1 symmetry"] == pytest.approx(1)


def test_mesh_without_area_keeps_its_extent() -> None:
    line = Mesh(np.array([[0, 0, 0], [1, 0, 0], [3, 0, 0.0]]), [[0, 1, 2]])
    (values,) = measure(line)
    assert values["mito SA"] == 0
    assert values["PC1 Length"] == pytest.approx(3)
    assert {"mito size", "PC1 CA", "PC1 symmetry", "sphericity"} <= missing(values)


def test_a_missing_mesh_leaves_the_others_alone() -> None:
    box = trimesh.creation.box((3, 2, 1))
    mesh = Mesh(box.vertices, box.faces)
    values = measure_bundle(
        bundle_meshes(np.array([7, 8, 9]), {7: mesh, 9: mesh, 8: MeshError("bad")}), NO_SCALE
    )
    assert np.isnan([values[name][1] for name in MORPHOMETRICS]).all()
    assert values["mito size"][[0, 2]].tolist() == pytest.approx([6, 6])


def test_what_the_catalogue_lists_is_measured() -> None:
    (values,) = measure(trimesh.creation.box((3, 2, 1)))
    assert missing(values) == set() and list(values) == list(MORPHOMETRICS)


def test_no_mesh_at_all() -> None:
    values = measure_bundle(bundle_meshes(np.array([1, 2]), {}), NO_SCALE)
    assert all(np.isnan(column).all() and len(column) == 2 for column in values.values())


def test_scale_applies_per_axis() -> None:
    box = trimesh.creation.box((4, 2, 1))
    (values,) = measure(box, scale=np.array([0.5, 1, 1]))
    assert values["mito size"] == pytest.approx(4)


def test_complexity_index_of_the_published_mitochondrion() -> None:
    voxel_um3 = 3.58 * 3.58 * 40 / 1e9
    index = complexity_index(np.array([4.619493]), np.array([274_528 * voxel_um3]))
    assert json.loads(json.dumps(index.tolist())) == pytest.approx([31.516497], rel=1e-6)
