"""Retrieving one published file: resume, verify, and remember what came."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import gdown
import requests

from mitosyn.errors import RETRIEVAL, InputError
from mitosyn.files import write_text
from mitosyn.transfer import (
    CHUNK_BYTES,
    Policy,
    RefusedError,
    TransientError,
    get_file,
    is_web_page,
    open_session,
    open_url,
    read_body,
    retry,
)

GOOGLE_DRIVE = "drive.google.com"
ZIPPED = (".gz", ".tgz")
# Zenodo and others that run InvenioRDM publish checksums beside their files.
RECORD_FILE = re.compile(r"(?P<root>.*)/records/(?P<record>\d+)/files/(?P<name>[^/]+)")
RANGE_NOT_SATISFIABLE = 416
# A transfer that has brought this much has not failed in vain: its tries start anew.
WORTHWHILE_BYTES = 1 << 20


@dataclass(frozen=True)
class Expected:
    """What is known of a file before it comes; None where nothing is.

    Attributes
    ----------
    size : int or None
        In bytes.
    checksum : str or None
        ``md5:…`` or ``sha256:…``.
    """

    size: int | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class Receipt:
    """What came, from where and when.

    Attributes
    ----------
    url : str
    size : int
        In bytes.
    sha256, md5 : str
    retrieved : str
        Time in UTC, ISO 8601.
    """

    url: str
    size: int
    sha256: str
    md5: str
    retrieved: str


def receipt_path(target: str | Path) -> Path:
    """Say where the receipt of a retrieved file lies: beside it, in ``receipts/``."""
    return Path(target).parent / "receipts" / f"{Path(target).name}.json"


def read_receipt(target: str | Path) -> Receipt | None:
    """Read the receipt of a retrieved file, None where it was never retrieved."""
    path = receipt_path(target)
    return Receipt(**json.loads(path.read_text())) if path.exists() else None


def retrieve(url: str, target: str | Path, expected: Expected, policy: Policy) -> Receipt:
    """Retrieve a file, going on where an earlier try was interrupted.

    The file appears under its name when it is whole and verified; until then it grows in
    ``<name>.part``. Without an expected checksum the one that Zenodo publishes is taken;
    without that, the first retrieval's is kept in the receipt and later ones must equal it.

    Parameters
    ----------
    url : str
        ``http(s)://…``; Google Drive through gdown.
    target : str or Path
    expected : Expected
    policy : Policy

    Returns
    -------
    Receipt
        Also written to :func:`receipt_path`.

    Raises
    ------
    InputError
        The file cannot be had, or is not what was expected. What has come is kept, unless
        it is wrong.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    if urlsplit(url).hostname == GOOGLE_DRIVE:
        _download_from_drive(url, part, target)
    else:
        with open_session(connections=1) as session:
            expected = _published(session, url, expected, policy)
            _download(session, url, part, expected, policy, target)
    receipt = _receipt(url, part)
    _verify(receipt, part, target, expected)
    part.replace(target)
    _validator_path(part).unlink(missing_ok=True)
    write_text(receipt_path(target), json.dumps(asdict(receipt), indent=2) + "\n")
    return receipt


def refuse_offline(target: str | Path, url: str) -> InputError:
    """Say which file is missing while the network is off."""
    return InputError(
        target,
        f"missing, and offline is set; it would come from {url}",
        "Put the file there, or unset offline.",
        RETRIEVAL,
    )


def check_space(folders: Iterable[Path], needed_gb: float) -> None:
    """Refuse to begin what the disk has no room for.

    Parameters
    ----------
    folders : iterable of Path
        Where the run puts its files; what they hold already counts as done.
    needed_gb : float
        What all of them are expected to hold in the end.

    Raises
    ------
    InputError
        Less than the rest is free.
    """
    folders = list(folders)
    missing_gb = needed_gb - sum(map(_folder_bytes, folders)) / 1e9
    free_gb = shutil.disk_usage(folders[0]).free / 1e9
    if missing_gb > free_gb:
        raise InputError(
            folders[0],
            f"the run needs some {missing_gb:.1f} GB more, {free_gb:.1f} GB are free",
            "Make room, run with --directory on a larger disk, or correct disk_gb in the config.",
            RETRIEVAL,
        )


def _folder_bytes(folder: Path) -> int:
    """Sum the sizes of the files in a folder while other jobs may rename some of them."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += (Path(path) / name).stat().st_size
    return total


def _published(session: requests.Session, url: str, expected: Expected, policy: Policy) -> Expected:
    """Complete what is expected with size and checksum that the file's record publishes."""
    match = RECORD_FILE.fullmatch(url.split("?")[0])
    if match is None or expected.checksum is not None:
        return expected
    api = f"{match['root']}/api/records/{match['record']}"
    try:
        raw = get_file(session, api, policy)
        files = {file["key"]: file for file in json.loads(raw or b"{}").get("files", [])}
        published = files[match["name"]]
        return Expected(expected.size or published["size"], published["checksum"])
    except (KeyError, ValueError, RefusedError):
        return expected
    except TransientError as error:
        raise _failed(api, error) from error


def _failed(url: str, error: Exception) -> InputError:
    return InputError(
        url,
        f"cannot be retrieved ({error})",
        "Run again later: it goes on where it stopped.",
        RETRIEVAL,
    )


def _download(
    session: requests.Session,
    url: str,
    part: Path,
    expected: Expected,
    policy: Policy,
    target: Path,
) -> None:
    """Bring a file into ``part``, with as many tries as bring something."""

    def until_stuck() -> None:
        while True:
            before = _size(part)
            try:
                return _continue(session, url, part, policy, target)
            except TransientError:
                if _size(part) - before < WORTHWHILE_BYTES:
                    raise

    try:
        retry(policy)(until_stuck)
    except TransientError as error:
        raise _failed(url, error) from error
    except RefusedError as error:
        raise InputError(
            url,
            f"cannot be retrieved ({error})",
            f"Check the URL in the config, or put the file at {target}.",
            RETRIEVAL,
        ) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _validator_path(part: Path) -> Path:
    """Say where the server's name for the version of a partial file is kept."""
    return part.with_name(f"{part.name}.version")


def _continue(
    session: requests.Session, url: str, part: Path, policy: Policy, target: Path
) -> None:
    """Bring the rest of a file, all of it if the server cannot say that it is the same."""
    start, version = _size(part), _validator_path(part)
    headers = {"Accept-Encoding": "identity"}
    if start and version.exists():
        headers |= {"Range": f"bytes={start}-", "If-Range": version.read_text()}
    try:
        with open_url(session, url, policy, headers) as response:
            if is_web_page(response):
                raise InputError(
                    url,
                    "the server gives a web page (text/html) instead of the file",
                    f"Open the URL in a browser, get the file and put it at {target}.",
                    RETRIEVAL,
                )
            resumed = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
            if response.status_code == 206 and not resumed:
                part.unlink()
                raise TransientError(f"asked for bytes from {start}, got others")
            _check_space(part, response)
            if response.status_code == 200:
                write_text(version, _version(response))
            with part.open("ab" if response.status_code == 206 else "wb") as file:
                for piece in read_body(response, policy):
                    file.write(piece)
    except RefusedError as error:
        if error.status != RANGE_NOT_SATISFIABLE:
            raise
        if error.content_range != f"bytes */{start}":  # else all of it had come
            part.unlink()
            raise TransientError("the partial file is no part of the server's") from error


def _version(response: requests.Response) -> str:
    """Give a validator that If-Range takes; a weak one will not match, which is safe."""
    headers = response.headers
    return headers.get("ETag") or headers.get("Last-Modified") or '"unknown"'


def _check_space(part: Path, response: requests.Response) -> None:
    needed = int(response.headers.get("Content-Length") or 0)
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise InputError(
            part.parent,
            f"{needed / 1e9:.1f} GB are still to come, {free / 1e9:.1f} GB are free",
            "Make room and run again: it goes on where it stopped.",
            RETRIEVAL,
        )


def _download_from_drive(url: str, part: Path, target: Path) -> None:
    try:
        gdown.download(url=url, output=str(part), quiet=True, resume=True)
    except Exception as error:  # gdown raises what its parts raise
        raise InputError(
            url,
            f"Google Drive does not give the file ({_first_line(error)})",
            f"Get it with a browser and put it at {target}.",
            RETRIEVAL,
        ) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _receipt(url: str, path: Path) -> Receipt:
    digests = file_digests(path)
    retrieved = datetime.now(UTC).isoformat(timespec="seconds")
    return Receipt(url, path.stat().st_size, digests["sha256"], digests["md5"], retrieved)


def file_digests(path: str | Path) -> dict[str, str]:
    """Give the SHA-256 and MD5 digests of a file in one reading, in hexadecimal."""
    digests = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha256", "md5")}
    with Path(path).open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            for digest in digests.values():
                digest.update(piece)
    return {name: digest.hexdigest() for name, digest in digests.items()}


def _verify(receipt: Receipt, part: Path, target: Path, expected: Expected) -> None:
    """Refuse, and remove, a file that is not what was expected."""
    for problem, remedy in _faults(receipt, part, target, expected):
        part.unlink()
        raise InputError(receipt.url, problem, remedy, RETRIEVAL)


def _faults(
    receipt: Receipt, part: Path, target: Path, expected: Expected
) -> Iterator[tuple[str, str]]:
    """Give what is wrong with a file that came, and what to do about it."""
    if expected.size not in (None, receipt.size):
        yield (
            f"{receipt.size} bytes came, expected {expected.size}",
            "Run again; if it stays so, correct the size in the config.",
        )
    if not _has_checksum(receipt, expected.checksum):
        yield (
            f"the file's md5 is {receipt.md5}, its sha256 {receipt.sha256}, expected "
            f"{expected.checksum}",
            "Run again; if it stays so, the published file has changed.",
        )
    earlier = read_receipt(target) if expected.checksum is None else None
    if earlier and earlier.url == receipt.url and earlier.sha256 != receipt.sha256:
        yield (
            f"the file differs from its first retrieval ({earlier.retrieved}, sha256 "
            f"{earlier.sha256})",
            f"If the new one is right, delete {receipt_path(target)}.",
        )
    if target.name.endswith(ZIPPED) and not _unzips(part):
        yield (
            "the archive is truncated or no gzip file",
            f"Run again, or put the whole archive at {target}.",
        )


def _has_checksum(receipt: Receipt, checksum: str | None) -> bool:
    if checksum is None:
        return True
    algorithm, _, value = checksum.partition(":")
    return asdict(receipt)[algorithm] == value.lower()


def _unzips(path: Path) -> bool:
    """Read a gzip file to its end, where its own checksum is."""
    try:
        with gzip.open(path) as file:
            while file.read(CHUNK_BYTES):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True
