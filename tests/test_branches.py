"""Branches of skeletons and what is measured of each, against closed forms and a slow reference."""

from __future__ import annotations

from dataclasses import replace

import branch_reference as reference
import numpy as np
import pyarrow as pa
import pytest
import trimesh
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mitosyn.branches.division import (
    BRANCH_TYPES,
    most_branch_points,
    split,
    template,
)
from mitosyn.branches.measures import BRANCH_SCHEMA, measure_branches
from mitosyn.branches.mesh import assign_vertices
from mitosyn.branches.neuron import Neuron
from mitosyn.meshes.cell_mesh import CellMesh
from mitosyn.skeletons.assigned import AssignedMesh
from mitosyn.skeletons.coverage import Coverage
from mitosyn.skeletons.skeleton import Skeleton, piece_roots
from tubes import arbor, line, path_skeleton, tube

NO_MITOCHONDRIA = np.empty(0)


def covering(*rows: tuple[int, int, int]) -> Coverage:
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return Coverage(*columns)


def measured(skeleton: Skeleton, kind: str, *, mesh=None, node_of_vertex=None, **given) -> list:
    """Measure a skeleton's branches with nothing but what is given."""
    inputs = {
        "diameters": np.full(len(skeleton.vertices), np.nan),
        "coverage": covering(),
        "mitochondria_um3": NO_MITOCHONDRIA,
        "synapse_nodes": np.empty(0, np.int64),
    }
    if mesh is not None:
        mesh = AssignedMesh(mesh.vertices, mesh.triangles, node_of_vertex)
    table = measure_branches(Neuron(7, skeleton, mesh, **(inputs | given)), kind)
    table.validate(full=True)
    assert table.schema == BRANCH_SCHEMA
    return table.to_pylist()


def neurite(length_um: int, *, soma: int = 1, label: int = 2) -> Skeleton:
    """Give a straight neurite with a node every µm, the first of them somatic."""
    path = line(1000.0 * length_um, 1000)
    return path_skeleton(path, np.where(np.arange(len(path)) < soma, 0, label))


def tree(parents: list[int], labels: list[int]) -> Skeleton:
    """Give a forest with edges of 1 µm; -1 for a root."""
    rng = np.random.default_rng(0)
    vertices = np.zeros((len(parents), 3))
    for node, parent in enumerate(parents):
        step = rng.normal(size=3)
        base = vertices[parent] if parent >= 0 else 1e5 * rng.normal(size=3)
        vertices[node] = base + 1000 * step / np.linalg.norm(step)
    edges = np.array([(p, n) for n, p in enumerate(parents) if p >= 0], np.int64).reshape(-1, 2)
    return Skeleton(vertices, edges, np.array(labels), 0)


# Branches ------------------------------------------------------------------------------------


def test_distance_bins_begin_at_whole_bins_the_soma_and_loose_pieces_apart() -> None:
    whole = neurite(25, soma=3)
    # A loose piece of three nodes.
    loose = Skeleton(
        np.vstack([whole.vertices, whole.vertices[:3] + np.array([0, 9e4, 0])]),
        np.vstack([whole.edges, [[26, 27], [27, 28]]]),
        np.append(whole.labels, [3, 3, 3]),
        0,
    )
    branches = split(loose, template("distancebins", loose), "distancebins")
    assert branches.ids.tolist() == [0, 3, 12, 22, 26]
    assert branches.compartments.tolist() == [0, 2, 2, 2, 3]
    assert np.bincount(branches.branch_of_node).tolist() == [3, 9, 10, 4, 3]
    rows = measured(loose, "distancebins")
    assert [row["mindisttosoma"] for row in rows] == [0, 1, 10, 20, None]
    assert [row["maxdisttosoma"] for row in rows] == [0, 9, 19, 23, None]
    assert [row["meandisttosoma"] for row in rows] == [0, 5, 14.5, 21.5, None]
    assert [row["mindisttoleaf"] for row in rows] == [23, 14, 4, 0, 0]
    assert [row["pathlength"] for row in rows] == [2, 8, 9, 3, 2]


def test_distal_branches_have_their_label_from_60_um_on() -> None:
    skeleton = neurite(70)
    labels = skeleton.labels.copy()
    labels[30:] = 3
    skeleton = replace(skeleton, labels=labels)
    branches = split(skeleton, template("distalbranches", skeleton), "distalbranches")
    assert branches.ids.tolist() == [0, 1, 60]
    assert branches.compartments.tolist() == [0, 2, 3]
    nodes = np.array([0] + [1] * 59 + [2] * 11)
    assert np.array_equal(branches.branch_of_node, nodes)


def test_nodes_without_soma_share_a_distal_branch_whatever_their_label() -> None:
    skeleton = replace(neurite(5, soma=0), labels=np.array([1, 1, 2, 2, 3, 3]))
    branches = split(skeleton, template("distalbranches", skeleton), "distalbranches")
    assert branches.ids.tolist() == [0] and branches.compartments.tolist() == [1]
    assert np.isinf(skeleton.soma_distances).all()


def test_full_branches_are_runs_of_one_label() -> None:
    skeleton = tree([-1, 0, 1, 1, 0, 4, -1], [0, 2, 2, 3, 1, 1, 5])
    branches = split(skeleton, template("full", skeleton), "full")
    assert branches.ids.tolist() == [0, 1, 3, 4, 6]
    assert branches.compartments.tolist() == [0, 2, 3, 1, 5]


def test_branch_points_count_from_the_tips() -> None:
    # The example of the definition: a trunk, a fork, and a second one on one side.
    parents = [-1, 0, 1, 2, 3, 2, 5, 5]
    skeleton = tree(parents, 8 * [2])
    assert most_branch_points(skeleton).tolist() == [2, 2, 2, 0, 0, 1, 0, 0]
    branches = split(skeleton, template("branchpointsegments", skeleton), "branchpointsegments")
    assert branches.ids.tolist() == [0, 3, 5, 6, 7]


def test_the_soma_is_apart_but_its_forks_count_on_the_way_to_the_root() -> None:
    # The root is a tip of the axon, 1, 2 and 5 are somatic; 6 to 9 are a piece of its own.
    skeleton = tree([-1, 0, 1, 2, 2, 1, -1, 6, 7, 7], [1, 0, 0, 2, 2, 0, 3, 3, 3, 3])
    assert most_branch_points(skeleton)[:6].tolist() == [2, 2, 1, 0, 0, 0]
    values = template("branchpointsegments", skeleton)
    assert values[:6].tolist() == [2, -1, -1, 0, 0, -1]
    # The piece starts at an end of its longest path, and has one fork.
    assert values[6:].tolist() == [1, 1, 0, 0]


def test_covered_branches_are_named_by_their_farthest_node() -> None:
    skeleton = neurite(9)
    rows = measured(
        skeleton,
        "coveredornot",
        coverage=covering(*((0, node, 1) for node in (3, 4, 5))),
        mitochondria_um3=np.array([1.0]),
    )
    assert [row["branchid"] for row in rows] == [2, 5, 9]
    assert [row["compartment"] for row in rows] == [8, 2, 8]
    assert [row["nodes"] for row in rows] == [3, 3, 4]
    assert [row["linearmitocoverage"] for row in rows] == [0, 1, 0]
    covered = np.zeros(10, bool)
    with pytest.raises(ValueError, match="which nodes are covered"):
        template("coveredornot", skeleton)
    everything = split(skeleton, template("coveredornot", skeleton, covered), "coveredornot")
    assert everything.ids.tolist() == [9] and everything.compartments.tolist() == [8]


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="no branch type 'bins', expected one of full"):
        template("bins", neurite(3))


def test_tips_are_the_nodes_without_children() -> None:
    # 3 is somatic; the root 0 has a child; 4 is a piece of its own, and so is 5 - 6.
    skeleton = tree([-1, 0, 1, 2, -1, -1, 5], [2, 2, 0, 0, 2, 2, 2])
    assert skeleton.tips.tolist() == [3, 6]
    assert skeleton.tip_distances[:4].tolist() == pytest.approx([3000, 2000, 1000, 0])
    assert np.isinf(skeleton.tip_distances[4])
    assert skeleton.tip_distances[5:].tolist() == pytest.approx([1000, 0])
    assert tree([-1], [0]).tips.tolist() == [0]


# Synapses and mitochondria -------------------------------------------------------------------


def test_synapses_on_both_sides_of_a_border() -> None:
    rows = measured(neurite(19), "distancebins", synapse_nodes=np.array([9, 10, 10, 0]))
    assert [row["synapsecount"] for row in rows] == [1, 1, 2]
    assert [row["linearsynapsedensity"] for row in rows] == [None, 1 / 8, 2 / 9]
    assert [row["surfsynapsedensity"] for row in rows] == [None] * 3


def test_coverage_of_a_neurite() -> None:
    """One of 5 µm, one of 3 µm of which 2 µm lie on it, and one beyond a gap."""
    nodes = [range(5, 11), range(8, 12), range(15, 17)]
    rows = [(i, node, 1 + i) for i, covered in enumerate(nodes) for node in covered]
    (soma, neurite_row) = measured(
        neurite(20), "full", coverage=covering(*rows), mitochondria_um3=np.array([1.0, 2.0, 4.0])
    )
    assert neurite_row["pathlength"] == 19
    assert neurite_row["coveredpathlength"] == 5 + 3 + 1
    assert neurite_row["extracoveragelength"] == 2
    assert neurite_row["uncoveredpathlength"] == 19 - 6 - 1
    assert neurite_row["linearmitocoverage"] == 9 / 19
    assert neurite_row["mitovol"] == pytest.approx(7)
    assert soma["mitovol"] == 0 and soma["coveredpathlength"] == 0


def test_volume_is_shared_by_vertices_and_unknown_volumes_stay_unknown() -> None:
    coverage = covering((0, 8, 1), (0, 12, 3), (1, 25, 4), (2, 26, 1))
    rows = measured(
        neurite(29),
        "distancebins",
        coverage=coverage,
        mitochondria_um3=np.array([2.0, np.nan, 1.0, 5.0]),
    )
    assert [row["mitovol"] for row in rows] == [0, 0.5, 1.5, None]
    assert [row["mitovoldensity"] for row in rows] == [None] * 4


def test_diameters_in_nm_without_those_not_known() -> None:
    diameters = np.full(30, np.nan)
    diameters[1:5] = [100, 400, 200, 300]
    diameters[11] = 700
    rows = measured(neurite(29), "distancebins", diameters=diameters)
    names = ("mindiam", "meandiam", "mediandiam", "maxdiam")
    found = [[row[name] for name in names] for row in rows]
    assert found == [[None] * 4, [100, 250, 250, 400], [700] * 4, [None] * 4]


# Meshes --------------------------------------------------------------------------------------


def test_a_tube_cut_into_branches() -> None:
    """Prisms on a polygon: area of the sides and volume are those of the polygon."""
    sides, radius, step = 12, 400.0, 250.0
    skeleton = neurite(30)
    mesh = tube(line(30_000, step), radius, sides)
    # Each ring to a node, so that the borders are rings.
    ring = np.repeat(np.arange(121), sides)
    node_of_vertex = np.append(ring // 4, [0, 30])
    rows = measured(skeleton, "distancebins", mesh=mesh, node_of_vertex=node_of_vertex)
    outline = 2 * sides * radius * np.sin(np.pi / sides)
    section = sides / 2 * radius**2 * np.sin(2 * np.pi / sides)
    lengths = np.array([0.75, 8.75, 9.75, 9.75, 0.0])
    assert len(rows) == 5
    caps = np.array([1, 0, 0, 0, 1]) * section / 1e6
    expected = lengths * outline / 1e3 + caps
    assert [r["surfacearea"] for r in rows] == pytest.approx(expected.tolist(), rel=1e-12)
    inner = [r["volume"] for r in rows[:4]]
    assert inner == pytest.approx((lengths[:4] * section / 1e6).tolist(), rel=1e-12)
    # The last is a flat cap: closed, it holds nothing.
    assert rows[4]["volume"] == pytest.approx(0, abs=1e-12)
    assert inner[2] == pytest.approx(np.pi * radius**2 * 9.75e-6, rel=0.05)
    assert [r["vertices"] for r in rows] == [49, 432, 480, 480, 13]


def test_nodes_without_mesh_have_no_surface_rather_than_none() -> None:
    mesh = tube(line(12_000, 250), 400.0)
    node_of_vertex = np.where(mesh.vertices[:, 0] > 9_000, -1, 5)
    rows = measured(
        neurite(12),
        "distancebins",
        mesh=mesh,
        node_of_vertex=node_of_vertex,
        synapse_nodes=np.array([11]),
        coverage=covering((0, 11, 1)),
        mitochondria_um3=np.ones(1),
    )
    unknown = ("surfacearea", "volume", "mitovoldensity", "surfsynapsedensity")
    assert [[row[name] is None for name in unknown] for row in rows] == [[True] * 4] * 1 + [
        [False] * 4,
        [True] * 4,
    ]
    assert [row["vertices"] for row in rows] == [0, (node_of_vertex == 5).sum(), 0]


def test_a_bent_tube_is_closed_by_flat_fans() -> None:
    angles = np.linspace(0, np.pi, 61)
    bend = 5_000 * np.column_stack([np.cos(angles), np.sin(angles), 0 * angles])
    sides, far = 10, np.array([3e6, -2e6, 1e6])
    mesh = tube(bend + far, 300.0, sides)
    skeleton = path_skeleton(bend + far, np.repeat([1, 2, 3], [20, 21, 20]))
    node_of_vertex = np.append(np.repeat(np.arange(61), sides), [0, 60])
    rows = measured(skeleton, "full", mesh=mesh, node_of_vertex=node_of_vertex)
    part = tube(bend[20:41], 300.0, sides)
    # The same rings, with caps.
    part = CellMesh(
        np.vstack([mesh.vertices[20 * sides : 41 * sides] - far, bend[[20, 40]]]), part.faces
    )
    closed = trimesh.Trimesh(part.vertices, part.faces, process=False)
    assert closed.is_watertight
    assert rows[1]["volume"] == pytest.approx(closed.volume / 1e9, rel=1e-9)
    arc = 5_000 * np.pi * 20 / 60
    assert rows[1]["volume"] == pytest.approx(np.pi * 300**2 * arc / 1e9, rel=0.08)


@pytest.mark.parametrize("shift", [0.0, 1e7])
def test_a_spherical_soma(shift: float) -> None:
    ball = trimesh.creation.icosphere(4, 6_000)
    mesh = CellMesh(ball.vertices + shift, ball.faces.astype(np.int64))
    skeleton = Skeleton(np.full((1, 3), shift), np.empty((0, 2), np.int64), np.zeros(1, int), 0)
    (row,) = measured(skeleton, "full", mesh=mesh, node_of_vertex=np.zeros(len(mesh.vertices), int))
    assert row["volume"] == pytest.approx(ball.volume / 1e9, rel=1e-9)
    assert row["volume"] == pytest.approx(4 / 3 * np.pi * 6**3, rel=5e-3)
    assert row["surfacearea"] == pytest.approx(ball.area / 1e6, rel=1e-9)
    assert row["pathlength"] == 0 and row["mindisttoleaf"] == 0


def test_chunks_and_their_order_make_no_difference() -> None:
    """Each triangle with vertices of its own: the surface goes on between them."""
    mesh = tube(line(3_000, 100), 300.0)
    node = (mesh.vertices[:, 0] > 1_450).astype(int)
    skeleton = path_skeleton(line(3_000, 3_000), np.array([1, 2]))
    rows = measured(skeleton, "full", mesh=mesh, node_of_vertex=node)
    corners = mesh.faces[::-1].ravel()
    chunks = CellMesh(mesh.vertices[corners], np.arange(len(corners)).reshape(-1, 3))
    others = measured(skeleton, "full", mesh=chunks, node_of_vertex=node[corners])
    for row, other in zip(rows, others, strict=True):
        assert other["volume"] == pytest.approx(row["volume"], rel=1e-12)
        assert other["surfacearea"] == pytest.approx(row["surfacearea"], rel=1e-12)


def test_boxes_that_touch_have_the_volume_of_both() -> None:
    """Along an edge, where four triangles meet, and in a corner of open rims."""
    box = trimesh.creation.box((1000, 1000, 1000))
    for offset in ([1000, 1000, 0], [1000, 1000, 1000]):
        mesh = CellMesh(
            np.vstack([box.vertices, box.vertices + offset]), np.vstack([box.faces, box.faces + 8])
        )
        skeleton = Skeleton(np.zeros((1, 3)), np.empty((0, 2), np.int64), np.ones(1, int), 0)
        (row,) = measured(skeleton, "full", mesh=mesh, node_of_vertex=np.zeros(16, int))
        assert row["volume"] == pytest.approx(2, rel=1e-12)
    # Rims that touch in a corner are one rim with one fan; whatever the order of triangles.
    squares = np.array(
        [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [2, 1, 0], [2, 2, 0], [1, 2, 0]], float
    )
    faces = np.array([[0, 1, 2], [0, 2, 3], [2, 4, 5], [2, 5, 6]])
    bent = 1000 * (squares + np.outer(np.arange(7) % 3, [0, 0, 1]))
    volumes = [
        measured(skeleton, "full", mesh=CellMesh(bent, order), node_of_vertex=np.zeros(7, int))[0][
            "volume"
        ]
        for order in (faces, faces[::-1], np.roll(faces, 1, axis=1))
    ]
    assert volumes[0] > 0 and volumes == pytest.approx([volumes[0]] * 3, rel=1e-12)


# The reference -------------------------------------------------------------------------------


def assert_same(table: list[dict], expected: list[dict]) -> None:
    assert [row["branchid"] for row in table] == [row["branchid"] for row in expected]
    for row, other in zip(table, expected, strict=True):
        assert set(row) == set(other)
        for name, value in row.items():
            if value is None or other[name] is None:
                assert value is other[name], (name, row, other)
            else:
                assert value == pytest.approx(other[name], rel=1e-9, abs=1e-9), (name, row)


@pytest.fixture(scope="module")
def cell() -> tuple[CellMesh, Skeleton]:
    """A cell with two dendrites; no vertex is as far from one node as from another."""
    rng = np.random.default_rng(3)
    mesh, skeleton = arbor(rng, dendrites=2, length=64_000, step=250, sides=7)
    noise = rng.normal(0, 3, mesh.vertices.shape)
    return CellMesh(mesh.vertices + noise, mesh.faces), skeleton


def test_geodesic_assignment_is_the_references(cell) -> None:
    mesh, skeleton = cell
    found, pieces = assign_vertices(mesh, skeleton)
    closed = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    assert closed.is_watertight
    assert np.array_equal(found.node_of_vertex, reference.assign(closed, skeleton.vertices))
    assert pieces == 1


@pytest.mark.parametrize("kind", BRANCH_TYPES)
def test_all_measures_are_the_references(cell, kind: str) -> None:
    mesh, skeleton = cell
    rng = np.random.default_rng(0)
    nodes = len(skeleton.vertices)
    node_of_vertex = assign_vertices(mesh, skeleton)[0].node_of_vertex
    node_of_vertex[rng.random(len(node_of_vertex)) < 0.004] = -1
    diameters = np.where(rng.random(nodes) < 0.1, np.nan, rng.uniform(100, 900, nodes))
    mitochondrion, node = np.nonzero(_runs(rng, 30, nodes))
    vertices = rng.integers(1, 50, len(node))
    volumes = np.where(np.arange(30) == 4, np.nan, rng.random(30))
    synapses = rng.integers(0, nodes, 200)
    table = measured(
        skeleton,
        kind,
        mesh=mesh,
        node_of_vertex=node_of_vertex,
        diameters=diameters,
        coverage=Coverage(mitochondrion, node, vertices),
        mitochondria_um3=volumes,
        synapse_nodes=synapses,
    )
    expected = reference.measure_branches(
        7,
        skeleton.vertices,
        skeleton.edges,
        skeleton.labels,
        kind,
        roots=[0],
        mesh=trimesh.Trimesh(mesh.vertices, mesh.faces, process=False),
        node_of_vertex=node_of_vertex,
        diameters=diameters,
        coverage=np.column_stack([mitochondrion, node, vertices]).tolist(),
        mitochondria_um3=[None if np.isnan(v) else v for v in volumes.tolist()],
        synapse_nodes=synapses.tolist(),
    )
    assert len(table) >= 3
    assert_same(table, expected)


def _runs(rng: np.random.Generator, count: int, nodes: int) -> np.ndarray:
    """Give which nodes each mitochondrion covers: a run of them."""
    first = rng.integers(0, nodes, (count, 1))
    return (np.arange(nodes) >= first) & (np.arange(nodes) < first + rng.integers(1, 9, (count, 1)))


# Any forest ----------------------------------------------------------------------------------


@st.composite
def forests(draw, one_soma: bool = False) -> tuple[Skeleton, Coverage]:
    """Any labelled forest, mostly with somatic nodes, and some mitochondria on it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 40))
    parents = [int(rng.integers(-1 if rng.random() < 0.2 else 0, i)) for i in range(1, count)]
    edges = np.array([(p, n) for n, p in enumerate(parents, 1) if p >= 0], np.int64).reshape(-1, 2)
    labels = rng.integers(int(one_soma), 6, count)
    labels = labels[np.maximum(0, np.arange(count) - rng.integers(0, 4, count))]
    labels[: draw(st.integers(0, 1 if one_soma else 3))] = 0
    vertices = rng.normal(0, 15_000, (count, 3))
    skeleton = Skeleton(vertices, edges, labels, int(rng.integers(0, count)))
    mitochondrion, node = np.nonzero(_runs(rng, 4, count))
    return skeleton, Coverage(mitochondrion, node, rng.integers(1, 9, len(node)))


@settings(max_examples=30, deadline=None)
@given(forests())
def test_branch_points_and_tips_are_meshpartys(made) -> None:
    from meshparty.skeleton import Skeleton as Published

    skeleton, _ = made
    published = Published(skeleton.vertices, skeleton.edges.copy(), root=skeleton.root)
    lone = [n for n, others in enumerate(skeleton.neighbours) if not others and n != skeleton.root]
    assert skeleton.tips.tolist() == sorted({*published.end_points.tolist()} - {*lone})
    forks = set(published.branch_points.tolist())
    expected = np.zeros(len(skeleton.vertices), np.int64)
    for end in published.end_points.tolist():
        met = 0
        for node in published.path_to_root(end).tolist():
            met += node in forks
            expected[node] = max(expected[node], met)
    assert most_branch_points(skeleton).tolist() == expected.tolist()


@settings(max_examples=60, deadline=None)
@given(forests(), st.sampled_from(BRANCH_TYPES))
def test_branches_of_any_forest(made: tuple[Skeleton, Coverage], kind: str) -> None:
    skeleton, coverage = made
    nodes = len(skeleton.vertices)
    covered = np.isin(np.arange(nodes), coverage.node)
    shared = template(kind, skeleton, covered)
    branches = split(skeleton, shared, kind)
    graph = reference.skeleton_graph(skeleton.vertices, skeleton.edges)
    components = reference.find_branches(graph, shared.tolist())
    rows = branches.branch_of_node
    found = {frozenset(np.flatnonzero(rows == row).tolist()) for row in range(len(branches.ids))}
    assert found == set(map(frozenset, components))
    # Every branch has its own id, one of its nodes.
    assert np.array_equal(rows[branches.ids], np.arange(len(branches.ids)))
    table = measured(
        skeleton, kind, coverage=coverage, mitochondria_um3=np.array([1.0, 2.0, 4.0, 8.0])
    )
    total = skeleton.edge_lengths().sum() / 1000
    assert sum(row["pathlength"] for row in table) <= total * (1 + 1e-9)
    assert sum(row["nodes"] for row in table) == nodes
    held = len(np.unique(coverage.mitochondrion))
    volumes = np.array([1.0, 2.0, 4.0, 8.0])[np.unique(coverage.mitochondrion)]
    assert held and sum(row["mitovol"] for row in table) == pytest.approx(volumes.sum())
    for row in table:
        once = row["coveredpathlength"] - row["extracoveragelength"]
        assert once + row["uncoveredpathlength"] == pytest.approx(row["pathlength"])


@settings(max_examples=60, deadline=None)
@given(forests(one_soma=True), st.sampled_from(BRANCH_TYPES), st.integers(0, 2**32 - 1))
def test_numbering_the_nodes_anew_renames_branches_only(made, kind: str, seed: int) -> None:
    skeleton, coverage = made
    # Where a piece apart starts, which then is no tip, depends on the numbers, as in MeshParty.
    assume(kind != "branchpointsegments" or len(skeleton.pieces) == 1)
    number = np.random.default_rng(seed).permutation(len(skeleton.vertices))
    order = np.argsort(number)
    edges = np.unique(np.sort(number[skeleton.edges], axis=1), axis=0)
    anew = Skeleton(
        skeleton.vertices[order], edges, skeleton.labels[order], int(number[skeleton.root])
    )
    volumes = np.arange(1.0, 5.0)
    moved = replace(coverage, node=number[coverage.node])
    synapses = np.arange(len(number))
    plain = measured(
        skeleton, kind, coverage=coverage, mitochondria_um3=volumes, synapse_nodes=synapses
    )
    renumbered = measured(
        anew, kind, coverage=moved, mitochondria_um3=volumes, synapse_nodes=number[synapses]
    )
    covered = np.isin(np.arange(len(number)), coverage.node)
    before = split(skeleton, template(kind, skeleton, covered), kind)
    after = split(anew, template(kind, anew, covered[order]), kind)
    for row, measures in enumerate(plain):
        node = before.ids[row]
        other = renumbered[after.branch_of_node[number[node]]]
        for name, value in measures.items():
            # Of nodes equally far, or without a soma, the smallest gives name and label.
            if name == "mindisttoleaf" and len(skeleton.pieces) > 1:
                continue
            if name not in ("branchid", "compartment"):
                assert other[name] == pytest.approx(value), name
    if kind == "full":
        assert sorted(r["compartment"] for r in plain) == sorted(
            r["compartment"] for r in renumbered
        )


@settings(max_examples=60, deadline=None)
@given(forests(), st.integers(0, 2**32 - 1))
def test_a_finer_template_divides_the_branches_of_a_coarser(made, seed: int) -> None:
    skeleton, _ = made
    coarse = template("full", skeleton)
    fine = 2 * coarse + np.random.default_rng(seed).integers(0, 2, len(coarse))
    of_coarse = split(skeleton, coarse, "full").branch_of_node
    of_fine = split(skeleton, fine, "full").branch_of_node
    pairs = set(zip(of_fine.tolist(), of_coarse.tolist(), strict=True))
    assert len(pairs) == len(set(of_fine.tolist()))


@settings(max_examples=40, deadline=None)
@given(forests())
def test_halving_the_edges_leaves_lengths_and_distances(made) -> None:
    skeleton, _ = made
    count, edges = len(skeleton.vertices), skeleton.edges
    middle = count + np.arange(len(edges))
    # Its label is that of the end farther from the soma, as if the edge were its own.
    far = edges[np.arange(len(edges)), np.argmax(skeleton.soma_distances[edges], axis=1)]
    halved = Skeleton(
        np.vstack([skeleton.vertices, skeleton.vertices[edges].mean(axis=1)]),
        np.vstack([np.column_stack([edges[:, 0], middle]), np.column_stack([edges[:, 1], middle])]),
        np.append(skeleton.labels, skeleton.labels[far]),
        skeleton.root,
    )
    assert most_branch_points(halved)[:count].tolist() == most_branch_points(skeleton).tolist()
    assert halved.tips.tolist() == skeleton.tips.tolist()
    plain, finer = (measured(s, "full") for s in (skeleton, halved))
    total = sum(row["pathlength"] for row in finer)
    assert total >= sum(row["pathlength"] for row in plain) * (1 - 1e-9)
    if (skeleton.labels == skeleton.labels[0]).all():
        assert total == pytest.approx(sum(row["pathlength"] for row in plain))
    assert len(plain) == len(finer)


@settings(max_examples=40, deadline=None)
@given(forests(), st.sampled_from(BRANCH_TYPES))
def test_any_forest_is_measured_as_by_the_reference(made, kind: str) -> None:
    skeleton, coverage = made
    table = measured(
        skeleton, kind, coverage=coverage, mitochondria_um3=np.array([1.0, np.nan, 4.0, 8.0])
    )
    expected = reference.measure_branches(
        7,
        skeleton.vertices,
        skeleton.edges,
        skeleton.labels,
        kind,
        roots=piece_roots(skeleton),
        mesh=None,
        node_of_vertex=None,
        diameters=None,
        coverage=np.column_stack(list(vars(coverage).values())).tolist(),
        mitochondria_um3=[1.0, None, 4.0, 8.0],
        synapse_nodes=[],
    )
    assert_same(table, expected)


def test_the_columns_are_those_of_the_contract() -> None:
    names = (
        "cellid branchid compartment pathlength surfacearea volume synapsecount mitovol "
        "coveredpathlength uncoveredpathlength extracoveragelength mitovoldensity "
        "linearmitocoverage surfsynapsedensity linearsynapsedensity mindiam meandiam mediandiam "
        "maxdiam mindisttosoma meandisttosoma maxdisttosoma mindisttoleaf nodes vertices"
    )
    assert BRANCH_SCHEMA.names == names.split()
    whole = {"cellid", "branchid", "compartment", "synapsecount", "nodes", "vertices"}
    assert {f.name for f in BRANCH_SCHEMA if f.type == pa.int64()} == whole
