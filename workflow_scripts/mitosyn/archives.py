"""Archives whose bytes depend on nothing but the files in them."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterable
from pathlib import Path

from mitosyn.files import whole_file


def pack(path: str | Path, folder: str, files: Iterable[str | Path]) -> int:
    """Pack files into a ``.tar.gz`` that unpacks into one folder.

    Owners, times and modes are fixed and the members sorted by name, so that the same
    files give the same bytes.

    Parameters
    ----------
    path : str or Path
        The archive.
    folder : str
        The one folder in it.
    files : iterable of path
        Their base names are used.

    Returns
    -------
    int
        The number of files packed.
    """
    members = sorted((Path(file) for file in files), key=lambda file: file.name)
    with (
        whole_file(path) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        archive.addfile(_plain(tarfile.TarInfo(folder), tarfile.DIRTYPE, 0o755))
        for member in members:
            info = _plain(tarfile.TarInfo(f"{folder}/{member.name}"), tarfile.REGTYPE, 0o644)
            info.size = member.stat().st_size
            with member.open("rb") as content:
                archive.addfile(info, content)
    return len(members)


def _plain(info: tarfile.TarInfo, kind: bytes, mode: int) -> tarfile.TarInfo:
    info.type, info.mode, info.mtime = kind, mode, 0
    return info
