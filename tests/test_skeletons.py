"""Skeletons: reading and refusing, rooting, SWC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import meshparty.skeleton
import navis
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from meshparty import skeleton_io
from mitosyn.skeletons.formats.registry import read_skeleton
from mitosyn.skeletons.skeleton import (
    Skeleton,
    default_root,
    piece_roots,
    swc_tree,
)
from mitosyn.support.errors import InputError
from tubes import export
from workflow import Run

LINE = np.array([[0, 0, 0], [10, 0, 0], [20, 0, 0], [30, 0, 0]], float)


def skeleton(vertices, edges, labels=None, root=0) -> Skeleton:
    vertices = np.asarray(vertices, float)
    labels = np.zeros(len(vertices), np.int64) if labels is None else np.asarray(labels)
    return Skeleton(vertices, np.asarray(edges, np.int64).reshape(-1, 2), labels, root)


def write_files(folder: Path, vertices, edges, labels, root=0) -> tuple[Path, Path]:
    h5, npy = folder / "1_skeleton.h5", folder / "1_skeleton_label.npy"
    with h5py.File(h5, "w") as file:
        file["vertices"], file["edges"], file["root"] = vertices, np.asarray(edges), root
    np.save(npy, np.asarray(labels, np.uint8))
    return h5, npy


@pytest.mark.parametrize(
    ("vertices", "edges", "labels", "root", "message"),
    [
        (LINE, [[0, 1], [1, 2], [2, 3]], [0, 1, 1], 0, r"label.npy: labels of shape \(3,\)"),
        (LINE, [[0, 1], [1, 4]], [0] * 4, 0, r"row 1 of edges is \[1, 4\], there are 4 vertices"),
        (LINE, [[0, 1], [-1, 2]], [0] * 4, 0, r"row 1 of edges is \[-1, 2\]"),
        (LINE, [[0, 1], [1, 2], [2, 0]], [0] * 4, 0, "has cycles: 3 edges join 4 vertices in 2"),
        (LINE, [[0, 1], [2, 2]], [0] * 4, 0, "edge 1 joins vertex 2 to itself"),
        (
            LINE,
            [[0, 1], [1, 2], [2, 3]],
            [0, 1, 6, 1],
            0,
            "label 6 at vertex 2, expected 0, 1, 2, 3, 4, 5",
        ),
        (LINE, [[0, 1]], [0] * 4, 9, "root is 9"),
        (
            LINE * [1, 1, np.nan],
            [[0, 1]],
            [0] * 4,
            0,
            r"vertex 0 is at \[0.0, 0.0, nan\], expected nm",
        ),
        (LINE[:, :2], [[0, 1]], [0] * 4, 0, r"shape \(4, 2\)"),
        (LINE, [[0.5, 1.0]], [0] * 4, 0, "edges: float64"),
    ],
)
def test_a_bad_skeleton_is_named(tmp_path, vertices, edges, labels, root, message) -> None:
    with pytest.raises(InputError, match=message):
        read_skeleton(write_files(tmp_path, vertices, edges, labels, root)[0])


def test_unreadable_and_missing_files(tmp_path) -> None:
    h5, npy = write_files(tmp_path, LINE, [[0, 1]], [0] * 4)
    npy.write_bytes(b"not numpy")
    with pytest.raises(InputError, match=r"label\.npy: not a readable \.npy file"):
        read_skeleton(h5)
    npy.unlink()
    with pytest.raises(InputError, match="no such label file"):
        read_skeleton(h5)
    h5.write_bytes(h5.read_bytes()[:500])
    with pytest.raises(InputError, match=r"skeleton\.h5: not a readable skeleton file"):
        read_skeleton(h5)
    h5.unlink()
    with pytest.raises(InputError, match="no such skeleton file"):
        read_skeleton(h5)


CHAIN = [[0, 1], [1, 2], [2, 3]]
BAD_ARRAYS = {
    "three columns": ({"edges": np.zeros((2, 3), int)}, r"edges have shape \(2, 3\), expected"),
    "edges end to end": ({"edges": np.ravel(CHAIN)}, r"edges have shape \(6,\), expected \(N, 2\)"),
    "transposed": ({"edges": np.transpose(CHAIN)}, r"edges have shape \(2, 3\)"),
    "texts": ({"vertices": np.full((4, 3), b"1.5")}, r"vertices: \|S3, expected numbers"),
    "complex": ({"vertices": LINE * 1j}, "vertices: complex128, expected numbers"),
    "inf": (
        {"vertices": np.where(LINE == 20, np.inf, LINE)},
        r"vertex 2 is at \[inf, 0.0, 0.0\], expected nm",
    ),
    "a wrong bit": ({"vertices": LINE * 1e30}, r"vertex 1 is at \[1e\+31, "),
    "no vertices": ({"vertices": np.empty((0, 3))}, r"vertices have shape \(0, 3\)"),
    "unsigned": (
        {"edges": np.array([[0, 2**64 - 1]], np.uint64)},
        r"row 0 of edges is \[0, 18446744073709551615\], there are 4",
    ),
    "root nan": ({"root": np.nan}, "root: float64, expected an integer"),
    "root between": ({"root": 1.5}, "root: float64"),
    "roots": ({"root": [0, 1]}, r"root has shape \(2,\), expected one number"),
    "a group": ({"edges/a": [[0, 1]]}, "no dataset 'edges'; it has 'edges', 'root', 'vertices'"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_arrays_are_not_cut_anew_or_taken_for_others(tmp_path, name) -> None:
    changed, message = BAD_ARRAYS[name]
    h5, _ = write_files(tmp_path, LINE, CHAIN, [0] * 4)
    with h5py.File(h5, "r+") as file:
        for key, values in changed.items():
            del file[key.partition("/")[0]]
            file[key] = values
    with pytest.raises(InputError, match=message):
        read_skeleton(h5)


def test_a_file_has_to_hold_what_its_header_claims(tmp_path) -> None:
    h5, _ = write_files(tmp_path, LINE, CHAIN, [0] * 4)
    for options in ({}, {"chunks": (1000, 3), "compression": "gzip"}):
        with h5py.File(h5, "r+") as file:
            del file["vertices"]
            file.create_dataset("vertices", (10**10, 3), np.float64, **options)
        with pytest.raises(InputError, match="take 240000000000 bytes, 0 are there"):
            read_skeleton(h5)


def test_labels_are_one_array_of_integers(tmp_path) -> None:
    h5, npy = write_files(tmp_path, LINE, CHAIN, [0, 1, 2, 3])
    assert read_skeleton(h5).labels.tolist() == [0, 1, 2, 3]
    good = npy.read_bytes()
    np.save(npy, np.array([0.0, 1.0, 2.0, 3.0]))
    assert read_skeleton(h5).labels.tolist() == [0, 1, 2, 3]

    def refused(message: str) -> None:
        with pytest.raises(InputError, match=rf"1_skeleton_label\.npy: .*{message}") as error:
            read_skeleton(h5)
        assert "\n" not in str(error.value)

    for labels, message in (
        (np.array([0, 0.5, 1, 2]), "label 0.5 at vertex 1"),
        (np.array([0, 1, 2, np.nan]), "label nan at vertex 3"),
        (np.zeros(4, complex), "labels are complex128, expected integers"),
        (np.zeros(4, bool), "labels are bool, expected integers"),
        (np.zeros(4, "u1,u1"), "labels are .*, expected integers"),
        (np.array(["a"] * 4), "labels are <U1, expected integers"),
        (np.array([0, 1, 2, None]), "not a readable .npy file"),
        (np.zeros((4, 1), int), r"labels of shape \(4, 1\), expected \(4,\)"),
        (np.empty(0, int), ""),
        (np.array([0, 0, 2**63, 0], np.uint64), "label 9223372036854775808 at vertex 2"),
    ):
        np.save(npy, labels, allow_pickle=True)
        refused(message)
    for content in (
        b"",
        good[:-1],
        good[:20],
        b"\x80\x04N.",
        good.replace(b"(4,)", b"(4e9"),
        good.replace(b"'descr'", b"'d\0scr'"),
        good.replace(b"(4,), ", b"(9999999999,), ")[: len(good)],
    ):
        npy.write_bytes(content)
        refused("")
    with npy.open("wb") as file:
        np.savez(file, labels=np.zeros(4, np.uint8))
    refused("an archive of arrays")


def test_an_edge_stated_twice_counts_once(tmp_path) -> None:
    read = read_skeleton(write_files(tmp_path, LINE, [[0, 1], [1, 0], [1, 2]], [0] * 4)[0])
    assert read.edges.tolist() == [[0, 1], [1, 2]]


def test_reads_what_meshparty_reads(em_block) -> None:
    for h5 in sorted((em_block / "skeletons").glob("*.h5")):
        ours = read_skeleton(h5)
        vertices, edges, _, _, _, root = skeleton_io.read_skeleton_h5_by_part(str(h5))
        assert np.array_equal(ours.vertices, vertices)
        assert {tuple(sorted(e)) for e in edges.tolist()} == {tuple(e) for e in ours.edges.tolist()}
        assert ours.root == root


# The order of the nodes: MeshParty's -----------------------------------------------------------


@contextmanager
def sorting_as_ever() -> Iterator[None]:
    """Let NumPy sort as it did when the published files were made, on every processor.

    It sorts doubles with AVX2 or AVX-512 where there is one, and equals come out differently.
    """
    argsort = np.argsort
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "argsort", lambda values: argsort(values.astype(np.longdouble)))
        yield


def meshparty_swc(path: Path, read: meshparty.skeleton.Skeleton, labels: np.ndarray) -> str:
    with sorting_as_ever():
        read.export_to_swc(path, node_labels=labels, xyz_scaling=1)
    return path.read_text()


def their_swc(path: Path, forest: Skeleton) -> str:
    read = meshparty.skeleton.Skeleton(
        forest.vertices, forest.edges, root=forest.root, remove_zero_length_edges=False
    )
    return meshparty_swc(path, read, forest.labels)


def own_swc(path: Path, forest: Skeleton) -> str:
    export(path, forest)
    return path.read_text()


def assert_exports_agree(folder: Path, tmp_path: Path) -> None:
    paths = sorted(folder.glob("*.h5"))
    assert paths
    for h5 in paths:
        npy = h5.with_name(h5.stem + "_label.npy")
        read = skeleton_io.read_skeleton_h5(str(h5))
        expected = meshparty_swc(tmp_path / "theirs.swc", read, np.load(npy))
        assert own_swc(tmp_path / "ours.swc", read_skeleton(h5)) == expected, h5.name


def test_swc_files_of_the_em_block_are_meshpartys(em_block, tmp_path) -> None:
    assert_exports_agree(em_block / "skeletons", tmp_path)


@pytest.mark.workflow
def test_swc_files_of_the_sample_are_meshpartys(small_run: Run, tmp_path) -> None:
    assert_exports_agree(small_run.folder / "resources" / "sample" / "skeletons", tmp_path)


@st.composite
def forests(draw) -> Skeleton:
    count = draw(st.integers(1, 40))
    # Few candidates make forks of many children, many make long paths; -1 is a new piece.
    spread = draw(st.integers(1, 40))
    parents = [draw(st.integers(max(-1, i - spread), max(-1, i - 1))) for i in range(count)]
    names = draw(st.permutations(range(count)))
    edges = [[names[i], names[p]] for i, p in enumerate(parents) if p >= 0]
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    # On a grid, tips are as far from the root as others, and nodes lie on each other.
    grid = draw(st.booleans())
    vertices = rng.integers(0, 3, (count, 3)) if grid else rng.normal(size=(count, 3))
    root = draw(st.integers(0, count - 1))
    return skeleton(vertices, edges, rng.integers(0, 6, count), root)


@settings(max_examples=150, deadline=None)
@given(forests())
def test_swc_of_any_forest_is_meshpartys(tmp_path_factory, forest: Skeleton) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert own_swc(folder / "ours.swc", forest) == their_swc(folder / "theirs.swc", forest)


@settings(max_examples=100, deadline=None)
@given(forests())
def test_without_a_root_the_skeleton_has_meshpartys(forest: Skeleton) -> None:
    # MeshParty fails on a single node, and takes node 1 where all lie in one place.
    assume(forest.edge_lengths().any())
    theirs = meshparty.skeleton.Skeleton(
        forest.vertices, forest.edges, remove_zero_length_edges=False
    )
    assert default_root(forest) == theirs.root


def test_a_file_without_a_root(tmp_path) -> None:
    h5, _ = write_files(tmp_path, LINE, [[1, 0], [1, 2], [2, 3]], [0] * 4)
    with h5py.File(h5, "a") as file:
        del file["root"]
    assert read_skeleton(h5).root == skeleton_io.read_skeleton_h5(str(h5)).root == 0


@pytest.mark.parametrize("count", [1, 2, 17, 300])
def test_tips_that_are_as_far_come_out_the_same_on_every_processor(count, tmp_path) -> None:
    # A star whose tips are all as far, and as many pieces of their own, infinitely far.
    tips = np.arange(1, count + 1)
    vertices = np.zeros((2 * count + 1, 3))
    vertices[tips, 0], vertices[count + tips, 1] = 1, tips
    star = skeleton(vertices, np.column_stack([np.zeros(count, int), tips]))
    assert own_swc(tmp_path / "ours.swc", star) == their_swc(tmp_path / "theirs.swc", star)


def test_the_longest_path_comes_first() -> None:
    y = skeleton(np.arange(18).reshape(6, 3), [[2, 0], [2, 5], [5, 1], [0, 3], [5, 4]], root=2)
    tree = swc_tree(y)
    assert tree.nodes.tolist() == [2, 5, 1, 0, 3, 4]
    assert tree.parents.tolist() == [-1, 0, 1, 0, 3, 1]


def test_other_pieces_come_first_and_start_at_an_end_of_their_longest_path() -> None:
    pieces = skeleton(
        [[0, 0, 0], [9, 0, 0], [5, 0, 0], [7, 0, 0], [8, 0, 0]], [[1, 3], [3, 2], [0, 4]], root=0
    )
    assert piece_roots(pieces) == [0, 1]
    assert swc_tree(pieces).nodes.tolist() == [1, 3, 2, 0, 4]


@settings(max_examples=100, deadline=None)
@given(forests())
def test_every_forest_becomes_an_swc_tree(forest: Skeleton) -> None:
    tree = swc_tree(forest)
    count = len(forest.vertices)
    assert sorted(tree.nodes) == list(range(count))
    assert (tree.parents < np.arange(count)).all()
    assert set(tree.nodes[tree.parents == -1]) == set(piece_roots(forest))
    assert len(piece_roots(forest)) == len(forest.pieces)
    assert np.array_equal(tree.nodes[tree.swc_ids()], np.arange(count))
    children = np.flatnonzero(tree.parents >= 0)
    edges = np.sort(
        np.column_stack([tree.nodes[children], tree.nodes[tree.parents[children]]]), axis=1
    )
    assert sorted(map(tuple, edges)) == sorted(map(tuple, np.sort(forest.edges, axis=1)))


def test_swc_reads_back_in_pandas_and_navis(tmp_path) -> None:
    path = tmp_path / "648518346349538426.swc"
    export(path, skeleton(LINE + 0.12345, [[0, 1], [1, 2]], [0, 0, 2, 5]))
    assert path.read_text().splitlines()[1] == "1 0 0.123 0.123 0.123 1.000 -1"
    table = pd.read_csv(path, header=None, delimiter=" ")
    assert table.shape == (4, 7)
    assert table[6].tolist() == [-1, -1, 1, 2]
    assert table[1].tolist() == [5, 0, 0, 2]
    neuron = navis.read_swc(path, soma_label=0)
    assert neuron.n_nodes == 4
    assert neuron.n_trees == 2
    assert neuron.cable_length == pytest.approx(20, abs=1e-2)
