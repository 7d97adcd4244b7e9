"""Retrieval against a server on loopback that misbehaves: recover, or one clear error."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import gdown
import loopback
import numpy as np
import pytest
from loopback import Server, serve
from mitosyn import fetch, retrieval
from mitosyn.errors import InputError
from mitosyn.fetch import Transfer, fetch_in_batches
from mitosyn.meshes import (
    Mesh,
    MeshError,
    MeshStore,
    bundle_meshes,
    write_bundle,
)
from mitosyn.retrieval import Expected, Receipt, check_space, read_receipt, receipt_path, retrieve
from mitosyn.transfer import Policy
from test_fetch import add, fragment
from test_fetch import layer as mesh_layer  # noqa: F401 (a fixture)

CONTENT = bytes(range(256)) * 400
NAME = "table.csv"
HASTY = Policy(attempts=4, backoff_s=0.01, longest_wait_s=5, timeout_s=1, least_bytes_per_s=1000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "served").mkdir()
    with serve() as running:
        publish(running, tmp_path, f"/{NAME}", CONTENT)
        yield running


def publish(server: Server, tmp_path: Path, path: str, content: bytes) -> None:
    file = tmp_path / "served" / path.strip("/").replace("/", "_")
    file.write_bytes(content)
    server.files[path] = file


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "resources" / NAME


def get(server: Server, target: Path, expected: Expected | None = None) -> Receipt:
    return retrieve(f"{server.url}/{NAME}", target, expected or Expected(), HASTY)


def refused(server: Server, target: Path, expected: Expected | None = None) -> str:
    """Retrieve, expect an error, and see that no wrong file came of it."""
    with pytest.raises(InputError) as error:
        get(server, target, expected)
    assert not target.exists()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_file_comes_whole_with_its_receipt(server: Server, target: Path) -> None:
    receipt = get(server, target)
    assert target.read_bytes() == CONTENT
    assert receipt == read_receipt(target)
    assert receipt.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert receipt.size == len(CONTENT)
    names = {path.name for path in target.parent.iterdir()}
    assert names == {NAME, "receipts"}


@pytest.mark.parametrize(
    "faults",
    [
        [loopback.status(500), loopback.status(502)],
        [loopback.status(429, Retry_After="1")],
        [loopback.broken_after(0)],
        [loopback.broken_after(1000), loopback.broken_after(5000), loopback.broken_after(3)],
        [loopback.wrong_length(+100)],
        [loopback.trickle],
    ],
    ids=["500 twice", "429", "reset at once", "resets in the middle", "length", "trickle"],
)
def test_passing_faults_are_recovered_from(server: Server, target: Path, faults) -> None:
    server.faults[f"/{NAME}"] = list(faults)
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.requests[f"/{NAME}"] >= len(faults) + 1 or server.ranges_asked[f"/{NAME}"]


def test_retry_after_is_waited_for(server: Server, target: Path, monkeypatch) -> None:
    import time

    server.faults[f"/{NAME}"] = [loopback.status(429, Retry_After="1")]
    start = time.monotonic()
    get(server, target)
    assert time.monotonic() - start >= 1


def test_an_interrupted_download_goes_on_where_it_stopped(server: Server, target: Path) -> None:
    server.always[f"/{NAME}"] = loopback.broken_after(7_000)
    assert "Run again later: it goes on where it stopped" in refused(server, target)
    part = target.with_name(f"{NAME}.part")
    kept = part.stat().st_size
    assert 7_000 <= kept < len(CONTENT)
    server.always.clear()
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges_asked[f"/{NAME}"][-1] == f"bytes={kept}-"


def test_a_download_that_was_whole_but_not_yet_verified(server: Server, target: Path) -> None:
    server.always[f"/{NAME}"] = loopback.broken_after(7_000)
    refused(server, target)
    server.always.clear()
    part = target.with_name(f"{NAME}.part")
    part.write_bytes(CONTENT)
    get(server, target)
    assert target.read_bytes() == CONTENT
    part.write_bytes(CONTENT + b"more")
    part.with_name(f"{part.name}.version").write_text(loopback.etag(CONTENT))
    target.unlink()
    get(server, target)
    assert target.read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_starts_anew(
    server: Server, target: Path, tmp_path: Path
) -> None:
    server.always[f"/{NAME}"] = loopback.broken_after(7_000)
    refused(server, target)
    server.always.clear()
    publish(server, tmp_path, f"/{NAME}", CONTENT[::-1])
    get(server, target)
    assert target.read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("lacking", ["ranges", "etags"])
def test_servers_without_ranges_or_versions(server: Server, target: Path, lacking: str) -> None:
    setattr(server, lacking, False)
    server.faults[f"/{NAME}"] = [loopback.broken_after(7_000)]
    get(server, target)
    assert target.read_bytes() == CONTENT


def test_a_busy_server_is_given_up_after_some_tries(server: Server, target: Path) -> None:
    server.always[f"/{NAME}"] = loopback.status(503)
    assert "HTTP 503" in refused(server, target)
    assert server.requests[f"/{NAME}"] == HASTY.attempts


def test_a_refusal_is_not_repeated(server: Server, target: Path) -> None:
    server.always[f"/{NAME}"] = loopback.status(403)
    message = refused(server, target)
    assert "HTTP 403" in message and f"put the file at {target}" in message
    assert server.requests[f"/{NAME}"] == 1


def test_nobody_answers(target: Path) -> None:
    with serve() as server:
        url = server.url
    with pytest.raises(InputError, match="cannot be retrieved"):
        retrieve(f"{url}/{NAME}", target, Expected(), HASTY)


def test_a_web_page_instead_of_the_file(server: Server, target: Path) -> None:
    server.always[f"/{NAME}"] = loopback.web_page
    assert f"get the file and put it at {target}" in refused(server, target)


def test_wrong_size_and_wrong_checksum(server: Server, target: Path) -> None:
    assert "102400 bytes came, expected 5" in refused(server, target, Expected(size=5))
    wrong = Expected(checksum="md5:" + "0" * 32)
    assert "expected md5:0000" in refused(server, target, wrong)
    assert not target.with_name(f"{NAME}.part").exists()
    right = Expected(len(CONTENT), f"sha256:{hashlib.sha256(CONTENT).hexdigest()}")
    get(server, target, right)


def test_a_short_content_length_is_caught_by_the_size(server: Server, target: Path) -> None:
    server.always[f"/{NAME}"] = loopback.wrong_length(-100)
    assert "expected 102400" in refused(server, target, Expected(size=len(CONTENT)))


def test_a_later_difference_from_the_first_retrieval_is_an_error(
    server: Server, target: Path
) -> None:
    first = get(server, target)
    target.unlink()
    server.always[f"/{NAME}"] = loopback.other
    message = refused(server, target)
    assert "differs from its first retrieval" in message and first.sha256 in message
    receipt_path(target).unlink()
    get(server, target)


def test_a_truncated_archive(server: Server, tmp_path: Path) -> None:
    publish(server, tmp_path, "/a.tgz", gzip.compress(CONTENT))
    archive = tmp_path / "resources" / "a.tgz"
    server.faults["/a.tgz"] = [loopback.half]
    with pytest.raises(InputError, match="the archive is truncated or no gzip file"):
        retrieve(f"{server.url}/a.tgz", archive, Expected(), HASTY)
    assert not archive.exists()
    retrieve(f"{server.url}/a.tgz", archive, Expected(), HASTY)
    assert gzip.decompress(archive.read_bytes()) == CONTENT


def test_zenodos_published_checksum_is_used(server: Server, target: Path, tmp_path: Path) -> None:
    path = f"/records/7510511/files/{NAME}"
    publish(server, tmp_path, path, CONTENT)
    files = [{"key": NAME, "size": len(CONTENT), "checksum": "md5:" + "0" * 32}]
    server.records["/api/records/7510511"] = {"files": files}
    with pytest.raises(InputError, match="expected md5:0000"):
        retrieve(f"{server.url}{path}?download=1", target, Expected(), HASTY)
    files[0]["checksum"] = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
    retrieve(f"{server.url}{path}?download=1", target, Expected(), HASTY)
    assert target.read_bytes() == CONTENT


def test_google_drive_refuses_with_its_quota_page(target: Path, monkeypatch) -> None:
    def refuse(**_: object) -> None:
        raise gdown.exceptions.FileURLRetrievalError("Too many users have viewed this file.\nx")

    monkeypatch.setattr(retrieval.gdown, "download", refuse)
    with pytest.raises(InputError) as error:
        retrieve("https://drive.google.com/uc?id=1", target, Expected(), HASTY)
    assert "Too many users have viewed this file." in str(error.value)
    assert f"Get it with a browser and put it at {target}" in str(error.value)


def test_google_drive_gives_the_file(server: Server, target: Path, monkeypatch) -> None:
    download = gdown.download

    def from_loopback(url: str, **arguments: object) -> object:
        assert url == "https://drive.google.com/uc?id=1"
        return download(url=f"{server.url}/{NAME}", **arguments)

    monkeypatch.setattr(retrieval.gdown, "download", from_loopback)
    receipt = retrieve("https://drive.google.com/uc?id=1", target, Expected(), HASTY)
    assert target.read_bytes() == CONTENT and receipt.size == len(CONTENT)


def test_disk_space_is_checked_before_and_while(server: Server, target: Path, monkeypatch) -> None:
    target.parent.mkdir()
    with pytest.raises(InputError, match=r"needs some 1000000000\.0 GB more"):
        check_space([target.parent], 1e9)
    check_space([target.parent], 1e-6)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(retrieval.shutil, "disk_usage", lambda _: usage)
    assert "Make room and run again" in refused(server, target)


# Meshes --------------------------------------------------------------------------------------


@pytest.fixture
def meshes(server: Server, mesh_layer: Path) -> Path:  # noqa: F811
    """A layer of meshes 1 to 9 served over HTTP; 10 has none."""
    server.folders["/layer"] = mesh_layer
    for mito_id in range(2, 10):
        add(mesh_layer, mito_id, {"a": fragment()})
    return mesh_layer


def fetch_all(server: Server, store: Path, policy: Policy = HASTY) -> dict:
    path = f"precomputed://{server.url}/layer"
    return fetch_in_batches(path, range(1, 11), Transfer(policy, 4), MeshStore(store))


def test_meshes_over_http(server: Server, meshes: Path, tmp_path: Path) -> None:
    found = fetch_all(server, tmp_path / "store")
    assert str(found[10]) == "no mesh"
    assert all(isinstance(found[i], Mesh) for i in range(1, 10))
    assert found[1].faces.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    "faults",
    [
        [loopback.status(500), loopback.status(500)],
        [loopback.status(429, Retry_After="1")],
        [loopback.broken_after(10)],
        [loopback.wrong_length(+8)],
        [loopback.web_page],
        [loopback.trickle],
    ],
    ids=["500 twice", "429", "reset", "length", "web page", "trickle"],
)
@pytest.mark.parametrize("file", ["3:0", "3:0:a"])
def test_meshes_recover_from_passing_faults(server, meshes, tmp_path, faults, file) -> None:
    server.faults[f"/layer/mesh/{file}"] = list(faults)
    assert isinstance(fetch_all(server, tmp_path / "store")[3], Mesh)
    assert server.requests[f"/layer/mesh/{file}"] > len(faults)


@pytest.mark.parametrize("code", [403, 500])
def test_a_failing_server_is_no_missing_mesh(server, meshes, tmp_path, code) -> None:
    server.always["/layer/mesh/3:0"] = loopback.status(code)
    with pytest.raises(InputError, match=f"the server does not give the meshes .HTTP {code}"):
        fetch_all(server, tmp_path / "store")


def test_a_missing_fragment_costs_its_mitochondrion(server, meshes, tmp_path) -> None:
    (meshes / "mesh" / "3:0:a").unlink()
    found = fetch_all(server, tmp_path / "store")
    assert str(found[3]) == "fragment mesh/3:0:a is missing"
    assert isinstance(found[4], Mesh)


def test_an_interrupted_cell_goes_on_with_the_meshes_it_lacks(
    server, meshes, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(fetch, "BATCH_MESHES", 2)
    server.always["/layer/mesh/7:0"] = loopback.status(500)
    with pytest.raises(InputError):
        fetch_all(server, tmp_path / "store")
    assert sorted(MeshStore(tmp_path / "store").read()) == [1, 2, 3, 4, 5, 6]
    server.always.clear()
    server.requests.clear()
    found = fetch_all(server, tmp_path / "store")
    assert sorted(found) == list(range(1, 11))
    assert server.requests["/layer/mesh/6:0"] == 0
    assert server.requests["/layer/mesh/8:0"] == 1
    assert np.array_equal(found[2].faces, [[0, 1, 2]])


def test_a_finished_cell_fetches_only_what_is_new_in_its_table(server, meshes, tmp_path) -> None:
    path, finished = f"precomputed://{server.url}/layer", tmp_path / "cell.npz"
    transfer, wanted = Transfer(HASTY, 4), [1, 2, 3, 10]
    (meshes / "mesh" / "3:0:a").unlink()
    store = MeshStore(tmp_path / "store", finished, path)
    first = bundle_meshes(np.array(wanted), fetch_in_batches(path, wanted, transfer, store))
    assert first.problems.tolist() == ["", "", "fragment mesh/3:0:a is missing", "no mesh"]
    write_bundle(finished, first, path)
    store.clear()
    server.requests.clear()
    assert fetch_in_batches(path, [10, 2, 1], transfer, store).keys() == {1, 2, 10}
    assert not server.requests
    # A bad one may be better now, one that is new is not there, and the rest is not asked for.
    add(meshes, 3, {"a": fragment()})
    found = fetch_in_batches(path, [1, 2, 3, 4, 10], transfer, store)
    assert all(isinstance(found[i], Mesh) for i in (1, 2, 3, 4))
    asked = {name.split("/")[-1].split(":")[0] for name in server.requests if "/mesh/" in name}
    assert asked - {"info"} == {"3", "4"}
    assert np.array_equal(found[1].vertices, next(iter(first)).vertices)
    # Of another layer, or broken: of no use.
    other = MeshStore(tmp_path / "none", finished, "precomputed://https://elsewhere")
    assert other.read() == {}
    finished.write_bytes(finished.read_bytes()[:200])
    assert MeshStore(tmp_path / "none", finished, path).read() == {}


def test_a_bad_mesh_is_asked_for_again(tmp_path: Path) -> None:
    store = MeshStore(tmp_path / "store")
    store.add({1: MeshError("fragment truncated"), 2: MeshError("no mesh")})
    assert list(store.read()) == [2]
    store.clear()
    assert store.read() == {}


def test_receipts_are_readable(server: Server, target: Path) -> None:
    get(server, target)
    assert set(json.loads(receipt_path(target).read_text())) == {
        *("url", "size", "sha256", "md5", "retrieved")
    }
