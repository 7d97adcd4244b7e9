"""HTTP requests that wait, retry and give up in a way that one can rely on.

CloudFiles would do for whole layers, but it takes 403 for a missing file, knows neither
time-outs nor Retry-After, and waits for a server that trickles; pooch starts a broken
download over from nothing. Requests and tenacity are under both.
"""

from __future__ import annotations

import email.utils
import gzip
import http.client
import io
import re
import socket
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
import tenacity
import urllib3

CHUNK_BYTES = 1 << 20
# No file is larger: a longer Content-Length is none.
MOST_BYTES = 1 << 62
GZIP = ("gzip", "x-gzip")
WEB_PAGES = ("text/html", "application/xhtml+xml")
CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
RANGE_NOT_SATISFIABLE = 416
BUSY = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Policy:
    """How patient a transfer is."""

    attempts: int = 6
    """Tries in a row that may bring nothing before it is given up."""
    backoff_s: float = 1.0
    """Longest wait before the second try; it doubles with every try. A server's Retry-After is
    waited for if it is longer."""
    longest_wait_s: float = 300.0
    """Bound of any wait."""
    timeout_s: float = 60.0
    """For a connection, for all headers of an answer, and for its next bytes."""
    least_bytes_per_s: int = 100
    """What must arrive over each ``timeout_s`` of waiting, else the server trickles."""


def policy_from(retrieval: Mapping[str, Any]) -> Policy:
    """Return the policy that the config's ``retrieval`` describes."""
    return Policy(**{key: retrieval[key] for key in ("attempts", "backoff_s", "timeout_s")})


class TransientError(Exception):
    """A failure that may pass: a busy server, a time-out, a broken connection."""

    def __init__(self, problem: str, retry_after_s: float = 0.0) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s


class DamagedError(TransientError):
    """A file that came empty or corrupt: if it stays so, this says something of that file only."""


class RefusedError(Exception):
    """The server answered that it will not give the file, and would again."""

    def __init__(self, problem: str, status: int) -> None:
        super().__init__(problem)
        self.status = status


class Pace:
    """Count what arrives over each time-out of waiting, and give up on too little.

    A time-out of a socket begins anew with each byte, and so never ends if they trickle.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.waited_s, self.arrived = 0.0, 0

    def count(self, arrived: int, waited_s: float) -> None:
        """Count some bytes; a TransientError if, over ``timeout_s``, too few have arrived."""
        self.waited_s += waited_s
        self.arrived += arrived
        if self.waited_s > self.policy.timeout_s:
            if self.arrived < self.policy.least_bytes_per_s * self.policy.timeout_s:
                raise TransientError(f"only {self.arrived} bytes in {self.waited_s:.0f} s")
            self.waited_s, self.arrived = 0.0, 0


class _PacedReader(io.RawIOBase):
    """What a socket receives: all headers within one time-out, then a body that keeps pace."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, policy: Policy) -> None:
        self.raw, self.sock = raw, sock
        self.pace = Pace(policy)
        self.in_headers = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        timeout_s = self.pace.policy.timeout_s
        if self.in_headers:
            if self.pace.waited_s >= timeout_s:
                raise TransientError(f"the headers of the answer did not end in {timeout_s:g} s")
            self.sock.settimeout(timeout_s - self.pace.waited_s)
        start = time.monotonic()
        count: int | None = self.raw.readinto(buffer)
        waited_s = time.monotonic() - start
        if self.in_headers:
            self.pace.waited_s += waited_s
        else:
            self.pace.count(count or 0, waited_s)
        return count

    def end_headers(self) -> None:
        self.in_headers, self.pace = False, Pace(self.pace.policy)
        self.sock.settimeout(self.pace.policy.timeout_s)

    def close(self) -> None:
        self.raw.close()
        super().close()


class _PacedAdapter(requests.adapters.HTTPAdapter):
    """Connections of which every answer is read through a :class:`_PacedReader`."""

    def __init__(self, policy: Policy, connections: int) -> None:
        class Response(http.client.HTTPResponse):
            def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
                super().__init__(sock, *args, **kwargs)
                self.paced = _PacedReader(self.fp.detach(), sock, policy)
                self.fp = io.BufferedReader(self.paced)

            def begin(self) -> None:
                super().begin()
                self.paced.end_headers()

        self.response_class = Response
        super().__init__(pool_connections=1, pool_maxsize=connections, max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        if getattr(pool.ConnectionCls, "response_class", None) is not self.response_class:
            members = {"response_class": self.response_class}
            pool.ConnectionCls = type("PacedConnection", (pool.ConnectionCls,), members)
        return pool


@contextmanager
def open_session(connections: int, policy: Policy) -> Iterator[requests.Session]:
    """Open a session that keeps some connections alive; it retries nothing by itself."""
    with requests.Session() as session:
        adapter = _PacedAdapter(policy, connections)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        yield session


@contextmanager
def open_url(
    session: requests.Session, url: str, policy: Policy, headers: dict[str, str] | None = None
) -> Iterator[requests.Response]:
    """Request a URL; what goes wrong, then or while its body is read, is one of two errors.

    A TransientError: the server is busy or broken, or cannot be reached; a RefusedError: any other
    answer than 200 and 206.
    """
    try:
        with session.get(url, headers=headers, stream=True, timeout=policy.timeout_s) as response:
            answer = f"HTTP {response.status_code} {response.reason}"
            if response.status_code in BUSY:
                raise TransientError(answer, retry_after_s(response.headers.get("Retry-After")))
            if response.status_code not in (200, 206):
                raise RefusedError(answer, response.status_code)
            yield response
    except (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError) as error:
        raise TransientError(f"{type(error).__name__}: {error}") from error


def retry_after_s(value: str | None) -> float:
    """Return the seconds that a Retry-After header asks for, 0 if it says nothing readable."""
    if not value:
        return 0.0
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value.strip()):
        return float(value)
    try:
        date = email.utils.parsedate_to_datetime(value)
        wait = date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return 0.0
    return max(0.0, wait.total_seconds())


def read_body(response: requests.Response) -> Iterator[bytes]:
    """Yield the body as it arrives, with its Content-Encoding."""
    while piece := response.raw.read1(CHUNK_BYTES, decode_content=False):
        yield piece


def body_length(response: requests.Response) -> int | None:
    """Return the number of bytes that the body is said to have, None where that is not said."""
    length = response.raw.length_remaining
    return None if length is None or length > MOST_BYTES else length


def ends_visibly(response: requests.Response) -> bool:
    """Whether the body shows its end, so that a broken connection cannot be taken for it."""
    return response.raw.chunked or body_length(response) is not None


def content_encoding(response: requests.Response) -> str:
    """Return how the body is compressed, empty if it is not."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    return "" if encoding == "identity" else encoding


def _decoded(body: bytes, encoding: str) -> bytes:
    """Undo a compression to its end, where its checksum is."""
    if not encoding:
        return body
    if encoding not in GZIP:
        raise TransientError(f"Content-Encoding {encoding}, which was not asked for")
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedError(f"damaged or truncated inside Content-Encoding gzip: {error}") from error


def retry(policy: Policy) -> tenacity.Retrying:
    """Repeat what raises :class:`TransientError`, waiting longer each time."""
    backoff = tenacity.wait_exponential_jitter(
        multiplier=policy.backoff_s, max=policy.longest_wait_s, jitter=policy.backoff_s
    )

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "retry_after_s", 0.0)
        return min(policy.longest_wait_s, max(backoff(state), asked))

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientError),
        stop=tenacity.stop_after_attempt(policy.attempts),
        wait=wait,
        reraise=True,
    )


def content_range(response: requests.Response) -> tuple[int, int, int]:
    """Return the first byte, the end and the size of the file that a 206 says it has."""
    text = response.headers.get("Content-Range", "")
    match = CONTENT_RANGE.fullmatch(text.strip())
    first, last, total = map(int, match.groups()) if match else (0, -1, 0)
    if not first <= last < total:
        raise TransientError(f"an unclear range of the file ({text!r})")
    return first, last + 1, total


def get_file(
    session: requests.Session, url: str, policy: Policy, span: tuple[int, int] | None = None
) -> bytes | None:
    """Return the content of a small file, None where the server has none.

    Of a ``span``, its first byte and its end, it is what the file has of it.

    After all tries, a TransientError: the server fails, gives a web page or a part instead, or does
    not say where the file ends; a DamagedError: the file stays empty or corrupt. A RefusedError:
    the server answers anything but 200 and 404, or gives no parts of files.
    """
    headers = {"Accept-Encoding": "gzip"}
    if span is not None:
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={span[0]}-{span[1] - 1}"}

    def once() -> bytes | None:
        try:
            with open_url(session, url, policy, headers) as response:
                if is_web_page(response):
                    raise TransientError("a web page (text/html) instead of the file")
                return _read_all(response) if span is None else _read_span(response, *span)
        except RefusedError as error:
            if error.status == 404:
                return None
            if error.status == RANGE_NOT_SATISFIABLE and span is not None:
                return b""
            raise

    return retry(policy)(once)


def _read_all(response: requests.Response) -> bytes:
    """Return the file that an answer brings, which has to be all of it."""
    if response.status_code != 200:
        raise TransientError("a part of the file, which was not asked for")
    encoding = content_encoding(response)
    if not encoding and not ends_visibly(response):
        raise TransientError("the server does not say how long the file is")
    body = b"".join(read_body(response))
    if not body:
        raise DamagedError("an empty file")
    return _decoded(body, encoding)


def _read_span(response: requests.Response, start: int, end: int) -> bytes:
    """Return the bytes of an answer, which have to be those that were asked for."""
    if response.status_code != 206 or content_encoding(response):
        # As servers do that know no ranges, and Google Cloud Storage with a compressed file.
        raise RefusedError("the server gives no parts of files, only whole ones", 200)
    first, last, total = content_range(response)
    if (first, last) != (start, min(end, total)):
        raise TransientError(f"bytes {first} to {last} instead of {start} to {end}")
    body = b"".join(read_body(response))
    if len(body) != last - first:
        raise TransientError(f"{len(body)} bytes instead of {last - first}")
    return body


def is_web_page(response: requests.Response) -> bool:
    """Whether a response is a page for people, such as a login, quota or error page."""
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower() in WEB_PAGES
