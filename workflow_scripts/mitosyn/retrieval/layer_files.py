"""The files of a layer, brought here from the disk or over the network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tqdm import tqdm

from mitosyn.meshes import LAYER, Content, Part, Wanted, is_web_layer, local_layer
from mitosyn.retrieval.transfer import (
    DamagedError,
    Policy,
    RefusedError,
    TransientError,
    get_file,
    open_session,
)
from mitosyn.support import CONFIGURATION, RETRIEVAL, InputError

# Files read at once, which matters where the disk is far away.
LOCAL_READS = 8


@dataclass(frozen=True)
class Transfer:
    """How what a layer holds is brought over the network."""

    policy: Policy = field(default_factory=Policy)
    connections: int = 32
    """Requests at once."""
    progress: bool = False
    """Whether to show a progress bar."""


class LayerFiles:
    """The files of a layer, without CloudVolume.

    That does not read ``info`` with a time-out and takes 403 for a missing one.

    Parameters
    ----------
    path : str
        ``precomputed://…`` path.
    what : str
        What is read of it, for errors: "meshes".
    remedy : str
        What to do about a layer that does not hold that.
    """

    def __init__(self, path: str, transfer: Transfer, what: str, remedy: str) -> None:
        # It takes longer than most jobs work, so that only what reads a layer imports it.
        from cloudfiles.paths import to_https_protocol

        self.path, self.transfer = path, transfer
        self._what, self._remedy = what, remedy
        local = local_layer(path)
        web = to_https_protocol(path.removeprefix(LAYER))
        self._root = f"file://{local.resolve()}" if local else web

    def read_info(self, path: str) -> Any:
        """Read an ``info``, None where there is none."""
        content = self.download([path])[path]
        try:
            if isinstance(content, Exception):
                raise content
            return None if content is None else json.loads(content)
        except Exception as error:
            raise self.unreadable(f"{path}: {error}") from error

    def unreadable(self, problem: str) -> InputError:
        """Return the error for a layer that does not hold what is to be read."""
        reason = problem.strip().partition("\n")[0][:300]
        problem = f"not a layer with {self._what} that can be read ({reason})"
        return InputError(self.path, problem, self._remedy, CONFIGURATION)

    def download(self, wanted: Sequence[Wanted]) -> dict[Wanted, Content]:
        """Return the content of each file or part of one, as :data:`mitosyn.meshes.Content`.

        That a server fails or refuses is an InputError: it says nothing about what it holds.
        """
        if is_web_layer(self.path):
            return self._download_from_web(wanted)
        from cloudfiles import CloudFiles

        files = CloudFiles(self._root)

        def get(each: Wanted) -> Content:
            asked = each._asdict() if isinstance(each, Part) else each
            # Asked for several, it looks every 0.1 s whether all are there.
            (found,) = files.get([asked], raise_errors=False)
            return found["content"] if found["error"] is None else found["error"]

        with ThreadPoolExecutor(LOCAL_READS) as pool:
            return dict(zip(wanted, pool.map(get, wanted), strict=True))

    def _download_from_web(self, wanted: Sequence[Wanted]) -> dict[Wanted, Content]:
        transfer = self.transfer
        hidden = not transfer.progress or len(wanted) == 1
        with open_session(transfer.connections, transfer.policy) as session:

            def get(each: Wanted) -> Content:
                path = each.path if isinstance(each, Part) else each
                span = (each.start, each.end) if isinstance(each, Part) else None
                try:
                    # A manifest may name any file: "#" and "?" would end the path of a URL.
                    url = f"{self._root}/{quote(path, safe='/:')}"
                    return get_file(session, url, transfer.policy, span)
                except DamagedError as error:
                    return error

            pool = ThreadPoolExecutor(transfer.connections)
            try:
                results = tqdm(
                    pool.map(get, wanted), total=len(wanted), disable=hidden, unit="file"
                )
                return dict(zip(wanted, results, strict=True))
            except (TransientError, RefusedError) as error:
                raise InputError(
                    self.path,
                    f"the server does not give the {self._what} ({error})",
                    f"Run again later: only {self._what} that are missing are fetched.",
                    RETRIEVAL,
                ) from error
            finally:
                pool.shutdown(cancel_futures=True)
