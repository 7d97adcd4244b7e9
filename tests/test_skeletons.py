"""Skeletons: reading and refusing, rooting, SWC."""

from __future__ import annotations

from pathlib import Path

import h5py
import navis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meshparty import skeleton_io
from mitosyn.errors import InputError
from mitosyn.skeletons import Skeleton, piece_roots, read_skeleton, swc_tree, write_swc

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
        (LINE, [[0, 1], [1, 4]], [0] * 4, 0, r"edge 1 joins \[1, 4\], there are 4 vertices"),
        (LINE, [[0, 1], [-1, 2]], [0] * 4, 0, r"edge 1 joins \[-1, 2\]"),
        (LINE, [[0, 1], [1, 2], [2, 0]], [0] * 4, 0, "has cycles: 3 edges join 4 vertices in 2"),
        (LINE, [[0, 1], [2, 2]], [0] * 4, 0, "has cycles"),
        (LINE, [[0, 1], [1, 2], [2, 3]], [0, 1, 6, 1], 0, "label 6 at vertex 2, expected 0 to 5"),
        (LINE, [[0, 1]], [0] * 4, 9, "root is 9"),
        (LINE * [1, 1, np.nan], [[0, 1]], [0] * 4, 0, "vertex 0 is not finite"),
        (LINE[:, :2], [[0, 1]], [0] * 4, 0, r"shape \(4, 2\)"),
        (LINE, [[0.5, 1.0]], [0] * 4, 0, "edges are float64"),
    ],
)
def test_a_bad_skeleton_is_named(tmp_path, vertices, edges, labels, root, message) -> None:
    with pytest.raises(InputError, match=message):
        read_skeleton(*write_files(tmp_path, vertices, edges, labels, root))


def test_unreadable_and_missing_files(tmp_path) -> None:
    h5, npy = write_files(tmp_path, LINE, [[0, 1]], [0] * 4)
    npy.write_bytes(b"not numpy")
    with pytest.raises(InputError, match=r"label\.npy: not a readable \.npy file"):
        read_skeleton(h5, npy)
    npy.unlink()
    with pytest.raises(InputError, match="no such label file"):
        read_skeleton(h5, npy)
    h5.write_bytes(h5.read_bytes()[:500])
    with pytest.raises(InputError, match=r"skeleton\.h5: not a readable skeleton file"):
        read_skeleton(h5, npy)
    h5.unlink()
    with pytest.raises(InputError, match="no such skeleton file"):
        read_skeleton(h5, npy)


def test_an_edge_stated_twice_counts_once(tmp_path) -> None:
    read = read_skeleton(*write_files(tmp_path, LINE, [[0, 1], [1, 0], [1, 2]], [0] * 4))
    assert read.edges.tolist() == [[0, 1], [1, 2]]


def test_reads_what_meshparty_reads(em_block) -> None:
    for h5 in sorted((em_block / "skeletons").glob("*.h5")):
        npy = h5.with_name(h5.stem + "_label.npy")
        ours = read_skeleton(h5, npy)
        vertices, edges, _, _, _, root = skeleton_io.read_skeleton_h5_by_part(str(h5))
        assert np.array_equal(ours.vertices, vertices)
        assert {tuple(sorted(e)) for e in edges.tolist()} == {tuple(e) for e in ours.edges.tolist()}
        assert ours.root == root


def test_order_is_depth_first_from_the_root() -> None:
    y = skeleton(np.arange(18).reshape(6, 3), [[2, 0], [2, 5], [5, 1], [0, 3], [5, 4]], root=2)
    tree = swc_tree(y)
    assert tree.nodes.tolist() == [2, 0, 3, 5, 1, 4]
    assert tree.parents.tolist() == [-1, 0, 1, 0, 3, 3]


def test_other_pieces_start_nearest_to_the_root() -> None:
    pieces = skeleton([[0, 0, 0], [9, 0, 0], [5, 0, 0], [7, 0, 0]], [[1, 3], [3, 2]], root=0)
    assert piece_roots(pieces) == [0, 2]
    assert swc_tree(pieces).nodes.tolist() == [0, 2, 3, 1]


@st.composite
def forests(draw) -> Skeleton:
    count = draw(st.integers(1, 40))
    parents = [draw(st.integers(-1, i - 1)) for i in range(count)]
    names = draw(st.permutations(range(count)))
    edges = [[names[i], names[p]] for i, p in enumerate(parents) if p >= 0]
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    root = draw(st.integers(0, count - 1))
    return skeleton(rng.normal(size=(count, 3)), edges, rng.integers(0, 6, count), root)


@settings(max_examples=100, deadline=None)
@given(forests())
def test_every_forest_becomes_an_swc_tree(forest: Skeleton) -> None:
    tree = swc_tree(forest)
    count = len(forest.vertices)
    assert sorted(tree.nodes) == list(range(count))
    assert (tree.parents < np.arange(count)).all()
    assert tree.nodes[0] == forest.root and tree.parents[0] == -1
    assert np.array_equal(tree.nodes[tree.swc_ids()], np.arange(count))
    children = np.flatnonzero(tree.parents >= 0)
    edges = np.sort(
        np.column_stack([tree.nodes[children], tree.nodes[tree.parents[children]]]), axis=1
    )
    assert sorted(map(tuple, edges)) == sorted(map(tuple, np.sort(forest.edges, axis=1)))


def test_swc_reads_back_in_pandas_and_navis(tmp_path) -> None:
    path = tmp_path / "648518346349538426.swc"
    write_swc(path, skeleton(LINE + 0.12345, [[0, 1], [1, 2]], [0, 0, 2, 5]))
    assert path.read_text().splitlines()[0] == "0 0 0.123 0.123 0.123 1.000 -1"
    table = pd.read_csv(path, header=None, delimiter=" ")
    assert table.shape == (4, 7)
    assert table[6].tolist() == [-1, 0, 1, -1]
    assert table[1].tolist() == [0, 0, 2, 5]
    neuron = navis.read_swc(path, soma_label=0)
    assert neuron.n_nodes == 4
    assert neuron.n_trees == 2
    assert neuron.cable_length == pytest.approx(20, abs=1e-2)
