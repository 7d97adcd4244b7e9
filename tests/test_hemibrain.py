"""Real hemibrain neurons, as navis ships them: SWC, OBJ and connectors, in voxels of 8 nm."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import navis
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import trimesh
import yaml
from conftest import CORES
from mitosyn.sample.layer import Grid, write_info, write_mesh
from mitosyn.sample.tubes import Mesh
from workflow import Run, run_snakemake

DATA = Path(navis.__file__).parent / "data"
VOXEL_NM = 8.0
RADIUS_NM = 150.0
PER_CELL = 6

pytestmark = pytest.mark.workflow


class Made(NamedTuple):
    """The neurons, and the mitochondria that were made up for them."""

    run: Run
    nodes: dict[int, pd.DataFrame]
    connectors: pd.DataFrame
    mitochondria: pd.DataFrame


def make_mitochondria(folder: Path, nodes: dict[int, pd.DataFrame]) -> pd.DataFrame:
    """Put spheres around some nodes of each neuron, as a layer of meshes and a table."""
    grid = Grid(np.full(3, VOXEL_NM), np.full(3, VOXEL_NM))
    write_info(folder / "meshes", grid)
    random = np.random.default_rng(1)
    rows = []
    for cell_id, table in nodes.items():
        for row in random.choice(len(table), PER_CELL, replace=False):
            mito_id = len(rows) + 1
            voxels = table[["x", "y", "z"]].to_numpy(float)[row]
            sphere = trimesh.creation.icosphere(radius=RADIUS_NM)
            vertices = sphere.vertices + voxels * VOXEL_NM
            mesh = grid.as_delivered(Mesh(vertices, sphere.faces))
            write_mesh(folder / "meshes", mito_id, mesh, grid)
            rows.append((mito_id, cell_id, *voxels, int(row)))
    return pd.DataFrame(rows, columns=["id", "bodyId", "x", "y", "z", "node"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("hemibrain")
    nodes, connectors = {}, []
    for path in sorted((DATA / "swc").glob("*.swc")):
        neuron = navis.read_swc(str(path))
        nodes[int(path.stem)] = neuron.nodes
        table = pd.read_csv(DATA / "synapses" / f"{path.stem}.csv")
        connectors.append(table.assign(cell=int(path.stem)))
    mitochondria = make_mitochondria(folder, nodes)
    mitochondria.drop(columns="node").to_csv(folder / "mitochondria.csv", index=False)
    cells = pd.DataFrame({"bodyId": list(nodes), "type": "DA1_lPN"})
    cells.to_csv(folder / "cells.csv", index=False)
    sites = pd.concat(connectors, ignore_index=True)
    # Of a connector, one end alone is known.
    for end in ("pre", "post"):
        sites[f"{end}_id"] = sites["cell"].where(sites["type"] == end, 0)
    sites[["pre_id", "post_id", "x", "y", "z"]].to_csv(folder / "synapses.csv.gz", index=False)
    description = {
        "voxel_size_nm": [VOXEL_NM] * 3,
        "cells": {
            "path": "cells.csv",
            "columns": {"cell_id": "bodyId", "cell_type": "type"},
            "types": {"DA1_lPN": {"compartments": "skeleton"}},
        },
        "mitochondria": {
            "path": "mitochondria.csv",
            "columns": {"mito_id": "id", "cell_id": "bodyId"},
            "unit": "voxel",
        },
        "synapses": {"path": "synapses.csv.gz", "unit": "voxel"},
        # Types mean fork and end point in these files: no compartments.
        "skeletons": {"path": str(DATA / "swc"), "format": "swc", "unit": "voxel"},
        "mitochondria_meshes": "precomputed://file://meshes",
        "cell_meshes": {"path": str(DATA / "obj"), "format": "obj", "unit": "voxel"},
    }
    config = {"dataset": "hemibrain", "datasets": {"hemibrain": description}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    run = run_snakemake(
        folder, *CORES, "--configfile", "config.yaml", "--config", "swc_radii=measured"
    )
    assert run.code == 0, run.text
    return Made(run, nodes, sites, mitochondria)


def test_mitochondria_cover_the_nodes_that_they_lie_around(made: Made) -> None:
    results = made.run.folder / "results/hemibrain"
    found = pq.read_table(results / "mitochondria.parquet").to_pandas().set_index("mito_id")
    sphere = trimesh.creation.icosphere(radius=RADIUS_NM)
    assert found["mito_size"].to_numpy() == pytest.approx(sphere.volume, rel=1e-3)
    assert set(found["compartment"]) == {"Unknown"}
    nodes = pq.read_table(results / "mitochondrion_nodes.parquet").to_pandas()
    swc = pq.read_table(results / "skeleton_nodes.parquet").to_pandas()
    for row in made.mitochondria.itertuples():
        covered = nodes.loc[nodes["mito_id"] == row.id, ["cell_id", "node_id"]]
        places = covered.merge(swc, on=["cell_id", "node_id"])[["x", "y", "z"]].to_numpy()
        centre = np.array([row.x, row.y, row.z]) * VOXEL_NM
        assert np.linalg.norm(places - centre, axis=1).min() < 1.0


def test_skeletons_are_those_of_navis(made: Made) -> None:
    folder = made.run.folder / "results/hemibrain"
    for cell_id, nodes in made.nodes.items():
        written = navis.read_swc(str(folder / f"cell_morphologies/{cell_id}.swc"))
        assert len(written.nodes) == len(nodes)
        places = np.sort(written.nodes[["x", "y", "z"]].to_numpy(float), axis=0)
        expected = np.sort(nodes[["x", "y", "z"]].to_numpy(float) * VOXEL_NM, axis=0)
        np.testing.assert_allclose(places, expected, atol=0.01)
        # Measured on the meshes.
        assert (written.nodes["radius"] != 1).mean() > 0.9


def test_every_connector_is_an_end_of_its_neuron(made: Made) -> None:
    ends = pq.read_table(made.run.folder / "results/hemibrain/synapses.parquet").to_pandas()
    counts = ends.groupby(["cell_id", "synapse_type"]).size()
    unique = made.connectors.drop_duplicates(["cell", "type", "x", "y", "z"])
    expected = unique.groupby(["cell", "type"]).size()
    assert counts.to_dict() == expected.to_dict()
