"""Seals: what a job wrote into a file of the dataset, to see whether the file is still that.

Times do not show it: a file may be edited, replaced by an older one, or put there by hand. When a
job has ended well, the SHA-256 of each file that it wrote under ``results/<dataset>/`` is kept
in ``results/<dataset>/.made/``, under the same path. Intermediate files (``per_cell/``) and inputs
have no seals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mitosyn.support.errors import CHECKS, InputError
from mitosyn.support.files import write_text

RESULTS, SEALS = "results", ".made"
SHOWN = 5


def seal_outputs(outputs: Iterable[str | Path]) -> None:
    """Seal the files of a dataset among the outputs of a job that has ended well."""
    for path in map(Path, outputs):
        if RESULTS in path.parts and "per_cell" not in path.parts and path.is_file():
            write_text(_seal(path), _sha256(path))


def broken_seals(paths: Iterable[str | Path]) -> list[str]:
    """Return the files that are not, byte by byte, what a job of this workflow wrote."""
    return [str(path) for path in paths if not _is_sealed(Path(path))]


def refuse_broken_seals(paths: Iterable[str | Path]) -> None:
    """Refuse files that are not, byte by byte, what a job of this workflow wrote."""
    broken = broken_seals(paths)
    if broken:
        raise InputError(
            _some(broken),
            "not as a job of this workflow wrote it: changed, or put there, by hand",
            "Delete it here (keep your copy elsewhere) and run again: it is made anew.",
            CHECKS,
        )


def remove_strays(pattern: str, members: Iterable[str | Path], folder: str | Path) -> list[str]:
    """Remove files that earlier runs made for cells or names that are no longer there.

    These are files in ``folder`` whose whole name matches ``pattern`` and that are none of the
    ``members``, the files of this run. Return what was removed, sorted.

    Raises
    ------
    InputError
        Such a file is not as a job wrote it, or changed since; then none is removed.
    """
    kept = {Path(member).name for member in members}
    strays = sorted(
        path
        for path in Path(folder).glob("*")
        if re.fullmatch(pattern, path.name) and path.name not in kept
    )
    foreign = broken_seals(strays)
    if foreign:
        raise InputError(
            _some(foreign),
            "belongs to no cell of this run, and no job of this workflow wrote it as it is",
            "Move it out of the folder, whose files are taken for one dataset, and run again.",
            CHECKS,
        )
    for path in strays:
        path.unlink()
        _seal(path).unlink()
    return [str(path) for path in strays]


def _some(paths: list[str]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + more


def _is_sealed(path: Path) -> bool:
    seal = _seal(path)
    return path.is_file() and seal.is_file() and seal.read_text() == _sha256(path)


def _seal(path: Path) -> Path:
    """Return where the seal of a file is: not beside it, where programs list all files."""
    root = path.parts.index(RESULTS) + 2
    return Path(*path.parts[:root], SEALS, *path.parts[root:])


def _sha256(path: Path) -> str:
    # Not at start-up: most jobs write no file of the dataset.
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() + "\n"
