"""Retrieving one published file: resume, verify, and remember what came."""

from __future__ import annotations

import codecs
import contextlib
import glob
import gzip
import hashlib
import json
import os
import re
import shutil
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gdown
import requests

from mitosyn.retrieval.transfer import (
    CHUNK_BYTES,
    GZIP,
    Pace,
    Policy,
    RefusedError,
    TransientError,
    body_length,
    content_encoding,
    ends_visibly,
    get_file,
    is_web_page,
    open_session,
    open_url,
    read_body,
    retry,
)
from mitosyn.support import RETRIEVAL, InputError, flush_to_disk, write_text

GOOGLE_DRIVE = "drive.google.com"
ZIPPED = (".gz", ".tgz")
# Zenodo and others that run InvenioRDM publish checksums beside their files.
RECORD_FILE = re.compile(r"(?P<root>.*)/records/(?P<record>\d+)/files/(?P<name>[^/]+)")
CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")
CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
# Validators by which two answers are known to be of the same bytes; weak ETags are not.
VALIDATOR = {"ETag": re.compile(r'"[!#-~]*"'), "Last-Modified": re.compile(r"[ -~]+")}
RANGE_NOT_SATISFIABLE = 416
# A transfer that has brought this much has not failed in vain: its tries start anew.
WORTHWHILE_BYTES = 1 << 20
# What a kill or a power cut may cost of a download.
SETTLE_S = 1.0
WEB_PAGE = re.compile(rb"\s*<(!doctype\s+html|html[\s>])", re.IGNORECASE)


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
    """Read the receipt of a retrieved file, None where it was never retrieved.

    Raises
    ------
    InputError
        There is one, but it is empty or corrupt.
    """
    path = receipt_path(target)
    if not path.exists():
        return None
    try:
        receipt = Receipt(**json.loads(path.read_text(encoding="utf-8")))
        kinds = {name: type(value).__name__ for name, value in asdict(receipt).items()}
        if kinds != Receipt.__annotations__:
            raise TypeError(f"found {kinds}")
    except (ValueError, TypeError) as error:
        raise InputError(
            path,
            f"no receipt of a retrieved file ({error})",
            f"Delete it: {Path(target).name} then counts as put in place by hand.",
            RETRIEVAL,
        ) from error
    return receipt


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
    earlier = read_receipt(target)
    if urlsplit(url).hostname == GOOGLE_DRIVE:
        _download_from_drive(url, part, target, policy)
    else:
        with open_session(1, policy) as session:
            expected = _published(session, url, expected, policy)
            _Download(session, url, part, target, expected, policy).run()
    receipt = _receipt(url, part)
    _verify(receipt, part, target, expected, earlier)
    # The receipt first: a file under its name without one counts as put there by hand.
    write_text(receipt_path(target), json.dumps(asdict(receipt), indent=2) + "\n", durable=True)
    flush_to_disk(part)
    part.replace(target)
    _progress_path(part).unlink(missing_ok=True)
    flush_to_disk(target.parent)
    return receipt


def check_in_place(files: Mapping[str, Expected]) -> None:
    """Hold the files that lie in place to the sizes and checksums of the config.

    A file is read once for each state of it (size and times): what was found is noted
    beside its receipt.

    Parameters
    ----------
    files : mapping from path to Expected
        A file that is not there yet is left to :func:`retrieve`.

    Raises
    ------
    InputError
        A file is another one than the config says. It stays where it is.
    """
    for path, expected in files.items():
        with contextlib.suppress(FileNotFoundError):
            _check_in_place(Path(path), expected)


def _check_in_place(path: Path, expected: Expected) -> None:
    status = path.stat()
    found = {
        "state": [status.st_size, status.st_mtime_ns, status.st_ctime_ns],
        "checksum": expected.checksum,
    }
    note = receipt_path(path).with_name(f"{path.name}.checked.json")
    receipt = Receipt("", status.st_size, "", "", "")
    if expected.size in (None, receipt.size) and expected.checksum is not None:
        with contextlib.suppress(OSError, ValueError):
            if json.loads(note.read_text(encoding="utf-8")) == found:
                return
        receipt = _receipt("", path)
    for problem in _differences(receipt, expected):
        raise InputError(
            path,
            problem,
            "Delete it, then it is retrieved, or put the right file there; if this one is right, "
            "correct the config.",
            RETRIEVAL,
        )
    if expected.checksum is not None:
        with contextlib.suppress(PermissionError):
            write_text(note, json.dumps(found) + "\n")


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
        size, checksum = int(published["size"]), str(published["checksum"]).lower()
        if not CHECKSUM.fullmatch(checksum):
            return expected
        return Expected(expected.size or size, checksum)
    except (KeyError, ValueError, TypeError, AttributeError, RefusedError):
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


def _progress_path(part: Path) -> Path:
    """Say where it is kept what a partial file is a part of."""
    return part.with_name(f"{part.name}.version")


@dataclass(frozen=True)
class _Progress:
    """What a partial file is: so many bytes, on the disk for certain, of one version.

    Attributes
    ----------
    url : str
    validator : str or None
        The server's name for the version; without one nothing may be appended.
    total : int or None
        Size of the whole file in bytes, as far as the server says.
    settled : int
        In bytes. What the partial file holds beyond them is not trusted.
    sha256 : str
        Of the settled bytes.
    """

    url: str
    validator: str | None = None
    total: int | None = None
    settled: int = 0
    sha256: str = ""


class _Download:
    """Bring a file into ``part``, with as many tries as bring something.

    What is known of ``part`` is written before it grows for another version, and after
    its bytes are on the disk: whenever the process is killed, the settled bytes are the
    first ones of the version that they are said to be of.
    """

    def __init__(
        self,
        session: requests.Session,
        url: str,
        part: Path,
        target: Path,
        expected: Expected,
        policy: Policy,
    ) -> None:
        self.session, self.url, self.policy = session, url, policy
        self.part, self.target, self.expected = part, target, expected
        self.progress, self.digest = _Progress(url), hashlib.sha256()

    def run(self) -> None:
        """Bring all of it.

        Raises
        ------
        InputError
            The server does not give it, or not so that one could know that it is whole.
        """
        self._resume()
        try:
            retry(self.policy)(self._until_stuck)
        except TransientError as error:
            raise _failed(self.url, error) from error
        except RefusedError as error:
            raise InputError(
                self.url,
                f"cannot be retrieved ({error})",
                f"Check the URL in the config, or put the file at {self.target}.",
                RETRIEVAL,
            ) from error

    def _resume(self) -> None:
        """Take up what an earlier run has settled, if it still is what it was."""
        earlier = _read_progress(self.part)
        if earlier is None or earlier.url != self.url or not self._has(earlier):
            self._start_anew()
        else:
            self.progress = earlier
            os.truncate(self.part, earlier.settled)

    def _has(self, progress: _Progress) -> bool:
        """Digest so many bytes of ``part`` and compare them with what was noted."""
        if not self.part.exists():
            return False
        with self.part.open("rb") as file:
            for start in range(0, progress.settled, CHUNK_BYTES):
                self.digest.update(file.read(min(CHUNK_BYTES, progress.settled - start)))
        return self.digest.hexdigest() == progress.sha256

    def _start_anew(self) -> None:
        _forget(self.part)
        self.progress, self.digest = _Progress(self.url), hashlib.sha256()

    def _until_stuck(self) -> None:
        """Go on as long as tries bring something."""
        pace, whole = Pace(self.policy), False
        while not whole:
            before, start = self.progress.settled, time.monotonic()
            try:
                whole = self._continue()
            except TransientError:
                if self.progress.settled - before < WORTHWHILE_BYTES:
                    raise
                continue
            settled = self.progress.settled
            if not whole and settled <= before:
                raise TransientError(f"the server gives {settled} bytes and no more")
            pace.count(max(settled - before, 0), time.monotonic() - start)

    def _continue(self) -> bool:
        """Bring the rest of a file, or what the server gives of it; whether it is whole now.

        All of it comes anew if the server cannot say that it is still the same.
        """
        progress = self.progress
        if progress.settled and progress.settled == progress.total:
            return True
        headers = {"Accept-Encoding": "identity"}
        if progress.settled and progress.validator is not None:
            headers |= {"Range": f"bytes={progress.settled}-", "If-Range": progress.validator}
        try:
            with open_url(self.session, self.url, self.policy, headers) as response:
                self._refuse_other_things(response)
                if body_length(response) == 0:
                    raise TransientError("the server gives an empty file")
                _check_space(self.part, response)
                return self._add(response)
        except RefusedError as error:
            if error.status == RANGE_NOT_SATISFIABLE and progress.settled:
                self._start_anew()
                raise TransientError("the partial file is no part of the server's") from error
            raise

    def _refuse_other_things(self, response: requests.Response) -> None:
        problem = ""
        remedy = f"Open the URL in a browser, get the file and put it at {self.target}."
        encoding = content_encoding(response)
        if is_web_page(response):
            problem = "the server gives a web page (text/html) instead of the file"
        elif encoding and not (encoding in GZIP and self.target.name.endswith(ZIPPED)):
            # Of an archive it is only said, once more, what it is.
            problem = f"the server gives the file compressed ({encoding}), which was not asked for"
        elif not (ends_visibly(response) or self._is_certified):
            problem = "the server does not say how long the file is"
            remedy = f"Give its size or checksum in the config, or put it at {self.target}."
        if problem:
            raise InputError(self.url, problem, remedy, RETRIEVAL)

    @property
    def _is_certified(self) -> bool:
        """Whether a file that came is known to be whole, whatever the server says."""
        return self.expected != Expected() or self.target.name.endswith(ZIPPED)

    def _add(self, response: requests.Response) -> bool:
        """Put what comes at the end of ``part``; whether that is the end of the file."""
        progress, validator = self.progress, _validator(response)
        start, end, total = 0, None, body_length(response)
        if response.status_code == 206:
            start, end, total = _range(response)
        # Without a size, the body has shown its end, or the file is certified by other means.
        unknown = None if ends_visibly(response) else self.expected.size
        if start == 0:
            self._start_anew()
        elif (
            start != progress.settled
            or validator is None
            or validator != progress.validator
            or progress.total not in (None, total)
        ):
            self._start_anew()
            raise TransientError(f"asked for bytes from {progress.settled}, got others")
        self._note(validator=validator, total=total)
        self._grow(response)
        settled = self.progress.settled
        if end is not None and settled > end:
            self._start_anew()
            raise TransientError(f"more came than bytes {start} to {end}")
        whole = unknown if total is None else total
        return whole is None or settled >= whole

    def _grow(self, response: requests.Response) -> None:
        """Write the body behind the settled bytes, settling it now and then."""
        with self.part.open("ab") as file:

            def settle() -> float:
                file.flush()
                os.fsync(file.fileno())
                self._note(settled=file.tell(), sha256=self.digest.hexdigest())
                return time.monotonic()

            settled = time.monotonic()
            try:
                for piece in read_body(response):
                    file.write(piece)
                    self.digest.update(piece)
                    if time.monotonic() - settled > SETTLE_S:
                        settled = settle()
            finally:
                settle()

    def _note(self, **changes: Any) -> None:
        """Write what ``part`` is now, on the disk before anything else happens to it."""
        self.progress = replace(self.progress, **changes)
        write_text(_progress_path(self.part), json.dumps(asdict(self.progress)), durable=True)


def _read_progress(part: Path) -> _Progress | None:
    """Read what a partial file is, None where nobody knows."""
    try:
        progress = _Progress(**json.loads(_progress_path(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return progress if isinstance(progress.settled, int) else None


def _forget(part: Path) -> None:
    """Remove a partial file."""
    _progress_path(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def _range(response: requests.Response) -> tuple[int, int, int]:
    """Return the first byte, the end and the size of the file that a 206 says it has."""
    text = response.headers.get("Content-Range", "")
    match = CONTENT_RANGE.fullmatch(text.strip())
    first, last, total = map(int, match.groups()) if match else (0, -1, 0)
    if not first <= last < total:
        raise TransientError(f"a part of the file that is not told clearly ({text!r})")
    return first, last + 1, total


def _validator(response: requests.Response) -> str | None:
    """Return what names the version of a file for If-Range, None if nothing does."""
    for name, form in VALIDATOR.items():
        if name in response.headers:
            value = response.headers[name].strip()
            return value if form.fullmatch(value) else None
    return None


def _check_space(part: Path, response: requests.Response) -> None:
    needed = body_length(response) or 0
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise InputError(
            part.parent,
            f"{needed / 1e9:.1f} GB are still to come, {free / 1e9:.1f} GB are free",
            "Make room and run again: it goes on where it stopped.",
            RETRIEVAL,
        )


def _download_from_drive(url: str, part: Path, target: Path, policy: Policy) -> None:
    """Bring a file with gdown.

    What an earlier run has brought is not used: gdown does not know of which version it is.
    """
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


def _verify(
    receipt: Receipt, part: Path, target: Path, expected: Expected, earlier: Receipt | None
) -> None:
    """Refuse, and remove, a file that is not what was expected."""
    for problem, remedy in _faults(receipt, part, target, expected, earlier):
        _forget(part)
        raise InputError(receipt.url, problem, remedy, RETRIEVAL)


def _faults(
    receipt: Receipt, part: Path, target: Path, expected: Expected, earlier: Receipt | None
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a file that came, and what to do about it."""
    if receipt.size == 0:
        yield "the file is empty", f"Run again later, or put the file at {target}."
    for problem in _differences(receipt, expected):
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


def _differences(receipt: Receipt, expected: Expected) -> Iterator[str]:
    """Yield in what a file is another one than the config, or its publisher, says."""
    if expected.size not in (None, receipt.size):
        came = " came" if receipt.url else ""
        yield f"{receipt.size} bytes{came}, expected {expected.size}"
    if not _has_checksum(receipt, expected.checksum):
        yield (
            f"the file's md5 is {receipt.md5}, its sha256 {receipt.sha256}, expected "
            f"{expected.checksum}"
        )


def _is_web_page(path: Path) -> bool:
    with path.open("rb") as file:
        return WEB_PAGE.match(file.read(CHUNK_BYTES).removeprefix(codecs.BOM_UTF8)) is not None


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
