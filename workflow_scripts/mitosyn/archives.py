"""Archives whose bytes depend on nothing but the files in them."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from mitosyn.errors import InputError
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


def unpack_files(archive: str | Path, folder: str | Path, endings: tuple[str, ...]) -> int:
    """Unpack the files with certain endings into one flat folder.

    Only plain files are taken, and only their base names are used, so that nothing can
    land outside the folder.

    Parameters
    ----------
    archive : str or Path
        A ``.tar.gz`` or ``.tgz``.
    folder : str or Path
        Made if need be.
    endings : tuple of str

    Returns
    -------
    int
        The number of files unpacked.

    Raises
    ------
    InputError
        The archive is unreadable or truncated, or has no such file.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    try:
        with tarfile.open(archive, "r:gz") as content:
            for member in content:
                if member.isfile() and member.name.endswith(endings):
                    unpacked = content.extractfile(member)
                    assert unpacked is not None  # of a plain file
                    with whole_file(folder / Path(member.name).name) as temporary:
                        temporary.write_bytes(unpacked.read())
                    count += 1
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise InputError(
            archive, f"unreadable or truncated archive ({error})", "Get the archive again."
        ) from error
    if count == 0:
        raise InputError(
            archive, f"no file named *{' or *'.join(endings)}", "Check the path in the config."
        )
    return count


def _plain(info: tarfile.TarInfo, kind: bytes, mode: int) -> tarfile.TarInfo:
    info.type, info.mode, info.mtime = kind, mode, 0
    return info
