"""The nuclei of cells and their volumes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mitosyn.support import NM3_PER_UM3, InputError
from mitosyn.tables import (
    ID,
    NUMBER,
    is_id,
    numpy_values,
    read_header,
    read_lines,
    read_table,
    refuse_repeats,
)


@dataclass(frozen=True)
class Nuclei:
    """What is known of one cell's nuclei.

    Attributes
    ----------
    ids
        Ascending; empty if no nucleus overlaps the cell.
    volume_um3
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
    """Read which nuclei each cell has and how large they are, by cell.

    Parameters
    ----------
    segments
        CSV whose first column is the nucleus id, with ``size`` in voxels.
    cell_overlaps
        Text with one ``cell;nucleus`` per line; a pair that repeats counts once.
    voxel_size_nm
        Of the nucleus segmentation.
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
    header = read_header(path)
    if "size" not in header[1:]:
        raise _bad(path, f"no column 'size' after the first; it has {header}")
    table = read_table(path, {header[0]: ID, "size": NUMBER})
    nuclei, sizes = (numpy_values(table[name]) for name in (header[0], "size"))
    refuse_repeats(path, "nucleus", nuclei)
    if not (sizes > 0).all():
        row = int(np.argmin(sizes > 0))
        problem = f"size of nucleus {nuclei[row]} is {sizes[row]:g}, expected more than 0"
        raise _bad(path, f"row {row + 1}: {problem}")
    return dict(zip(nuclei.tolist(), sizes.tolist(), strict=True))


def _read_pairs(path: str | Path) -> Iterator[tuple[int, int]]:
    """Read pairs of cell and nucleus."""
    for number, line in enumerate(read_lines(path), start=1):
        pair = line.split(";")
        if len(pair) == 2 and all(is_id(text) for text in pair):
            yield int(pair[0]), int(pair[1])
        elif line:
            raise _bad(path, f"line {number}: {line[:60]!r}, expected cell;nucleus")


def _bad(path: str | Path, problem: str) -> InputError:
    return InputError(path, problem, "Correct the table, or point the config at the right one.")
