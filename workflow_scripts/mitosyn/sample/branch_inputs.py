"""Make what only the branch analysis reads of the embedded dataset.

The meshes of the cells are :mod:`~mitosyn.sample.cell_meshes`. Dirt in the tables,
as in the published ones:

- the largest mitochondrion of the first pyramidal cell has no overlap row;
- every 25th mitochondrion overlaps a second cell, and the overlap of one mitochondrion
  with its cell is in two rows;
- there are overlaps with cells that are not analysed;
- the second analysed cell has two nuclei, the third none, and one nucleus is in no cell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mitosyn.catalogue import CELL_MESHES, PUBLISHED_BRANCH_FILES
from mitosyn.sample.cell_meshes import cell_mesh, write_cell_mesh
from mitosyn.sample.cells import Cast, make_cast
from mitosyn.sample.dataset import empty_folder, grow_skeletons
from mitosyn.sample.layer import Grid
from mitosyn.sample.skeleton import Skeleton
from mitosyn.sample.space import Purpose, distinct_integers, stream
from mitosyn.sources import EM_VOXELS
from mitosyn.support import write_text
from mitosyn.tables import ID, read_table, write_csv

_Lengths = tuple[float, float, float]

_SHARED_EVERY = 25
_SHARED_PART = 8  # one in so many voxels of a shared mitochondrion is the other cell's
_NUCLEUS_RADII_NM = (3_600.0, 4_200.0)
_NUCLEUS_IDS = (1, 100_000)


def make_branch_inputs(
    folder: Path,
    *,
    mitochondria: str | Path,
    sizes: dict[str, Any],
    voxel_size_nm: _Lengths,
    mesh_voxel_size_nm: _Lengths,
    nucleus_voxel_size_nm: _Lengths,
) -> None:
    """Write cell meshes, overlaps and nuclei beside a made-up dataset.

    Cell meshes that lie there already are removed. ``mitochondria`` is the dataset's table of
    all of them, ``sizes`` has what :func:`~mitosyn.sample.dataset.make_dataset` got.
    """
    seed = sizes["seed"]
    counts = (sizes[kind] for kind in ("pyramidal_cells", "inhibitory_cells", "astrocytes"))
    cast = make_cast(seed, *counts)
    skeletons = grow_skeletons(seed, cast)
    grid = Grid(np.array(voxel_size_nm), np.array(mesh_voxel_size_nm))
    _write_cell_meshes(folder / PUBLISHED_BRANCH_FILES[CELL_MESHES], cast, skeletons, grid)
    overlaps = folder / PUBLISHED_BRANCH_FILES["mitochondrion_cell_overlaps"]
    _write_overlaps(overlaps, cast, mitochondria)
    _write_nuclei(folder, seed, cast, nucleus_voxel_size_nm)


def _write_cell_meshes(
    folder: Path, cast: Cast, skeletons: dict[int, Skeleton], grid: Grid
) -> None:
    """Write the meshes of all neurons but the last into an empty folder."""
    empty_folder(folder)
    for number, cell in enumerate(cast.neurons[:-1]):
        bridged = cell is cast.inhibitory[0]
        mesh = cell_mesh(skeletons[cell.cell_id], bridged=bridged, scrap=number == 1)
        write_cell_mesh(folder, cell.cell_id, grid.as_delivered(mesh))


def _write_overlaps(path: Path, cast: Cast, mitochondria: str | Path) -> None:
    """Write how many voxels each mitochondrion shares with which cell, by mitochondrion."""
    table = read_table(mitochondria, {"mito_id": ID, "mito_vx": ID, "cellid": ID})
    ordered = sorted(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
    first_cell = cast.pyramidal[0].cell_id
    left_out = max((voxels, mito) for mito, voxels, cell in ordered if cell == first_cell)[1]
    neurons = [cell.cell_id for cell in cast.neurons]
    rows: list[tuple[int, int, int]] = []
    for number, (mito, voxels, cell) in enumerate(ordered):
        shared = max(1, round(voxels / EM_VOXELS))
        part = shared // _SHARED_PART if number % _SHARED_EVERY == 0 else 0
        if mito != left_out:
            rows.append((mito, cell, shared - part))
            if part:
                # The very first one's second row is of the same cell.
                other = next(other for other in neurons if other != cell) if number else cell
                rows.append((mito, other, part))
    numbered = [(index, *row) for index, row in enumerate(rows)]
    write_csv(path, ["", "row_id", "col_id", "vals"], numbered)


def _write_nuclei(folder: Path, seed: int, cast: Cast, voxel_nm: _Lengths) -> None:
    """Write the table of nuclei and the one of the cells that they are in."""
    rng = stream(seed, Purpose.NUCLEI)
    analysed = [cell.cell_id for cell in [*cast.neurons, *cast.astrocytes]]
    owners = [cell for number, cell in enumerate(analysed) if number != 2]
    owners.append(analysed[1])
    owners += [cell.cell_id for cell in cast.bystanders for _ in range(cell.role.soma_rows)]
    ids = distinct_integers(rng, *_NUCLEUS_IDS, len(owners) + 1)
    volumes = 4 / 3 * np.pi * rng.uniform(*_NUCLEUS_RADII_NM, len(ids)) ** 3
    sizes = np.round(volumes / np.prod(voxel_nm)).astype(np.int64)
    rows = sorted(zip(ids.tolist(), sizes.tolist(), strict=True))
    write_csv(folder / PUBLISHED_BRANCH_FILES["nucleus_segments"], ["", "size"], rows)
    pairs = sorted(zip(owners, ids[:-1].tolist(), strict=True))
    lines = "".join(f"{cell};{nucleus}\n" for cell, nucleus in pairs)
    write_text(folder / PUBLISHED_BRANCH_FILES["nucleus_cell_overlaps"], lines)
