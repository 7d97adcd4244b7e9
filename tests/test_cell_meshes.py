"""Cell meshes: reading, their association with the skeleton, and radii of neurites."""

from __future__ import annotations

from pathlib import Path

import h5py
import navis
import numpy as np
import pytest
import trimesh
from mitosyn.branches.mesh import assign_vertices, node_radii
from mitosyn.meshes.bundle import Mesh, bundle_meshes, write_bundle
from mitosyn.meshes.cell_mesh import CellMesh, cell_mesh_scale, read_cell_mesh
from mitosyn.skeletons.assigned import AssignedMesh
from mitosyn.skeletons.skeleton import Skeleton
from mitosyn.support.errors import InputError
from tubes import line, path_skeleton, tube

BENT_AT_NM = 6_000


def straight(length: float = 12_000, radius: float | np.ndarray = 400.0) -> CellMesh:
    return tube(line(length, 100), radius, 12)


def neurite(length: float = 12_000, step: float = 1_000) -> Skeleton:
    path = line(length, step)
    return path_skeleton(path, np.full(len(path), 2))


def together(*meshes: CellMesh) -> CellMesh:
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    return CellMesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([m.faces + start for m, start in zip(meshes, starts, strict=False)]),
    )


# Reading -------------------------------------------------------------------------------------


def write(path: Path, **arrays) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return path


CORNERS = np.array([[0, 0, 0], [1000, 0, 0], [0, 1000, 0]], np.float32)
BAD = {
    "no such cell mesh file. Add the file": None,
    "no dataset 'faces'; it has 'vertices'": {"vertices": CORNERS},
    "vertices have shape (3, 2), expected (N, 3)": {
        "vertices": CORNERS[:, :2],
        "faces": [[0, 1, 2]],
    },
    "vertex 1 is at [1000.0, nan, 0.0], expected nm": {
        "vertices": [[0, 0, 0], [1000, np.nan, 0]],
        "faces": [[0, 1, 1]],
    },
    "faces have shape (3, 4), expected (N, 3)": {
        "vertices": CORNERS,
        "faces": np.array([[0, 1, 2, 0], [0, 1, 2, 0], [0, 1, 2, 0]]),
    },
    "the mesh has no triangles": {"vertices": CORNERS, "faces": np.empty((0, 3), int)},
    "row 1 of faces is [0, 1, 3], there are 3 vertices": {
        "vertices": CORNERS,
        "faces": [[0, 1, 2], [0, 1, 3]],
    },
    "faces: float64, expected integers": {"vertices": CORNERS, "faces": [[0.0, 1.0, 2.0]]},
    "faces have shape (4,), expected (N, 3)": {"vertices": CORNERS, "faces": [0, 1, 2, 0]},
}
BAD_LINKS = {
    "row 1 of link_edges is [0, 3], there are 3 vertices": [[0, 1], [0, 3]],
    "row 0 of link_edges is [-1, 2]": [[-1, 2]],
    "link_edges have shape (3,), expected (N, 2)": [0, 1, 2],
    "link_edges have shape (2, 3), expected (N, 2)": [[0, 1, 2], [0, 1, 2]],
    "link_edges: float64, expected integers": [[0.0, 1.0]],
}
BAD |= {
    problem: {"vertices": CORNERS, "faces": [[0, 1, 2]], "link_edges": links}
    for problem, links in BAD_LINKS.items()
}


@pytest.mark.parametrize("flat", [False, True])
def test_a_mesh_is_scaled_to_true_nm(tmp_path: Path, flat: bool) -> None:
    faces = np.array([[0, 1, 2]], np.uint32)
    path = write(tmp_path / "7_mesh.h5", vertices=CORNERS, faces=faces.ravel() if flat else faces)
    mesh = read_cell_mesh(path, np.array([0.895, 0.895, 1.0]))
    assert mesh.vertices.dtype == np.float64 and mesh.faces.dtype == np.int64
    assert mesh.vertices.tolist() == [[0, 0, 0], [895, 0, 0], [0, 895, 0]]
    assert mesh.faces.tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("problem", BAD)
def test_what_is_no_mesh_is_refused(tmp_path: Path, problem: str) -> None:
    path = tmp_path / "7_mesh.h5"
    arrays = BAD[problem]
    if arrays is not None:
        write(path, **arrays)
    with pytest.raises(InputError) as raised:
        read_cell_mesh(path, np.ones(3))
    assert str(path) in str(raised.value) and problem in str(raised.value)


def test_units_of_a_mesh() -> None:
    sizes = ((3.58, 3.58, 40.0), (4.0, 4.0, 40.0))
    assert cell_mesh_scale("nm", *sizes).tolist() == [0.895, 0.895, 1]
    assert cell_mesh_scale("um", *sizes).tolist() == [1000] * 3
    assert cell_mesh_scale("voxel", *sizes).tolist() == [3.58, 3.58, 40]


@pytest.mark.parametrize("form", ["ply", "obj"])
def test_files_of_other_programs(tmp_path: Path, form: str) -> None:
    box = trimesh.creation.box((3, 2, 1))
    box.export(tmp_path / f"7.{form}")
    mesh = read_cell_mesh(tmp_path / f"7.{form}", np.array([1000.0, 1000, 2000]), form)
    assert mesh.vertices.dtype == np.float64 and mesh.faces.dtype == np.int64
    assert np.ptp(mesh.vertices, axis=0) == pytest.approx([3000, 2000, 2000])
    assert trimesh.Trimesh(mesh.vertices, mesh.faces).volume == pytest.approx(12e9)


def test_faces_of_four_corners(tmp_path: Path) -> None:
    text = (
        "mtllib no.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nusemtl x\nf 1/1 2/1 3/1 4/1\n"
    )
    (tmp_path / "7.obj").write_text(text)
    mesh = read_cell_mesh(tmp_path / "7.obj", np.ones(3), "obj")
    assert trimesh.Trimesh(mesh.vertices, mesh.faces).area == pytest.approx(1)
    (tmp_path / "7.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\n"
        "property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
        "0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n"
    )
    mesh = read_cell_mesh(tmp_path / "7.ply", np.ones(3), "ply")
    assert trimesh.Trimesh(mesh.vertices, mesh.faces).area == pytest.approx(1)


VERTICES = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
BAD_FILES = {
    "obj": ["", VERTICES, VERTICES + "f 1 2 9\n", "v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "\0x"],
    "ply": ["", "ply\n", "ply\nformat binary_little_endian 1.0\nelement vertex 9\n", "x" * 1000],
}


@pytest.mark.parametrize(
    ("form", "text"), [(form, text) for form, texts in BAD_FILES.items() for text in texts]
)
def test_bad_files_of_other_programs(tmp_path: Path, form: str, text: str) -> None:
    path = tmp_path / f"7.{form}"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_cell_mesh(path, np.ones(3), form)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)
    with pytest.raises(InputError, match="no such cell mesh file"):
        read_cell_mesh(tmp_path / f"8.{form}", np.ones(3), form)


def test_navis_neurons(tmp_path: Path) -> None:
    """Hemibrain neurons as navis ships them, in voxels of 8 nm, and as PLY."""
    for path in sorted((Path(navis.__file__).parent / "data" / "obj").glob("*.obj")):
        found = read_cell_mesh(path, np.full(3, 8.0), "obj")
        expected = trimesh.load_mesh(path, process=False)
        expected.export(tmp_path / "7.ply")
        again = read_cell_mesh(tmp_path / "7.ply", np.full(3, 8.0), "ply")
        assert len(found.triangles) > 1000
        for mesh in (found, again):
            assert trimesh.Trimesh(mesh.vertices, mesh.faces).area == pytest.approx(
                64 * expected.area, rel=1e-5
            )


def test_what_was_fetched_of_a_layer(tmp_path: Path) -> None:
    mesh = Mesh(CORNERS, np.array([[0, 1, 2]], np.uint32))
    write_bundle(tmp_path / "7.npz", bundle_meshes(np.array([7]), {7: mesh}))
    found = read_cell_mesh(tmp_path / "7.npz", np.array([0.895, 0.895, 1.0]), "precomputed")
    assert found.vertices.tolist() == [[0, 0, 0], [895, 0, 0], [0, 895, 0]]
    write_bundle(tmp_path / "8.npz", bundle_meshes(np.array([8]), {}))
    with pytest.raises(InputError, match="no mesh") as raised:
        read_cell_mesh(tmp_path / "8.npz", np.ones(3), "precomputed")
    assert raised.value.problem == "no mesh"


def test_repeated_vertices_are_one_place() -> None:
    mesh = CellMesh(
        np.array([[1, 0, 0], [0.0, 0, 0], [0, 1, 0], [-0.0, 0, 0], [1, 0, 0]], float),
        np.array([[0, 1, 2], [4, 3, 2], [1, 3, 2]]),
    )
    a, b, c = mesh.merged[:3].tolist()
    assert (a in (0, 4), b in (1, 3), c) == (True, True, 2)
    assert mesh.merged.tolist() == [a, b, c, b, a]
    assert mesh.triangles.tolist() == [[a, b, c], [a, b, c]]


# Association ---------------------------------------------------------------------------------


def unreached(found: AssignedMesh) -> int:
    return int((found.node_of_vertex < 0).sum())


def test_vertices_of_a_straight_tube_go_to_the_nearest_node() -> None:
    mesh = straight()
    found, pieces = assign_vertices(mesh, neurite())
    x = mesh.vertices[:, 0]
    # Borders may lie where paths over the mesh are as long one way as the other.
    near = np.abs(x - 1_000 * found.node_of_vertex)
    assert near.max() <= 1_100 / 2 + 400
    ring = np.abs(x % 1_000 - 500) > 450
    assert np.array_equal(found.node_of_vertex[ring], np.round(x[ring] / 1_000).astype(int))
    assert (pieces, unreached(found)) == (1, 0)


def test_a_neighbouring_branch_that_only_passes_by_is_not_reached_through_space() -> None:
    """Two legs of a hairpin, 100 nm apart: nodes on one leg only."""
    angles = np.linspace(0, np.pi, 30)[1:-1]
    down = line(BENT_AT_NM, 100)
    turn = np.column_stack(
        [BENT_AT_NM + 450 * np.sin(angles), 450 - 450 * np.cos(angles), 0 * angles]
    )
    back = down[::-1] + np.array([0, 900, 0])
    mesh = tube(np.vstack([down, turn, back]), 400.0, 12)
    path = line(BENT_AT_NM, 1_000)
    found, _ = assign_vertices(mesh, path_skeleton(path, np.full(len(path), 2)))
    away = np.flatnonzero((mesh.vertices[:, 1] > 500) & (mesh.vertices[:, 0] < 4_000))
    # All of the other leg hangs on the node at the bend, around which its surface leads.
    assert set(found.node_of_vertex[away].tolist()) == {len(path) - 1}


def test_pieces_are_counted_and_those_without_a_node_are_left() -> None:
    main = straight()
    far = CellMesh(main.vertices + np.array([0, 5_000, 0]), main.faces)
    found, pieces = assign_vertices(together(main, far), neurite())
    assert (pieces, unreached(found)) == (2, len(far.vertices))
    assert (found.node_of_vertex[len(main.vertices) :] == -1).all()
    assert (found.node_of_vertex[: len(main.vertices)] >= 0).all()


def test_chunks_hang_together_at_repeated_vertices() -> None:
    mesh = straight()
    corners = mesh.faces.ravel()
    chunks = CellMesh(mesh.vertices[corners], np.arange(len(corners)).reshape(-1, 3))
    # One node only, at one end.
    end = Skeleton(np.zeros((1, 3)), np.empty((0, 2), np.int64), np.zeros(1, int), 0)
    found, pieces = assign_vertices(chunks, end)
    assert (pieces, unreached(found)) == (1, 0)
    whole, _ = assign_vertices(mesh, neurite())
    cut, _ = assign_vertices(chunks, neurite())
    places = np.unique(chunks.merged)
    assert len(places) == len(mesh.vertices)
    # Repeats of a vertex have one node.
    assert np.array_equal(cut.node_of_vertex, cut.node_of_vertex[chunks.merged])
    assert (cut.node_of_vertex == whole.node_of_vertex[corners]).mean() > 0.9


def test_links_bridge_gaps(tmp_path: Path) -> None:
    """Of two tubes side by side, the second has no node but is linked to the first one's end."""
    main = straight()
    far = CellMesh(main.vertices + np.array([0, 5_000, 0]), main.faces)
    both, count = together(main, far), len(main.vertices)
    path = write(
        tmp_path / "7_mesh.h5",
        vertices=both.vertices,
        faces=both.faces,
        link_edges=np.array([[count - 1, 2 * count - 1], [3, 3]], np.int32),
    )
    mesh = read_cell_mesh(path, np.ones(3))
    assert mesh.links.tolist() == [[count - 1, 2 * count - 1], [3, 3]]
    found, pieces = assign_vertices(mesh, neurite())
    assert (pieces, unreached(found)) == (1, 0)
    end = found.node_of_vertex[count - 1]
    assert set(found.node_of_vertex[count:].tolist()) == {end}
    # The patches of the surface are of triangles only.
    assert np.array_equal(mesh.triangles, both.triangles)


def test_a_link_is_as_long_as_it_is() -> None:
    mesh = straight()
    one_end, other = 0, len(mesh.vertices) - 3
    linked = CellMesh(mesh.vertices, mesh.faces, np.array([[one_end, other]] * 2))
    nodes = assign_vertices(linked, neurite())[0].node_of_vertex
    assert np.array_equal(nodes, assign_vertices(mesh, neurite())[0].node_of_vertex)


def test_links_go_over_vertices_of_no_triangle() -> None:
    main = straight()
    far = CellMesh(main.vertices + np.array([0, 5_000, 0]), main.faces)
    both = together(main, far)
    lone, count = len(both.vertices), len(main.vertices)
    vertices = np.vstack([both.vertices, both.vertices[[count - 1]] + np.array([0, 2_500, 0])])
    mesh = CellMesh(vertices, both.faces, np.array([[count - 1, lone], [2 * count - 1, lone]]))
    found, pieces = assign_vertices(mesh, neurite())
    assert (pieces, unreached(found)) == (1, 0)


def test_vertices_of_no_triangle_are_not_of_the_surface() -> None:
    mesh = straight()
    stray = CellMesh(np.vstack([mesh.vertices, neurite().vertices + 1.0]), mesh.faces)
    found, pieces = assign_vertices(stray, neurite())
    whole, _ = assign_vertices(mesh, neurite())
    assert (unreached(found), pieces) == (13, 1)
    assert np.array_equal(found.node_of_vertex[:-13], whole.node_of_vertex)


def test_several_nodes_at_one_vertex_leave_it_to_the_nearest_the_smallest_of_equals() -> None:
    mesh = CellMesh(np.array([[0, 0, 0], [1000, 0, 0], [0, 1000, 0]], float), np.array([[0, 1, 2]]))
    places = np.array([[-300, 0, 0], [-100, 0, 0], [-100, 0, 0], [1100, 0, 0]], float)
    skeleton = path_skeleton(places, np.full(4, 2))
    assert assign_vertices(mesh, skeleton)[0].node_of_vertex[:2].tolist() == [1, 3]


def test_the_same_mesh_gives_the_same_nodes() -> None:
    first, again = (assign_vertices(straight(), neurite())[0].node_of_vertex for _ in range(2))
    assert np.array_equal(first, again)


def test_a_mesh_of_another_cell_is_refused() -> None:
    mesh = straight()
    other = CellMesh(mesh.vertices + np.array([0, 30_400, 0]), mesh.faces)
    with pytest.raises(InputError) as raised:
        assign_vertices(other, neurite(), "cells/7_mesh.h5")
    text = str(raised.value)
    assert text.startswith("cells/7_mesh.h5: half of the nodes of the skeleton are 30.0")
    assert "expected less than 5 µm" in text and "mesh_voxel_size_nm" in text


def test_a_mesh_without_area_is_refused() -> None:
    with pytest.raises(InputError, match="no triangle of the mesh has an area"):
        assign_vertices(CellMesh(np.zeros((3, 3)), np.array([[0, 1, 2]])), neurite())


# Radii ---------------------------------------------------------------------------------------


def test_radius_of_a_tube() -> None:
    mesh, skeleton = straight(radius=350.0), neurite()
    radii = node_radii(assign_vertices(mesh, skeleton)[0], skeleton)
    assert radii == pytest.approx(np.full(13, 350.0), rel=1e-9)


def test_radius_of_a_tube_in_any_direction_and_place() -> None:
    direction = np.array([1, -2, 2]) / 3
    path = line(12_000, 100, tuple(direction)) + np.array([4e5, 3e5, -2e5])
    mesh, skeleton = tube(path, 350.0), path_skeleton(path[::10], np.full(13, 2))
    radii = node_radii(assign_vertices(mesh, skeleton)[0], skeleton)
    assert radii == pytest.approx(np.full(13, 350.0), rel=1e-6)


def test_radius_of_a_cone_grows_with_it() -> None:
    path = line(12_000, 100)
    mesh, skeleton = tube(path, 200 + path[:, 0] / 20, 12), neurite()
    radii = node_radii(assign_vertices(mesh, skeleton)[0], skeleton)
    expected = 200 + skeleton.vertices[:, 0] / 20
    assert radii[1:-1] == pytest.approx(expected[1:-1], rel=0.03)
    assert (np.diff(radii) > 0).all()


def test_a_node_without_vertices_takes_the_next_ones_radius() -> None:
    skeleton = neurite(5_000)
    loose = Skeleton(
        np.vstack([skeleton.vertices, [[0, 9e4, 0]]]), skeleton.edges, np.full(7, 2), 0
    )
    mesh = CellMesh(
        np.array([[0, 100, 0], [0, 300, 0], [0, 500, 0], [5_000, 0, 700]], float),
        np.array([[0, 1, 2]]),
    )
    radii = node_radii(AssignedMesh(mesh.vertices, mesh.triangles, np.array([0, 0, 0, 5])), loose)
    assert radii[:6].tolist() == [300, 300, 300, 700, 700, 700]
    assert np.isnan(radii[6])
    assert np.isnan(
        node_radii(AssignedMesh(mesh.vertices, mesh.triangles, np.full(4, -1)), loose)
    ).all()


def test_a_lone_node_measures_from_itself() -> None:
    lone = Skeleton(np.zeros((1, 3)), np.empty((0, 2), np.int64), np.zeros(1, int), 0)
    mesh = CellMesh(np.array([[3, 4, 0], [0, 0, 5], [0, 5, 0]], float), np.array([[0, 1, 2]]))
    assert node_radii(
        AssignedMesh(mesh.vertices, mesh.triangles, np.zeros(3, int)), lone
    ).tolist() == [5]
