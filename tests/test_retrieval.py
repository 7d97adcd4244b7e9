"""Retrieval against a server on loopback that misbehaves: recover, or one clear error."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import itertools
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import gdown
import loopback
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import Server, serve
from mitosyn.dataset.provenance import describe_input
from mitosyn.meshes.bundle import Mesh, MeshError, MeshStore, bundle_meshes, write_bundle
from mitosyn.meshes.layers import is_web_layer
from mitosyn.retrieval import download, fetch, receipts, retrieval, transfer
from mitosyn.retrieval.fetch import Transfer, fetch_in_batches
from mitosyn.retrieval.receipts import (
    Expected,
    Receipt,
    check_in_place,
    read_receipt,
    receipt_path,
)
from mitosyn.retrieval.retrieval import check_space, retrieve
from mitosyn.retrieval.transfer import Policy
from mitosyn.support.errors import InputError
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
        [loopback.trickled_headers],
        [loopback.trickled_chunk],
        [loopback.broken_chunks],
        [loopback.raw(200, b"", "Content-Length: 0")],
        [loopback.raw(206, CONTENT[:9], "Content-Length: 9")],
        [loopback.raw(206, CONTENT[:9], "Content-Length: 9", "Content-Range: bytes 0-8/*")],
        [loopback.raw(206, CONTENT[:9], "Content-Length: 9", "Content-Range: bytes 5-3/7")],
        [loopback.slices(5000)] * 9,
        [loopback.lying_slices(5000)] * 9,
        [loopback.status(429, Retry_After="-5"), loopback.status(503, Retry_After="\xb2")],
        [loopback.status(429, Retry_After="Mon, 01 Jan 99999999999 00:00:00 GMT")],
        [loopback.status(429, Retry_After="Mon, 01 Jan 2001 00:00:00 -0000")],
    ],
    ids=[
        *("500 twice", "429", "reset at once", "resets in the middle", "length", "trickle"),
        *("trickled headers", "trickled chunk", "broken chunks", "empty", "part", "endless part"),
        *("impossible part", "slices", "lying slices", "odd Retry-After", "far Retry-After"),
        "past Retry-After",
    ],
)
def test_passing_faults_are_recovered_from(server: Server, target: Path, faults) -> None:
    server.faults[f"/{NAME}"] = list(faults)
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.requests[f"/{NAME}"] >= len(faults) + 1 or server.ranges_asked[f"/{NAME}"]


def test_retry_after_is_waited_for(server: Server, target: Path, monkeypatch) -> None:
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


@pytest.mark.parametrize(
    "etag", ["", '"another"', "W/weak"], ids=["no version", "another version", "weak version"]
)
def test_a_part_of_another_version_is_never_appended(
    server: Server, target: Path, tmp_path: Path, etag: str
) -> None:
    server.always[f"/{NAME}"] = loopback.broken_after(7_000)
    refused(server, target)
    kept = target.with_name(f"{NAME}.part").read_bytes()
    changed = CONTENT[::-1]
    publish(server, tmp_path, f"/{NAME}", changed)
    server.always.clear()
    # It knows nothing of If-Range, and appends whatever it has.
    server.faults[f"/{NAME}"] = [loopback.slices(len(CONTENT), ETag=etag)]
    get(server, target)
    assert kept and target.read_bytes() == changed


def test_a_part_of_a_file_that_has_grown_is_never_appended(
    server: Server, target: Path, tmp_path: Path
) -> None:
    server.always[f"/{NAME}"] = loopback.broken_after(7_000)
    refused(server, target)
    publish(server, tmp_path, f"/{NAME}", CONTENT[::-1] + b"more")
    server.always.clear()
    same = loopback.etag(CONTENT)
    server.faults[f"/{NAME}"] = [loopback.slices(1 << 30, ETag=same)]
    get(server, target)
    assert target.read_bytes() == CONTENT[::-1] + b"more"


def test_a_server_that_gives_parts_without_versions_is_given_up(
    server: Server, target: Path
) -> None:
    server.always[f"/{NAME}"] = loopback.slices(5_000, ETag="")
    assert "5000 bytes and no more" in refused(server, target)
    assert server.requests[f"/{NAME}"] <= 2 * HASTY.attempts


def test_another_url_does_not_go_on_with_the_old_ones_part(
    server: Server, target: Path, tmp_path: Path
) -> None:
    server.always[f"/{NAME}"] = loopback.broken_after(7_000)
    refused(server, target)
    publish(server, tmp_path, "/mirror", CONTENT)
    retrieve(f"{server.url}/mirror", target, Expected(), HASTY)
    assert not server.ranges_asked["/mirror"]


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"url": 3}', '"unknown"'])
def test_a_part_of_which_nothing_is_known_starts_anew(
    server: Server, target: Path, spoilt: str
) -> None:
    server.always[f"/{NAME}"] = loopback.broken_after(7_000)
    refused(server, target)
    server.always.clear()
    server.ranges_asked.clear()
    part = target.with_name(f"{NAME}.part")
    part.write_bytes(CONTENT[::-1])
    part.with_name(f"{part.name}.version").write_text(spoilt)
    get(server, target)
    assert target.read_bytes() == CONTENT and not server.ranges_asked[f"/{NAME}"]


def test_bytes_that_were_not_settled_are_brought_again(server: Server, target: Path) -> None:
    """After a power cut a file may be as long as before, with other bytes at its end."""
    server.always[f"/{NAME}"] = loopback.broken_after(7_000)
    refused(server, target)
    server.always.clear()
    part = target.with_name(f"{NAME}.part")
    kept = part.stat().st_size
    with part.open("ab") as file:
        file.write(bytes(5_000))
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges_asked[f"/{NAME}"][-1] == f"bytes={kept}-"


def test_a_part_with_other_bytes_than_were_noted_starts_anew(server: Server, target: Path) -> None:
    server.always[f"/{NAME}"] = loopback.broken_after(7_000)
    refused(server, target)
    server.always.clear()
    server.ranges_asked.clear()
    part = target.with_name(f"{NAME}.part")
    part.write_bytes(bytes(part.stat().st_size))
    get(server, target)
    assert target.read_bytes() == CONTENT and not server.ranges_asked[f"/{NAME}"]


def killed(step: int, server: Server, target: Path) -> bool:
    """Retrieve in a process that ends, without any cleaning up, before it does the n-th thing
    to a file; whether it came so far."""
    child = os.fork()
    if child == 0:
        steps = itertools.count()

        def die(event: str, arguments: tuple) -> None:
            changes = event in ("os.rename", "os.remove", "os.truncate", "os.mkdir")
            writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            ours = (changes or writes) and str(target.parent) in str(arguments[0])
            if ours and next(steps) == step:
                os._exit(9)

        sys.addaudithook(die)
        try:
            get(server, target)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("back", [False, True], ids=["changed", "changed and back"])
def test_killed_at_any_step_no_mixture_comes_of_two_versions(
    server: Server, target: Path, tmp_path: Path, back: bool
) -> None:
    changed = CONTENT[::-1]
    publish(server, tmp_path, f"/{NAME}", CONTENT)
    server.always[f"/{NAME}"] = loopback.broken_after(7_000)
    refused(server, target)
    server.always.clear()
    begun = target.parent.with_name("begun")
    target.parent.rename(begun)
    for step in itertools.count():
        shutil.copytree(begun, target.parent)
        publish(server, tmp_path, f"/{NAME}", changed)
        server.faults[f"/{NAME}"] = [loopback.broken_after(20_000)]
        was_killed = killed(step, server, target)
        server.faults.clear()
        publish(server, tmp_path, f"/{NAME}", CONTENT if back else changed)
        if not target.exists():
            get(server, target)
        assert target.read_bytes() in (CONTENT, changed)
        assert read_receipt(target).sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
        shutil.rmtree(target.parent)
        if not was_killed:
            break
    assert step > 10


def test_killed_while_bytes_arrive_the_settled_ones_are_kept(
    server: Server, target: Path, monkeypatch
) -> None:
    monkeypatch.setattr(download, "SETTLE_S", 0)
    server.faults[f"/{NAME}"] = [loopback.hang_after(50_000)]
    child = os.fork()
    if child == 0:
        try:
            get(server, target)
        finally:
            os._exit(0)
    state = target.with_name(f"{NAME}.part.version")
    for _ in range(1000):
        if state.exists() and '"settled": 50000' in state.read_text():
            break
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges_asked[f"/{NAME}"] == ["bytes=50000-"]


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


@pytest.mark.parametrize(
    "kind", ["Text/HTML", "TEXT/HTML;charset=x", " application/xhtml+xml ; q", "text/plain"]
)
def test_web_pages_under_any_name(server: Server, target: Path, kind: str) -> None:
    page = b"\xef\xbb\xbf \n<!DocType  HTML><title>Log in</title>"
    length = f"Content-Length: {len(page)}"
    server.always[f"/{NAME}"] = loopback.raw(200, page, f"Content-Type: {kind}", length)
    assert "a web page (text/html)" in refused(server, target)
    assert read_receipt(target) is None


def test_a_table_that_comes_compressed_is_refused(server: Server, target: Path) -> None:
    server.always[f"/{NAME}"] = loopback.compressed
    assert "compressed (gzip), which was not asked for" in refused(server, target)
    assert read_receipt(target) is None


def test_an_archive_may_be_called_compressed(server: Server, tmp_path: Path) -> None:
    """As servers do that take the ending .tgz for an encoding."""
    archive, content = tmp_path / "resources" / "a.tgz", gzip.compress(CONTENT)
    length = f"Content-Length: {len(content)}"
    server.always["/a.tgz"] = loopback.raw(200, content, "Content-Encoding: x-gzip", length)
    retrieve(f"{server.url}/a.tgz", archive, Expected(), HASTY)
    assert archive.read_bytes() == content


def test_an_empty_file_has_no_receipt(server: Server, target: Path) -> None:
    server.always[f"/{NAME}"] = loopback.raw(200, b"", "Content-Length: 0")
    assert "the server gives an empty file" in refused(server, target)
    assert read_receipt(target) is None


def test_chunks_come_whole(server: Server, target: Path) -> None:
    server.always[f"/{NAME}"] = loopback.chunked
    assert get(server, target).size == len(CONTENT)


def test_a_file_whose_end_does_not_show_needs_a_size_or_checksum(
    server: Server, target: Path
) -> None:
    server.always[f"/{NAME}"] = loopback.until_it_hangs_up
    assert "does not say how long the file is" in refused(server, target)
    refused(server, target, Expected(checksum="md5:" + "0" * 32))
    assert "bytes and no more" in refused(server, target, Expected(size=len(CONTENT)))
    server.always[f"/{NAME}"] = loopback.raw(200, CONTENT)
    get(server, target, Expected(size=len(CONTENT)))


@pytest.mark.parametrize("length", ["-5", "many", "9" * 30, "9" * 4000, "9" * 5000, "5, 6", "1e3"])
def test_lengths_that_are_none(server: Server, target: Path, length: str) -> None:
    server.always[f"/{NAME}"] = loopback.raw(200, CONTENT, f"Content-Length: {length}")
    refused(server, target)
    sure = Expected(checksum=f"md5:{hashlib.md5(CONTENT).hexdigest()}")
    with contextlib.suppress(InputError):
        get(server, target, sure)
    assert not target.exists() or target.read_bytes() == CONTENT


def test_a_range_is_refused_that_was_not_asked_for(server: Server, target: Path) -> None:
    for where in ("bytes */0", "bytes */5", "nonsense"):
        server.always[f"/{NAME}"] = loopback.status(416, Content_Range=where)
        assert "HTTP 416" in refused(server, target)


@given(st.text(st.characters(codec="latin-1")) | st.floats().map(str) | st.integers().map(str))
def test_any_retry_after_is_a_time(value: str) -> None:
    assert transfer.retry_after_s(value) >= 0


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


@pytest.mark.parametrize(
    "record",
    [
        [],
        {"files": None},
        {"files": [3]},
        {"files": [{"key": NAME, "size": "many", "checksum": "md5:" + "0" * 32}]},
        {"files": [{"key": NAME, "size": 5, "checksum": "crc:1"}]},
        {"files": [{"key": NAME, "size": 5, "checksum": None}]},
    ],
)
def test_a_record_that_says_nothing_usable(
    server: Server, target: Path, tmp_path: Path, record: object
) -> None:
    path = f"/records/7510511/files/{NAME}"
    publish(server, tmp_path, path, CONTENT)
    server.records["/api/records/7510511"] = record
    assert retrieve(f"{server.url}{path}", target, Expected(), HASTY).size == len(CONTENT)


@pytest.mark.parametrize("spoilt", ["", "{", "[]", "{}", "null", '{"url": 3, "size": "x"}'])
def test_a_spoilt_receipt_is_told_in_one_line(server: Server, target: Path, spoilt: str) -> None:
    get(server, target)
    target.unlink()
    receipt_path(target).write_text(spoilt)
    message = refused(server, target)
    assert "no receipt of a retrieved file" in message and "Delete it" in message
    receipt_path(target).unlink()
    get(server, target)


# Files put in place by hand ------------------------------------------------------------------


def test_a_file_put_in_place_is_held_to_the_config(target: Path, monkeypatch) -> None:
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    good = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    check_in_place({str(target): Expected(), str(target.with_name("absent")): Expected(1)})
    check_in_place({str(target): Expected(len(CONTENT), good)})
    for wrong in (Expected(5), Expected(5, good), Expected(checksum="md5:" + "0" * 32)):
        with pytest.raises(InputError, match=r"table\.csv: .*expected (5|md5:0+)\. Delete it"):
            check_in_place({str(target): wrong})
    assert target.read_bytes() == CONTENT


def test_a_file_put_in_place_is_read_once_for_each_state(target: Path, monkeypatch) -> None:
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    read, digests = [], receipts.file_digests
    monkeypatch.setattr(receipts, "file_digests", lambda p: read.append(p) or digests(p))
    expected = {str(target): Expected(None, f"md5:{hashlib.md5(CONTENT).hexdigest()}")}
    check_in_place(expected)
    check_in_place(expected)
    assert len(read) == 1
    status = target.stat()
    target.write_bytes(CONTENT[::-1])  # of the same size and, as far as one can set it, time
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(InputError, match="expected md5"):
        check_in_place(expected)
    target.with_name("receipts").joinpath(f"{NAME}.checked.json").write_text("{")
    target.write_bytes(CONTENT)
    check_in_place(expected)
    assert len(read) == 3


def test_the_origin_of_a_replaced_file_is_not_told(server: Server, target: Path) -> None:
    get(server, target)
    source = describe_input("table", target)
    assert source["path"] == f"{server.url}/{NAME}" and source["retrieved"]
    target.write_bytes(CONTENT[::-1])
    source = describe_input("table", target)
    assert source == {
        "title": "table",
        "path": target.as_posix(),
        "bytes": len(CONTENT),
        "hash": f"sha256:{hashlib.sha256(CONTENT[::-1]).hexdigest()}",
    }


def test_a_retrieved_file_is_on_the_disk_before_it_has_its_name(
    server: Server, target: Path, monkeypatch
) -> None:
    """So is its receipt, which is there first."""
    done: list[tuple[str, str]] = []
    fsync, rename = os.fsync, Path.replace

    def flush(descriptor: int) -> None:
        done.append(("flush", Path(f"/proc/self/fd/{descriptor}").readlink().name))
        fsync(descriptor)

    def replace(path: Path, to: Path) -> Path:
        done.append(("rename", to.name))
        return rename(path, to)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(Path, "replace", replace)
    get(server, target)
    receipt, part = f".{NAME}.json.part", f"{NAME}.part"
    order = [("flush", receipt), ("rename", f"{NAME}.json"), ("flush", "receipts")]
    order += [("flush", part), ("rename", NAME), ("flush", "resources")]
    assert done[-len(order) :] == order


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


def test_buckets_are_the_web_too() -> None:
    assert all(map(is_web_layer, ("precomputed://gs://b/l", "precomputed://s3://b/l")))
    assert not is_web_layer("precomputed://file://b/l")


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
        [loopback.trickled_headers],
        [loopback.cut_inside_gzip(0.5), loopback.cut_inside_gzip(0.99)],
        [loopback.until_it_hangs_up],
        [loopback.broken_chunks],
        [loopback.slices(20)],
        [loopback.raw(200, b"", "Content-Length: 0")],
        [loopback.raw(200, b"x", "Content-Length: 1", "Content-Encoding: br")],
    ],
    ids=[
        *("500 twice", "429", "reset", "length", "web page", "trickle", "trickled headers"),
        *("cut inside gzip", "no length", "broken chunks", "part", "empty", "unknown encoding"),
    ],
)
@pytest.mark.parametrize("file", ["3:0", "3:0:a"])
def test_meshes_recover_from_passing_faults(server, meshes, tmp_path, faults, file) -> None:
    server.faults[f"/layer/mesh/{file}"] = list(faults)
    assert isinstance(fetch_all(server, tmp_path / "store")[3], Mesh)
    assert server.requests[f"/layer/mesh/{file}"] > len(faults)


@pytest.mark.parametrize(
    "fault", [loopback.trickled_headers, loopback.cut_inside_gzip(0.5), loopback.slices(20)]
)
@pytest.mark.parametrize("file", ["info", "mesh/info"])
def test_what_a_layer_says_of_itself_comes_as_its_meshes_do(
    server, meshes, tmp_path, fault, file
) -> None:
    (meshes / "mesh" / "info").write_text(
        json.dumps({"transform": [2, 0, 0, 0] + [0, 1, 0, 0] * 2})
    )
    server.faults[f"/layer/{file}"] = [fault]
    assert fetch_all(server, tmp_path / "store")[2].vertices.max() == 2
    assert server.requests[f"/layer/{file}"] == 2


@pytest.mark.parametrize("file", ["info", "mesh/info"])
@pytest.mark.parametrize("code", [403, 500])
def test_a_server_that_refuses_to_say_what_a_layer_is(server, meshes, tmp_path, file, code) -> None:
    server.always[f"/layer/{file}"] = loopback.status(code)
    with pytest.raises(InputError, match=f"the server does not give the meshes .HTTP {code}"):
        fetch_all(server, tmp_path / "store")


@pytest.mark.parametrize("fault", [loopback.compressed, loopback.chunked])
def test_meshes_come_whole_however_they_are_sent(server, meshes, tmp_path, fault) -> None:
    expected = fetch_all(server, tmp_path / "plain")
    for path in (meshes / "mesh").iterdir():
        server.always[f"/layer/mesh/{path.name}"] = fault
    found = fetch_all(server, tmp_path / "store")
    for mito_id in range(1, 10):
        assert np.array_equal(found[mito_id].vertices, expected[mito_id].vertices)
        assert np.array_equal(found[mito_id].faces, expected[mito_id].faces)


def test_no_cut_inside_gzip_gives_a_mesh(server, meshes, tmp_path) -> None:
    hurried = Policy(attempts=1, backoff_s=0.001, timeout_s=1)
    for number, share in enumerate(np.linspace(0, 0.999, 15)):
        server.always["/layer/mesh/3:0:a"] = loopback.cut_inside_gzip(share)
        found = fetch_all(server, tmp_path / str(number), hurried)
        assert isinstance(found[3], MeshError) and isinstance(found[4], Mesh)
        assert "unreadable" in str(found[3])


@pytest.mark.parametrize("code", [403, 500])
def test_a_failing_server_is_no_missing_mesh(server, meshes, tmp_path, code) -> None:
    server.always["/layer/mesh/3:0"] = loopback.status(code)
    with pytest.raises(InputError, match=f"the server does not give the meshes .HTTP {code}"):
        fetch_all(server, tmp_path / "store")


def test_a_fragment_may_have_any_name(server, meshes, tmp_path) -> None:
    add(meshes, 3, {"z#b?c %41": fragment()})
    assert isinstance(fetch_all(server, tmp_path / "store")[3], Mesh)


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
