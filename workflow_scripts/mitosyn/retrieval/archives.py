"""Archives whose bytes depend on nothing but the files in them."""

from __future__ import annotations

import errno
import gzip
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from mitosyn.support import CONFIGURATION, RETRIEVAL, InputError, whole_file, whole_folder

CHUNK_BYTES = 1 << 20


def pack(path: str | Path, folder: str, files: Iterable[str | Path]) -> int:
    """Pack files into a ``.tar.gz`` that unpacks into one folder; return their number.

    Owners, times and modes are fixed and the members sorted by name, so that the same
    files give the same bytes.
    """
    members = sorted((Path(file) for file in files), key=lambda file: file.name)
    with (
        whole_file(path, durable=True) as temporary,
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
    """Unpack the files of a ``.tar.gz`` with certain endings into one flat folder.

    The folder appears when the whole archive has been read. Return the number of files.

    Raises
    ------
    InputError
        The archive is unreadable, truncated or unsafe, has no such file, or two of one
        name.
    """
    found: dict[str, str] = {}
    with whole_folder(folder) as temporary:
        for member, content in plain_files(archive):
            name = PurePosixPath(member).name
            if not name.endswith(endings) or name.startswith("."):
                continue
            if name in found:
                raise InputError(
                    archive,
                    f"2 files named {name} ({found[name]}, {member}), expected one",
                    "Make an archive without the one that is not wanted.",
                    RETRIEVAL,
                )
            found[name] = member
            _copy(archive, member, content, temporary / name)
        if not found:
            problem = f"no file named *{' or *'.join(endings)}"
            raise InputError(archive, problem, "Check the path in the config.", CONFIGURATION)
    return len(found)


def unpack_member(archive: str | Path, member: str, target: str | Path) -> None:
    """Unpack one file, named by its path in the archive or by the end of that path.

    Raises
    ------
    InputError
        The archive is unreadable, truncated or unsafe, or has not exactly one such file.
    """
    found = []
    with whole_file(target, durable=True) as temporary:
        for name, content in plain_files(archive):
            if name == member or name.endswith(f"/{member}"):
                found.append(name)
                _copy(archive, name, content, temporary)
        if len(found) != 1:
            several = f"{len(found)} files named {member} ({', '.join(found)}), expected one"
            problem = several if found else f"no file named {member}"
            raise InputError(archive, problem, "Correct the member in the config.", CONFIGURATION)


class _Member(tarfile.TarInfo):
    """A member whose damaged header is no end of the archive, as tarfile takes it to be."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Member:
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the zeros of a true end
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"{error} after {archive.offset} bytes") from error


def plain_files(archive: str | Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the plain files of an archive in turn, refusing what could do harm.

    Only after the last one is it known whether all of them are as they were packed: then
    the checksum at the end of the gzip stream has been compared.
    """
    with (
        _readable(archive),
        gzip.open(archive) as stream,
        tarfile.open(fileobj=stream, mode="r:", tarinfo=_Member) as content,
    ):
        for member in content:
            _refuse_harm(archive, member)
            file = content.extractfile(member)
            if file is not None:
                yield member.name, _pieces(archive, file)
        while piece := stream.read(CHUNK_BYTES):
            if piece.strip(b"\0"):
                raise tarfile.ReadError("something follows the end of the archive")


def _pieces(archive: str | Path, file: IO[bytes]) -> Iterator[bytes]:
    with _readable(archive):
        while piece := file.read(CHUNK_BYTES):
            yield piece


@contextmanager
def _readable(archive: str | Path) -> Iterator[None]:
    """Refuse the archive if anything in the block cannot be read."""
    try:
        yield
    except InputError:
        raise
    # What tarfile makes of damaged headers may be a ValueError or worse.
    except (tarfile.TarError, EOFError, OSError, ArithmeticError, ValueError, zlib.error) as error:
        problem = f"unreadable or truncated archive ({error})"
        raise InputError(archive, problem, "Get the archive again.", RETRIEVAL) from error


def _refuse_harm(archive: str | Path, member: tarfile.TarInfo) -> None:
    outside = member.name.startswith("/") or ".." in PurePosixPath(member.name).parts
    if outside or "\0" in member.name or not (member.isfile() or member.isdir()):
        what = "lies outside the archive" if outside else "is a link or a device"
        what = "has no proper name" if "\0" in member.name else what
        raise InputError(archive, f"member {member.name!r} {what}", "Do not trust this archive.")


def _copy(archive: str | Path, member: str, content: Iterator[bytes], target: Path) -> None:
    try:
        file = target.open("wb")
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        problem = f"the name of member {member} is too long for this file system"
        remedy = "Make an archive with a shorter name."
        raise InputError(archive, problem, remedy, RETRIEVAL) from error
    with file:
        file.writelines(content)


def _plain(info: tarfile.TarInfo, kind: bytes, mode: int) -> tarfile.TarInfo:
    info.type, info.mode, info.mtime = kind, mode, 0
    return info
