"""Multi-resolution meshes in Draco: where their vertices are, and what a bad one costs."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import DracoPy
import loopback
import numpy as np
import pytest
import trimesh
from cloudvolume import CloudVolume
from cloudvolume.compression import compress
from cloudvolume.datasource.precomputed.mesh.multilod import MultiLevelPrecomputedMeshManifest
from cloudvolume.datasource.precomputed.sharding import ShardingSpecification, ShardReader
from conftest import shared_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import Server, serve
from mitosyn.meshes.bundle import Mesh, MeshError, check_mesh
from mitosyn.meshes.formats.registry import mesh_reader
from mitosyn.meshes.formats.stored import Download, Part, Wanted
from mitosyn.meshes.states import fragment_states, state_digest
from mitosyn.retrieval.fetch import MeshLayer, Transfer
from mitosyn.retrieval.transfer import Policy
from mitosyn.support.errors import InputError

BITS = 10
LARGEST = 2**BITS - 1
FACES = np.array([[0, 1, 2], [1, 3, 2]], np.uint32)
# Stored to model to nm: not only a scale.
TRANSFORM = [0, 4, 0, 100, 8, 0, 0, 200, 0, 0, 40, -300]
SHARDING = {
    "@type": "neuroglancer_uint64_sharded_v1",
    "preshift_bits": 1,
    "hash": "identity",
    "minishard_bits": 2,
    "shard_bits": 1,
    "minishard_index_encoding": "gzip",
    "data_encoding": "gzip",
}
KINDS = ("multilod", "multilod_unsharded")
HASTY = Policy(attempts=3, backoff_s=0.01, longest_wait_s=5, timeout_s=1, least_bytes_per_s=1000)
Layer = Callable[..., Path]
BOTH = pytest.mark.parametrize("sharded", [False, True], ids=["unsharded", "sharded"])


# Real meshes ---------------------------------------------------------------------------------


def measured(mesh: Mesh) -> tuple[float, float]:
    """Give area and volume, about the centroid of the surface so that an open mesh has one."""
    whole = trimesh.Trimesh(mesh.vertices.astype(float), mesh.faces, process=False)
    whole.vertices -= np.average(whole.triangles_center, axis=0, weights=whole.area_faces)
    return whole.area, abs(float(np.linalg.det(whole.triangles).sum() / 6))


@pytest.mark.parametrize("lod", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_each_level_of_real_meshes_is_what_is_stored(kind: str, lod: int) -> None:
    modern, name = shared_folder("em_modern"), f"mitochondria_{kind}"
    expected = json.loads((modern / "expected.json").read_text())["mitochondria"]
    layer = MeshLayer(f"precomputed://file://{modern / name}", Transfer(), (16, 16, 40), lod)
    meshes = layer.fetch(map(int, expected))
    assert len(meshes) == 230
    for mito_id, mesh in meshes.items():
        levels = expected[str(mito_id)].get(name, [])
        if lod < len(levels):
            level = levels[lod]
            assert (len(mesh.vertices), len(mesh.faces)) == (
                level["stored_vertices"],
                level["stored_faces"],
            )
            # Borders of chunks repeat their vertices exactly.
            assert len(np.unique(mesh.vertices, axis=0)) == level["vertices"]
            assert measured(mesh) == pytest.approx(
                (level["surface_area_nm2"], level["volume_nm3"]), rel=1e-5
            )
        elif levels:
            others = f"0 to {len(levels) - 1}" if len(levels) > 1 else "only 0"
            assert str(mesh) == f"it has no level of detail {lod}, {others}"
        else:
            assert str(mesh) == "no mesh"


@pytest.mark.parametrize("lod", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_gives_what_cloudvolume_gives(kind: str, lod: int) -> None:
    path = f"precomputed://file://{shared_folder('em_modern') / f'mitochondria_{kind}'}"
    expected = CloudVolume(path, progress=False).mesh.get(63919898, lod=lod)[63919898]
    mesh = MeshLayer(path, Transfer(), lod=lod).fetch([63919898])[63919898]
    assert np.array_equal(mesh.faces, expected.faces)
    # What float32 tells apart there.
    assert np.abs(mesh.vertices - expected.vertices).max() <= 2**-6


# Made meshes ---------------------------------------------------------------------------------


def stored(level: int, fragments: int = 2) -> np.ndarray:
    """Give the stored numbers of the vertices of some fragments, (fragments, 4, 3)."""
    return np.random.default_rng(level).integers(0, LARGEST + 1, (fragments, 4, 3))


def encoded(points: np.ndarray, faces: np.ndarray = FACES) -> bytes:
    return DracoPy.encode(points.astype(np.uint32), faces, quantization_bits=0)


def manifest(sizes: list[list[int]]) -> bytes:
    """Describe levels of fragments side by side along x."""
    return MultiLevelPrecomputedMeshManifest(
        segment_id=0,
        chunk_shape=(16, 32, 64),
        grid_origin=(1000, 2000, 3000),
        num_lods=len(sizes),
        lod_scales=[2**level for level in range(len(sizes))],
        vertex_offsets=[[level, 2 * level, 3 * level] for level in range(len(sizes))],
        num_fragments_per_lod=[len(of_level) for of_level in sizes],
        fragment_positions=[[[n, 1, 2] for n in range(len(of_level))] for of_level in sizes],
        fragment_offsets=list(itertools.chain(*sizes)),
    ).to_binary()


def whole_mesh(levels: int = 2) -> tuple[bytes, bytes]:
    """Give the fragments of a mesh and its manifest; the last fragment of a level is empty."""
    coded = [[*map(encoded, stored(level)), b""] for level in range(levels)]
    return b"".join(itertools.chain(*coded)), manifest([[*map(len, level)] for level in coded])


@pytest.fixture
def make_layer(tmp_path: Path, sharded: bool) -> Layer:
    """Give a function that writes a layer of meshes by id: fragments and manifest of each."""

    def make(meshes: dict[int, tuple[bytes, bytes]], **info) -> Path:
        folder = tmp_path / "layer" / "mesh"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder.parent / "info").write_text('{"mesh": "mesh"}')
        info = {
            "@type": "neuroglancer_multilod_draco",
            "vertex_quantization_bits": BITS,
            "transform": TRANSFORM,
            "lod_scale_multiplier": 1,
            **({"sharding": SHARDING} if sharded else {}),
            **info,
        }
        (folder / "info").write_text(json.dumps(info))
        for name, content in (shards(meshes) if sharded else files(meshes)).items():
            (folder / name).write_bytes(content)
        return folder.parent

    return make


def files(meshes: dict[int, tuple[bytes, bytes]]) -> dict[str, bytes]:
    return {
        name: content
        for mesh_id, (fragments, index) in meshes.items()
        for name, content in ((f"{mesh_id}", fragments), (f"{mesh_id}.index", index))
    }


def shards(meshes: dict[int, tuple[bytes, bytes]]) -> dict[str, bytes]:
    """Write shards by hand: CloudVolume would compress the fragments with the manifests."""
    specification = ShardingSpecification.from_dict(SHARDING)
    reader = ShardReader(None, None, specification)
    made: dict[str, dict[int, list]] = {}
    bodies: dict[str, bytes] = {}
    for mesh_id, (fragments, index) in sorted(meshes.items()):
        name, minishard = reader.compute_shard_location(mesh_id)
        body = bodies.get(name, b"") + fragments
        packed = compress(index, "gzip")
        made.setdefault(name, {}).setdefault(int(minishard), []).append(
            (mesh_id, len(body), len(packed))
        )
        bodies[name] = body + packed
    return {name: shard(specification, bodies[name], made[name]) for name in made}


def shard(specification: ShardingSpecification, body: bytes, minishards: dict) -> bytes:
    index, tail = [], b""
    for number in range(2 ** int(specification.minishard_bits)):
        rows = np.array(minishards.get(number, []), np.uint64).reshape(-1, 3)
        start = len(body) + len(tail)
        if len(rows):
            ids, starts, sizes = rows.T.astype(np.int64)
            gaps = np.diff(starts, prepend=0) - np.concatenate([[0], sizes[:-1]])
            table = np.array([np.diff(ids, prepend=0), gaps, sizes], "<u8")
            tail += compress(table.tobytes(), "gzip")
        index += [start, len(body) + len(tail)]
    return np.array(index, "<u8").tobytes() + body + tail


def fetch(layer: Path | str, *ids: int, lod: int = 0) -> dict[int, Mesh | MeshError]:
    path = layer if isinstance(layer, str) else f"file://{layer}"
    return MeshLayer(f"precomputed://{path}", Transfer(HASTY, 4), lod=lod).fetch(ids)


@pytest.mark.parametrize("lod", [0, 1])
@BOTH
def test_vertices_are_where_the_specification_puts_them(make_layer: Layer, lod: int) -> None:
    many = {mesh_id: whole_mesh() for mesh_id in (5, 6, 7, 29, 2**62 + 1)}
    meshes = fetch(make_layer(many), *many, 9, lod=lod)
    assert str(meshes.pop(9)) == "no mesh"
    expected = []
    for number, points in enumerate(stored(lod)):
        for point in points:
            x, y, z = (
                origin + offset * lod + shape * 2**lod * (position + value / LARGEST)
                for origin, offset, shape, position, value in zip(
                    (1000, 2000, 3000), (1, 2, 3), (16, 32, 64), (number, 1, 2), point, strict=True
                )
            )
            expected.append((4 * y + 100, 8 * x + 200, 40 * z - 300))
    # Draco may reorder a fragment's vertices.
    expected = np.array(expected, np.float32)
    for mesh in meshes.values():
        assert mesh.vertices.dtype == np.float32
        assert sorted(mesh.vertices.tolist()) == pytest.approx(
            np.array(sorted(expected.tolist())), rel=1e-7
        )
        assert len(mesh.faces) == 4 and mesh.faces.max() == 7


@BOTH
def test_a_level_that_is_not_there_names_those_that_are(make_layer: Layer) -> None:
    meshes = fetch(
        make_layer({1: whole_mesh(1), 2: whole_mesh(3), 3: whole_mesh(2)}), 1, 2, 3, lod=2
    )
    assert str(meshes[1]) == "it has no level of detail 2, only 0"
    assert isinstance(meshes[2], Mesh)
    assert str(meshes[3]) == "it has no level of detail 2, 0 to 1"


FRAGMENTS, MANIFEST = whole_mesh()
HEADER = 4 * 7
BAD = {
    "fragments: .* is cut short, it has": (FRAGMENTS[:80], MANIFEST),
    "fragment 0 of level 0 in mesh/[0-9]+.* does not decode": (
        b"x" * len(FRAGMENTS),
        MANIFEST,
    ),
    "manifest .* does not decode": (FRAGMENTS, MANIFEST[:-7]),
    "manifest .* does not decode .": (FRAGMENTS, MANIFEST[:20]),
    "manifest .* does not decode .i": (FRAGMENTS, b"\xff" * len(MANIFEST)),
    "manifest .* does not decode .*": (FRAGMENTS, MANIFEST[: HEADER - 4] + b"\xff\xff\xff\x7f"),
    "empty mesh .no fragments at level of detail 0": (b"", manifest([[0, 0]])),
    "empty mesh .no fragments at level of detail 0.": (b"", manifest([[]])),
    "vertices not at a place in nm": (
        FRAGMENTS,
        MANIFEST[:12] + np.full(3, np.nan, "<f4").tobytes() + MANIFEST[24:],
    ),
}


@pytest.mark.parametrize("problem", BAD)
@BOTH
def test_a_bad_mesh_costs_its_own_mitochondrion_only(
    make_layer: Layer, sharded: bool, problem: str
) -> None:
    meshes = fetch(make_layer({1: whole_mesh(), 2: BAD[problem], 3: whole_mesh()}), 1, 2, 3)
    if sharded and "cut short" in problem:
        # What lies before the manifest is taken for its fragments.
        problem = "manifest .* names more bytes .* than lie before it|does not decode"
    assert isinstance(meshes[1], Mesh) and isinstance(meshes[3], Mesh)
    with pytest.raises(MeshError, match=problem):
        raise meshes[2]
    assert "\n" not in str(meshes[2]) and len(str(meshes[2])) < 250


@pytest.mark.parametrize("sharded", [False])
def test_missing_fragments_cost_their_mitochondrion(make_layer: Layer) -> None:
    layer = make_layer({1: whole_mesh(), 2: whole_mesh()})
    (layer / "mesh" / "2").unlink()
    meshes = fetch(layer, 1, 2)
    assert isinstance(meshes[1], Mesh)
    assert str(meshes[2]) == "fragments: mesh/2 is missing"


# Shards --------------------------------------------------------------------------------------


@pytest.fixture
def real(tmp_path: Path) -> tuple[Path, list[int]]:
    """A copy of a real sharded layer, and the ids of its first shard."""
    modern = shared_folder("em_modern")
    layer = tmp_path / "real"
    shutil.copytree(modern / "mitochondria_multilod", layer, copy_function=shutil.copyfile)
    for path in (layer, layer / "mesh"):
        path.chmod(0o755)
    info = json.loads((layer / "mesh" / "info").read_text())
    reader = ShardReader(None, None, ShardingSpecification.from_dict(info["sharding"]))
    ids = map(int, json.loads((modern / "expected.json").read_text())["mitochondria"])
    by_shard = sorted((reader.get_filename(each), each) for each in ids)
    return layer, [each for name, each in by_shard if name == "0.shard"]


@pytest.mark.parametrize(
    ("length", "problem"),
    [
        (0, "shard index: mesh/0.shard is cut short, it has 0 of the bytes 0 to 64"),
        (30, "shard index: mesh/0.shard is cut short, it has 30 of the bytes 0 to 64"),
        (64, "minishard index: mesh/0.shard is cut short, it has 0 of the bytes"),
    ],
)
def test_a_shard_cut_short(real: tuple[Path, list[int]], length: int, problem: str) -> None:
    layer, ids = real
    raw = (layer / "mesh" / "0.shard").read_bytes()
    (layer / "mesh" / "0.shard").write_bytes(raw[:length])
    meshes = fetch(layer, *ids, 28977106)
    assert all(str(meshes[each]).startswith(problem) for each in ids)
    assert isinstance(meshes[28977106], Mesh) or 28977106 in ids


@pytest.mark.parametrize("at", [0, 8, 40, 56])
@pytest.mark.parametrize("value", [0, 1, 2**40, 2**63, 2**64 - 1])
def test_a_spoilt_shard_index(real: tuple[Path, list[int]], at: int, value: int) -> None:
    layer, ids = real
    raw = bytearray((layer / "mesh" / "0.shard").read_bytes())
    raw[at : at + 8] = value.to_bytes(8, "little")
    (layer / "mesh" / "0.shard").write_bytes(raw)
    for mesh in fetch(layer, *ids).values():
        assert isinstance(mesh, Mesh) or "\n" not in str(mesh)


def test_a_shard_that_is_missing_has_no_meshes(real: tuple[Path, list[int]]) -> None:
    layer, ids = real
    (layer / "mesh" / "0.shard").unlink()
    assert {str(mesh) for mesh in fetch(layer, *ids).values()} == {"no mesh"}


def test_the_state_of_sharded_meshes_is_that_of_their_shards(real: tuple[Path, list[int]]) -> None:
    layer, ids = real
    before = state_digest(fragment_states(layer / "mesh"), ids)
    (layer / "mesh" / "note.txt").write_text("not a mesh")
    assert state_digest(fragment_states(layer / "mesh"), ids) == before
    (layer / "mesh" / "3.shard").write_bytes(b"x")
    assert state_digest(fragment_states(layer / "mesh"), ids) != before


@pytest.mark.parametrize("sharded", [False])
def test_the_state_of_unsharded_meshes_is_that_of_their_files(make_layer: Layer) -> None:
    folder = make_layer({1: whole_mesh(), 2: whole_mesh()}) / "mesh"
    before = fragment_states(folder)
    (folder / "2").write_bytes(b"x")
    after = fragment_states(folder)
    assert state_digest(before, [1]) == state_digest(after, [1])
    assert state_digest(before, [1, 2]) != state_digest(after, [1, 2])


# Over the web --------------------------------------------------------------------------------


@pytest.fixture
def server(real: tuple[Path, list[int]]) -> Iterator[Server]:
    with serve() as running:
        running.folders["/layer"] = real[0]
        yield running


def test_indexes_of_shards_come_once(server: Server, real: tuple[Path, list[int]]) -> None:
    layer, ids = real
    remote = MeshLayer(f"precomputed://{server.url}/layer", Transfer(HASTY, 4))
    found = remote.fetch(ids[:5]) | remote.fetch(ids[5:])
    expected = {each: m for each, m in fetch(layer, *ids).items() if isinstance(m, Mesh)}
    for mito_id, mesh in expected.items():
        assert np.array_equal(found[mito_id].vertices, mesh.vertices)
        assert np.array_equal(found[mito_id].faces, mesh.faces)
    asked = server.ranges_asked["/layer/mesh/0.shard"]
    assert asked.count("bytes=0-63") == 1
    # The shard's index, those of its minishards, and a manifest and fragments of each mesh.
    assert len(asked) == len(set(asked)) == 1 + 4 + 2 * len(expected)


def unclear(handler: loopback.Handler, content: bytes) -> None:
    handler.answer(206, content[:64], {"Content-Range": "bytes 0-63/*"})


def another(handler: loopback.Handler, content: bytes) -> None:
    where = f"bytes 64-127/{len(content)}"
    handler.answer(206, content[64:128], {"Content-Range": where})


def broken(handler: loopback.Handler, content: bytes) -> None:
    headers = {"Content-Range": f"bytes 0-63/{len(content)}"}
    handler.answer(206, content[:10], headers, length=64)
    handler.close_connection = True


PASSING = {
    "500": loopback.status(500),
    "429": loopback.status(429, Retry_After="0.1"),
    "broken": broken,
    "web page": loopback.web_page,
    "less": loopback.slices(20),
    "lies": loopback.lying_slices(20),
    "unclear": unclear,
    "another part": another,
}


@pytest.mark.parametrize("fault", PASSING)
def test_passing_faults_are_recovered_from(server: Server, real, fault: str) -> None:
    path, ids = "/layer/mesh/0.shard", real[1][:3]
    server.faults[path] = [PASSING[fault]]
    assert all(isinstance(m, Mesh) for m in fetch(f"{server.url}/layer", *ids).values())
    assert server.ranges_asked[path].count("bytes=0-63") == 2


def test_a_server_without_ranges_is_refused(server: Server, real) -> None:
    server.ranges = False
    with pytest.raises(InputError, match="gives no parts of files, only whole ones") as error:
        fetch(f"{server.url}/layer", *real[1])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("code", [403, 500])
def test_a_failing_server_is_no_missing_mesh(server: Server, real, code: int) -> None:
    server.always["/layer/mesh/0.shard"] = loopback.status(code)
    with pytest.raises(InputError, match=f"the server does not give the meshes .HTTP {code}"):
        fetch(f"{server.url}/layer", *real[1])


@pytest.mark.parametrize("length", [0, 30, 64, 5000])
def test_a_shard_that_ends_early_on_a_server(server: Server, real, length: int) -> None:
    layer, ids = real
    raw = (layer / "mesh" / "0.shard").read_bytes()
    (layer / "mesh" / "0.shard").write_bytes(raw[:length])
    meshes = fetch(f"{server.url}/layer", *ids)
    assert all("0.shard is cut short" in str(mesh) for mesh in meshes.values())
    assert server.requests["/layer/mesh/0.shard"] <= 5


# Anything ------------------------------------------------------------------------------------


def spoilt(content: bytes, changes: list[tuple[int, int]], length: float) -> bytes:
    """Change some bytes, and cut off the rest."""
    raw = bytearray(content)
    for place, value in changes:
        raw[place % len(raw)] = value
    return bytes(raw[: round(length * len(raw))])


def served(contents: dict[str, bytes]) -> Download:
    """Give a download from files in memory, as a disk or a server gives them."""

    def content(wanted: Wanted) -> bytes | None:
        path, start, end = wanted if isinstance(wanted, Part) else (wanted, 0, None)
        return contents[path][start:end] if path in contents else None

    return lambda wanted: {each: content(each) for each in wanted}


CHANGES = st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=8)
LENGTHS = st.just(1.0) | st.floats(0, 1)
INFO = {"@type": "neuroglancer_multilod_draco", "vertex_quantization_bits": BITS}


@pytest.mark.parametrize("sharding", [None, SHARDING], ids=["unsharded", "sharded"])
@given(st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_is_stored_it_is_a_mesh_or_one_line(sharding: dict | None, data) -> None:
    whole = {1: whole_mesh(), 2: whole_mesh(3), 3: whole_mesh(1)}
    contents = {
        f"mesh/{name}": spoilt(content, data.draw(CHANGES), data.draw(LENGTHS))
        for name, content in (shards(whole) if sharding else files(whole)).items()
    }
    reader = mesh_reader("mesh", INFO | {"sharding": sharding}, data.draw(st.integers(0, 3)))
    for mesh in reader.read([1, 2, 3, 9], served(contents)).values():
        if isinstance(mesh, Mesh):
            check_mesh(mesh)
        else:
            assert "\n" not in str(mesh) and 0 < len(str(mesh)) < 300


@pytest.mark.parametrize(
    "changes",
    [
        {"minishard_bits": 60},
        {"minishard_bits": -1},
        {"minishard_bits": "2"},
        {"minishard_bits": None},
        {"shard_bits": 70},
        {"shard_bits": 63, "minishard_bits": 2},
        {"preshift_bits": 1.5},
        {"hash": "md5"},
        {"data_encoding": "br"},
        {"more": 1},
    ],
)
def test_a_sharding_that_is_none_is_refused(changes: dict) -> None:
    info = INFO | {"sharding": SHARDING | changes}
    contents = {f"mesh/{name}": raw for name, raw in shards({1: whole_mesh()}).items()}
    with pytest.raises(MeshError, match="their sharding is") as error:
        mesh_reader("mesh", info).read([1], served(contents))
    assert "\n" not in str(error.value) and len(str(error.value)) < 200
