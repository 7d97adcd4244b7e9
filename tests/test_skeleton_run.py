"""Runs with skeletons in the formats of others: from an archive of SWC files, and from layers."""

from __future__ import annotations

import csv
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import loopback
import pyarrow.parquet as pq
import pytest
import yaml
from workflow import Run, done, run_snakemake

pytestmark = pytest.mark.workflow

LABELS = {0: "Unknown", 1: "Somatic", 2: "Axonal", 3: "Dendrite", 4: "Linker"}
WITHOUT, GOOD, BAD = 648518346349538317, 648518346349537828, 648518346349531414
TYPES = {"excitatory": {"of": ["23P", "4P", "5P-IT"], "compartments": "skeleton"}}


def xyz(name: str) -> list[str]:
    return [f"{name}_{axis}" for axis in "xyz"]


def run(folder: Path, data: Path, skeletons: dict[str, Any], *arguments: str, **keys: Any) -> Run:
    """Collect the nodes of the skeletons of a CAVE-like block, and of what they are made."""
    tables = data / "tables_cave"
    described = {
        "voxel_size_nm": [4, 4, 40],
        "cells": {
            "path": str(tables / "cells.parquet"),
            "columns": {"cell_id": "pt_root_id", "soma": "pt_position"},
            "unit": "voxel",
            "types": TYPES,
        },
        "mitochondria": {
            "path": str(tables / "mitochondria.parquet"),
            "columns": {
                "mito_id": "id",
                "cell_id": "pt_root_id",
                "position": xyz("centroid"),
                "voxels": "size",
            },
            "unit": "voxel",
        },
        "synapses": {
            "path": str(tables / "synapses.feather"),
            "columns": {
                "pre_id": "pre_pt_root_id",
                "post_id": "post_pt_root_id",
                "position": xyz("ctr_pt_position"),
            },
            "unit": "voxel",
        },
        "skeletons": skeletons,
        "mitochondria_meshes": f"precomputed://file://{data / 'mitochondria_legacy'}",
    }
    folder.mkdir(exist_ok=True)
    config = {"dataset": "modern", "standard_swc": True, "datasets": {"modern": described}} | keys
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return run_snakemake(folder, "--configfile", "config.yaml", "-c2", "-k", *arguments)


def left_out(results: Path) -> dict[int, str]:
    with (results / "tables" / "left_out_cells.csv").open(newline="") as file:
        return {int(row["cell_id"]): row["reason"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def truths(em_modern: Path) -> dict[str, Any]:
    return json.loads((em_modern / "expected.json").read_text())


def test_an_archive_of_swc_files_of_which_one_is_bad(em_modern: Path, tmp_path: Path) -> None:
    files = tmp_path / "swc"
    shutil.copytree(em_modern / "skeletons_swc", files, copy_function=shutil.copyfile)
    bad = files / f"{BAD}.swc"
    # The root gets its child as parent.
    bad.write_text(bad.read_text().replace(" -1\n", " 2\n", 1))
    with tarfile.open(tmp_path / "swc.tgz", "w:gz") as archive:
        archive.add(files, "skeletons")
    source = {"path": "swc.tgz", "format": "swc", "unit": "um", "labels": LABELS}
    results = tmp_path / "results" / "modern"
    finished = run(tmp_path, em_modern, source, "results/modern/skeleton_nodes.parquet")
    assert finished.code != 0
    (line,) = set(finished.errors())
    assert f"{BAD}.swc: line " in line and "comes round to itself by parents: a cycle" in line
    assert left_out(results)[WITHOUT] == f"no {WITHOUT}.swc"
    swc = (results / "cell_morphologies" / f"{GOOD}.swc").read_text().splitlines()
    assert len(swc) == 2472
    # Radii are those of the file, labels numbers of names of one's own from 6 on.
    assert {line.split()[1] for line in swc} == {"0", "1", "6", "7"}
    assert "1345.523" in {line.split()[5] for line in swc}
    assert not (results / "cell_morphologies" / f"{BAD}.swc").exists()


def test_skeletons_of_a_layer_come_once(
    em_modern: Path, truths: dict[str, Any], tmp_path: Path
) -> None:
    targets = [
        f"{{}}/{name}.parquet" for name in ("skeleton_nodes", "mitochondria", "mitochondrion_nodes")
    ]

    def wanted(subset: str) -> list[str]:
        return [target.format(f"results/modern{subset}") for target in targets]

    with loopback.serve() as server:
        server.folders["/data"] = em_modern
        path = f"precomputed://{server.url}/data/skeletons_precomputed"
        source = {"path": path, "format": "precomputed", "labels": LABELS}
        first = run(tmp_path, em_modern, source, *wanted("+first1"), first_cells=1)
        assert first.code == 0, first.text
        assert done(first)["fetch_skeletons"] == 1
        kept = tmp_path / "results" / "modern+first1"
        assert set(pq.read_table(kept / "skeleton_nodes.parquet")["cell_id"].to_pylist()) == {GOOD}
        finished = run(tmp_path, em_modern, source, *wanted(""))
        assert finished.code == 0, finished.text
        asked = {name.rpartition("/")[2]: n for name, n in server.requests.items()}
        assert asked[str(GOOD)] == asked[str(BAD)] == 1
        again = run(tmp_path, em_modern, source, *wanted(""))
    assert "Nothing to be done" in again.text
    results = tmp_path / "results" / "modern"
    assert left_out(results)[WITHOUT] == f"no skeleton in {path}"
    mitochondria = pq.read_table(results / "mitochondria.parquet").to_pylist()
    named = {"Basal": "Dendrite", "Apical": "Linker"}
    told = 0
    for row in mitochondria:
        mitochondrion = truths["mitochondria"][str(row["mito_id"])]
        mesh = mitochondrion["full_mesh"]
        if mitochondrion["has_mesh"] and mesh["vote_margin"] > 0.02:
            expected = mesh["compartment"].partition(" (")[0]
            assert row["compartment"] == named.get(expected, expected)
            told += 1
    assert told > 130
    covered: dict[int, set[int]] = {}
    for row in pq.read_table(results / "mitochondrion_nodes.parquet").to_pylist():
        covered.setdefault(row["mito_id"], set()).add(row["node_id"])
    for mito_id, nodes in covered.items():
        mitochondrion = truths["mitochondria"][str(mito_id)]
        if not mitochondrion["full_mesh"]["near_ties"]:
            assert len(nodes) == mitochondrion["full_mesh"]["covered_nodes"]
