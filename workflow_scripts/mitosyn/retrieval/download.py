"""Downloading one file: resume, and know that it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import requests

from mitosyn.retrieval.receipts import Expected
from mitosyn.retrieval.transfer import (
    GZIP,
    RANGE_NOT_SATISFIABLE,
    Pace,
    Policy,
    RefusedError,
    TransientError,
    body_length,
    content_encoding,
    content_range,
    ends_visibly,
    is_web_page,
    open_url,
    read_body,
    retry,
)
from mitosyn.support import RETRIEVAL, InputError, write_text

ZIPPED = (".gz", ".tgz")
# Validators by which two answers are known to be of the same bytes; weak ETags are not.
VALIDATOR = {"ETag": re.compile(r'"[!#-~]*"'), "Last-Modified": re.compile(r"[ -~]+")}
# A transfer that has brought this much has not failed in vain: its tries start anew.
WORTHWHILE_BYTES = 1 << 20
# What a kill or a power cut may cost of a download.
SETTLE_S = 1.0


@dataclass(frozen=True)
class Progress:
    """What a partial file is: so many bytes, on the disk for certain, of one version."""

    url: str
    validator: str | None = None
    """The server's name for the version; without one nothing may be appended."""
    total: int | None = None
    """Size of the whole file in bytes, as far as the server says."""
    settled: int = 0
    """In bytes. What the partial file holds beyond them is not trusted."""
    sha256: str = ""
    """Of the settled bytes."""


@dataclass
class Download:
    """Downloads a file into ``part``, trying again as long as that brings something.

    What is known of ``part`` is written before it grows for another version, and after
    its bytes are on the disk: whenever the process is killed, the settled bytes are the
    first ones of the version that they are said to be of.
    """

    session: requests.Session
    url: str
    part: Path
    target: Path
    expected: Expected
    policy: Policy

    def __post_init__(self) -> None:
        self.progress, self.digest = Progress(self.url), hashlib.sha256()

    def run(self) -> None:
        """Download all of it; an InputError where one could not know that it is whole."""
        self._resume()
        try:
            retry(self.policy)(self._until_stuck)
        except TransientError as error:
            raise failed(self.url, error) from error
        except RefusedError as error:
            raise InputError(
                self.url,
                f"cannot be retrieved ({error})",
                f"Check the URL in the config, or put the file at {self.target}.",
                RETRIEVAL,
            ) from error

    def _resume(self) -> None:
        """Continue from what an earlier run has settled, if that is unchanged."""
        earlier = _read_progress(self.part)
        if earlier is not None and earlier.url == self.url and self.part.exists():
            os.truncate(self.part, earlier.settled)
            with self.part.open("rb") as file:
                self.progress, self.digest = earlier, hashlib.file_digest(file, "sha256")
        if self.digest.hexdigest() != self.progress.sha256:
            self._start_anew()

    def _start_anew(self) -> None:
        forget(self.part)
        self.progress, self.digest = Progress(self.url), hashlib.sha256()

    def _until_stuck(self) -> None:
        """Try again while each try brings something."""
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
        """Download the rest of a file, or a part of it; return whether it is whole now.

        It starts again from the first byte if the server cannot say that it is still the same.
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
        """Append what arrives to ``part``; return whether the file is whole now."""
        progress, validator = self.progress, _validator(response)
        start, end, total = 0, None, body_length(response)
        if response.status_code == 206:
            start, end, total = content_range(response)
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
        """Note what ``part`` is now, on the disk before ``part`` changes."""
        self.progress = replace(self.progress, **changes)
        write_text(progress_path(self.part), json.dumps(asdict(self.progress)), durable=True)


def _read_progress(part: Path) -> Progress | None:
    """Read what a partial file is, None where nobody knows."""
    try:
        progress = Progress(**json.loads(progress_path(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return progress if isinstance(progress.settled, int) else None


def progress_path(part: Path) -> Path:
    """Return the path of the note that says what a partial file is a part of."""
    return part.with_name(f"{part.name}.version")


def forget(part: Path) -> None:
    """Remove a partial file."""
    progress_path(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def failed(url: str, error: Exception) -> InputError:
    """Return the error for what may succeed in a later run."""
    return InputError(
        url,
        f"cannot be retrieved ({error})",
        "Run again later: it goes on where it stopped.",
        RETRIEVAL,
    )


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
