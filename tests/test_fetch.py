"""Fetching meshes through CloudVolume: whole, missing and bad ones side by side."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cloudvolume import CloudVolume
from conftest import shared_folder
from mitosyn.meshes.bundle import (
    Mesh,
    MeshError,
    bundle_meshes,
    check_mesh,
    read_bundle,
    write_bundle,
)
from mitosyn.meshes.formats.legacy import decode_fragment
from mitosyn.meshes.formats.registry import FORMATS
from mitosyn.meshes.layers import mesh_folder
from mitosyn.meshes.states import fragment_states, state_digest
from mitosyn.retrieval.fetch import MeshLayer, Transfer
from mitosyn.support.errors import InputError

DRACO = "neuroglancer_multilod_draco"
TRIANGLE = (np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], np.uint32))


def fragment(vertices: np.ndarray = TRIANGLE[0], faces: np.ndarray = TRIANGLE[1]) -> bytes:
    return np.uint32(len(vertices)).tobytes() + vertices.tobytes() + faces.tobytes()


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A layer with one whole mesh in two fragments, mitochondrion 1."""
    info = {
        "@type": "segmentation",
        "type": "segmentation",
        "data_type": "uint64",
        "num_channels": 1,
        "mesh": "mesh",
        "scales": [
            {
                "key": "4_4_40",
                "size": [64, 64, 64],
                "resolution": [4, 4, 40],
                "voxel_offset": [0, 0, 0],
                "chunk_sizes": [[64, 64, 64]],
                "encoding": "raw",
            }
        ],
    }
    (tmp_path / "mesh").mkdir()
    (tmp_path / "info").write_text(json.dumps(info))
    add(tmp_path, 1, {"a": fragment(), "b": fragment()})
    return tmp_path


def add(layer: Path, mito_id: int, fragments: dict[str, bytes]) -> None:
    for name, content in fragments.items():
        (layer / "mesh" / f"{mito_id}:0:{name}").write_bytes(content)
    names = [f"{mito_id}:0:{name}" for name in fragments]
    (layer / "mesh" / f"{mito_id}:0").write_text(json.dumps({"fragments": names}))


def fetch(layer: Path, *mito_ids: int) -> dict[int, Mesh | MeshError]:
    return MeshLayer(f"precomputed://file://{layer}", Transfer()).fetch(mito_ids)


def test_fragments_are_joined_with_their_border_vertices(layer: Path) -> None:
    mesh = fetch(layer, 1)[1]
    assert mesh.vertices.tolist() == np.concatenate([np.eye(3)] * 2).tolist()
    assert mesh.faces.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (fragment()[:-5], "fragment mesh/2:0:a truncated: it has 47 bytes"),
        (fragment()[:3], "fragment mesh/2:0:a truncated"),
        (b"", "fragment mesh/2:0:a truncated"),
        (fragment(faces=np.array([[0, 1, 3]], np.uint32)), "face 0 names vertex 3, mesh has 3"),
        (fragment(TRIANGLE[0] * np.float32(np.nan)), "3 vertices not at a place in nm, first ver"),
        (fragment(TRIANGLE[0] * np.float32(1e30)), "3 vertices not at a place .* 0 at .1.*e.30, 0"),
        (fragment() + bytes(4), "fragment mesh/2:0:a truncated: it has 56 bytes"),
        (np.uint32(2**32 - 1).tobytes() + fragment()[4:], "should begin with 4294967295 vertices"),
        (bytes(4), r"empty mesh \(0 vertices, 0 triangles\)"),
        (fragment(faces=np.empty((0, 3), np.uint32)), r"empty mesh \(3 vertices, 0 triangles\)"),
    ],
)
def test_a_bad_mesh_costs_its_own_mitochondrion_only(layer: Path, content, problem) -> None:
    add(layer, 2, {"a": content})
    meshes = fetch(layer, 1, 2)
    assert isinstance(meshes[1], Mesh)
    with pytest.raises(MeshError, match=problem):
        raise meshes[2]


def test_a_face_may_not_borrow_the_next_fragments_vertices(layer: Path) -> None:
    borrowing = fragment(faces=np.array([[0, 1, 3]], np.uint32))
    add(layer, 2, {"a": borrowing, "b": fragment()})
    assert "face 0 names vertex 3" in str(fetch(layer, 2)[2])


def test_no_manifest_a_broken_one_and_a_missing_fragment(layer: Path) -> None:
    (layer / "mesh" / "3:0").write_text("{")
    add(layer, 4, {"a": fragment()})
    (layer / "mesh" / "4:0:a").unlink()
    meshes = fetch(layer, 2, 3, 4)
    assert str(meshes[2]) == "no mesh"
    assert "manifest mesh/3:0 names no fragments" in str(meshes[3])
    assert str(meshes[4]) == "fragment mesh/4:0:a is missing"


DEEP = "[" * 100_000
MANIFESTS = [
    '{"fragments": []}',
    '{"fragments": "ab"}',
    '{"fragments": [1]}',
    '{"fragments": null}',
]
MANIFESTS += [
    '{"fragments": {"a": 1}}',
    '{"fragments": ["1:0:a", ""]}',
    "[]",
    "null",
    "",
    "\0",
    DEEP,
]
MANIFESTS += [json.dumps({"fragments": [name]}) for name in ("../info", "/x", ".", "a\0b")]
MANIFESTS += ['{"fragments": ["\\ud800"]}', json.dumps({"fragments": ["n" * 300]})]
MANIFESTS += ['{"fragments": ' + DEEP, '{"fragments": [' + "9" * 5000 + "]}", "\xff\xfe\x00"]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=range(len(MANIFESTS)))
def test_a_manifest_without_fragments_costs_its_mitochondrion(layer: Path, manifest: str) -> None:
    (layer / "mesh" / "2:0").write_text(manifest, encoding="latin-1")
    meshes = fetch(layer, 1, 2)
    assert isinstance(meshes[1], Mesh)
    assert str(meshes[2]).startswith("manifest mesh/2:0 names no fragments (")
    assert len(str(meshes[2])) < 200


def test_a_fragment_that_is_a_folder_costs_its_mitochondrion(layer: Path) -> None:
    (layer / "mesh" / "f").mkdir()
    (layer / "mesh" / "2:0").write_text('{"fragments": ["f"]}')
    meshes = fetch(layer, 1, 2)
    assert isinstance(meshes[1], Mesh) and "fragment mesh/f" in str(meshes[2])


def test_a_layer_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a layer with meshes that can be read"):
        fetch(tmp_path / "nowhere", 1)


@pytest.mark.parametrize("name", [None, 5, "", "..", "../elsewhere", "/tmp", ["mesh"], {}, "a\nb"])
def test_an_info_that_names_no_mesh_folder(layer: Path, name) -> None:
    info = json.loads((layer / "info").read_text())
    (layer / "info").write_text(json.dumps(info | {"mesh": name}))
    with pytest.raises(InputError) as error:
        fetch(layer, 1)
    assert str(layer) in str(error.value) and "\n" not in str(error.value)
    assert mesh_folder(layer) is None
    del info["mesh"]
    (layer / "info").write_text(json.dumps(info))
    with pytest.raises(InputError, match=r"info has mesh null, expected the name of a mesh folder"):
        fetch(layer, 1)


@pytest.mark.parametrize("text", ["", "null", "[]", "5", '"mesh"', "{", DEEP, "\0", "\ud800", "{}"])
def test_an_info_that_is_none(layer: Path, text: str) -> None:
    (layer / "info").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError) as error:
        fetch(layer, 1)
    assert "\n" not in str(error.value) and len(str(error.value)) < 800
    assert mesh_folder(layer) is None


def test_a_mesh_folder_that_is_missing(layer: Path) -> None:
    shutil.move(layer / "mesh", layer / "meshes")
    with pytest.raises(InputError, match="there is no folder 'mesh'"):
        fetch(layer, 1)
    info = json.loads((layer / "info").read_text())
    (layer / "info").write_text(json.dumps(info | {"mesh": "meshes/"}))
    assert isinstance(fetch(layer, 1)[1], Mesh)
    assert mesh_folder(layer) == layer / "meshes"


@pytest.mark.parametrize(
    ("mesh_info", "problem"),
    [
        ({"@type": "neuroglancer_multilod_draco"}, "their vertex_quantization_bits is 'None'"),
        ({"@type": DRACO, "vertex_quantization_bits": True}, "quantization_bits is 'True'"),
        ({"@type": DRACO, "vertex_quantization_bits": 16, "sharding": {"@type": "x"}}, "sharding"),
        ({"@type": DRACO, "vertex_quantization_bits": 16, "sharding": "x"}, "their sharding is x"),
        ({"@type": "neuroglancer_something"}, "they are 'neuroglancer_something'"),
        ({"sharding": {"@type": "neuroglancer_uint64_sharded_v1"}}, "they are sharded"),
        ({"transform": [1, 0, 0]}, ""),
        ({"transform": [float("nan")] * 12}, "their transform is"),
        ("x", ""),
    ],
)
def test_meshes_of_another_format(layer: Path, mesh_info, problem: str) -> None:
    (layer / "mesh" / "info").write_text(json.dumps(mesh_info))
    with pytest.raises(
        InputError, match="not a layer with meshes that can be read .*" + problem
    ) as error:
        fetch(layer, 1)
    assert "\n" not in str(error.value)


def test_a_segmentation_without_meshes_is_no_layer_of_meshes() -> None:
    with pytest.raises(InputError, match="info has mesh null"):
        fetch(shared_folder("em_modern") / "mitochondria_seg", 1)


def test_legacy_meshes_have_one_level_of_detail(layer: Path) -> None:
    with pytest.raises(InputError, match="they have no level of detail 1, only 0"):
        MeshLayer(f"precomputed://file://{layer}", Transfer(), lod=1)


def test_gives_what_cloudvolume_gives(em_block: Path) -> None:
    path = f"precomputed://file://{em_block / 'mito_meshes'}"
    mito_ids = [27680309, 59382215, 27640205]
    volume = CloudVolume(path, progress=False)
    expected = volume.mesh.get(mito_ids, remove_duplicate_vertices=False, fuse=False)
    for mito_id, mesh in MeshLayer(path, Transfer()).fetch([*mito_ids, 71199289]).items():
        if mito_id == 71199289:
            assert str(mesh) == "no mesh"
        else:
            assert np.array_equal(mesh.vertices, expected[mito_id].vertices)
            assert np.array_equal(mesh.faces, expected[mito_id].faces)


def test_bundles_come_back_and_say_what_is_missing(tmp_path: Path) -> None:
    mesh = Mesh(*TRIANGLE)
    bundle = bundle_meshes(np.array([3, 1, 2]), {1: mesh, 3: MeshError("bad")})
    path = tmp_path / "meshes.npz"
    write_bundle(path, bundle)
    again = read_bundle(path)
    assert again.mito_ids.tolist() == [3, 1, 2]
    assert again.problems.tolist() == ["bad", "", "no mesh"]
    assert again.has_mesh.tolist() == [False, True, False]
    assert [len(m.faces) for m in again] == [0, 1, 0]
    first = path.read_bytes()
    write_bundle(path, bundle)
    assert path.read_bytes() == first
    path.write_bytes(first[:200])
    with pytest.raises(InputError, match="not a bundle"):
        read_bundle(path)


def test_another_mesh_format_takes_a_reader_and_a_line(layer: Path, monkeypatch) -> None:
    class Triangles:
        def __init__(self, folder: str, info: dict, lod: int) -> None:
            self.folder = folder

        def read(self, ids, download) -> dict[int, Mesh | MeshError]:
            contents = download([f"{self.folder}/{i}" for i in ids])
            return {i: decode_fragment("", contents[f"{self.folder}/{i}"]) for i in ids}

    (layer / "mesh" / "5").write_bytes(fragment())
    (layer / "mesh" / "info").write_text(json.dumps({"@type": "triangles", "sharding": {"a": 1}}))
    with pytest.raises(InputError, match="they are sharded 'triangles'"):
        fetch(layer, 5)
    monkeypatch.setitem(FORMATS, ("triangles", True), Triangles)
    assert fetch(layer, 5)[5].faces.tolist() == [[0, 1, 2]]


def test_check_mesh_lets_a_good_one_pass() -> None:
    check_mesh(Mesh(*TRIANGLE))


def test_the_state_of_a_layer_changes_with_the_files_of_that_mitochondrion(layer: Path) -> None:
    add(layer, 2, {"a": fragment()})
    before = fragment_states(layer / "mesh")
    add(layer, 2, {"a": fragment()[:-12]})
    after = fragment_states(layer / "mesh")
    assert before[1] == after[1] and before[2] != after[2]
    assert state_digest(before, [1, 9]) == state_digest(after, [1, 9])
    assert state_digest(before, [1, 2]) != state_digest(after, [1, 2])


def test_a_layer_of_another_resolution_is_refused(em_block: Path) -> None:
    path = f"precomputed://file://{em_block / 'mito_meshes'}"
    MeshLayer(path, Transfer(), (4.0, 4.0, 40.0))
    with pytest.raises(InputError, match=r"resolution is \[4\.0, 4\.0, 40\.0\] nm in the layer"):
        MeshLayer(path, Transfer(), (3.58, 3.58, 40.0))
