"""An HTTP server on loopback that serves a folder and misbehaves on demand."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

Fault = Callable[["Handler", bytes], None]


class Server(ThreadingHTTPServer):
    """Serves ``files``; ``faults`` are taken one by one, each for one request of its path.

    Attributes
    ----------
    files : dict from path to a file
    folders : dict from path prefix to a folder
    faults : dict from path to a list of faults, taken in turn
    always : dict from path to a fault for every request
    latency_s : float
        Waited before every answer.
    etags, ranges : bool
        Whether the server names versions and knows ranges.
    requests : Counter of paths
    ranges_asked : dict from path to the Range headers that came
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, Path] = {}
        self.folders: dict[str, Path] = {}
        self.records: dict[str, dict] = {}
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.always: dict[str, Fault] = {}
        self.latency_s = 0.0
        self.etags = self.ranges = True
        self.requests: Counter[str] = Counter()
        self.ranges_asked: defaultdict[str, list[str]] = defaultdict(list)
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def content(self, path: str) -> bytes | None:
        if path in self.records:
            return json.dumps(self.records[path]).encode()
        file = self.files.get(path)
        for prefix, folder in self.folders.items():
            if path.startswith(prefix + "/"):
                file = folder / path.removeprefix(prefix + "/")
        return file.read_bytes() if file is not None and file.is_file() else None

    def fault(self, path: str) -> Fault | None:
        with self.lock:
            self.requests[path] += 1
            return self.faults[path].pop(0) if self.faults[path] else self.always.get(path)

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that went away."""


class Handler(BaseHTTPRequestHandler):
    """Answers GET."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        time.sleep(self.server.latency_s)
        path = unquote(urlsplit(self.path).path)
        if "Range" in self.headers:
            self.server.ranges_asked[path].append(self.headers["Range"])
        fault = self.server.fault(path)
        content = self.server.content(path)
        if fault is not None:
            fault(self, content or b"")
        elif content is None:
            self.answer(404, b"not here")
        else:
            self.give(content)

    def give(self, content: bytes) -> None:
        """Give all of a file, or what was asked of it."""
        start = self.start_of_range()
        same = self.headers.get("If-Range") in (None, etag(content))
        if start is None or not self.server.ranges or not same:
            self.answer(200, content, {"ETag": etag(content)} if self.server.etags else {})
        elif start >= len(content):
            self.answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        else:
            part = content[start : self.end_of_range()]
            where = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
            self.answer(206, part, {"Content-Range": where, "ETag": etag(content)})

    def start_of_range(self) -> int | None:
        value = self.headers.get("Range")
        return int(value.removeprefix("bytes=").split("-")[0]) if value else None

    def end_of_range(self) -> int | None:
        last = self.headers["Range"].split("-")[1]
        return int(last) + 1 if last else None

    def answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int = -1
    ) -> None:
        self.send_response(status)
        headers = {"Content-Type": "application/octet-stream"} | (headers or {})
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length < 0 else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def etag(content: bytes) -> str:
    return f'"{hash(content) & 0xFFFFFFFF:x}"'


# Faults --------------------------------------------------------------------------------------


def status(code: int, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: handler.answer(code, b"no", named)


def broken_after(count: int) -> Fault:
    """Break the connection after some bytes of the body."""

    def fault(handler: Handler, content: bytes) -> None:
        start = handler.start_of_range() or 0
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(content) - start))
        handler.send_header("ETag", etag(content))
        if start:
            where = f"bytes {start}-{len(content) - 1}/{len(content)}"
            handler.send_header("Content-Range", where)
        handler.end_headers()
        handler.wfile.write(content[start : start + count])
        handler.wfile.flush()
        handler.close_connection = True
        handler.connection.close()

    return fault


def hang_after(count: int) -> Fault:
    """Give some bytes of a file and then nothing for a while."""

    def fault(handler: Handler, content: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.send_header("ETag", etag(content))
        handler.end_headers()
        handler.wfile.write(content[:count])
        handler.wfile.flush()
        time.sleep(5)

    return fault


def wrong_length(more: int) -> Fault:
    """Promise more (or fewer) bytes than the body has."""

    def fault(handler: Handler, content: bytes) -> None:
        handler.answer(200, content, {"ETag": etag(content)}, length=len(content) + more)
        handler.close_connection = True

    return fault


def web_page(handler: Handler, _: bytes) -> None:
    page = b"<!DOCTYPE html><title>Quota exceeded</title>"
    handler.answer(200, page, {"Content-Type": "text/html; charset=utf-8"})


def half(handler: Handler, content: bytes) -> None:
    """Give the first half of a file as if it were all of it."""
    handler.answer(200, content[: len(content) // 2])


def other(handler: Handler, content: bytes) -> None:
    """Give a file of the same length with one byte changed."""
    handler.answer(200, content[:-1] + bytes([content[-1] ^ 1]))


def trickle(handler: Handler, content: bytes) -> None:
    """Give a byte now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    for byte in content:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


def raw(code: int, body: bytes, *headers: str) -> Fault:
    """Answer with exactly these headers, be there a Content-Length or not, and hang up."""

    def fault(handler: Handler, _: bytes) -> None:
        lines = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {code} So", *headers, ""))
        handler.wfile.write(lines.encode() + body)
        handler.wfile.flush()
        handler.close_connection = True

    return fault


def trickled_headers(handler: Handler, content: bytes) -> None:
    """Give one short header after the other, for three seconds, and then the file."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(30):
        handler.wfile.write(f"X-{number}: 0\r\n".encode())
        handler.wfile.flush()
        time.sleep(0.1)
    handler.wfile.write(f"Content-Length: {len(content)}\r\n\r\n".encode() + content)


def trickled_chunk(handler: Handler, content: bytes) -> None:
    """Give the length of a chunk digit by digit, for three seconds, and then the file."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for digit in f"{len(content):030x}":
        handler.wfile.write(digit.encode())
        handler.wfile.flush()
        time.sleep(0.1)
    handler.wfile.write(b"\r\n" + content + b"\r\n0\r\n\r\n")


def chunked(handler: Handler, content: bytes, whole: bool = True) -> None:
    """Give a file in chunks, with its end or without."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(content), 1000):
        piece = content[start : start + 1000]
        handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n" if whole else b"")
    handler.close_connection = True


def broken_chunks(handler: Handler, content: bytes) -> None:
    """Hang up between two chunks."""
    chunked(handler, content[: len(content) // 2], whole=False)


def until_it_hangs_up(handler: Handler, content: bytes) -> None:
    """Give the first half of a file without saying how long it is."""
    raw(200, content[: len(content) // 2])(handler, content)


def slices(count: int, **headers: str) -> Fault:
    """Give no more than ``count`` bytes of what was asked for, and say so.

    ``headers`` are put over the ETag that the content has.
    """

    def fault(handler: Handler, content: bytes) -> None:
        start = handler.start_of_range() or 0
        end = min(start + count, len(content))
        where = f"bytes {start}-{end - 1}/{len(content)}"
        named = {"ETag": etag(content)} | headers | {"Content-Range": where}
        handler.answer(206, content[start:end], {k: v for k, v in named.items() if v})

    return fault


def lying_slices(count: int) -> Fault:
    """Give no more than ``count`` bytes and call them all of the rest."""

    def fault(handler: Handler, content: bytes) -> None:
        start = handler.start_of_range() or 0
        where = f"bytes {start}-{len(content) - 1}/{len(content)}"
        named = {"ETag": etag(content), "Content-Range": where}
        handler.answer(206, content[start : start + count], named)

    return fault


def compressed(handler: Handler, content: bytes, share: float = 1.0) -> None:
    """Give a file with Content-Encoding gzip, or a share of it with the length of that share."""
    body = gzip.compress(content)
    handler.answer(200, body[: int(share * len(body))], {"Content-Encoding": "gzip"})


def cut_inside_gzip(share: float) -> Fault:
    return lambda handler, content: compressed(handler, content, share)


@contextmanager
def serve() -> Iterator[Server]:
    """Run a server in a thread until the block ends."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
