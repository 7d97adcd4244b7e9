"""A dataset of any size in the published formats, for measuring whole runs.

Its shapes are instances of the sample's: skeletons as they are, mitochondrial meshes shifted by a
few hundred nm. Its tables hold random numbers, but for the positions of mitochondria, which are
those of their meshes: other ones are refused. Meshes go straight into the per-cell files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import yaml
from measures import bundled, meshes_of
from mitosyn.catalogue.names import COMPARTMENTS, PUBLISHED_FILES
from mitosyn.meshes.bundle import Mesh, write_bundle
from mitosyn.sources.microns_l23 import POSITION_VX
from mitosyn.tables.cells import read_cells
from mitosyn.tables.mitochondria import mitochondria_of_cell
from sample import MESH_VOXEL_NM, VOXEL_NM, make_sample

FIRST_ID = 648518346300000000
REACH_VX = 50


@dataclass(frozen=True)
class Size:
    """How large a dataset is."""

    pyramidal: int
    inhibitory: int
    astrocytes: int
    mitochondria: tuple[int, int, int]  # of the cells of each kind, in all
    other_mitochondria: int
    synapses: int
    synapse_ends: tuple[int, int]  # post and pre, on neurons

    @property
    def cells(self) -> int:
        """The number of analysed cells."""
        return self.pyramidal + self.inhibitory + self.astrocytes

    @property
    def neurons(self) -> int:
        """The number of cells with a skeleton."""
        return self.pyramidal + self.inhibitory

    def of_cells(self, cells: int) -> Size:
        """Scale to another number of cells."""
        share = cells / self.cells
        inhibitory, astrocytes = round(self.inhibitory * share), round(self.astrocytes * share)
        post, pre = (round(n * share) for n in self.synapse_ends)
        pyramidal, interneurons, glia = (round(n * share) for n in self.mitochondria)
        return Size(
            cells - inhibitory - astrocytes,
            inhibitory,
            astrocytes,
            (pyramidal, interneurons, glia),
            round(self.other_mitochondria * share),
            round(self.synapses * share),
            (post, pre),
        )

    def with_mitochondria(self, per_cell: int) -> Size:
        """Keep the cells, with few mitochondria each and few other ones."""
        kinds = (self.pyramidal, self.inhibitory, self.astrocytes)
        counts = tuple(per_cell * cells for cells in kinds)
        return replace(self, mitochondria=counts, other_mitochondria=per_cell)


# The published dataset: 398 cells, 213,961 mitochondria out of 2.4 million.
PUBLISHED = Size(351, 33, 14, (176_072, 27_312, 10_577), 2_186_039, 3_200_000, (920_639, 15_028))


def make_templates(folder: Path) -> None:
    """Make the sample that lends its shapes: 9 neurons and 3 astrocytes, 40 mitochondria each."""
    make_sample(folder, (6, 3, 3), synapses=100)


def skeletons_of(templates: Path) -> list[Path]:
    """Give the template skeletons; a cell takes the one of its id modulo their number."""
    return sorted((templates / "skeletons").glob("*.h5"))


def make_tables(folder: Path, templates: Path, size: Size) -> Path:
    """Write tables, skeletons and a config.

    Returns
    -------
    Path
        Of the config, for ``--configfile``; the dataset's name is ``generated``.
    """
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    ids = FIRST_ID + rng.permutation(10_000_000)[: size.cells]
    neurons, pyramidal = ids[: size.neurons], ids[: size.pyramidal]
    _write_cells(folder, ids, size)
    _write_mitochondria(folder, rng, ids, size, _own_meshes(templates))
    _write_synapses(folder, rng, neurons, size)
    (folder / PUBLISHED_FILES["pyramidal_ids"]).write_text("\n".join(map(str, pyramidal)) + "\n")
    sources = skeletons_of(templates)
    (folder / "skeletons").mkdir(exist_ok=True)
    for cell_id in neurons.tolist():
        source = sources[cell_id % len(sources)]
        for ending in (".h5", "_label.npy"):
            target = folder / "skeletons" / f"{cell_id}_skeleton{ending}"
            target.write_bytes(source.with_name(source.stem + ending).read_bytes())
    description = {key: str(folder / name) for key, name in PUBLISHED_FILES.items()}
    description |= {
        "description": f"{size.cells} generated cells",
        "voxel_size_nm": list(VOXEL_NM),
        "mesh_voxel_size_nm": list(MESH_VOXEL_NM),
        # Never asked: the meshes are put where a run would have put them.
        "mitochondria_meshes": "precomputed://https://meshes.invalid/layer",
    }
    config = folder / "config.yaml"
    config.write_text(
        yaml.safe_dump(
            {"dataset": "generated", "offline": True, "datasets": {"generated": description}}
        )
    )
    return config


def _write_cells(folder: Path, ids: np.ndarray, size: Size) -> None:
    kinds = [("pyramidal", "pyramidal cell")] * size.pyramidal
    kinds += [("inhibitory", "basket cell")] * size.inhibitory
    kinds += [("glia", "astrocyte")] * size.astrocytes
    types, somas = [",centroid_x,centroid_y,centroid_z,cell_segid,cell_type,cell_subtype"], []
    for i, (cell_id, (kind, subtype)) in enumerate(zip(ids.tolist(), kinds, strict=True)):
        types.append(f"{i},60000,60000,1000,{cell_id},{kind},{subtype}")
        somas.append(f"{i},{kind[0]},[60000  60000   1000],{cell_id},1,1,1")
    (folder / PUBLISHED_FILES["cell_types"]).write_text("\n".join(types) + "\n")
    header = "id,cell_type,pt_position,pt_root_id,soma_x_nm,soma_y_nm,soma_z_nm"
    (folder / PUBLISHED_FILES["somas"]).write_text("\n".join([header, *somas]) + "\n")


def _positions(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    return {f"ctr_pos_{axis}_vx": rng.integers(30_000, 130_000, count) for axis in "xyz"}


def _write_csv(path: Path, columns: dict[str, np.ndarray]) -> None:
    options = pa.csv.WriteOptions(quoting_style="none")
    pa.csv.write_csv(pa.table(columns), path, options)


def _own_meshes(templates: Path) -> list[list[Mesh]]:
    """Return the meshes of each template neuron; a cell takes those of its skeleton."""
    shapes = meshes_of(templates)
    return [list(shapes[int(path.name.split("_")[0])].values()) for path in skeletons_of(templates)]


def _at_meshes(cell: np.ndarray, own: list[list[Mesh]]) -> dict[str, np.ndarray]:
    """Return positions in voxels where :func:`write_meshes` puts the meshes of a cell in turn."""
    turns = pd.Series(cell).groupby(cell).cumcount().to_numpy()
    centres = [np.array([mesh.vertices.mean(axis=0) for mesh in meshes]) for meshes in own]
    of_cell = [centres[i % len(own)] for i in cell.tolist()]
    found = np.array([c[n % len(c)] for c, n in zip(of_cell, turns, strict=True)])
    return dict(zip(POSITION_VX, np.round(found / MESH_VOXEL_NM).astype(np.int64).T, strict=True))


def _write_mitochondria(
    folder: Path, rng: np.random.Generator, ids: np.ndarray, size: Size, own: list[list[Mesh]]
) -> None:
    groups = np.split(ids, [size.pyramidal, size.neurons])
    owners = [
        np.resize(group, count) for group, count in zip(groups, size.mitochondria, strict=True)
    ]
    others = FIRST_ID + 10_000_000 + rng.integers(0, 1_000_000, size.other_mitochondria)
    cell = rng.permutation(np.concatenate([*owners, others]))
    count = len(cell)
    columns = {
        "mito_id": rng.permutation(np.arange(1_000_000, 1_000_000 + 3 * count, 3)),
        "mito_vx": rng.integers(1_000, 1_000_000, count),
        **_at_meshes(cell, own),
        **{
            f"bbox_{end}_{axis}_vx": rng.integers(30_000, 130_000, count)
            for end in ("beg", "end")
            for axis in "xyz"
        },
        "cellid": cell,
        **{f"ctr_pos_{axis}_nm": rng.integers(30_000, 130_000, count) for axis in "xyz"},
    }
    _write_csv(folder / PUBLISHED_FILES["mitochondria"], columns)
    of_neurons = np.isin(cell, ids[: size.neurons])
    _write_csv(
        folder / PUBLISHED_FILES["neuron_mitochondria"],
        {name: column[of_neurons] for name, column in columns.items()},
    )
    pyramidal = np.isin(cell, ids[: size.pyramidal])
    published = {
        "surface_area": rng.random(pyramidal.sum()),
        "complexityindex": rng.random(pyramidal.sum()),
        "compartment": rng.choice(COMPARTMENTS, pyramidal.sum()),
        "pathlength": rng.random(pyramidal.sum()),
    }
    _write_csv(
        folder / PUBLISHED_FILES["pyramidal_mitochondria"],
        {name: column[pyramidal] for name, column in columns.items()} | published,
    )


def _write_synapses(
    folder: Path, rng: np.random.Generator, neurons: np.ndarray, size: Size
) -> None:
    pre, post = (FIRST_ID + 20_000_000 + rng.integers(0, 10**6, size.synapses) for _ in range(2))
    for ends, count in ((post, size.synapse_ends[0]), (pre, size.synapse_ends[1])):
        ends[rng.permutation(size.synapses)[:count]] = rng.choice(neurons, count)
    columns = {
        "": np.arange(size.synapses),
        "id": rng.permutation(size.synapses),
        "pre_root_id": pre,
        "post_root_id": post,
        "cleft_vx": rng.integers(10, 999, size.synapses),
        **_positions(rng, size.synapses),
    }
    _write_csv(folder / PUBLISHED_FILES["synapses"], columns)


def write_meshes(results: Path, templates: Path) -> int:
    """Write the per-cell mesh files of a run whose tables are there.

    Returns
    -------
    int
        Bytes written.
    """
    rng = np.random.default_rng(1)
    of_neurons = _own_meshes(templates)
    written = 0
    for cell_id in read_cells(results / "tables" / "cells.arrow"):
        table = mitochondria_of_cell(results / "tables" / "mitochondria.arrow", cell_id)
        own = of_neurons[cell_id % len(of_neurons)]
        meshes = {
            i: _instance(rng, own[n % len(own)]) for n, i in enumerate(table["mito_id"].to_pylist())
        }
        path = results / "per_cell" / "meshes" / f"{cell_id}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bundle(path, bundled(meshes))
        written += path.stat().st_size
    return written


def _instance(rng: np.random.Generator, mesh: Mesh) -> Mesh:
    """Shift a mesh by whole voxels."""
    shift = rng.integers(-REACH_VX, REACH_VX + 1, 3) * MESH_VOXEL_NM
    return Mesh((mesh.vertices + shift).astype(np.float32), mesh.faces)
