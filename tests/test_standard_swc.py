"""SWC files and their readers: the published ones, and the standard ones."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import h5py
import morph_tool
import morphio
import navis
import neurom
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitosyn.skeletons.formats.meshparty import read_calibres
from mitosyn.skeletons.formats.registry import read_skeleton
from mitosyn.skeletons.skeleton import Skeleton
from mitosyn.skeletons.standard_swc import (
    DEFAULT_RADIUS_NM,
    OWN_TYPES,
    StandardTree,
    node_radii,
    soma_nodes,
    standard_tree,
    write_standard_swc,
)
from mitosyn.support.errors import InputError
from tubes import export
from workflow import Run, run_snakemake

CELL = "648518346349538426"


def load_morphio(path: Path) -> tuple[morphio.Morphology, Counter]:
    """Read with MorphIO as it comes; also its warnings, counted."""
    warnings = morphio.WarningHandlerCollector()
    morphology = morphio.Morphology(path, warning_handler=warnings)
    return morphology, Counter(found.warning.warning() for found in warnings.get_all())


def true_warnings(skeleton: Skeleton) -> Counter:
    """Count what MorphIO is to warn of: neurites without a soma, where there are any."""
    if len(soma_nodes(skeleton)):
        return +Counter({morphio.Warning.disconnected_neurite: len(skeleton.pieces) - 1})
    return Counter(
        {
            morphio.Warning.disconnected_neurite: len(skeleton.pieces),
            morphio.Warning.no_soma_found: 1,
        }
    )


def lengths_by_type(tree: StandardTree) -> dict[int, float]:
    """Sum the edges outside the soma by the type of most of their section, in µm, by loops."""
    children: dict[int, list[int]] = {i: [] for i in range(-1, len(tree.parents))}
    for node, parent in enumerate(tree.parents.tolist()):
        children[parent].append(node)
    length = np.linalg.norm(tree.positions - tree.positions[tree.parents], axis=1) / 1000
    length[(tree.parents < 0) | (tree.own_types[tree.parents] == 1)] = 0
    total: Counter = Counter()
    for first in range(len(tree.parents)):
        parent = tree.parents[first]
        if parent >= 0 and len(children[parent]) == 1 and tree.own_types[parent] != 1:
            continue
        section = [first]
        while len(children[section[-1]]) == 1 and tree.own_types[section[-1]] != 1:
            section += children[section[-1]]
        by_type: Counter = Counter()
        for node in section:
            by_type[int(tree.own_types[node])] += length[node]
        most = max(by_type, key=lambda kind: (by_type[kind], -kind))
        assert tree.types[section].tolist() == [most] * len(section)
        total[most] += sum(by_type.values())
    return {kind: value for kind, value in total.items() if value}


def read_types(path: Path) -> np.ndarray:
    """Read the points' own types from an SWC file and its comments, as docs/swc.md says."""
    types = np.loadtxt(path, usecols=1, ndmin=1).astype(int)
    for line in path.read_text().partition(OWN_TYPES)[2].splitlines():
        number, kind = line.removeprefix("# ").split()
        types[int(number) - 1] = int(kind)
    return types


def skeletons_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*_skeleton.h5"))


def read(path: Path) -> Skeleton:
    return read_skeleton(path)


@pytest.fixture(params=["sample", "em_block"])
def skeleton_folder(request: pytest.FixtureRequest) -> Path:
    if request.param == "em_block":
        return request.getfixturevalue("em_block") / "skeletons"
    run: Run = request.getfixturevalue("small_run")
    return run.folder / "resources" / "sample" / "skeletons"


# The published files -------------------------------------------------------------------------


@pytest.mark.workflow
def test_published_files_are_for_navis_others_take_axons_for_somata(small_run: Run) -> None:
    paths = sorted((small_run.folder / "results/sample/cell_morphologies").iterdir())
    assert len(paths) == 3
    for path in paths:
        rows = np.loadtxt(path)
        neuron = navis.read_swc(path, soma_label=0)
        assert neuron.n_nodes == len(rows)
        assert neuron.n_trees == (rows[:, 6] == -1).sum()
        assert set(np.atleast_1d(neuron.soma)) <= set(rows[rows[:, 1] == 0, 0].astype(int))
        for load in (morphio.Morphology, neurom.load_morphology):
            with pytest.raises(morphio.SomaError, match="soma point with a neurite as parent"):
                load(path)


# The standard files --------------------------------------------------------------------------


@pytest.mark.workflow
def test_the_option_adds_a_standard_file_of_every_neuron(small_run: Run) -> None:
    command = ("--configfile", "config.yaml", "--config", "standard_swc=true", "-n")
    run = run_snakemake(small_run.folder, *command)
    assert run.code == 0, run.text
    assert "export_standard_swc" not in small_run.text
    assert dict(re.findall(r"^(\w+) +(\d+)$", run.text, re.MULTILINE)) == {
        "all": "1",
        "export_standard_swc": "3",
        "total": "4",
    }


@pytest.mark.workflow
def test_standard_files_lose_nothing_outside_the_soma(skeleton_folder, tmp_path) -> None:
    for source in skeletons_in(skeleton_folder):
        skeleton, path = read(source), tmp_path / "cell.swc"
        write_standard_swc(path, CELL, skeleton, None)
        rows, soma = np.loadtxt(path), soma_nodes(skeleton)
        ids, parents = rows[:, 0].astype(int), rows[:, 6].astype(int)
        types = read_types(path)
        assert ids.tolist() == list(range(1, len(rows) + 1))
        assert (parents < ids).all() and types[0] == 1 and parents[0] == -1
        outside = np.setdiff1d(np.arange(len(skeleton.vertices)), soma)
        ends_outside = np.isin(skeleton.edges, outside)
        leaving = skeleton.edges[ends_outside.sum(axis=1) == 1]
        # The soma as one point, and each neurite from the somatic node that it leaves.
        begin, first = leaving[np.isin(leaving, soma)], leaving[~np.isin(leaving, soma)]
        assert len(rows) == 1 + len(outside) + len(begin)
        apart = (skeleton.labels[outside] == 0).sum()
        expected = Counter((skeleton.labels[np.append(outside, first)] + 1).tolist())
        expected[6] += expected.pop(1, 0)
        assert Counter(types[1:].tolist()) == +expected
        assert (types == 1).sum() == 1 and (apart == 0 or expected[6] >= apart)
        kept = ends_outside.any(axis=1)
        length = np.linalg.norm(rows[1:, 2:5] - rows[parents[1:] - 1, 2:5], axis=1)
        assert length[parents[1:] > 1].sum() == pytest.approx(
            skeleton.edge_lengths()[kept].sum() / 1000, rel=1e-6
        )
        assert sorted(map(tuple, rows[1:, 2:5])) == sorted(
            map(tuple, (skeleton.vertices[np.append(outside, begin)] / 1000).round(6))
        )


@pytest.mark.workflow
@pytest.mark.filterwarnings("error")
def test_standard_files_load_in_navis_morphio_and_neurom(skeleton_folder, tmp_path) -> None:
    for source in skeletons_in(skeleton_folder):
        skeleton, path = read(source), tmp_path / "cell.swc"
        write_standard_swc(path, CELL, skeleton, None)
        tree = standard_tree(skeleton, None)
        neuron = navis.read_swc(path)
        assert neuron.n_nodes == len(tree.types) and neuron.soma == 1
        assert neuron.n_trees == len(skeleton.pieces)

        morphology, warnings = load_morphio(path)
        assert warnings == true_warnings(skeleton)
        assert morphology.soma_type == morphio.SomaType.SOMA_SINGLE_POINT
        loose = len(skeleton.pieces) - 1
        assert len(morphology.root_sections) == (tree.parents == 0).sum() + loose
        cell = neurom.load_morphology(path)
        assert len(cell.neurites) == len(morphology.root_sections)
        found: Counter = Counter()
        for section in neurom.iter_sections(cell):
            found[section.type.value] += section.length
        assert {k: v for k, v in found.items() if v} == pytest.approx(
            lengths_by_type(tree), rel=1e-4
        )


@pytest.mark.workflow
@pytest.mark.filterwarnings("error")
def test_morph_tool_converts_standard_files(skeleton_folder, tmp_path) -> None:
    for source in skeletons_in(skeleton_folder):
        skeleton, path = read(source), tmp_path / "cell.swc"
        write_standard_swc(path, CELL, skeleton, None)
        for suffix in ("swc", "h5"):
            converted = tmp_path / f"converted.{suffix}"
            morph_tool.convert(path, converted)
            difference = morph_tool.diff(path, converted)
            assert not difference, difference.info


def labelled_forest(numbers: list[tuple[int, int, int]]) -> Skeleton:
    """Join each node to an earlier one, or to none if that is itself; labels as given."""
    earlier = [back % (i + 1) for i, (_, back, _) in enumerate(numbers)]
    edges = [(i, back) for i, back in enumerate(earlier) if back != i]
    positions = [(700 * i, step, 40 * step) for i, (step, _, _) in enumerate(numbers)]
    labels = np.array([label for _, _, label in numbers])
    return Skeleton(np.array(positions, float), np.array(edges, np.int64).reshape(-1, 2), labels, 0)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 5)),
        min_size=1,
        max_size=25,
    )
)
def test_any_labelled_forest_loads(tmp_path_factory, numbers) -> None:
    skeleton = labelled_forest(numbers)
    path = tmp_path_factory.getbasetemp() / "forest.swc"
    write_standard_swc(path, CELL, skeleton, None)
    tree, soma = standard_tree(skeleton, None), soma_nodes(skeleton)
    morphology, warnings = load_morphio(path)
    assert warnings == true_warnings(skeleton)
    assert len(morphology.soma.points) == min(len(soma), 1)
    assert (read_types(path) == tree.own_types).all()
    assert tree.parents[0] == -1 and (tree.parents < np.arange(len(tree.parents))).all()
    if len(soma):
        assert tree.types.tolist().index(1) == 0 and (tree.types == 1).sum() == 1
    total = sum(np.linalg.norm(np.diff(s.points, axis=0), axis=1).sum() for s in morphology.iter())
    assert total == pytest.approx(sum(lengths_by_type(tree).values()), rel=1e-4, abs=1e-3)
    assert navis.read_swc(path).n_nodes == len(tree.types)
    if morphology.root_sections:
        morphology.as_mutable().write(path.with_name("again.swc"))


def test_the_soma_is_the_largest_group_at_its_mean_other_somatic_nodes_are_unknown(
    tmp_path,
) -> None:
    # 0 -- 1 -- 2 -- 3 -- 4 -- 5 along x, somatic where S: S S A A S A
    positions = np.column_stack([np.arange(6) * 1000.0, np.zeros(6), np.zeros(6)])
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]])
    skeleton = Skeleton(positions, edges, np.array([0, 0, 1, 1, 0, 1]), 3)
    assert soma_nodes(skeleton).tolist() == [0, 1]
    write_standard_swc(tmp_path / "1.swc", "1", skeleton, None)
    lines = (tmp_path / "1.swc").read_text().splitlines()
    assert [line for line in lines if line.startswith("#")] == [*lines[:6], *lines[12:]]
    assert "micrometres" in lines[1] and "2 skeleton nodes" in lines[3]
    assert lines[6:] == [
        "1 1 0.500000 0.000000 0.000000 0.500000 -1",
        "2 2 1.000000 0.000000 0.000000 0.100000 1",
        "3 2 2.000000 0.000000 0.000000 0.100000 2",
        "4 2 3.000000 0.000000 0.000000 0.100000 3",
        "5 2 4.000000 0.000000 0.000000 0.100000 4",
        "6 2 5.000000 0.000000 0.000000 0.100000 5",
        "# Points with another type of their own: id type",
        "# 5 6",
    ]


def test_a_skeleton_without_a_soma_stays_as_it_is(tmp_path) -> None:
    skeleton = Skeleton(np.eye(3) * 1000, np.array([[0, 1], [1, 2]]), np.array([4, 2, 5]), 1)
    tree = standard_tree(skeleton, None)
    assert tree.types.tolist() == [3, 6, 5]
    assert tree.parents.tolist() == [-1, 0, 0]


def test_radii_are_half_the_calibre_where_it_is_known(tmp_path) -> None:
    path = tmp_path / "1_skeleton.h5"
    with h5py.File(path, "w") as file:
        file["vertex_properties/rs"] = json.dumps([300.0, float("nan"), 0.0, 90])
    calibres = read_calibres(path, 4)
    assert node_radii(calibres, 4).tolist() == [150, DEFAULT_RADIUS_NM, DEFAULT_RADIUS_NM, 45]
    assert node_radii(None, 2).tolist() == [DEFAULT_RADIUS_NM] * 2
    with pytest.raises(InputError, match=r"rs has shape \(4,\), expected \(5,\)"):
        read_calibres(path, 5)
    for text in (json.dumps({"0": 300.0}), "[" * 100_000, "[[1], [1, 2]]", '["a"]', ""):
        with h5py.File(path, "w") as file:
            file["vertex_properties/rs"] = text
        with pytest.raises(InputError, match="rs is not a list of numbers"):
            read_calibres(path, 1)
    with h5py.File(path, "w") as file:
        file["vertex_properties"] = 1
    assert read_calibres(path, 1) is None
    for count in (1, 500, 501, 502, 503, 504, 2000, 100_000):
        path.unlink()
        with h5py.File(path, "w") as file:
            file["vertex_properties/rs"] = json.dumps([7] * count)
        assert read_calibres(path, count).tolist() == [7] * count
    path.unlink()
    with h5py.File(path, "w") as file:
        file["vertex_properties/rs"] = np.array([7.0])
    assert read_calibres(path, 1).tolist() == [7]
    path.write_bytes(b"")
    with pytest.raises(InputError, match="not a readable skeleton file"):
        read_calibres(path, 1)


def test_hdf5_is_not_let_run_for_ever_in_a_damaged_heap(tmp_path) -> None:
    path = tmp_path / "1_skeleton.h5"
    with h5py.File(path, "w") as file:
        file["vertex_properties/rs"] = "[1, 2]"
    content = path.read_bytes()
    start = content.index(b"GCOL") + 16
    # Of the object with the text, and of what is left of the heap after it.
    for place in (start + 8, start + 16 + 8 + 8):
        path.write_bytes(content[:place] + bytes(8) + content[place + 8 :])
        with pytest.raises(InputError, match="rs is "):
            read_calibres(path, 2)


def test_calibres_as_meshparty_writes_them(tmp_path) -> None:
    from meshparty.skeleton_io import write_skeleton_h5_by_part

    write_skeleton_h5_by_part(
        str(tmp_path / "1.h5"),
        np.eye(3),
        np.array([[0, 1]]),
        meta_of_nothing(),
        vertex_properties={"rs": np.array([1.0, 2.0, 3.0])},
    )
    assert read_calibres(tmp_path / "1.h5", 3).tolist() == [1, 2, 3]


def meta_of_nothing():
    from meshparty.skeleton import SkeletonMetadata

    return SkeletonMetadata()


def test_published_and_standard_files_agree(tmp_path) -> None:
    skeleton = labelled_forest([(3, 0, 0), (5, 0, 1), (7, 1, 1), (9, 1, 2)])
    export(tmp_path / "published.swc", skeleton)
    write_standard_swc(tmp_path / "standard.swc", CELL, skeleton, None)
    published, standard = (np.loadtxt(tmp_path / f"{n}.swc") for n in ("published", "standard"))
    # The soma at its only node, which the one neurite begins with again.
    assert (standard[2:, 1] == published[1:, 1] + 1).all()
    assert np.allclose(standard[1:, 2:5] * 1000, published[:, 2:5])
