"""What is known of a retrieved file: before it comes, and in the receipt of what came."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from mitosyn.retrieval.transfer import CHUNK_BYTES
from mitosyn.support import RETRIEVAL, InputError, write_text


@dataclass(frozen=True)
class Expected:
    """What is known of a file before it comes; None where nothing is."""

    size: int | None = None
    """In bytes."""
    checksum: str | None = None
    """``md5:…`` or ``sha256:…``."""


@dataclass(frozen=True)
class Receipt:
    """What came, from where and when."""

    url: str
    size: int
    """In bytes."""
    sha256: str
    md5: str
    retrieved: str
    """Time in UTC, ISO 8601."""


def receipt_path(target: str | Path) -> Path:
    """Return where the receipt of a retrieved file is: beside it, in ``receipts/``."""
    return Path(target).parent / "receipts" / f"{Path(target).name}.json"


def read_receipt(target: str | Path) -> Receipt | None:
    """Return the receipt of a retrieved file, None where it was never retrieved.

    An empty or corrupt one is an InputError.
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


def new_receipt(url: str, path: Path) -> Receipt:
    """Return the receipt of a file that has just come from a URL."""
    retrieved = datetime.now(UTC).isoformat(timespec="seconds")
    return Receipt(url, path.stat().st_size, **file_digests(path), retrieved=retrieved)


def file_digests(path: str | Path) -> dict[str, str]:
    """Return the SHA-256 and MD5 digests of a file, read once, in hexadecimal."""
    digests = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha256", "md5")}
    with Path(path).open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            for digest in digests.values():
                digest.update(piece)
    return {name: digest.hexdigest() for name, digest in digests.items()}


def check_in_place(files: Mapping[str, Expected]) -> None:
    """Compare the files that are in place with the sizes and checksums in the config.

    A file is read once for each state of it (size and times): what was found is noted
    beside its receipt. One that is not there yet is left to :func:`retrieve`; one that is another
    than the config says is an InputError, and stays where it is.
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
        receipt = new_receipt("", path)
    for problem in differences(receipt, expected):
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


def differences(receipt: Receipt, expected: Expected) -> Iterator[str]:
    """Yield how a file differs from what the config, or its publisher, says."""
    if expected.size not in (None, receipt.size):
        came = " came" if receipt.url else ""
        yield f"{receipt.size} bytes{came}, expected {expected.size}"
    if expected.checksum is not None:
        algorithm, _, value = expected.checksum.partition(":")
        if getattr(receipt, algorithm) != value.lower():
            found = f"the file's md5 is {receipt.md5}, its sha256 {receipt.sha256}"
            yield f"{found}, expected {expected.checksum}"
