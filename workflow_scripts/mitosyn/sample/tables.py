"""The CSV files of the made-up dataset, in the published columns and spelling.

Dirt made here, as in the published tables:

- the index column of the cell type table restarts in every section;
- positions of somas are text as numpy prints it, with runs of blanks;
- the names of the compartments 4 and 5 of pyramidal mitochondria are swapped;
- ``soma_*_nm`` are all made from x; ``ctr_pos_*_nm`` are made with the mesh voxel size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mitosyn.catalogue import PUBLISHED_LABELS
from mitosyn.meshes import complexity_index
from mitosyn.sample.cells import MERGED_NUCLEUS_NM, Cast, Cell
from mitosyn.sample.layer import Grid
from mitosyn.sample.mitochondria import OTHER_SKELETON, Mitochondrion
from mitosyn.sample.skeleton import Label, Skeleton
from mitosyn.sample.space import VOLUME_NM, Floats, Ints, Purpose, stream
from mitosyn.sample.tubes import centroid, surface_area
from mitosyn.tables import names_by_label

_CENTROID = [f"centroid_{axis}" for axis in "xyz"]
_SOMA_NM = [f"soma_{axis}_nm" for axis in "xyz"]
_CENTRE_VX = [f"ctr_pos_{axis}_vx" for axis in "xyz"]
_MITOCHONDRIA = [
    "mito_id",
    "mito_vx",
    *_CENTRE_VX,
    *(f"bbox_{end}_{axis}_vx" for end in ("beg", "end") for axis in "xyz"),
    "cellid",
    *(f"ctr_pos_{axis}_nm" for axis in "xyz"),
]
_RESULTS = ["surface_area", "complexityindex", "compartment", "pathlength"]
# By the table's key in PUBLISHED_FILES.
COLUMNS = {
    "cell_types": ["", *_CENTROID, "cell_segid", "cell_type", "cell_subtype"],
    "somas": ["id", "cell_type", "pt_position", "pt_root_id", *_SOMA_NM],
    "mitochondria": _MITOCHONDRIA,
    "neuron_mitochondria": _MITOCHONDRIA,
    "pyramidal_mitochondria": [*_MITOCHONDRIA, *_RESULTS],
    "synapses": ["", "id", "pre_root_id", "post_root_id", "cleft_vx", *_CENTRE_VX],
}

_Row = Sequence[int | str]

_FIRST_INDEX = {"pyramidal": 1, "inhibitory": 37, "glia": 0, "vasculature": 0}


def cell_type_rows(cast: Cast, seed: int, grid: Grid) -> list[_Row]:
    """Return the rows of the cell type table, in sections by cell type.

    ``seed`` decides the order in each section and the gaps of the index.
    """
    rng = stream(seed, Purpose.CELL_TYPE_TABLE)
    everyone = [*cast.neurons, *cast.astrocytes, *cast.bystanders, *cast.vessel]
    rows: list[_Row] = []
    for section, first in _FIRST_INDEX.items():
        members = [cell for cell in everyone if cell.role.cell_type == section]
        # The gaps are what the published table left out.
        gaps = rng.integers(1, 3, len(members))
        indices = first + np.cumsum(gaps) - gaps[0]
        order = rng.permutation(len(members)).tolist()
        for index, number in zip(indices.tolist(), order, strict=True):
            cell = members[number]
            x, y, z = grid.voxels(cell.soma_nm).tolist()
            centroid = (x // 16 * 16, y // 16 * 16, z)
            rows.append(
                (index, *centroid, cell.cell_id, cell.role.cell_type, cell.role.cell_subtype)
            )
    return rows


def soma_rows(cast: Cast, seed: int, grid: Grid) -> list[_Row]:
    """Return the rows of the soma table, in random order: two of a cell with two nuclei."""
    somas: list[tuple[Cell, Floats]] = []
    for cell in [*cast.neurons, *cast.astrocytes, *cast.bystanders]:
        other = np.clip(cell.soma_nm + MERGED_NUCLEUS_NM, *VOLUME_NM)
        somas += [(cell, cell.soma_nm), (cell, other)][: cell.role.soma_rows]
    order = stream(seed, Purpose.SOMA_TABLE).permutation(len(somas)).tolist()
    rows: list[_Row] = []
    for number in order:
        cell, soma = somas[number]
        voxel = grid.voxels(soma)
        wrong_nm = [round(int(voxel[0]) * edge) for edge in grid.mesh_voxel_nm.tolist()]
        rows.append((number + 1, cell.role.soma_class, str(voxel), cell.cell_id, *wrong_nm))
    return rows


def mitochondrion_row(mito_id: int, mitochondrion: Mitochondrion, grid: Grid) -> _Row:
    """Return the row of a mitochondrion in the table of all of them."""
    centre = grid.voxels(centroid(mitochondrion.mesh)).tolist()
    vertices = mitochondrion.mesh.vertices
    return (
        mito_id,
        _voxel_count(mitochondrion, grid),
        *centre,
        *grid.voxels(vertices.min(axis=0)).tolist(),
        *(grid.voxels(vertices.max(axis=0)) + 1).tolist(),
        mitochondrion.cell_id,
        *(round(v * edge) for v, edge in zip(centre, grid.mesh_voxel_nm.tolist(), strict=True)),
    )


def published_results(
    mitochondrion: Mitochondrion, nearest: Ints, skeleton: Skeleton, grid: Grid
) -> _Row:
    """Return what else a pyramidal mitochondrion has: area (µm²), index, compartment, length.

    ``nearest`` are the nodes that are nearest to the vertices of its mesh as delivered, repeated
    ones too. A mesh that the source no longer has was there when this was published; another
    skeleton gave another compartment and another length. The length is counted plainly, not as
    :mod:`mitosyn.skeletons.coverage` does it, so that recomputing compares two ways.
    """
    area = round(surface_area(mitochondrion.mesh) / 1e6, 6)
    cubic_um = _voxel_count(mitochondrion, grid) * float(np.prod(grid.voxel_nm)) / 1e9
    index = complexity_index(area, cubic_um)
    label = Label(int(np.bincount(skeleton.labels[nearest]).argmax()))
    covered = set(nearest.tolist())
    length_nm = sum(
        float(np.linalg.norm(skeleton.nodes[node] - skeleton.nodes[parent]))
        for node in sorted(covered)
        if (parent := int(skeleton.parents[node])) in covered
    )
    if mitochondrion.defect == OTHER_SKELETON:
        label = Label.APICAL if label != Label.APICAL else Label.BASAL
        length_nm = 0.8 * length_nm
    compartment = names_by_label(PUBLISHED_LABELS)[label]
    return f"{area:.6f}", f"{index:.6f}", compartment, f"{length_nm:.6f}"


def _voxel_count(mitochondrion: Mitochondrion, grid: Grid) -> int:
    """Return the number of voxels of a mitochondrion."""
    return max(1, round(mitochondrion.volume_nm3 / float(np.prod(grid.voxel_nm))))
