"""Where mitochondria and sites sit: known answers, a slow reference, properties, the null model."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import positions_reference as reference
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitosyn.branches.neuron import coverage_of_cell
from mitosyn.catalogue.files import published
from mitosyn.catalogue.names import COMPARTMENTS
from mitosyn.catalogue.position_tables import REACH_NM
from mitosyn.dataset.sites import located_ends
from mitosyn.dataset.tidy import ARROW_TYPES
from mitosyn.meshes.bundle import Mesh, MeshBundle, bundle_meshes, read_bundle, source_scale
from mitosyn.positions.counts import within
from mitosyn.positions.mitochondria import POSITION_FIELDS
from mitosyn.positions.neuron import Neuron, neuron_of
from mitosyn.positions.relations import position_schema, position_tables
from mitosyn.positions.shuffles import movable, placed_lengths, shuffles_of
from mitosyn.positions.sites import SITE_SCHEMA, site_table
from mitosyn.skeletons.coverage import Coverage, associate, first_nearest_nodes, majority_labels
from mitosyn.skeletons.formats.registry import read_skeleton
from mitosyn.skeletons.skeleton import NO_PARENT, Skeleton
from mitosyn.tables.arrow import numpy_values, read_arrow
from mitosyn.tables.synapses import ENDS_SCHEMA
from workflow import Run

CELL, OTHER = 648518346349538426, 648518346349537404
ONE = np.ones(3)
WITHOUT = {name: None for name in position_schema().names[6:]}


def ends_of(*sites: tuple[float, float, float, str]) -> pa.Table:
    """Give a table of the ends of synapses of the cell, and of one that is another's."""
    rows = [
        {
            "id": number,
            "cell_id": CELL,
            "synapse_type": kind,
            **dict(zip("xyz", position, strict=True)),
            "pre_root_id": OTHER if kind == "post" else CELL,
            "post_root_id": OTHER if kind == "pre" else CELL,
        }
        for number, (*position, kind) in enumerate(sites)
    ]
    foreign = {"id": 99, "cell_id": OTHER, "synapse_type": "post", "x": 0, "y": 0, "z": 0}
    rows.insert(0, foreign | {"pre_root_id": 1, "post_root_id": OTHER})
    return pa.Table.from_pylist(rows, schema=ENDS_SCHEMA)


def mesh_at(*positions) -> Mesh:
    return Mesh(np.array(positions, np.float32), np.zeros((1, 3), np.uint32))


def related(
    skeleton: Skeleton, meshes: dict[int, Mesh], ends: pa.Table, ids: list[int] | None = None
) -> tuple[Neuron, list[dict], list[dict]]:
    """Give a neuron, the rows of its sites and those of its mitochondria."""
    bundle = bundle_meshes(np.array(ids or list(meshes), np.int64), meshes)
    coverage = associate(bundle, ONE, skeleton)
    labels = majority_labels(coverage, skeleton, len(bundle.mito_ids))
    neuron = neuron_of(CELL, skeleton, coverage, bundle.mito_ids, labels, ends)
    sites = site_table(neuron, bundle, ONE, COMPARTMENTS)
    positions, _ = position_tables(neuron)
    for table, schema in ((sites, SITE_SCHEMA), (positions, position_schema())):
        table.validate(full=True)
        assert table.schema == schema
    return neuron, sites.to_pylist(), positions.to_pylist()


def path(xs: range, labels: list[int] | None = None) -> Skeleton:
    vertices = np.array([[float(x), 0, 0] for x in xs])
    edges = np.column_stack([np.arange(len(xs) - 1), np.arange(1, len(xs))])
    return Skeleton(vertices, edges, np.array(labels or [0] + [2] * (len(xs) - 1)), 0)


# Known answers -------------------------------------------------------------------------------


STRAIGHT = path(range(0, 10_100, 100))
MESHES = {
    20: mesh_at(*((x, 30, 0) for x in range(1000, 1600, 100))),
    10: mesh_at(*((x, 0, 40) for x in range(4000, 4500, 100))),
}


def counts(**some: int) -> dict:
    names = [name for name in position_schema().names if name.endswith("_nm")]
    return dict.fromkeys(names, 0) | some


def test_a_straight_skeleton_by_hand() -> None:
    ends = ends_of((2000, 30, 40, "pre"), (4200, 0, 50, "post"))
    _, sites, rows = related(STRAIGHT, MESHES, ends)
    assert sites == [
        {
            "id": 0,
            "cell_id": CELL,
            "node_id": 20,
            "node_distance": 50,
            "compartment": "Basal",
            "soma_distance": 2000,
            "nearest_mito_id": 20,
            "nearest_mito_path": 500,
            "nearest_mito_distance": pytest.approx(math.hypot(500, 40), rel=1e-12),
        },
        {
            "id": 1,
            "cell_id": CELL,
            "node_id": 42,
            "node_distance": 50,
            "compartment": "Basal",
            "soma_distance": 4200,
            "nearest_mito_id": 10,
            "nearest_mito_path": 0,
            "nearest_mito_distance": 10,
        },
    ]
    common = {"cell_id": CELL, "kind": "measured", "shuffle": None, "label": 2}
    common |= {"branch_order": 0, "tips_beyond": 1, "branch_points_covered": 0}
    common |= {"nearest_branch_point_path": None, "pre_sites": 0}
    assert rows == [
        {
            **common,
            "mito_id": 20,
            "nodes": 6,
            "soma_distance": 1000,
            "nearest_tip_path": 8500,
            "nearest_mito_id": 10,
            "nearest_mito_path": 2500,
            "post_sites": 0,
            "nearest_pre_path": 500,
            "nearest_post_path": 2700,
            **counts(pre_sites_300_600_nm=1, mitochondria_1200_2500_nm=1),
        },
        {
            **common,
            "mito_id": 10,
            "nodes": 5,
            "soma_distance": 4000,
            "nearest_tip_path": 5600,
            "nearest_mito_id": 20,
            "nearest_mito_path": 2500,
            "post_sites": 1,
            "nearest_pre_path": 2000,
            "nearest_post_path": 0,
            **counts(pre_sites_1200_2500_nm=1, mitochondria_1200_2500_nm=1),
        },
    ]


def test_a_bin_has_its_upper_edge_and_not_its_lower_one() -> None:
    steps = {300: "0_300", 600: "300_600", 700: "600_1200", 1200: "600_1200", 2500: "1200_2500"}
    for distance, name in steps.items():
        _, _, rows = related(STRAIGHT, MESHES, ends_of((4400 + distance, 0, 0, "post")))
        assert {n: v for n, v in rows[1].items() if "post_sites_" in n and v} == {
            f"post_sites_{name}_nm": 1
        }
    for distance in (0, 2600):
        _, _, rows = related(STRAIGHT, MESHES, ends_of((4400 + distance, 0, 0, "post")))
        assert not any(value for name, value in rows[1].items() if "post_sites_" in name)


def test_what_is_in_another_compartment_is_not_counted_but_near() -> None:
    labels = [0] + [2] * 44 + [1] * 56
    skeleton = path(range(0, 10_100, 100), labels)
    _, _, rows = related(skeleton, MESHES, ends_of((4600, 0, 0, "pre"), (4300, 0, 0, "pre")))
    assert rows[1]["label"] == 2
    assert rows[1]["nearest_pre_path"] == 0 and rows[1]["pre_sites"] == 1
    assert rows[1]["pre_sites_0_300_nm"] == 0
    _, _, rows = related(skeleton, MESHES | {5: mesh_at((5000, 0, 0))}, ends_of())
    assert rows[2]["label"] == 1 and rows[2]["nearest_mito_id"] == 10
    assert rows[2]["nearest_mito_path"] == 600
    assert sum(value for name, value in rows[2].items() if name.startswith("mitochondria_")) == 0


def test_an_autapse_is_a_site_of_both_kinds() -> None:
    _, sites, rows = related(STRAIGHT, MESHES, ends_of((4200, 0, 0, "autapse")))
    assert [site["id"] for site in sites] == [0]
    assert rows[1]["pre_sites"] == rows[1]["post_sites"] == 1
    assert rows[0]["nearest_pre_path"] == rows[0]["nearest_post_path"] == 2700


def test_no_path_leads_to_another_piece() -> None:
    pieces = Skeleton(
        np.vstack([STRAIGHT.vertices, np.add(STRAIGHT.vertices[:5], [0, 9e5, 0])]),
        np.vstack([STRAIGHT.edges, STRAIGHT.edges[:4] + 101]),
        np.append(STRAIGHT.labels, [3] * 5),
        0,
    )
    meshes = MESHES | {30: mesh_at((200, 9e5, 0), (300, 9e5, 0))}
    neuron, sites, rows = related(pieces, meshes, ends_of((100, 9e5, 0, "post"), (0, 0, 0, "pre")))
    root = int(np.flatnonzero(neuron.forest.parents == NO_PARENT)[0])
    depth = neuron.forest.depths[sites[0]["node_id"]]
    assert root == 0 and depth in (100, 300)
    assert sites[0]["soma_distance"] is None and sites[0]["nearest_mito_id"] == 30
    assert sites[0]["nearest_mito_path"] == 100
    assert sites[1]["nearest_mito_id"] == 20 and sites[1]["nearest_mito_path"] == 1000
    alone = rows[2]
    assert alone["soma_distance"] is None and alone["nearest_pre_path"] is None
    assert alone["nearest_mito_id"] is None and alone["nearest_mito_path"] is None
    assert alone["nearest_post_path"] == 100 and alone["tips_beyond"] == 1
    assert alone["branch_order"] == 0 and alone["nearest_branch_point_path"] is None
    assert rows[0]["nearest_post_path"] is None and rows[0]["nearest_pre_path"] == 1000
    _, sites, _ = related(pieces, MESHES, ends_of((100, 9e5, 0, "post")))
    assert [sites[0][f"nearest_mito_{what}"] for what in ("id", "path", "distance")] == [None] * 3


def fork() -> Skeleton:
    """A trunk along x from the soma at 0 to a fork at 1 µm, and two arms of 1 and 0.7 µm."""
    arms = [[0, y, 0] for y in range(100, 1100, 100)], [[0, -y, 0] for y in range(100, 800, 100)]
    trunk = [[x, 0, 0] for x in range(0, 1100, 100)]
    vertices = np.array([*trunk, *(np.add(arm, [1000, 0, 0]) for arms_ in arms for arm in arms_)])
    parents = [*range(10), 10, *range(11, 20), 10, *range(21, 27)]
    edges = np.array([[parent, node] for node, parent in enumerate(parents, 1)])
    return Skeleton(vertices.astype(float), edges, np.array([0] + [2] * 27), 0)


def test_a_fork() -> None:
    meshes = {
        1: mesh_at((400, 0, 0), (500, 0, 0)),
        2: mesh_at((900, 0, 0), (1000, 0, 0), (1000, 100, 0)),
        3: mesh_at((1000, 400, 0)),
        4: mesh_at((1000, -400, 0), (1000, -300, 0)),
        5: mesh_at((1000, 100, 0)),
    }
    neuron, sites, rows = related(fork(), meshes, ends_of((1000, -600, 20, "pre")))
    assert np.count_nonzero(neuron.forest.branch_points) == 1
    found = {row["mito_id"]: row for row in rows}

    def column(name: str) -> list:
        return [found[i][name] for i in range(1, 6)]

    assert column("branch_order") == [0, 0, 1, 1, 1]
    assert column("tips_beyond") == [2, 2, 1, 1, 1]
    assert column("branch_points_covered") == [0, 1, 0, 0, 0]
    assert column("nearest_branch_point_path") == [500, 0, 400, 300, 100]
    assert column("nearest_tip_path") == [1200, 700, 600, 300, 800]
    assert column("nearest_mito_path") == [400, 0, 300, 300, 0]
    # 5 shares a node with 2; both are as near to 3.
    assert column("nearest_mito_id") == [2, 5, 2, 2, 2]
    assert column("nearest_pre_path") == [1100, 600, 1000, 200, 700]
    assert column("branch_points_0_300_nm") == [0, 0, 0, 1, 1]
    assert column("branch_points_300_600_nm") == [1, 0, 1, 0, 0]
    assert column("mitochondria_0_500_nm") == [1, 3, 2, 2, 2]
    assert column("mitochondria_500_1200_nm") == [3, 0, 2, 2, 1]
    assert sites[0]["nearest_mito_id"] == 4 and sites[0]["nearest_mito_path"] == 200


def test_a_mitochondrion_on_the_fork_itself_is_beyond_it() -> None:
    _, _, rows = related(fork(), {1: mesh_at((1000, 0, 0))}, ends_of())
    assert rows[0]["branch_order"] == 1 and rows[0]["tips_beyond"] == 2
    assert rows[0]["nearest_mito_id"] is None


def test_a_neuron_without_mitochondria_and_one_without_sites() -> None:
    _, sites, rows = related(STRAIGHT, {}, ends_of((100, 0, 0, "pre")), ids=[])
    assert rows == [] and sites[0]["nearest_mito_id"] is None
    assert sites[0]["soma_distance"] == 100
    _, sites, rows = related(STRAIGHT, MESHES, ends_of())
    assert sites == [] and rows[0]["nearest_pre_path"] is None and rows[0]["pre_sites"] == 0


def test_of_a_mitochondrion_without_a_mesh_nothing_is_known() -> None:
    _, sites, rows = related(STRAIGHT, MESHES, ends_of((2000, 0, 0, "pre")), ids=[5, 20, 10])
    assert rows[0] == WITHOUT | {
        **{"cell_id": CELL, "mito_id": 5, "kind": "measured", "shuffle": None},
        **{"label": COMPARTMENTS.index("Unknown"), "nodes": 0},
    }
    assert rows[1]["nearest_mito_id"] == 10 and sites[0]["nearest_mito_id"] == 20


def test_of_nodes_as_near_a_site_takes_the_smallest_and_of_mitochondria_the_smallest_id() -> None:
    _, sites, _ = related(STRAIGHT, MESHES, ends_of((2750, 0, 0, "pre"), (2850, 0, 0, "pre")))
    assert [site["node_id"] for site in sites] == [27, 28]
    # Node 27.5 would be in the middle; 1500 and 4000 are 1250 from 2750.
    near = {7: mesh_at((2600, 0, 0)), 3: mesh_at((2800, 0, 0)), 5: mesh_at((2800, 0, 0))}
    _, sites, rows = related(STRAIGHT, near, ends_of((2700, 0, 0, "pre")))
    assert sites[0]["nearest_mito_id"] == 3 and sites[0]["nearest_mito_path"] == 100
    assert [row["nearest_mito_id"] for row in rows] == [3, 5, 3]


def test_many_nodes_in_one_place() -> None:
    nodes = np.zeros((5, 3))
    nodes[3:] = 0.1 + 0.2, 0, 0
    points = np.array([[0.0, 0, 0], [0.3, 0, 0], [0.15, 0, 0], [0.16, 9, 9]])
    assert first_nearest_nodes(nodes, points).tolist() == [0, 3, 0, 3]
    assert first_nearest_nodes(nodes[:1], points).tolist() == [0] * 4


# The reference -------------------------------------------------------------------------------


def tree_of(skeleton: Skeleton) -> reference.Tree:
    tree = skeleton.tree
    return reference.Tree(
        skeleton.vertices[tree.nodes].tolist(),
        tree.parents.tolist(),
        skeleton.labels[tree.nodes].tolist(),
        int(tree.swc_ids()[skeleton.root]),
    )


def mitochondria_of(
    neuron: Neuron, bundle: MeshBundle, scale: np.ndarray
) -> dict[int, reference.Mitochondrion]:
    placement = neuron.placement
    return {
        mito_id: reference.Mitochondrion(
            int(neuron.labels[row]),
            set(placement.node[placement.mitochondrion == row].tolist()),
            mesh.vertices * scale,
        )
        for row, (mito_id, mesh) in enumerate(zip(placement.mito_ids.tolist(), bundle, strict=True))
    }


def sites_of(neuron: Neuron) -> list[reference.Site]:
    columns = neuron.sites.tolist(), neuron.pre.tolist(), neuron.post.tolist()
    return [reference.Site(*site) for site in zip(*columns, strict=True)]


def assert_rows_agree(row: dict, expected: dict) -> None:
    for name, value in expected.items():
        wanted = COMPARTMENTS[value] if name == "compartment" else value
        if isinstance(wanted, float):
            wanted = pytest.approx(wanted, rel=1e-9, abs=1e-6)
        assert row[name] == wanted, (name, row, expected)


def assert_agrees(
    skeleton: Skeleton, neuron: Neuron, bundle: MeshBundle, scale: np.ndarray
) -> None:
    tree = tree_of(skeleton)
    mitochondria = mitochondria_of(neuron, bundle, scale)
    paths = reference.Searched(tree)
    sites, rows = reference.relate(tree, paths, mitochondria, sites_of(neuron))
    table = site_table(neuron, bundle, scale, COMPARTMENTS).to_pylist()
    for row, expected in zip(table, sites, strict=True):
        assert_rows_agree(row, expected)
    measured = position_tables(neuron)[0].to_pylist()
    assert [row["mito_id"] for row in measured] == list(rows)
    for row in measured:
        assert_rows_agree(row, rows[row["mito_id"]])


def test_tables_have_the_columns_of_the_catalogue() -> None:
    columns = published("mitochondrion_positions.parquet").columns
    kinds = {name: ARROW_TYPES[column.kind] for name, column in columns.items()}
    assert position_schema() == pa.schema(kinds)
    of_ends = published("synapses.parquet").columns
    assert set(SITE_SCHEMA.names) <= set(of_ends)
    names = [name for name in of_ends if name not in ENDS_SCHEMA.names]
    assert SITE_SCHEMA.names == ["id", "cell_id", *names]
    assert set(POSITION_FIELDS) <= set(published("mitochondria.parquet").columns)


def neurons_of(run: Run, dataset: str, skeletons: Path) -> Iterator[tuple]:
    """Give the neurons of a run: its skeleton, itself, and its meshes."""
    results = run.folder / "results" / dataset
    ends = read_arrow(results / "tables" / "synapse_ends.arrow")
    for path in sorted((results / "per_cell" / "covered_nodes").glob("*.arrow")):
        cell_id = int(path.stem)
        bundle = read_bundle(results / f"per_cell/meshes/{cell_id}.npz")
        labels = read_arrow(results / f"per_cell/compartments/{cell_id}.arrow")["label"]
        skeleton = read_skeleton(skeletons / f"{cell_id}_skeleton.h5")
        neuron = neuron_of(
            cell_id,
            skeleton,
            coverage_of_cell(read_arrow(path), bundle.mito_ids),
            bundle.mito_ids,
            numpy_values(labels),
            ends,
        )
        yield skeleton, neuron, bundle


L23_SCALE = source_scale((3.58, 3.58, 40.0), (4.0, 4.0, 40.0))


@pytest.mark.workflow
def test_the_samples_neurons_are_as_in_plain_loops(small_run: Run) -> None:
    skeletons = small_run.folder / "resources" / "sample" / "skeletons"
    found = list(neurons_of(small_run, "sample", skeletons))
    assert len(found) == 3
    for skeleton, neuron, bundle in found:
        assert len(neuron.sites) > 0
        assert_agrees(skeleton, neuron, bundle, L23_SCALE)
    assert_tables_have_them(small_run.folder / "results" / "sample", [n for _, n, _ in found])


def assert_tables_have_them(results: Path, neurons: list[Neuron]) -> None:
    """Check that the tables of all cells have what is measured of each neuron here."""
    ends, mitochondria, positions = (
        pq.read_table(results / f"{name}.parquet")
        for name in ("synapses", "mitochondria", "mitochondrion_positions")
    )
    assert len(ends) == sum(len(neuron.sites) for neuron in neurons)
    for neuron in neurons:
        of_neuron = pc.field("cell_id") == neuron.cell_id
        own = ends.filter(of_neuron)
        assert np.array_equal(own["id"], neuron.site_ids)
        assert np.array_equal(own["node_id"], neuron.site_nodes)
        measured = position_tables(neuron)[0]
        kept = positions.filter(of_neuron)
        assert kept.cast(measured.schema).equals(measured)
        own = mitochondria.filter(of_neuron).select(list(POSITION_FIELDS))
        assert own.to_pylist() == measured.select(list(POSITION_FIELDS)).to_pylist()
    others = pc.field("cell_type") == "glia"
    assert mitochondria.filter(others)["nodes"].null_count == 8


def test_sites_find_their_ends_whatever_the_neurons_order() -> None:
    ends = ends_of(*((0, 0, 0, kind) for kind in ("pre", "post", "pre")))
    ends = pa.concat_tables([ends, ends_of((1, 1, 1, "post"))])
    sites = {
        cell_id: pa.table({"id": ids, "cell_id": [cell_id] * len(ids), "node_id": nodes})
        for cell_id, ids, nodes in (
            (CELL, [0, 1, 2, 0], [5, 6, 7, 8]),
            (OTHER, [99, 99], [1, 2]),
            (3, [], []),
        )
    }
    sites[3] = sites[3].cast(sites[CELL].schema)
    for order in ((CELL, OTHER, 3), (3, OTHER, CELL)):
        parts = list(located_ends(ends, [sites[i] for i in order]))
        assert pa.concat_tables(parts)["node_id"].to_pylist() == [1, 5, 6, 7, 2, 8]
    with pytest.raises(ValueError, match="4 sites of neurons, 6 ends"):
        list(located_ends(ends, [sites[CELL]]))
    wrong = sites[OTHER].set_column(0, "id", pa.array([99, 98]))
    with pytest.raises(ValueError, match="not those of the ends"):
        list(located_ends(ends, [sites[CELL], wrong]))
    nothing = ENDS_SCHEMA.empty_table()
    assert sum(map(len, located_ends(nothing, []))) == 0


@pytest.mark.workflow
def test_the_em_blocks_neurons_are_as_in_plain_loops(em_block: Path, em_block_run: Run) -> None:
    for found in neurons_of(em_block_run, "em_block", em_block / "skeletons"):
        assert_agrees(*found, L23_SCALE)


TODAYS = {
    "format": "swc",
    "scale_nm": (1e3, 1e3, 1e3),
    "labels": {0: 5, 1: 0, 2: 1, 3: 2, 4: 3},
    "attribute": None,
}
VOXEL_NM = (4.0, 4.0, 40.0)


@pytest.mark.parametrize("name", ["648518346349537828", "648518346349493894", "648518346349522750"])
def test_neurons_in_todays_formats_are_as_in_plain_loops(em_modern: Path, name: str) -> None:
    skeleton = read_skeleton(em_modern / "skeletons_swc" / f"{name}.swc", TODAYS)
    expected = json.loads((em_modern / "expected.json").read_text())["mitochondria"]
    own = {int(i): m for i, m in expected.items() if m["cell"] == int(name)}
    ids = np.array(list(own), np.int64)
    covered = [m["covered_node_indices"] if m["has_mesh"] else [] for m in own.values()]
    rows = np.repeat(np.arange(len(ids)), [len(nodes) for nodes in covered])
    nodes = np.concatenate(covered).astype(np.int64)
    # A mesh of the nodes that it covers.
    meshes = {i: mesh_at(*skeleton.vertices[c]) for i, c in zip(own, covered, strict=True) if c}
    bundle = bundle_meshes(ids, meshes)
    coverage = Coverage(rows, nodes, np.ones(len(nodes), np.int64))
    labels = majority_labels(coverage, skeleton, len(ids))
    table = feather.read_table(em_modern / "tables_cave" / "synapses.feather")
    both = table["pre_pt_root_id"].to_numpy(), table["post_pt_root_id"].to_numpy()
    on_cell = [partner == int(name) for partner in both]
    positions = [
        table[f"ctr_pt_position_{axis}"].to_numpy() * size
        for axis, size in zip("xyz", VOXEL_NM, strict=True)
    ]
    kinds = np.select([on_cell[0] & on_cell[1], on_cell[1]], ["autapse", "post"], "pre")
    columns = [table["id"], np.full(len(table), int(name)), kinds, *positions, *both]
    ends = pa.table(columns, schema=ENDS_SCHEMA).filter(on_cell[0] | on_cell[1])
    neuron = neuron_of(int(name), skeleton, coverage, ids, labels, ends)
    assert len(neuron.sites) > 400 and (neuron.pre & neuron.post).sum() > 8
    assert_agrees(skeleton, neuron, bundle, ONE)


# Any forest ----------------------------------------------------------------------------------

TREE_FREE = ("soma_distance", "nearest_mito_id", "nearest_mito_path", "pre_sites", "post_sites")
TREE_FREE += ("nodes", "nearest_pre_path", "nearest_post_path")


@st.composite
def layouts(draw, most_pieces: int = 30) -> tuple[Skeleton, list[tuple[int, set[int]]], pa.Table]:
    """Make a forest, mitochondria as label and nodes, and the ends of synapses."""
    count = draw(st.integers(1, 30))
    spread = draw(st.integers(1, 30))
    least = -1 if most_pieces > 1 else 0
    parents = [-1] + [draw(st.integers(max(least, i - spread), i - 1)) for i in range(1, count)]
    names = np.array(draw(st.permutations(range(count))))
    edges = [[names[node], names[parent]] for node, parent in enumerate(parents) if parent >= 0]
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    # On a grid, nodes lie on each other, and much is as far as something else.
    grid = draw(st.booleans())
    size = (count, 3)
    vertices = 200.0 * rng.integers(0, 3, size) if grid else rng.normal(0, 400, size)
    labels = rng.integers(0, 4, count) * draw(st.sampled_from([0, 1]))
    labels = labels + (rng.random(count) < 0.9)
    skeleton = Skeleton(
        vertices, np.array(edges, np.int64).reshape(-1, 2), labels, draw(st.integers(0, count - 1))
    )
    nodes = st.sets(st.integers(0, count - 1), max_size=6)
    mitochondria = draw(st.lists(st.tuples(st.integers(0, 4), nodes), max_size=6))
    sites = vertices[rng.integers(0, count, draw(st.integers(0, 8)))]
    ends = [(*site, kind) for site in sites.tolist() for kind in [draw(KINDS)]]
    return skeleton, mitochondria, ends_of(*ends)


KINDS = st.sampled_from(["pre", "post", "autapse"])


def laid_out(layout: tuple, ids: list[int] | None = None) -> tuple[Neuron, MeshBundle]:
    """Give a neuron with mitochondria at some nodes, each with a vertex beside each node."""
    skeleton, mitochondria, ends = layout
    ids = ids or [(7 * i) % 11 for i in range(len(mitochondria))]
    pairs = [(row, node) for row, (_, nodes) in enumerate(mitochondria) for node in sorted(nodes)]
    rows, nodes = np.array(pairs, np.int64).reshape(-1, 2).T
    meshes = {
        ids[row]: mesh_at(*(skeleton.vertices[sorted(nodes)] + 50))
        for row, (_, nodes) in enumerate(mitochondria)
        if nodes
    }
    bundle = bundle_meshes(np.array(ids, np.int64), meshes)
    labels = np.array([label for label, _ in mitochondria], np.int64)
    coverage = Coverage(rows, nodes, np.ones(len(rows), np.int64))
    return neuron_of(CELL, skeleton, coverage, bundle.mito_ids, labels, ends), bundle


@settings(max_examples=200, deadline=None)
@given(layouts())
def test_any_neuron_is_as_in_plain_loops(layout) -> None:
    assert_agrees(layout[0], *laid_out(layout), ONE)


@settings(max_examples=50, deadline=None)
@given(layouts())
def test_ways_up_to_the_root_are_as_long_as_what_networkx_finds(layout) -> None:
    neuron, bundle = laid_out(layout)
    tree, mitochondria = tree_of(layout[0]), mitochondria_of(neuron, bundle, ONE)
    both = (
        reference.relate(tree, paths(tree), mitochondria, sites_of(neuron))
        for paths in (reference.Searched, reference.Climbed)
    )
    (sites, rows), (other_sites, other_rows) = both
    pairs = [*zip(sites, other_sites, strict=True), *((rows[i], other_rows[i]) for i in rows)]
    for row, other in pairs:
        assert row == {
            name: pytest.approx(v, rel=1e-9, abs=1e-6) if isinstance(v, float) else v
            for name, v in other.items()
        }


@settings(max_examples=100, deadline=None)
@given(layouts())
def test_distances_are_the_same_both_ways_and_none_between_pieces(layout) -> None:
    neuron, _ = laid_out(layout)
    forest, placement = neuron.forest, neuron.placement
    count = len(forest.parents)
    between = np.array([forest.distances_to([node]) for node in range(count)])
    assert np.array_equal(between, between.T)
    assert not between.diagonal().any()
    pieces = np.empty(count, np.int64)
    for number, nodes in enumerate(layout[0].pieces):
        pieces[layout[0].tree.swc_ids()[nodes]] = number
    assert np.array_equal(np.isfinite(between), pieces[:, None] == pieces)
    distances, rows = placement.nearest
    assert not distances[placement.node, 0].any()
    assert np.array_equal(np.isinf(distances), rows == -1)
    for row, node, distance in zip(*within(placement, 700), strict=True):
        assert distance == between[node, placement.node[placement.mitochondrion == row]].min()


@settings(max_examples=100, deadline=None)
@given(layouts(), st.randoms(use_true_random=False))
def test_the_numbers_of_nodes_and_the_order_of_mitochondria_are_of_no_consequence(
    layout, random
) -> None:
    skeleton, mitochondria, ends = layout
    count = len(skeleton.vertices)
    names = np.array(random.sample(range(count), count))
    vertices, labels = np.empty_like(skeleton.vertices), np.empty_like(skeleton.labels)
    vertices[names], labels[names] = skeleton.vertices, skeleton.labels
    renamed = Skeleton(vertices, names[skeleton.edges], labels, int(names[skeleton.root]))
    turned = [(label, {int(names[n]) for n in nodes}) for label, nodes in mitochondria[::-1]]
    ids = list(range(5, 5 + len(mitochondria)))
    first = position_tables(laid_out(layout, ids)[0])[0].to_pylist()
    # A site may be at another of the nodes in one place.
    unique = len(np.unique(vertices, axis=0)) == count
    other = position_tables(laid_out((renamed, turned, ends), ids[::-1])[0])[0].to_pylist()
    for row, again in zip(first, other[::-1], strict=True):
        for name in TREE_FREE:
            if unique or not name.startswith(("pre", "post", "nearest_p")):
                assert row[name] == again[name], name


# The null model ------------------------------------------------------------------------------


def comb(seed: int = 0) -> tuple:
    """Make a soma with a dendrite of 200 nodes and one axon, each 100 nm apart, with forks."""
    rng = np.random.default_rng(seed)
    parents = [-1]
    labels = [0]
    for label, start in ((2, 0), (2, 40), (1, 0), (2, 90)):
        parents += [start, *range(len(parents), len(parents) + 59)]
        labels += [label] * 60
    vertices = np.zeros((len(parents), 3))
    for node in range(1, len(parents)):
        step = rng.normal(size=3)
        vertices[node] = vertices[parents[node]] + 100 * step / np.linalg.norm(step)
    edges = np.array([[parent, node] for node, parent in enumerate(parents) if parent >= 0])
    skeleton = Skeleton(vertices, edges, np.array(labels), 0)
    runs = [(2, 10, 14), (2, 70, 70), (1, 130, 137), (2, 100, 110), (2, 95, 96), (0, 0, 0)]
    mitochondria = [(label, set(range(begin, end + 1))) for label, begin, end in runs]
    return skeleton, mitochondria, ends_of((0, 0, 0, "pre"), (500, 0, 0, "post"))


def test_placements_keep_length_and_compartment() -> None:
    neuron, _ = laid_out(comb())
    forest = neuron.forest
    lengths = placed_lengths(neuron.placement)
    assert lengths.round(3).tolist() == [400, 0, 700, 1000, 100, 0]
    assert movable(neuron).tolist() == [True] * 5 + [False]
    seen = set()
    for placement, placed in shuffles_of(neuron, 50, seed=3):
        assert placed.tolist() == [True] * 5 + [False]
        assert placed_lengths(placement) == pytest.approx(lengths, abs=1e-6)
        rows, nodes = placement.mitochondrion, placement.node
        labels = np.where(forest.somatic[nodes], 0, neuron.labels[rows])
        assert np.array_equal(forest.labels[nodes], labels)
        assert np.bincount(rows).tolist() == [5, 1, 8, 11, 2, 1]
        seen.add(nodes.tobytes())
    assert len(seen) == 50


def test_placements_depend_on_seed_cell_and_number_alone() -> None:
    def shuffled(neuron: Neuron, shuffles: int = 5, seed: int = 1) -> list[dict]:
        rows = position_tables(neuron, shuffles=shuffles, seed=seed)[0].to_pylist()
        return sorted(
            (row for row in rows if row["kind"] == "shuffled"),
            key=lambda row: (row["shuffle"], row["mito_id"]),
        )

    neuron, _ = laid_out(comb())
    first = shuffled(neuron)
    assert {row["shuffle"] for row in first} == {1, 2, 3, 4, 5}
    assert len(first) == 25
    np.random.default_rng(1).random(100)
    assert shuffled(laid_out(comb())[0]) == first
    more = shuffled(neuron, shuffles=8)
    assert [row for row in more if row["shuffle"] <= 5] == first
    skeleton, mitochondria, ends = comb()
    ids = [(7 * i) % 11 for i in range(len(mitochondria))]
    turned, _ = laid_out((skeleton, mitochondria[::-1], ends), ids[::-1])
    assert shuffled(turned) == first
    assert shuffled(neuron, seed=2) != first
    other = [row | {"cell_id": CELL} for row in shuffled(replace(neuron, cell_id=OTHER))]
    assert other != first


def test_measured_rows_are_the_same_with_shuffles() -> None:
    neuron, _ = laid_out(comb())
    measured, _ = position_tables(neuron)
    both, _ = position_tables(neuron, shuffles=2, seed=0)
    assert both.slice(0, len(measured)).equals(measured)
    assert min(both["nodes"].to_pylist()) > 0


def test_what_has_no_place_in_its_compartment_is_given_up_and_counted() -> None:
    skeleton, mitochondria, ends = comb()
    # A compartment without nodes; no mesh; all of the axon up to the soma's node.
    mitochondria += [(3, {100}), (2, set()), (1, {0, *range(121, 181)})]
    neuron, _ = laid_out((skeleton, mitochondria, ends), list(range(9)))
    rows = position_tables(neuron, shuffles=3, seed=0)[0].to_pylist()
    shuffled = [row for row in rows if row["kind"] == "shuffled"]
    assert len(rows) == 9 + len(shuffled)
    given_up = [row for row in shuffled if row["nodes"] == 0]
    assert len(given_up) == 6
    assert all(row["soma_distance"] is row["pre_sites_0_300_nm"] is None for row in given_up)
    assert {row["mito_id"] for row in shuffled if row["nodes"]} == {0, 1, 2, 3, 4}
    assert len(shuffled) == 3 * 5 + 6


def test_sites_are_counted_by_compartment_and_path_to_the_nearest_mitochondrion() -> None:
    neuron, _ = laid_out(comb())
    table = position_tables(neuron, shuffles=2, seed=0)[1]
    assert table.schema == pa.schema(
        {
            name: ARROW_TYPES[column.kind]
            for name, column in published("site_distances.parquet").columns.items()
        }
    )
    placements = [neuron.placement, *(placement for placement, _ in shuffles_of(neuron, 2, 0))]
    expected = []
    for shuffle, placement in enumerate(placements):
        paths = placement.nearest[0][neuron.site_nodes, 0].tolist()
        for label in sorted(set(neuron.forest.labels[neuron.site_nodes].tolist())):
            for kind, own in (("pre", neuron.pre), ("post", neuron.post)):
                of_group = [
                    path
                    for path, node, here in zip(paths, neuron.site_nodes, own, strict=True)
                    if here and neuron.forest.labels[node] == label
                ]
                within = [sum(path <= reach for path in of_group) for reach in REACH_NM]
                if of_group:
                    first = (CELL, "shuffled" if shuffle else "measured", shuffle or None)
                    expected.append((*first, label, kind, len(of_group), *within))
    assert [tuple(row.values()) for row in table.to_pylist()] == expected
    assert len({row[3] for row in expected}) > 1
    alone, _ = laid_out((comb()[0], [], ends_of()))
    assert len(position_tables(alone)[1]) == 0


def test_places_are_drawn_by_length() -> None:
    # One node for each 1000 nm of the first half, one for each 100 nm of the second.
    xs = [*range(0, 20_000, 1000), *range(20_000, 40_001, 100)]
    skeleton = path(xs)
    layout = (skeleton, [(2, {5})] * 40, ends_of())
    neuron, _ = laid_out(layout, list(range(40)))
    starts = np.concatenate([p.node for p, _ in shuffles_of(neuron, 100, seed=0)])
    far = (neuron.forest.positions[starts, 0] > 20_000).mean()
    assert far == pytest.approx(0.5, abs=0.03)


def test_each_child_of_a_fork_is_as_likely() -> None:
    # From the trunk, half of the length up, half of it down into one of the arms.
    skeleton, _, ends = fork(), [], ends_of()
    neuron, _ = laid_out((skeleton, [(2, set(range(2, 11)))] * 40, ends), list(range(40)))
    sides = [
        int((p.node[p.mitochondrion == row] >= 21).any())
        for p, _ in shuffles_of(neuron, 50, seed=0)
        for row in range(40)
    ]
    assert 0.2 < np.mean(sides) < 0.8


def test_relating_imports_little() -> None:
    """It is part of jobs of one cell, which start thousands of times."""
    code = f"""
import sys
sys.path[:0] = {sys.path!r}
import numpy as np
import pyarrow as pa
from mitosyn.meshes import MeshBundle
from mitosyn.positions.mitochondria import POSITION_FIELDS
from mitosyn.positions.neuron import neuron_of
from mitosyn.positions.relations import position_tables
from mitosyn.positions.sites import site_table
from mitosyn.skeletons import Coverage, Skeleton
from mitosyn.tables import numbers, texts
from mitosyn.tables.synapses import ENDS_SCHEMA
one, places = np.array([1]), np.array([0, 1, 1])
i, x = numbers(one), numbers(np.zeros(1))
ends = pa.Table.from_arrays([i, i, texts(["post"]), x, x, x, i, i], schema=ENDS_SCHEMA)
skeleton = Skeleton(np.eye(3), np.array([[0, 1], [1, 2]]), places, 0)
coverage = Coverage(np.array([0, 0]), np.array([1, 2]), places[1:])
neuron = neuron_of(1, skeleton, coverage, one, one, ends)
mesh = np.zeros((1, 3), np.float32)
bundle = MeshBundle(one, np.array([""]), mesh, mesh, places[:2], places[:2])
site_table(neuron, bundle, np.ones(3), "ab")
assert len(position_tables(neuron, shuffles=2)[0]) == 3
heavy = {{"pandas", "scipy", "pynanoflann", "pyarrow.compute", "trimesh"}}
print(heavy & set(sys.modules))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
