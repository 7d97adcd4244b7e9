"""Make the embedded dataset ``sample``."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from mitosyn.columns import MESH_LAYER, PUBLISHED_FILES
from mitosyn.files import write_text
from mitosyn.synthetic import layer, tables
from mitosyn.synthetic.cell_meshes import calibres
from mitosyn.synthetic.cells import Cast, Cell, make_cast
from mitosyn.synthetic.mitochondria import (
    ASTROCYTE_PLAN,
    INHIBITORY_PLAN,
    PYRAMIDAL_PLAN,
    Mitochondrion,
    neuron_mitochondria,
    scattered_mitochondria,
)
from mitosyn.synthetic.neurites import Skeleton, grow_inhibitory, grow_pyramidal, write_skeleton
from mitosyn.synthetic.space import Purpose, anywhere, distinct_integers, stream
from mitosyn.synthetic.synapses import FEWEST, make_synapses
from mitosyn.tables import write_csv

_Lengths = tuple[float, float, float]

_FEWEST_MITOCHONDRIA = 8  # hold one of every sort
_BYSTANDER_MITOCHONDRIA = 3
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

    Parameters
    ----------
    folder : Path
        Where to write. Skeletons and meshes that lie there already are removed.
    seed : int
        Seed of everything random.
    pyramidal_cells, inhibitory_cells, astrocytes : int
        Numbers of analysed cells; at least one of each.
    mitochondria_per_cell : int
        Mitochondria of each analysed cell, at least 8.
    synapses : int
        Rows of the synapse table, at least 40.
    voxel_size_nm, mesh_voxel_size_nm : tuple of float
        True voxel size, and the one in which the mesh layer reports nm.

    Raises
    ------
    ValueError
        If the dataset would be too small to hold one of every sort.

    Notes
    -----
    What is untidy in it is listed in :mod:`~mitosyn.synthetic.cells`,
    :mod:`~mitosyn.synthetic.neurites`, :mod:`~mitosyn.synthetic.mitochondria`,
    :mod:`~mitosyn.synthetic.layer`, :mod:`~mitosyn.synthetic.synapses` and
    :mod:`~mitosyn.synthetic.tables`; besides, some mitochondria belong to cells that are
    not analysed or that no table names, and the mitochondria table mixes the cells.
    """
    _check_sizes(
        {
            "pyramidal_cells": (pyramidal_cells, 1),
            "inhibitory_cells": (inhibitory_cells, 1),
            "astrocytes": (astrocytes, 1),
            "mitochondria_per_cell": (mitochondria_per_cell, _FEWEST_MITOCHONDRIA),
            "synapses": (synapses, FEWEST),
        }
    )
    cast = make_cast(seed, pyramidal_cells, inhibitory_cells, astrocytes)
    skeletons = grow_skeletons(seed, cast)
    mitochondria = _make_mitochondria(seed, cast, skeletons, mitochondria_per_cell)

    _write_cells(folder, seed, cast, voxel_size_nm, mesh_voxel_size_nm)
    _write_skeletons(folder / PUBLISHED_FILES["skeletons"], cast, skeletons)
    _write_mitochondria(folder, seed, cast, mitochondria, voxel_size_nm, mesh_voxel_size_nm)
    _write_synapses(folder, seed, cast, skeletons, synapses, voxel_size_nm)


def _check_sizes(sizes: dict[str, tuple[int, int]]) -> None:
    """Refuse sizes, by name (size, least), that are too small."""
    for name, (size, least) in sizes.items():
        if size < least:
            raise ValueError(f"{name} is {size}; the made-up dataset needs at least {least}")


def grow_skeletons(seed: int, cast: Cast) -> dict[int, Skeleton]:
    """Skeletons of the neurons by cell id; the first of each kind is in two pieces."""
    skeletons = {}
    for index, cell in enumerate(cast.pyramidal):
        rng = stream(seed, Purpose.SKELETONS, _PYRAMIDAL, index)
        skeletons[cell.cell_id] = grow_pyramidal(rng, cell.soma_nm, loose_piece=index == 0)
    for index, cell in enumerate(cast.inhibitory):
        rng = stream(seed, Purpose.SKELETONS, _INHIBITORY, index)
        skeletons[cell.cell_id] = grow_inhibitory(
            rng, cell.soma_nm, cell.cell_subtype, loose_piece=index == 0
        )
    return skeletons


def _make_mitochondria(
    seed: int, cast: Cast, skeletons: dict[int, Skeleton], count: int
) -> list[Mitochondrion]:
    """All mitochondria, cell by cell."""
    made: list[Mitochondrion] = []
    kinds = (
        (_PYRAMIDAL, cast.pyramidal, PYRAMIDAL_PLAN),
        (_INHIBITORY, cast.inhibitory, INHIBITORY_PLAN),
    )
    for kind, cells, plan in kinds:
        for index, cell in enumerate(cells):
            made += neuron_mitochondria(
                stream(seed, Purpose.MITOCHONDRIA, kind, index),
                cell.cell_id,
                skeletons[cell.cell_id],
                count,
                pyramidal=kind == _PYRAMIDAL,
                plan=plan if index == 0 else (),
            )
    for index, cell in enumerate(cast.astrocytes):
        made += scattered_mitochondria(
            stream(seed, Purpose.MITOCHONDRIA, _ASTROCYTE, index),
            cell.cell_id,
            cell.soma_nm,
            count,
            plan=ASTROCYTE_PLAN if index == 0 else (),
        )
    return made + _other_mitochondria(seed, cast, count)


def _other_mitochondria(seed: int, cast: Cast, count: int) -> list[Mitochondrion]:
    """Mitochondria of cells that are not analysed.

    The merge of two astrocytes has as many as an analysed cell, so that to take it in
    by mistake shows.
    """
    made: list[Mitochondrion] = []
    for index, cell in enumerate([*cast.bystanders, cast.vessel[-1]]):
        rng = stream(seed, Purpose.MITOCHONDRIA, _BYSTANDER, index)
        share = count if _is_merged_astrocyte(cell) else _BYSTANDER_MITOCHONDRIA
        made += scattered_mitochondria(rng, cell.cell_id, cell.soma_nm, share)
    rng = stream(seed, Purpose.MITOCHONDRIA, _FRAGMENT)
    for fragment_id in distinct_integers(rng, *_FRAGMENT_IDS, _FRAGMENTS).tolist():
        made += scattered_mitochondria(rng, fragment_id, anywhere(rng, 1)[0], 2)
    return made


def _is_merged_astrocyte(cell: Cell) -> bool:
    """Whether a cell is a merge of two astrocytes."""
    return cell.cell_subtype == "astrocyte" and cell.soma_rows > 1


def _write_cells(
    folder: Path, seed: int, cast: Cast, voxel_nm: _Lengths, mesh_voxel_nm: _Lengths
) -> None:
    """Write the tables of cells, somas and pyramidal ids."""
    write_csv(
        folder / PUBLISHED_FILES["cell_types"],
        list(tables.CELL_TYPE_COLUMNS),
        tables.cell_type_rows(cast, seed, voxel_nm),
    )
    write_csv(
        folder / PUBLISHED_FILES["somas"],
        list(tables.SOMA_COLUMNS),
        tables.soma_rows(cast, seed, voxel_nm, mesh_voxel_nm),
    )
    ids = sorted(cell.cell_id for cell in cast.pyramidal)
    write_text(
        folder / PUBLISHED_FILES["pyramidal_ids"], "".join(f"{cell_id}\n" for cell_id in ids)
    )


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
    mitochondria: list[Mitochondrion],
    voxel_nm: _Lengths,
    mesh_voxel_nm: _Lengths,
) -> None:
    """Write the mesh layer and the three tables of mitochondria."""
    meshes = folder / PUBLISHED_FILES[MESH_LAYER]
    empty_folder(meshes)
    layer.write_info(meshes, voxel_nm, mesh_voxel_nm)
    mito_ids = distinct_integers(
        stream(seed, Purpose.MITO_IDS), 1_000_000, 100_000_000, len(mitochondria)
    ).tolist()

    pyramidal = {cell.cell_id for cell in cast.pyramidal}
    neurons = {cell.cell_id for cell in cast.neurons}
    everything, of_neurons, of_pyramidal = [], [], []
    for number in stream(seed, Purpose.MITO_TABLE).permutation(len(mitochondria)).tolist():
        mito_id, mitochondrion = mito_ids[number], mitochondria[number]
        delivered = layer.as_delivered(mitochondrion.mesh, voxel_nm, mesh_voxel_nm)
        if mitochondrion.has_mesh:
            layer.write_mesh(meshes, mito_id, delivered, mesh_voxel_nm)
        # The tables describe what the layer holds, float32 and all.
        held = replace(mitochondrion, mesh=layer.in_true_nm(delivered, voxel_nm, mesh_voxel_nm))
        row = tables.mitochondrion_row(mito_id, held, voxel_nm, mesh_voxel_nm)
        everything.append(row)
        if held.cell_id in neurons:
            of_neurons.append(row)
        if held.cell_id in pyramidal:
            of_pyramidal.append((*row, *tables.published_results(held, voxel_nm)))

    for key, columns, rows in (
        ("mitochondria", tables.MITO_COLUMNS, everything),
        ("neuron_mitochondria", tables.MITO_COLUMNS, of_neurons),
        ("pyramidal_mitochondria", tables.PYRAMIDAL_COLUMNS, of_pyramidal),
    ):
        write_csv(folder / PUBLISHED_FILES[key], list(columns), rows)


def _write_synapses(
    folder: Path,
    seed: int,
    cast: Cast,
    skeletons: dict[int, Skeleton],
    count: int,
    voxel_nm: _Lengths,
) -> None:
    """Write the synapse table."""
    synapses = make_synapses(
        seed,
        count,
        {cell.cell_id: skeletons[cell.cell_id] for cell in cast.pyramidal},
        {cell.cell_id: skeletons[cell.cell_id] for cell in cast.inhibitory},
        [cell.cell_id for cell in cast.bystanders],
    )
    write_csv(
        folder / PUBLISHED_FILES["synapses"],
        list(tables.SYNAPSE_COLUMNS),
        tables.synapse_rows(synapses, voxel_nm),
    )


def empty_folder(folder: Path) -> None:
    """Make a folder that holds nothing."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
