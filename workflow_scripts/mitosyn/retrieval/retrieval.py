"""Retrieving one published file: resume, verify, and remember what came."""

from __future__ import annotations

import codecs
import contextlib
import glob
import gzip
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import gdown
import requests

from mitosyn.retrieval.download import ZIPPED, Download, failed, forget, progress_path
from mitosyn.retrieval.receipts import (
    Expected,
    Receipt,
    differences,
    new_receipt,
    read_receipt,
    receipt_path,
)
from mitosyn.retrieval.transfer import (
    CHUNK_BYTES,
    Policy,
    RefusedError,
    TransientError,
    get_file,
    open_session,
)
from mitosyn.support import RETRIEVAL, InputError, flush_to_disk, write_text

GOOGLE_DRIVE = "drive.google.com"
# Zenodo and others that run InvenioRDM publish checksums beside their files.
RECORD_FILE = re.compile(r"(?P<root>.*)/records/(?P<record>\d+)/files/(?P<name>[^/]+)")
CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")
WEB_PAGE = re.compile(rb"\s*<(!doctype\s+html|html[\s>])", re.IGNORECASE)


def retrieve(url: str, target: str | Path, expected: Expected, policy: Policy) -> Receipt:
    """Retrieve a file, going on where an earlier try was interrupted.

    The file appears under its name when it is whole and verified; until then it grows in
    ``<name>.part``. Without an expected checksum the one that Zenodo publishes is taken;
    without that, the first retrieval's is kept in the receipt and later ones must equal it.
    The receipt is also written to :func:`receipt_path`.

    Raises
    ------
    InputError
        The file cannot be had, or is not what was expected. What has come is kept, unless
        it is wrong.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    earlier = read_receipt(target)
    if urlsplit(url).hostname == GOOGLE_DRIVE:
        _download_from_drive(url, part, target, policy)
    else:
        with open_session(1, policy) as session:
            expected = _published(session, url, expected, policy)
            Download(session, url, part, target, expected, policy).run()
    receipt = new_receipt(url, part)
    for problem, remedy in _faults(receipt, part, target, expected, earlier):
        forget(part)
        raise InputError(url, problem, remedy, RETRIEVAL)
    # The receipt first: a file under its name without one counts as put there by hand.
    write_text(receipt_path(target), json.dumps(asdict(receipt), indent=2) + "\n", durable=True)
    flush_to_disk(part)
    part.replace(target)
    progress_path(part).unlink(missing_ok=True)
    flush_to_disk(target.parent)
    return receipt


def refuse_offline(target: str | Path, url: str) -> InputError:
    """Return the error for a file that is missing while the network is off."""
    return InputError(
        target,
        f"missing, and offline is set; it would come from {url}",
        "Put the file there, or unset offline.",
        RETRIEVAL,
    )


def check_space(folders: Iterable[Path], needed_gb: float) -> None:
    """Refuse a run whose ``folders`` are to hold more than they do and the disk has room for."""
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
        size, checksum = int(published["size"]), str(published["checksum"]).lower()
        if not CHECKSUM.fullmatch(checksum):
            return expected
        return Expected(expected.size or size, checksum)
    except (KeyError, ValueError, TypeError, AttributeError, RefusedError):
        return expected
    except TransientError as error:
        raise failed(api, error) from error


def _download_from_drive(url: str, part: Path, target: Path, policy: Policy) -> None:
    """Download a file with gdown, which does not know of which version a part is."""
    for leftover in part.parent.glob(f"{glob.escape(part.name)}*"):
        leftover.unlink()
    try:
        gdown.download(
            url=url,
            output=str(part),
            quiet=True,
            timeout=policy.timeout_s,
            retries=policy.attempts - 1,
        )
    except Exception as error:  # gdown raises what its parts raise
        first, *_ = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            url,
            f"Google Drive does not give the file ({first.strip()})",
            f"Get it with a browser and put it at {target}.",
            RETRIEVAL,
        ) from error


def _faults(
    receipt: Receipt, part: Path, target: Path, expected: Expected, earlier: Receipt | None
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a file that came, and what to do about it."""
    if receipt.size == 0:
        yield "the file is empty", f"Run again later, or put the file at {target}."
    for problem in differences(receipt, expected):
        yield problem, "Run again; if it stays so, the published file is another one."
    if _is_web_page(part):
        yield (
            "a web page (text/html) came instead of the file",
            f"Open the URL in a browser, get the file and put it at {target}.",
        )
    first = earlier if expected.checksum is None else None
    if first and first.url == receipt.url and first.sha256 != receipt.sha256:
        yield (
            f"the file differs from its first retrieval ({first.retrieved}, sha256 {first.sha256})",
            f"If the new one is right, delete {receipt_path(target)}.",
        )
    if target.name.endswith(ZIPPED) and not _unzips(part):
        yield (
            "the archive is truncated or no gzip file",
            f"Run again, or put the whole archive at {target}.",
        )


def _is_web_page(path: Path) -> bool:
    with path.open("rb") as file:
        return WEB_PAGE.match(file.read(CHUNK_BYTES).removeprefix(codecs.BOM_UTF8)) is not None


def _unzips(path: Path) -> bool:
    """Read a gzip file to its end, where its own checksum is."""
    try:
        with gzip.open(path) as file:
            while file.read(CHUNK_BYTES):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True
