"""Skeletons in the formats of others: the same skeleton, or one line that says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import morphio
import navis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitosyn.branches.division import split, template
from mitosyn.branches.summary import tip_lengths, tip_rows
from mitosyn.catalogue.names import COMPARTMENTS
from mitosyn.skeletons.coverage import Coverage, majority_labels
from mitosyn.skeletons.formats.fetched import ATTRIBUTE, read_fetched, write_fetched
from mitosyn.skeletons.formats.form import SkeletonForm
from mitosyn.skeletons.formats.registry import read_skeleton, skeleton_endings
from mitosyn.skeletons.skeleton import Skeleton, default_root
from mitosyn.skeletons.standard_swc import write_standard_swc
from mitosyn.skeletons.swc import node_table
from mitosyn.support.errors import InputError
from test_skeletons import forests

SWC_LABELS = {0: 5, 1: 0, 2: 1, 3: 2, 4: 3}
UM, VOXELS = (1e3, 1e3, 1e3), (8.0, 8.0, 8.0)


def form(
    kind: str = "swc",
    scale_nm: tuple[float, ...] = (1.0, 1.0, 1.0),
    labels: dict[int, int] | None = None,
    attribute: str | None = None,
) -> SkeletonForm:
    return SkeletonForm(format=kind, scale_nm=scale_nm, labels=labels, attribute=attribute)


def swc(folder: Path, text: str) -> Path:
    path = folder / "7.swc"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def truths(em_modern: Path) -> dict[str, Any]:
    return json.loads((em_modern / "expected.json").read_text())


# SWC -------------------------------------------------------------------------------------------


def test_swc_of_the_modern_block(em_modern: Path, truths: dict[str, Any]) -> None:
    for cell_id, cell in truths["cells"].items():
        if not cell["skeleton"]:
            continue
        name, voxels_name = f"{cell_id}.swc", f"{cell['bodyId']}.swc"
        read = read_skeleton(em_modern / "skeletons_swc" / name, form("swc", UM, SWC_LABELS))
        assert (len(read.vertices), len(read.pieces)) == (cell["nodes"], cell["pieces"])
        assert read.edge_lengths().sum() == pytest.approx(cell["cable_nm"], rel=1e-4)
        names = ("Somatic", "Axonal", "Basal", "Apical", "Unknown dendritic", "Unknown")
        counts = {n: c for n, c in zip(names, np.bincount(read.labels), strict=False) if c}
        assert sum(counts.values()) == cell["nodes"]
        for label, count in cell["nodes_by_label"].items():
            assert counts[label if label in names else "Unknown"] == count
        bare = read_skeleton(em_modern / "skeletons_swc_voxels" / voxels_name, form("swc", VOXELS))
        assert set(bare.labels.tolist()) == {5}
        assert not bare.somatic.any() and np.isinf(bare.soma_distances).all()
        assert np.array_equal(bare.edges, read.edges) and bare.root == read.root
        assert np.abs(bare.vertices - read.vertices).max() < 0.01
        assert np.abs(bare.radii - read.radii).max() < 0.01


def test_skeletons_of_the_hemibrain_load_without_labels() -> None:
    paths = sorted((Path(navis.__file__).parent / "data" / "swc").glob("*.swc"))
    assert len(paths) == 5
    for path in paths:
        read, theirs = read_skeleton(path, form("swc", VOXELS)), navis.read_swc(path)
        assert len(read.pieces) == theirs.n_trees
        assert len(read.vertices) == theirs.n_nodes
        assert read.edge_lengths().sum() / 8 == pytest.approx(theirs.cable_length, rel=1e-6)
        assert read.radii == pytest.approx(theirs.nodes.radius.to_numpy() * 8, rel=1e-6)
        with pytest.raises(InputError, match=r"label \d+ at line \d+, expected 1, 2. "):
            read_skeleton(path, form("swc", VOXELS, {1: 0, 2: 1}))


def test_lines_in_any_order_comments_and_several_pieces(tmp_path: Path) -> None:
    text = (
        "\ufeff# by hand\n\n 9 3 3 0 0 1 5\r\n5 3 2 0 0 1e-1 1 # a remark\n1 1 +1. .0 0 1 -1\n"
        "\t#x\n40 2 0 0 9 0 -1"
    )
    read = read_skeleton(swc(tmp_path, text), form(scale_nm=(1, 2, 3), labels={1: 0, 2: 1, 3: 6}))
    assert read.vertices.tolist() == [[3, 0, 0], [2, 0, 0], [1, 0, 0], [0, 0, 27]]
    assert read.edges.tolist() == [[0, 1], [1, 2]]
    assert read.labels.tolist() == [6, 6, 0, 1]
    assert read.root == 2
    assert read.radii == pytest.approx(np.array([1, 0.1, 1, 0]) * 6 ** (1 / 3))
    assert [piece.tolist() for piece in read.pieces] == [[0, 1, 2], [3]]


GOOD = "1 1 0 0 0 1 -1\n2 3 1 0 0 1 1\n"
BAD_SWC = {
    "empty": ("", "7.swc: no nodes in the file"),
    "comments only": ("# nothing\n", "7.swc: no nodes in the file"),
    "six fields": (GOOD + "3 3 1 0 0 2\n", "line 3: 6 fields, expected 7: id type x y z radius"),
    "eight fields": (GOOD + "\n3 3 1 0 0 2 1 1\n", "line 4: 8 fields, expected 7"),
    "commas": ("1,1,0,0,0,1,-1\n", "line 1: 1 fields, expected 7"),
    "text": (GOOD + "3 3 1 0 x 1 1\n", "line 3: z is 'x', expected a number"),
    "nan": (GOOD + "3 3 nan 0 0 1 1\n", "line 3: x is 'nan', expected a number"),
    "inf": (GOOD + "3 3 1 0 0 inf 1\n", "line 3: radius is 'inf', expected a number"),
    "overflow": (GOOD + "3 3 1e999 0 0 1 1\n", r"line 3: a node at \[inf, 0.0, 0.0\] nm"),
    "far": (GOOD + "3 3 0 1e10 0 1 1\n", r"line 3: a node at \[0.0, 10000000000.0, 0.0\] nm"),
    "thick": (GOOD + "3 3 0 1 0 1e999 1\n", "line 3: .* with a radius of inf nm: no such tissue"),
    "float id": ("1.0 1 0 0 0 1 -1\n", "line 1: id is '1.0', expected a whole number"),
    "negative id": ("-1 1 0 0 0 1 -1\n", "line 1: id is '-1', expected a whole number from 0"),
    "long id": (f"{10**20} 1 0 0 0 1 -1\n", "line 1: id is '1000"),
    "digits of others": ("١ 1 0 0 0 1 -1\n", "line 1: id is '١'"),
    "underscores": ("1_0 1 0 0 0 1 -1\n", "line 1: id is '1_0'"),
    "parent": ("1 1 0 0 0 1 -2\n", "line 1: parent is '-2', expected an id, or -1 for a root"),
    "twice": (GOOD + "# x\n1 3 1 0 0 2 2\n", "line 4: id 1, the node of line 1 has it too"),
    "missing parent": (GOOD + "3 3 1 0 0 2 9\n", "line 3: parent 9, no node has this id"),
    "own parent": (GOOD + "3 3 1 0 0 2 3\n", "line 3: node 3 comes round to itself"),
    "a cycle": (
        GOOD + "5 3 1 0 0 2 6\n3 3 1 0 0 2 4\n4 3 1 0 0 2 3\n6 3 1 0 0 2 3\n",
        "line 4: node 3 comes round to itself by parents: a cycle",
    ),
    "all in a cycle": ("1 1 0 0 0 1 2\n2 1 0 0 0 1 1\n", "line 1: node 1 comes round to itself"),
    "a label": (GOOD + "3 7 1 0 0 2 1\n", r"label 7 at line 3, expected 1, 3\. Correct it, or add"),
    "another text": ("\x89PNG\r\n\x1a\n", "line 1: 1 fields"),
}


@pytest.mark.parametrize("name", BAD_SWC)
def test_a_bad_swc_file_is_refused_with_the_line(tmp_path: Path, name: str) -> None:
    text, message = BAD_SWC[name]
    with pytest.raises(InputError, match=message) as error:
        read_skeleton(swc(tmp_path, text), form(labels={1: 0, 3: 2}))
    assert "\n" not in str(error.value)


def test_an_swc_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"8\.swc: no such skeleton file"):
        read_skeleton(tmp_path / "8.swc", form())
    (tmp_path / "8.swc").write_bytes("1 1 0 0 0 1 -1\n".encode("utf-16"))
    with pytest.raises(InputError, match="line 1: "):
        read_skeleton(tmp_path / "8.swc", form())


@settings(max_examples=150, deadline=None)
@given(forests(), st.data())
def test_any_forest_comes_back_from_swc(tmp_path_factory, forest: Skeleton, data: Any) -> None:
    count = len(forest.vertices)
    ids = data.draw(
        st.lists(st.integers(0, 10**18 - 1), min_size=count, max_size=count, unique=True)
    )
    order = data.draw(st.permutations(range(count)))
    parents = np.full(count, -1)
    tree = forest.tree
    has = tree.parents >= 0
    parents[tree.nodes[has]] = tree.nodes[tree.parents[has]]
    lines = ["# by hand"]
    for node in order:
        x, y, z = (float(value) for value in forest.vertices[node])
        parent = ids[parents[node]] if parents[node] >= 0 else -1
        lines.append(f"{ids[node]} {forest.labels[node] + 1} {x!r} {y!r} {z!r} {node} {parent}")
    path = swc(tmp_path_factory.getbasetemp(), "\n".join(lines))
    read = read_skeleton(path, form(labels={label + 1: label for label in range(6)}))
    assert np.array_equal(read.vertices, forest.vertices[order])
    assert np.array_equal(read.labels, forest.labels[order])
    assert read.radii.tolist() == order
    ours = {tuple(sorted((order[a], order[b]))) for a, b in read.edges.tolist()}
    assert ours == {tuple(sorted(edge)) for edge in forest.edges.tolist()}
    assert read.root == min(i for i, node in enumerate(order) if parents[node] < 0)


# A precomputed layer, as it is kept --------------------------------------------------------------

LINE = np.array([[0, 0, 0], [10, 0, 0], [20, 0, 0], [30, 0, 0]], np.float32)
STORED = {
    "vertices": LINE,
    "edges": np.array([[1, 0], [1, 2], [2, 3]], np.uint32),
    f"{ATTRIBUTE}radius": np.array([1, 2, -1, 4], np.float32),
    f"{ATTRIBUTE}compartment": np.array([2, 1, 1, 1], np.float32),
}
LAYER = form("precomputed", labels={1: 0, 2: 6}, attribute="compartment")


def kept(folder: Path, **changed: Any) -> Path:
    path = folder / "7.npz"
    arrays = {n: a for n, a in (STORED | changed).items() if a is not None}
    write_fetched(path, "precomputed://x/skeletons/7", arrays)
    return path


def test_a_fetched_skeleton_has_what_its_layer_has(tmp_path: Path) -> None:
    read = read_skeleton(kept(tmp_path), LAYER)
    assert read.vertices.tolist() == LINE.tolist()
    assert read.edges.tolist() == [[0, 1], [1, 2], [2, 3]]
    assert read.labels.tolist() == [6, 0, 0, 0]
    assert read.radii.tolist() == [1, 2, -1, 4]
    # In the middle of the soma; without one, where MeshParty has it.
    assert read.root == 2
    bare = read_skeleton(kept(tmp_path), form("precomputed"))
    assert set(bare.labels.tolist()) == {5}
    assert bare.root == default_root(bare) == 0
    assert read_fetched(kept(tmp_path, **{f"{ATTRIBUTE}radius": None}), LAYER).radii is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"vertices": LINE[:0]}, "no vertices"),
        ({"vertices": LINE * np.nan}, r"vertex 0 is at \[nan, nan, nan\], expected nm"),
        ({"edges": np.array([[0, 4]], np.uint32)}, r"edge 0 is \[0, 4\], there are 4 vertices"),
        ({"edges": np.array([[0, 1], [2, 2]], np.uint32)}, "edge 1 joins vertex 2 to itself"),
        ({"edges": np.array([[0, 1], [1, 2], [2, 0]], np.uint32)}, "has cycles: 3 edges"),
        ({f"{ATTRIBUTE}compartment": None}, "no vertex attribute 'compartment' .* are radius"),
        ({f"{ATTRIBUTE}compartment": np.ones((4, 2))}, "attribute 'compartment' of one number"),
        (
            {f"{ATTRIBUTE}compartment": np.array([1, 2, 2.5, np.nan], np.float32)},
            "label 2.5 at vertex 2, expected 1, 2",
        ),
    ],
)
def test_a_bad_skeleton_of_a_layer_is_named(tmp_path: Path, changed: Any, message: str) -> None:
    with pytest.raises(InputError, match=rf"^precomputed://x/skeletons/7: .*{message}") as error:
        read_skeleton(kept(tmp_path, **changed), LAYER)
    assert "\n" not in str(error.value)


def test_what_was_wrong_in_the_layer_is_said_by_the_cells_own_jobs(tmp_path: Path) -> None:
    write_fetched(tmp_path / "7.npz", "precomputed://x/skeletons/7", "9 bytes, too few")
    with pytest.raises(InputError, match=r"^precomputed://x/skeletons/7: 9 bytes, too few"):
        read_skeleton(tmp_path / "7.npz", LAYER)
    with pytest.raises(InputError, match=r"8\.npz: no such skeleton file"):
        read_skeleton(tmp_path / "8.npz", LAYER)
    good = kept(tmp_path).read_bytes()
    for content in (b"", good[:40], good[:-30], b"not a zip" * 9):
        (tmp_path / "7.npz").write_bytes(content)
        with pytest.raises(InputError, match=r"7\.npz: not a fetched skeleton"):
            read_skeleton(tmp_path / "7.npz", LAYER)


def test_names_of_the_files() -> None:
    assert skeleton_endings() == ("_skeleton.h5", "_skeleton_label.npy")
    assert skeleton_endings(form("swc")) == (".swc",)


# Names of one's own -------------------------------------------------------------------------------

NAMES = (*COMPARTMENTS, "Dendrite", "Linker")


def labelled(*labels: int) -> Skeleton:
    count = len(labels)
    vertices = np.column_stack([np.arange(count) * 1e4, np.zeros(count), np.zeros(count)])
    edges = np.column_stack([np.arange(count - 1), np.arange(1, count)])
    return Skeleton(vertices, edges, np.array(labels), 0, np.arange(count) * 50.0)


def test_mitochondria_and_nodes_have_names_of_ones_own() -> None:
    skeleton = labelled(0, 6, 6, 7, 1)
    coverage = Coverage(np.array([0, 0, 1]), np.array([1, 3, 3]), np.array([2, 3, 1]))
    assert majority_labels(coverage, skeleton, 3).tolist() == [7, 7, 5]
    nodes = node_table(7, skeleton, skeleton.radii, NAMES)
    named = dict(zip(nodes["label"].to_pylist(), nodes["compartment"].to_pylist(), strict=True))
    assert named == {0: "Somatic", 6: "Dendrite", 7: "Linker", 1: "Axonal"}
    # That of the first node is not known.
    assert sorted(nodes["radius"].to_pylist()) == [1, 50, 100, 150, 200]


def test_standard_swc_with_names_of_ones_own_loads_everywhere(tmp_path: Path) -> None:
    skeleton = labelled(0, 6, 6, 6, 7, 7, 7)
    path = tmp_path / "7.swc"
    diameters = 2 * skeleton.radii
    write_standard_swc(path, "7", skeleton, diameters, "those of the skeleton file", NAMES)
    text = path.read_text()
    assert ", 5 unknown dendrite, 6 unknown, 8 Dendrite, 9 Linker\n" in text
    assert "# Radii: those of the skeleton file, 0.1 where not known\n" in text
    assert "\n8 8 60.000000 0.000000 0.000000 0.300000 7\n# Points" in text
    warnings = morphio.WarningHandlerCollector()
    morphology = morphio.Morphology(path, warning_handler=warnings)
    assert not warnings.get_all()
    assert [int(section.type) for section in morphology.iter()] == [8]
    assert navis.read_swc(path).n_nodes == 8


def test_branches_have_names_of_ones_own() -> None:
    skeleton = labelled(0, 6, 6, 7)
    covered = np.array([True, True, False, False])
    shared = template("coveredornot", skeleton, covered)
    found = split(skeleton, shared, "coveredornot", len(NAMES))
    assert found.compartments.tolist() == [6, 7 + len(NAMES)]
    tips = tip_lengths(skeleton)
    assert tip_rows(7, tips, NAMES) == [[7, 3, 3, "Linker", 30.0]]
