"""Make the embedded dataset ``sample``."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from mitosyn.catalogue import MESH_LAYER, PUBLISHED_FILES
from mitosyn.sample.cell_meshes import calibres
from mitosyn.sample.cells import Cast, Cell, make_cast
from mitosyn.sample.layer import Grid, delivered_vertices, write_info, write_mesh
from mitosyn.sample.mitochondria import (
    ASTROCYTE_PLAN,
    INHIBITORY_PLAN,
    PYRAMIDAL_PLAN,
    Mitochondrion,
    neuron_mitochondria,
    scattered_mitochondria,
)
from mitosyn.sample.neurites import Visit, grow_inhibitory, grow_pyramidal
from mitosyn.sample.skeleton import Label, Skeleton, write_skeleton
from mitosyn.sample.space import Bools, Purpose, anywhere, distinct_integers, stream
from mitosyn.sample.synapses import FEWEST, synapse_rows
from mitosyn.sample.tables import (
    COLUMNS,
    cell_type_rows,
    mitochondrion_row,
    published_results,
    soma_rows,
)
from mitosyn.support import write_text
from mitosyn.tables import write_csv

_Lengths = tuple[float, float, float]

_FEWEST_MITOCHONDRIA = 8  # hold one of every sort
_BYSTANDER_MITOCHONDRIA = 3
_NEURON_SHARE, _ASTROCYTE_SHARE = 1.15, 0.5  # of the mean of all analysed cells
_FRAGMENTS = 3  # of cells that no table names, yet with mitochondria
_FRAGMENT_IDS = (648518346349000000, 648518346349300000)
_PYRAMIDAL, _INHIBITORY, _ASTROCYTE, _BYSTANDER, _FRAGMENT = range(5)


def make_dataset(
    folder: Path,
    *,
    seed: int,
    pyramidal_cells: int,
    inhibitory_cells: int,
    astrocytes: int,
    mitochondria_per_cell: int,
    synapses: int,
    voxel_size_nm: _Lengths,
    mesh_voxel_size_nm: _Lengths,
) -> None:
    """Write a made-up dataset in the published formats, the same one for the same seed.

    Skeletons and meshes that lie in the folder already are removed.

    Parameters
    ----------
    pyramidal_cells, inhibitory_cells, astrocytes : int
        Numbers of analysed cells.
    mitochondria_per_cell : int
        Of an analysed cell on average; neurons have more of them than astrocytes, and cells differ.
    synapses : int
        Rows of the synapse table.
    voxel_size_nm, mesh_voxel_size_nm : tuple of float
        True voxel size, and the one in which the mesh layer reports nm.

    Raises
    ------
    ValueError
        If the dataset would be too small to hold one of every sort.

    Notes
    -----
    The untidiness is listed in :mod:`~mitosyn.sample.cells`,
    :mod:`~mitosyn.sample.neurites`, :mod:`~mitosyn.sample.mitochondria`,
    :mod:`~mitosyn.sample.layer`, :mod:`~mitosyn.sample.synapses` and
    :mod:`~mitosyn.sample.tables`; besides, some mitochondria belong to cells that are
    not analysed or that no table names, and the mitochondria table mixes the cells.
    """
    for name, size, least in (
        ("pyramidal_cells", pyramidal_cells, 1),
        ("inhibitory_cells", inhibitory_cells, 1),
        ("astrocytes", astrocytes, 1),
        ("mitochondria_per_cell", mitochondria_per_cell, _FEWEST_MITOCHONDRIA),
        ("synapses", synapses, FEWEST),
    ):
        if size < least:
            raise ValueError(f"{name} is {size}; the made-up dataset needs at least {least}")
    grid = Grid(np.array(voxel_size_nm), np.array(mesh_voxel_size_nm))
    cast = make_cast(seed, pyramidal_cells, inhibitory_cells, astrocytes)
    skeletons = grow_skeletons(seed, cast)
    mitochondria = _make_mitochondria(seed, cast, skeletons, mitochondria_per_cell)

    _write_cells(folder, seed, cast, grid)
    _write_skeletons(folder / PUBLISHED_FILES["skeletons"], cast, skeletons)
    _write_mitochondria(folder, seed, cast, skeletons, mitochondria, grid)
    covered = _covered_nodes(skeletons, mitochondria)
    rows = synapse_rows(seed, synapses, cast, skeletons, covered, grid)
    _write_tables(folder, synapses=rows)


def grow_skeletons(seed: int, cast: Cast) -> dict[int, Skeleton]:
    """Return the skeletons of the neurons by cell id; the first of each kind is in two pieces.

    Each neuron visits earlier ones, so that one cell more leaves those before as they are.
    """
    skeletons: dict[int, Skeleton] = {}
    for kind, cells in ((_PYRAMIDAL, cast.pyramidal), (_INHIBITORY, cast.inhibitory)):
        for index, cell in enumerate(cells):
            rng = stream(seed, Purpose.SKELETONS, kind, index)
            first = index == 0
            visits = _visits(cell, skeletons, autapses=first)
            grow = grow_pyramidal
            if kind == _INHIBITORY:
                grow = partial(grow_inhibitory, subtype=cell.role.cell_subtype)
            skeletons[cell.cell_id] = grow(rng, cell.soma_nm, loose_piece=first, visits=visits)
    return skeletons


def _visits(cell: Cell, grown: dict[int, Skeleton], *, autapses: bool) -> list[Visit]:
    """Return the visits of a neuron to the two nearest ones: its axon's, and one of a dendrite."""
    hosts = sorted(grown.values(), key=lambda host: np.linalg.norm(host.nodes[0] - cell.soma_nm))
    visits = [Visit(Label.AXONAL, Label.BASAL, None)] if autapses else []
    for host, dendrite in zip(hosts, (Label.BASAL, Label.APICAL), strict=False):
        beside = dendrite if dendrite in host.labels else Label.BASAL
        if cell.role.cell_subtype == "chandelier":
            beside = Label.AXONAL
        visits.append(Visit(Label.AXONAL, beside, host))
    return visits + [Visit(Label.BASAL, Label.AXONAL, host) for host in hosts[:1]]


def _make_mitochondria(
    seed: int, cast: Cast, skeletons: dict[int, Skeleton], count: int
) -> list[Mitochondrion]:
    """Return all mitochondria, cell by cell; ``count`` of them in an analysed cell on average."""
    made: list[Mitochondrion] = []
    kinds = (
        (_PYRAMIDAL, cast.pyramidal, PYRAMIDAL_PLAN),
        (_INHIBITORY, cast.inhibitory, INHIBITORY_PLAN),
        (_ASTROCYTE, cast.astrocytes, ASTROCYTE_PLAN),
    )
    for kind, cells, whole_plan in kinds:
        mean = (_ASTROCYTE_SHARE if kind == _ASTROCYTE else _NEURON_SHARE) * count
        for index, cell in enumerate(cells):
            rng = stream(seed, Purpose.MITOCHONDRIA, kind, index)
            share, plan = _share(mean, kind, index), whole_plan if index == 0 else ()
            if kind == _ASTROCYTE:
                made += scattered_mitochondria(rng, cell.cell_id, cell.soma_nm, share, plan)
            else:
                skeleton, pyramidal = skeletons[cell.cell_id], kind == _PYRAMIDAL
                made += neuron_mitochondria(
                    rng, cell.cell_id, skeleton, share, pyramidal=pyramidal, plan=plan
                )
    return made + _other_mitochondria(seed, cast, count)


def _share(mean: float, kind: int, index: int) -> int:
    """Return a cell's number of mitochondria, up to 30 % more or less than the mean."""
    place = (0.5 + 0.31 * kind + 0.618 * index) % 1
    return max(_FEWEST_MITOCHONDRIA, round(mean * (0.7 + 0.6 * place)))


def _other_mitochondria(seed: int, cast: Cast, count: int) -> list[Mitochondrion]:
    """Return mitochondria of cells that are not analysed."""
    made: list[Mitochondrion] = []
    for index, cell in enumerate([*cast.bystanders, cast.vessel[-1]]):
        rng = stream(seed, Purpose.MITOCHONDRIA, _BYSTANDER, index)
        # As many as in an analysed cell: including it by mistake shows.
        merged_astrocyte = cell.role.cell_subtype == "astrocyte" and cell.role.soma_rows > 1
        share = count if merged_astrocyte else _BYSTANDER_MITOCHONDRIA
        made += scattered_mitochondria(rng, cell.cell_id, cell.soma_nm, share)
    rng = stream(seed, Purpose.MITOCHONDRIA, _FRAGMENT)
    for fragment_id in distinct_integers(rng, *_FRAGMENT_IDS, _FRAGMENTS).tolist():
        made += scattered_mitochondria(rng, fragment_id, anywhere(rng, 1)[0], 2)
    return made


def _write_cells(folder: Path, seed: int, cast: Cast, grid: Grid) -> None:
    """Write the tables of cells, somas and pyramidal ids."""
    cell_types, somas = cell_type_rows(cast, seed, grid), soma_rows(cast, seed, grid)
    _write_tables(folder, cell_types=cell_types, somas=somas)
    ids = sorted(cell.cell_id for cell in cast.pyramidal)
    path = folder / PUBLISHED_FILES["pyramidal_ids"]
    write_text(path, "".join(f"{cell_id}\n" for cell_id in ids))


def _write_skeletons(folder: Path, cast: Cast, skeletons: dict[int, Skeleton]) -> None:
    """Write all skeletons into an empty folder, every other one with its calibre."""
    empty_folder(folder)
    for cells in (cast.pyramidal, cast.inhibitory):
        for index, cell in enumerate(cells):
            skeleton = skeletons[cell.cell_id]
            measured = calibres(skeleton) if index % 2 == 0 else None
            write_skeleton(folder, cell.cell_id, skeleton, measured)


def _write_mitochondria(
    folder: Path,
    seed: int,
    cast: Cast,
    skeletons: dict[int, Skeleton],
    mitochondria: list[Mitochondrion],
    grid: Grid,
) -> None:
    """Write the mesh layer and the three tables of mitochondria."""
    meshes = folder / PUBLISHED_FILES[MESH_LAYER]
    empty_folder(meshes)
    write_info(meshes, grid)
    mito_ids = distinct_integers(
        stream(seed, Purpose.MITO_IDS), 1_000_000, 100_000_000, len(mitochondria)
    ).tolist()

    pyramidal = {cell.cell_id for cell in cast.pyramidal}
    everything, of_neurons, of_pyramidal = [], [], []
    for number in stream(seed, Purpose.MITO_TABLE).permutation(len(mitochondria)).tolist():
        mito_id, mitochondrion = mito_ids[number], mitochondria[number]
        delivered = grid.as_delivered(mitochondrion.mesh)
        if mitochondrion.defect != "missing":
            write_mesh(meshes, mito_id, delivered, grid)
        # The tables describe what the layer holds, float32 and all.
        mesh = delivered._replace(vertices=grid.in_true_nm(delivered.vertices))
        held = replace(mitochondrion, mesh=mesh)
        row = mitochondrion_row(mito_id, held, grid)
        everything.append(row)
        cell = held.cell_id
        if cell in skeletons:
            of_neurons.append(row)
        if cell in pyramidal:
            vertices = grid.in_true_nm(delivered_vertices(delivered, grid))
            nearest = skeletons[cell].tree.query(vertices)[1]
            of_pyramidal.append((*row, *published_results(held, nearest, skeletons[cell], grid)))

    _write_tables(
        folder,
        mitochondria=everything,
        neuron_mitochondria=of_neurons,
        pyramidal_mitochondria=of_pyramidal,
    )


def _write_tables(folder: Path, **tables: Sequence) -> None:
    """Write the rows of some tables, each with its columns."""
    for key, rows in tables.items():
        write_csv(folder / PUBLISHED_FILES[key], COLUMNS[key], rows)


def _covered_nodes(
    skeletons: dict[int, Skeleton], mitochondria: list[Mitochondrion]
) -> dict[int, Bools]:
    """Return whether each node (n,) of each neuron is nearest to some mitochondrion."""
    covered = {cell: np.zeros(len(grown.nodes), bool) for cell, grown in skeletons.items()}
    for one in mitochondria:
        if one.cell_id in covered:
            covered[one.cell_id][skeletons[one.cell_id].tree.query(one.mesh.vertices)[1]] = True
    return covered


def empty_folder(folder: Path) -> None:
    """Make a folder, or remove all that it holds."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
