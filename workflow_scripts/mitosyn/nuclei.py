"""The nuclei of cells and their volumes."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mitosyn.errors import CONFIGURATION, InputError
from mitosyn.units import NM3_PER_UM3

_PAIR = re.compile(r"(\d+);(\d+)")


@dataclass(frozen=True)
class Nuclei:
    """What is known of one cell's nuclei.

    Attributes
    ----------
    ids : tuple of int
        Ascending; empty if no nucleus overlaps the cell.
    volume_um3 : float
        Of all together; NaN if there is none or the size of one is not known.
    """

    ids: tuple[int, ...] = ()
    volume_um3: float = math.nan

    @property
    def problem(self) -> str:
        """What is not as it should be, in words; empty if the cell has one sized nucleus."""
        if not self.ids:
            return "no nucleus"
        named = ", ".join(map(str, self.ids))
        if math.isnan(self.volume_um3):
            return f"nucleus without a size, of {named}"
        return f"{len(self.ids)} nuclei ({named})" if len(self.ids) > 1 else ""


def read_nuclei(
    segments: str | Path, cell_overlaps: str | Path, voxel_size_nm: tuple[float, ...]
) -> dict[int, Nuclei]:
    """Read which nuclei each cell has and how large they are.

    Parameters
    ----------
    segments : str or Path
        CSV whose first column is the nucleus id, with ``size`` in voxels.
    cell_overlaps : str or Path
        Text with one ``cell;nucleus`` per line; a pair that repeats counts once.
    voxel_size_nm : three floats
        Voxel size of the nucleus segmentation.

    Returns
    -------
    dict from cell id to Nuclei
        Of every cell that overlaps a nucleus; ``Nuclei()`` stands for any other.

    Raises
    ------
    InputError
        One of the files cannot be read; names the row or line.
    """
    voxel_um3 = math.prod(voxel_size_nm) / NM3_PER_UM3
    sizes = _read_sizes(segments)
    of_cells: dict[int, set[int]] = {}
    for cell, nucleus in _read_pairs(cell_overlaps):
        of_cells.setdefault(cell, set()).add(nucleus)
    return {
        cell: Nuclei(
            tuple(sorted(nuclei)),
            voxel_um3 * sum(sizes.get(nucleus, math.nan) for nucleus in sorted(nuclei)),
        )
        for cell, nuclei in of_cells.items()
    }


def _read_sizes(path: str | Path) -> dict[int, float]:
    """Read the voxels of each nucleus."""
    rows = enumerate(csv.reader(_lines(path)))
    _, header = next(rows, (0, []))
    if "size" not in header[1:]:
        raise _bad(path, f"no column 'size' after the first; it has {header}")
    column = header.index("size")
    sizes: dict[int, float] = {}
    for number, row in rows:
        try:
            nucleus, size = int(row[0]), float(row[column])
        except (ValueError, IndexError) as error:
            raise _bad(
                path, f"row {number}: {','.join(row)!r}, expected a nucleus id and its size"
            ) from error
        if nucleus in sizes:
            raise _bad(path, f"row {number}: nucleus {nucleus} is there twice")
        if not (math.isfinite(size) and size > 0):
            raise _bad(path, f"row {number}: size of nucleus {nucleus} is {size:g}, expected more")
        sizes[nucleus] = size
    return sizes


def _read_pairs(path: str | Path) -> Iterator[tuple[int, int]]:
    """Read pairs of cell and nucleus."""
    for number, line in enumerate(_lines(path), start=1):
        pair = _PAIR.fullmatch(line.strip())
        if pair:
            yield int(pair[1]), int(pair[2])
        elif line.strip():
            raise _bad(path, f"line {number}: {line.strip()!r}, expected cell;nucleus")


def _lines(path: str | Path) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise InputError(
            path, "no such file", "Check the path in the config.", CONFIGURATION
        ) from error
    except UnicodeDecodeError as error:
        raise _bad(path, f"not a text file ({error})") from error


def _bad(path: str | Path, problem: str) -> InputError:
    return InputError(path, problem, "Correct the table, or point the config at the right one.")
