"""Meshes of today's formats in a run: a level of detail, a segmentation, a cell's own mesh."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import shared_folder
from mitosyn.meshes.bundle import read_bundle
from workflow import Run, done, run_snakemake

CORES = ("--cores", "2")
TABLE = "results/modern/mitochondria.parquet"


def describe(folder: Path, **mitochondria: object) -> tuple[str, ...]:
    """Write a description of the modern data with one neuron and the astrocytes."""
    modern = shared_folder("em_modern")
    tables = modern / "tables_cave"
    centre = [f"centroid_{axis}" for axis in "xyz"]
    site = [f"ctr_pt_position_{axis}" for axis in "xyz"]
    dataset = {
        "voxel_size_nm": [4, 4, 40],
        "cells": {
            "path": str(tables / "cells.parquet"),
            "columns": {"cell_id": "pt_root_id", "soma": "pt_position"},
            "unit": "voxel",
            "types": {
                "layer_4": {"of": ["4P"], "compartments": "skeleton"},
                "astrocyte": {"compartments": "soma_distance"},
            },
        },
        "mitochondria": {
            "path": str(tables / "mitochondria.parquet"),
            "columns": {"mito_id": "id", "cell_id": "pt_root_id", "position": centre}
            | {"voxels": "size"},
            "unit": "voxel",
        },
        "synapses": {
            "path": str(tables / "synapses.feather"),
            "columns": {"pre_id": "pre_pt_root_id", "post_id": "post_pt_root_id"}
            | {"position": site},
            "unit": "voxel",
        },
        "skeletons": {
            "path": str(modern / "skeletons_swc"),
            "format": "swc",
            "unit": "um",
            "labels": {0: "Unknown", 1: "Somatic", 2: "Axonal", 3: "Basal", 4: "Apical"},
        },
        **mitochondria,
    }
    config = {"dataset": "modern", "datasets": {"modern": dataset}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return (TABLE, *CORES, "--configfile", "config.yaml")


def layer(kind: str) -> str:
    return f"precomputed://file://{shared_folder('em_modern')}/mitochondria_{kind}"


def volumes(run: Run) -> dict[int, float]:
    table = pq.read_table(run.folder / TABLE, columns=["mito_id", "mito_size"])
    return dict(zip(*table.to_pydict().values(), strict=True))


def expected_volumes(key: str, lod: int | None = None) -> dict[int, float | None]:
    mitochondria = json.loads((shared_folder("em_modern") / "expected.json").read_text())
    found = {}
    for mito_id, truth in mitochondria["mitochondria"].items():
        levels = truth[key] if lod is None else [*truth.get(key, []), *[None] * 3][lod]
        found[int(mito_id)] = levels and levels["volume_nm3"]
    return found


def test_a_segmentation_is_meshed_first_and_once(tmp_path: Path) -> None:
    again = describe(tmp_path, mitochondria_segmentation=layer("seg"))
    run = run_snakemake(tmp_path, *again)
    assert run.code == 0, run.text
    expected, found = expected_volumes("full_mesh"), volumes(run)
    assert len(found) == 10 + 12 + 4
    assert found == pytest.approx({each: expected[each] for each in found}, rel=1e-6)
    assert done(run)["mesh_segmentation"] == 1
    # Only of the cells that are analysed.
    made = tmp_path / "resources" / "modern" / "segmentation_meshes" / "mesh"
    assert {int(file.name.split(":")[0]) for file in made.glob("*:0")} == set(found)
    assert not done(run_snakemake(tmp_path, *again))


def test_another_level_of_detail_fetches_anew(tmp_path: Path) -> None:
    for lod in (0, 1):
        again = describe(tmp_path, mitochondria_meshes={"path": layer("multilod"), "lod": lod})
        run = run_snakemake(tmp_path, *again)
        assert run.code == 0, run.text
        assert done(run)["fetch_meshes"] == 3
        expected = expected_volumes("mitochondria_multilod", lod)
        for mito_id, volume in volumes(run).items():
            if expected[mito_id] is None:
                assert volume is None or np.isnan(volume)
            else:
                assert volume == pytest.approx(expected[mito_id], rel=1e-5)
        assert not done(run_snakemake(tmp_path, *again))


def test_a_cells_own_mesh_comes_from_a_layer(tmp_path: Path) -> None:
    """The mesh of a mitochondrion stands for that of its cell, which these data have not."""
    modern, mito_id, cell_id = shared_folder("em_modern"), 63919898, 648518346349531414
    meshes = tmp_path / "cells" / "mesh"
    meshes.mkdir(parents=True)
    shutil.copy(modern / "mitochondria_multilod_unsharded" / "info", tmp_path / "cells" / "info")
    shutil.copy(modern / "mitochondria_multilod_unsharded" / "mesh" / "info", meshes / "info")
    for ending in ("", ".index"):
        stored = modern / "mitochondria_multilod_unsharded" / "mesh" / f"{mito_id}{ending}"
        shutil.copyfile(stored, meshes / f"{cell_id}{ending}")
    cells = {"path": f"precomputed://file://{tmp_path}/cells", "format": "precomputed", "lod": 2}
    _, *again = describe(tmp_path, mitochondria_meshes=layer("legacy"), cell_meshes=cells)
    target = f"results/modern/per_cell/cell_mesh/{cell_id}_problems.arrow"
    again = (target, *again, "--config", "swc_radii=measured")
    run = run_snakemake(tmp_path, *again)
    assert run.code == 0, run.text
    fetched = tmp_path / "results/modern/per_cell/fetched_cell_mesh" / f"{cell_id}.npz"
    assert len(read_bundle(fetched).faces) == 1222
