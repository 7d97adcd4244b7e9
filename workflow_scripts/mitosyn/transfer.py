"""HTTP requests that wait, retry and give up in a way that one can rely on.

CloudFiles would do for whole layers, but it takes 403 for a missing file, knows neither
time-outs nor Retry-After, and waits for a server that trickles; pooch starts a broken
download over from nothing. Requests and tenacity are under both.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests
import tenacity
import urllib3
from tqdm import tqdm

CHUNK_BYTES = 1 << 20
BUSY = (408, 425, 429, 500, 502, 503, 504)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Policy:
    """How patient a transfer is.

    Attributes
    ----------
    attempts : int
        Tries in a row that may bring nothing before it is given up.
    backoff_s : float
        Longest wait before the second try; it doubles with every try. A server's
        Retry-After is waited for if it is longer.
    longest_wait_s : float
        Bound of any wait.
    timeout_s : float
        For a connection, and for the next bytes.
    least_bytes_per_s : int
        What must arrive over each ``timeout_s``, else the server trickles.
    """

    attempts: int = 6
    backoff_s: float = 1.0
    longest_wait_s: float = 300.0
    timeout_s: float = 60.0
    least_bytes_per_s: int = 100


def policy_from(retrieval: Mapping[str, Any]) -> Policy:
    """Take the policy out of the config's ``retrieval``."""
    return Policy(
        attempts=retrieval["attempts"],
        backoff_s=retrieval["backoff_s"],
        timeout_s=retrieval["timeout_s"],
    )


class TransientError(Exception):
    """A failure that may pass: a busy server, a time-out, a broken connection."""

    def __init__(self, problem: str, retry_after_s: float = 0.0) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s


class RefusedError(Exception):
    """The server answered that it will not give the file, and would again."""

    def __init__(self, problem: str, status: int, content_range: str = "") -> None:
        super().__init__(problem)
        self.status, self.content_range = status, content_range


@contextmanager
def open_session(connections: int) -> Iterator[requests.Session]:
    """Open a session that keeps some connections alive; it retries nothing by itself."""
    with requests.Session() as session:
        adapter = requests.adapters.HTTPAdapter(
            pool_connections=1, pool_maxsize=connections, max_retries=0
        )
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        yield session


@contextmanager
def open_url(
    session: requests.Session, url: str, policy: Policy, headers: dict[str, str] | None = None
) -> Iterator[requests.Response]:
    """Ask for a URL and tell what went wrong, here and while its body is read.

    Raises
    ------
    TransientError
        The server is busy or broken, or cannot be reached.
    RefusedError
        Any other answer than 200 and 206.
    """
    try:
        with session.get(url, headers=headers, stream=True, timeout=policy.timeout_s) as response:
            if response.status_code in BUSY:
                raise TransientError(
                    f"HTTP {response.status_code} {response.reason}",
                    _retry_after(response.headers.get("Retry-After")),
                )
            if response.status_code not in (200, 206):
                raise RefusedError(
                    f"HTTP {response.status_code} {response.reason}",
                    response.status_code,
                    response.headers.get("Content-Range", ""),
                )
            yield response
    except (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError) as error:
        raise TransientError(f"{type(error).__name__}: {error}") from error


def _retry_after(value: str | None) -> float:
    """Read a Retry-After header: seconds, or a date."""
    if not value:
        return 0.0
    if value.strip().isdigit():
        return float(value)
    try:
        wait = email.utils.parsedate_to_datetime(value) - datetime.now(UTC)
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, wait.total_seconds())


def read_body(response: requests.Response, policy: Policy, decode: bool = False) -> Iterator[bytes]:
    """Give the body piece by piece as it arrives.

    Parameters
    ----------
    response : requests.Response
    policy : Policy
    decode : bool
        Undo a Content-Encoding.

    Raises
    ------
    TransientError
        Over ``timeout_s``, less than ``least_bytes_per_s`` arrived.
    """
    since, arrived = time.monotonic(), 0
    while piece := response.raw.read1(CHUNK_BYTES, decode_content=decode):
        yield piece
        arrived += len(piece)
        if time.monotonic() - since > policy.timeout_s:
            if arrived < policy.least_bytes_per_s * policy.timeout_s:
                raise TransientError(f"only {arrived} bytes in {policy.timeout_s:g} s")
            since, arrived = time.monotonic(), 0


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


def get_file(session: requests.Session, url: str, policy: Policy) -> bytes | None:
    """Get a small file, None where the server has none.

    Raises
    ------
    TransientError
        The server fails or gives a web page instead, after all tries.
    RefusedError
        It answers anything but 200 and 404.
    """

    def once() -> bytes | None:
        try:
            with open_url(session, url, policy) as response:
                if is_web_page(response):
                    raise TransientError("a web page (text/html) instead of the file")
                return b"".join(read_body(response, policy, decode=True))
        except RefusedError as error:
            if error.status == 404:
                return None
            raise

    return retry(policy)(once)


def is_web_page(response: requests.Response) -> bool:
    """Tell whether a response is a page for people, such as a login, quota or error page."""
    return response.headers.get("Content-Type", "").startswith("text/html")


def in_parallel(
    call: Callable[[str], Result], names: Sequence[str], connections: int, progress: bool
) -> dict[str, Result]:
    """Call a function for many names at once.

    Parameters
    ----------
    call : callable
    names : sequence of str
    connections : int
        How many calls at once.
    progress : bool
        Show a progress bar.

    Returns
    -------
    dict from name to result
    """
    with ThreadPoolExecutor(connections) as pool:
        try:
            results = tqdm(
                pool.map(call, names), total=len(names), disable=not progress, unit="file"
            )
            return dict(zip(names, results, strict=True))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
