"""Skeletons of precomputed layers: local, over HTTP, in shards or not; each costs itself alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import loopback
import numpy as np
import pytest
from cloudvolume import Skeleton as Written
from cloudvolume.datasource.precomputed.skeleton import PrecomputedSkeletonSource
from mitosyn.meshes.bundle import bundle_meshes
from mitosyn.retrieval.fetch import MeshLayer
from mitosyn.retrieval.layer_files import Transfer
from mitosyn.retrieval.skeletons import fetch_skeletons
from mitosyn.retrieval.transfer import Policy
from mitosyn.skeletons.coverage import associate, majority_labels
from mitosyn.skeletons.formats.registry import read_skeleton
from mitosyn.skeletons.skeleton import Skeleton
from mitosyn.support.errors import InputError
from test_skeleton_formats import SWC_LABELS, UM, VOXELS, form

LABELLED = form("precomputed", labels=SWC_LABELS, attribute="compartment")
FAST = Transfer(Policy(attempts=3, backoff_s=0.001, timeout_s=1), 4)
LAYERS = ("skeletons_precomputed", "skeletons_precomputed_sharded")


@pytest.fixture(scope="module")
def truths(em_modern: Path) -> dict[str, Any]:
    return json.loads((em_modern / "expected.json").read_text())


@pytest.fixture(scope="module")
def cells(truths: dict[str, Any]) -> list[int]:
    return [int(cell_id) for cell_id in truths["cells"]]


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """Make a layer with skeletons 1 to 9, each with a radius and two other attributes."""
    folder = tmp_path / "layer" / "skeletons"
    folder.mkdir(parents=True)
    (folder.parent / "info").write_text(json.dumps({"skeletons": "skeletons"}))
    attributes = [
        {"id": "radius", "data_type": "float32", "num_components": 1},
        {"id": "vertices", "data_type": "uint8", "num_components": 1},
        {"id": "normal", "data_type": "float32", "num_components": 3},
    ]
    info = {"@type": "neuroglancer_skeletons", "vertex_attributes": attributes}
    (folder / "info").write_text(json.dumps(info))
    for cell_id in range(1, 10):
        head = np.array([3, 2], np.uint32).tobytes()
        places = (np.arange(9, dtype=np.float32) * cell_id).tobytes()
        edges = np.array([[0, 1], [1, 2]], np.uint32).tobytes()
        radii = np.array([1, 2, 3], np.float32).tobytes()
        labels = np.array([4, 4, 1], np.uint8).tobytes()
        rest = np.zeros(9, np.float32).tobytes()
        (folder / str(cell_id)).write_bytes(head + places + edges + radii + labels + rest)
    return folder.parent


@pytest.fixture
def server(layer: Path) -> Iterator[loopback.Server]:
    with loopback.serve() as found:
        found.folders["/layer"] = layer
        yield found


def fetch(path: str | Path, folder: Path, *ids: int) -> dict[int, Path]:
    """Fetch skeletons of a folder or a URL; the files by id."""
    where = path if str(path).startswith("http") else f"file://{path}"
    fetch_skeletons(f"precomputed://{where}", ids, FAST, folder)
    return {int(file.stem): file for file in folder.iterdir()}


@pytest.mark.parametrize("name", [*LAYERS, *(f"{name}/skeletons" for name in LAYERS)])
def test_every_form_holds_the_same_skeletons(
    em_modern: Path, tmp_path: Path, truths: dict[str, Any], cells: list[int], name: str
) -> None:
    files = fetch(em_modern / name, tmp_path, *cells)
    assert [i in files for i in cells] == [c["skeleton"] for c in truths["cells"].values()]
    for cell_id, file in files.items():
        read = read_skeleton(file, LABELLED)
        swc = read_skeleton(
            em_modern / "skeletons_swc" / f"{cell_id}.swc", form("swc", UM, SWC_LABELS)
        )
        assert np.array_equal(read.edges, swc.edges) and np.array_equal(read.labels, swc.labels)
        assert np.abs(read.vertices - swc.vertices).max() < 0.001
        assert np.abs(read.radii - swc.radii).max() < 0.001
        assert read.somatic[read.root]


def test_over_http_comes_the_same_in_parts(
    em_modern: Path, tmp_path: Path, cells: list[int]
) -> None:
    with loopback.serve() as server:
        for name in LAYERS:
            server.folders["/data"] = em_modern
            for number, path in enumerate((name, f"{name}/skeletons")):
                local = fetch(em_modern / path, tmp_path / name / f"{number}l", *cells)
                web = fetch(f"{server.url}/data/{path}", tmp_path / name / f"{number}w", *cells)
                assert local.keys() == web.keys() and len(web) == 7
                for cell_id, file in local.items():
                    ours, theirs = (
                        read_skeleton(file, LABELLED),
                        read_skeleton(web[cell_id], LABELLED),
                    )
                    assert np.array_equal(ours.vertices, theirs.vertices)
                    assert np.array_equal(ours.labels, theirs.labels)


def test_gives_what_cloudvolume_gives(em_modern: Path, tmp_path: Path) -> None:
    path = em_modern / LAYERS[1] / "skeletons"
    source = PrecomputedSkeletonSource.from_cloudpath(f"precomputed://file://{path}")
    (theirs,) = source.get([648518346349531414])
    (file,) = fetch(path, tmp_path, 648518346349531414).values()
    ours = read_skeleton(file, LABELLED)
    assert np.array_equal(ours.vertices, theirs.vertices)
    assert np.array_equal(ours.radii, theirs.radius)


def skeletons_of(em_modern: Path, folder: Path, cell: int, body: int) -> Iterator[Skeleton]:
    """Yield a cell's skeleton in each form; labels are those of the first."""
    read = read_skeleton(em_modern / "skeletons_swc" / f"{cell}.swc", form("swc", UM, SWC_LABELS))
    yield read
    bare = read_skeleton(em_modern / "skeletons_swc_voxels" / f"{body}.swc", form("swc", VOXELS))
    yield Skeleton(bare.vertices, bare.edges, read.labels, bare.root)
    for name in LAYERS:
        yield read_skeleton(fetch(em_modern / name, folder / name, cell)[cell], LABELLED)


def test_nodes_and_compartments_are_the_truths_whatever_the_form(
    em_modern: Path, tmp_path: Path, truths: dict[str, Any]
) -> None:
    meshes = MeshLayer(f"precomputed://file://{em_modern / 'mitochondria_legacy'}", FAST)
    names = ("Somatic", "Axonal", "Basal", "Apical", "Unknown dendritic", "Unknown")
    exact = 0
    for cell_id, cell in truths["cells"].items():
        if not cell["skeleton"]:
            continue
        own = {int(i): m for i, m in truths["mitochondria"].items() if m["cell"] == int(cell_id)}
        bundle = bundle_meshes(np.array([*own]), meshes.fetch(own))
        for skeleton in skeletons_of(em_modern, tmp_path, int(cell_id), cell["bodyId"]):
            coverage = associate(bundle, np.ones(3), skeleton)
            labels = majority_labels(coverage, skeleton, len(own))
            for row, mitochondrion in enumerate(own.values()):
                found = coverage.node[coverage.mitochondrion == row].tolist()
                if not mitochondrion["has_mesh"]:
                    assert (found, labels[row]) == ([], 5)
                    continue
                full, nodes = mitochondrion["full_mesh"], mitochondrion["covered_node_indices"]
                # With ties, one node more or less may be right too.
                assert full["near_ties"] or found == nodes
                exact += found == nodes
                if full["vote_margin"] > 0.02:
                    assert full["compartment"].startswith(names[labels[row]])
    assert exact >= 4 * 200


# What is wrong with one, or with all --------------------------------------------------------------


def test_attributes_of_any_name_and_width(layer: Path, tmp_path: Path) -> None:
    file = fetch(layer, tmp_path / "out", 2)[2]
    read = read_skeleton(file, form("precomputed", labels={4: 2, 1: 0}, attribute="vertices"))
    assert read.vertices.tolist() == [[0, 2, 4], [6, 8, 10], [12, 14, 16]]
    assert (read.labels.tolist(), read.root) == ([2, 2, 0], 2)
    assert read.radii.tolist() == [1, 2, 3]
    with pytest.raises(InputError, match=r"layer/skeletons/2: no vertex attribute 'normal' of one"):
        read_skeleton(file, form("precomputed", labels={0: 0}, attribute="normal"))


def test_a_transform_moves_nodes_and_scales_radii(layer: Path, tmp_path: Path) -> None:
    info = json.loads((layer / "skeletons" / "info").read_text())
    info["transform"] = [8, 0, 0, 100, 0, 8, 0, 0, 0, 0, 8, -1]
    (layer / "skeletons" / "info").write_text(json.dumps(info))
    read = read_skeleton(fetch(layer, tmp_path / "out", 1)[1], form("precomputed"))
    assert read.vertices.tolist() == [[100, 8, 15], [124, 32, 39], [148, 56, 63]]
    assert read.radii == pytest.approx([8, 16, 24])


def test_what_has_come_is_not_fetched_again(server: loopback.Server, tmp_path: Path) -> None:
    url, out = f"{server.url}/layer", tmp_path / "out"
    server.always["/layer/skeletons/3"] = loopback.status(500)
    with pytest.raises(InputError, match=r"the server does not give the skeletons .HTTP 500"):
        fetch(url, out, 1, 2, 3, 99)
    fetch(url, out, 1, 2)
    del server.always["/layer/skeletons/3"]
    before = dict(server.requests)
    assert sorted(fetch(url, out, 1, 2, 3, 99)) == [1, 2, 3]
    assert all(
        server.requests[f"/layer/skeletons/{i}"] == before[f"/layer/skeletons/{i}"] for i in (1, 2)
    )


@pytest.mark.parametrize("size", [0, 7, 8, 40, 61, 75, 200])
def test_a_damaged_skeleton_costs_its_cell(layer: Path, tmp_path: Path, size: int) -> None:
    path = layer / "skeletons" / "3"
    path.write_bytes((path.read_bytes() + bytes(200))[:size])
    files = fetch(layer, tmp_path / "out", *range(1, 12))
    assert sorted(files) == [*range(1, 10)]
    assert len(read_skeleton(files[4], form("precomputed")).vertices) == 3
    with pytest.raises(InputError, match=r"layer/skeletons/3: its skeleton ") as error:
        read_skeleton(files[3], form("precomputed"))
    assert "\n" not in str(error.value)


def test_a_skeleton_without_the_attributes_of_its_layer(layer: Path, tmp_path: Path) -> None:
    path = layer / "skeletons" / "3"
    path.write_bytes(path.read_bytes()[: 8 + 36 + 16])
    file = fetch(layer, tmp_path / "out", 3)[3]
    assert read_skeleton(file, form("precomputed")).radii is None
    with pytest.raises(InputError, match=r"no vertex attribute 'radius' .* there are none"):
        read_skeleton(file, form("precomputed", labels={1: 1}, attribute="radius"))


def test_a_shard_cut_short_costs_what_it_lacks(
    em_modern: Path, tmp_path: Path, cells: list[int]
) -> None:
    copy = tmp_path / "layer"
    shutil.copytree(em_modern / LAYERS[1], copy, copy_function=shutil.copyfile)
    for size in (0, 10, 40_000):
        shard = copy / "skeletons" / "0.shard"
        shard.write_bytes((em_modern / LAYERS[1] / "skeletons" / "0.shard").read_bytes()[:size])
        files = fetch(copy, tmp_path / str(size), *cells)
        assert len(files) >= 7
        wrong = []
        for cell_id, file in files.items():
            try:
                read_skeleton(file, LABELLED)
            except InputError as error:
                assert "\n" not in str(error)
                wrong.append(cell_id)
        assert 0 < len(wrong) < len(files)


@pytest.mark.parametrize(
    ("path", "info", "message"),
    [
        ("info", None, "there is no info"),
        ("info", {}, "its info has skeletons None"),
        ("info", {"skeletons": "../x"}, r"its info has skeletons '\.\./x'"),
        ("info", [], r"info: \[\]"),
        ("info", {"skeletons": "others"}, "there is no others/info"),
        ("skeletons/info", None, "there is no skeletons/info"),
        ("skeletons/info", {"@type": "x"}, "skeletons/info has @type 'x'"),
        ("skeletons/info", {"vertex_attributes": 1}, "its info has"),
        ("skeletons/info", {"vertex_attributes": [{"id": "x"}]}, "its info has"),
        ("skeletons/info", {"transform": [1]}, r"their transform is \[1\]"),
        ("skeletons/info", {"sharding": {"@type": "x"}}, "their sharding is"),
    ],
)
def test_a_layer_that_is_none_is_refused(
    layer: Path, tmp_path: Path, path: str, info: Any, message: str
) -> None:
    if info is None:
        (layer / path).unlink()
    else:
        kind = {"@type": "neuroglancer_skeletons"} if path != "info" else {}
        (layer / path).write_text(json.dumps(kind | info if isinstance(info, dict) else info))
    with pytest.raises(InputError, match=f"not a layer with skeletons .*{message}") as error:
        fetch(layer, tmp_path / "out", 1)
    assert "\n" not in str(error.value)


def test_what_igneous_and_cloudvolume_write_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "layer" / "skeletons"
    folder.mkdir(parents=True)
    written = Written(
        np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32),
        np.array([[0, 1], [1, 2], [3, 4]], np.uint32),
        np.arange(5, dtype=np.float32),
        vertex_types=np.array([1, 2, 2, 3, 3], np.uint8),
        segid=7,
    )
    (folder / "7").write_bytes(written.to_precomputed())
    info = {"@type": "neuroglancer_skeletons", "vertex_attributes": written.extra_attributes}
    (folder / "info").write_text(json.dumps(info))
    labels = form("precomputed", labels={1: 0, 2: 1, 3: 2}, attribute="vertex_types")
    read = read_skeleton(fetch(folder, tmp_path / "out", 7)[7], labels)
    assert np.array_equal(read.vertices, written.vertices)
    assert read.labels.tolist() == [0, 1, 1, 2, 2] and len(read.pieces) == 2
