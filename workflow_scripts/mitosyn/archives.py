"""Archives whose bytes depend on nothing but the files in them."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from mitosyn.errors import CONFIGURATION, RETRIEVAL, InputError
from mitosyn.files import whole_file, whole_folder


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


def unpack_files(archive: str | Path, folder: str | Path, endings: tuple[str, ...]) -> int:
    """Unpack the files with certain endings into one flat folder.

    Parameters
    ----------
    archive : str or Path
        A ``.tar.gz`` or ``.tgz``.
    folder : str or Path
        Appears when the whole archive has been read.
    endings : tuple of str

    Returns
    -------
    int
        The number of files unpacked.

    Raises
    ------
    InputError
        The archive is unreadable, truncated or unsafe, or has no such file.
    """
    count = 0
    with whole_folder(folder) as temporary:
        for name, content in _plain_files(archive):
            if name.endswith(endings):
                _copy(content, temporary / Path(name).name)
                count += 1
        if count == 0:
            raise InputError(
                archive,
                f"no file named *{' or *'.join(endings)}",
                "Check the path in the config.",
                CONFIGURATION,
            )
    return count


def unpack_member(archive: str | Path, member: str, target: str | Path) -> None:
    """Unpack one file, named by its path in the archive or by the end of that path.

    Raises
    ------
    InputError
        The archive is unreadable, truncated or unsafe, or has not exactly one such file.
    """
    found = []
    with whole_file(target) as temporary:
        for name, content in _plain_files(archive):
            if name == member or name.endswith(f"/{member}"):
                found.append(name)
                _copy(content, temporary)
        if len(found) != 1:
            raise InputError(
                archive,
                f"{len(found)} files named {member} ({', '.join(found)}), expected one"
                if found
                else f"no file named {member}",
                "Correct the member in the config.",
                CONFIGURATION,
            )


def _plain_files(archive: str | Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Give the plain files of an archive in turn, refusing what could do harm."""
    try:
        with tarfile.open(archive, "r:gz") as content:
            for member in content:
                _refuse_harm(archive, member)
                file = content.extractfile(member)
                if file is not None:
                    yield member.name, file
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise InputError(
            archive,
            f"unreadable or truncated archive ({error})",
            "Get the archive again.",
            RETRIEVAL,
        ) from error


def _refuse_harm(archive: str | Path, member: tarfile.TarInfo) -> None:
    outside = member.name.startswith("/") or ".." in PurePosixPath(member.name).parts
    if outside or not (member.isfile() or member.isdir()):
        what = "lies outside the archive" if outside else "is a link or a device"
        raise InputError(archive, f"member {member.name!r} {what}", "Do not trust this archive.")


def _copy(content: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(content, file)


def _plain(info: tarfile.TarInfo, kind: bytes, mode: int) -> tarfile.TarInfo:
    info.type, info.mode, info.mtime = kind, mode, 0
    return info
