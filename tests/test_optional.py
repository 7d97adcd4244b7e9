"""Datasets that lack something, and types and compartments of any names: all the rest is made."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from mitosyn.tables.arrow import read_arrow
from workflow import ROOT, Run, run_snakemake

TYPES = {"L5.PT": "skeleton", "SST-like": "skeleton", "astro_1": "soma_distance"}
NAMES = dict(zip(("pyramidal", "inhibitory", "glia"), TYPES, strict=True))
WITHOUT_SKELETON = ("morphologies.tar.gz", "nodes.tar.gz", "skeleton_nodes.parquet")
PUBLISHED = re.compile("pyramidal|interneuron|astrocyte|pia up|layer 2/3")


def describe(folder: Path, run: Run, **changes: Any) -> dict[str, Any]:
    """Write own tables of a run of the sample into a folder; describe them, with some changes.

    Somata and subtypes are left out, so that every such run goes without them.
    """
    results, made = run.folder / "results/sample", run.folder / "resources/sample"
    cells = read_arrow(results / "tables/cells.arrow").to_pylist()
    for cell in cells:
        cell["cell_type"] = NAMES[cell["cell_type"]]
    kept = ["cell_id", "cell_type", *(f"soma_{axis}" for axis in "xyz")]
    pq.write_table(pa.Table.from_pylist(cells).select(kept), folder / "cells.parquet")
    mitochondria = read_arrow(results / "tables/mitochondria.arrow")
    pq.write_table(
        mitochondria.select(["mito_id", "cell_id", *"xyz"]), folder / "mitochondria.parquet"
    )
    pq.write_table(read_arrow(results / "tables/synapses.arrow"), folder / "synapses.parquet")
    sizes = yaml.safe_load((ROOT / "config.yaml").read_text())["datasets"]["sample"]
    types = {name: {"compartments": place} for name, place in TYPES.items()}
    described = {
        **{key: sizes[key] for key in ("voxel_size_nm", "mesh_voxel_size_nm")},
        "cells": {"path": "cells.parquet", "types": types},
        "mitochondria": {"path": "mitochondria.parquet"},
        "synapses": {"path": "synapses.parquet"},
        "skeletons": str(made / "skeletons"),
        "mitochondria_meshes": f"precomputed://file://{made}/mito_meshes",
        "precomputed_views": True,
    }
    return {key: value for key, value in (described | changes).items() if value is not None}


def run_own(folder: Path, described: Mapping[str, Any], *targets: str) -> Path:
    """Run a description, to the end without targets; return the folder of its results."""
    config = {"dataset": "own", "datasets": {"own": dict(described)}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    run = run_snakemake(folder, "--cores", "2", *targets, "--configfile", "config.yaml")
    assert run.code == 0, run.text
    return folder / "results/own"


def layers(results: Path) -> list[str]:
    state = json.loads((results / "neuroglancer/state.json").read_text())
    return [layer["name"] for layer in state["layers"]]


def absent(results: Path) -> str:
    page = (results / "dataset.html").read_text()
    found = re.search(r'<p id="absent">(.*?)</p>', page)
    return found[1] if found else ""


def is_consistent(results: Path) -> None:
    """Compare what was made with what the dictionary, the page and the checksums say of it."""
    listed = re.findall(r'<a href="([^"]+)">', (results / "dataset.html").read_text())
    assert [name for name in listed if not (results / name).exists()] == []
    for line in (results / "checksums.sha256").read_text().splitlines():
        assert (results / line.split("  ")[1]).is_file(), line
    headings = re.findall(r"^## (\S+)$", (results / "data_dictionary.md").read_text(), re.M)
    assert [n for n in headings if "<" not in n and not (results / n).exists()] == []


@pytest.mark.workflow
def test_without_synapses(small_run: Run, tmp_path: Path) -> None:
    results = run_own(tmp_path, describe(tmp_path, small_run, synapses=None))
    is_consistent(results)
    assert absent(results).startswith("Not in this dataset: synapses (not described); ")
    assert [p for p in results.rglob("*") if "synaps" in p.name and p.is_file()] == []
    assert layers(results) == ["cells", "mitochondria", "mitochondria: points"]
    assert "synapse" not in json.loads((results / "check.json").read_text())["summary"]
    with (results / "cells.csv").open() as file:
        assert {row["synapses_post"] for row in csv.DictReader(file)} == {""}
    notebook = (results / "smo_microns_demonstration.ipynb").read_text()
    assert not PUBLISHED.search(notebook)
    assert not PUBLISHED.search((results / "data_dictionary.md").read_text())


@pytest.mark.workflow
def test_without_skeletons_synapses_are_those_of_all_cells(small_run: Run, tmp_path: Path) -> None:
    types = {name: {"compartments": "none"} for name in TYPES}
    cells = {"path": "cells.parquet", "types": types}
    results = run_own(tmp_path, describe(tmp_path, small_run, skeletons=None, cells=cells))
    is_consistent(results)
    assert "skeletons (no type of cells has compartments from them)" in absent(results)
    assert [name for name in WITHOUT_SKELETON if (results / name).exists()] == []
    assert not (results / "smo_microns_demonstration_3d.html").exists()
    assert layers(results) == ["mitochondria", "mitochondria: points", "synapses"]
    check = json.loads((results / "check.json").read_text())
    assert set(check["compartments"]["L5.PT"]) == {"Unknown"}
    ends = pq.read_table(results / "synapses.parquet")
    assert sum(check["synapses"].values()) == len(ends) > 0


@pytest.mark.workflow
def test_without_meshes_each_mitochondrion_says_so(small_run: Run, tmp_path: Path) -> None:
    results = run_own(tmp_path, describe(tmp_path, small_run, mitochondria_meshes=None))
    is_consistent(results)
    assert "meshes of mitochondria (not described)" in absent(results)
    table = pq.read_table(results / "mitochondria.parquet")
    assert set(table["problem"].to_pylist()) == {"no meshes are described"}
    assert table["mito_size"].null_count == table["voxels"].null_count == len(table)
    with (results / "incomplete_mitochondria.csv").open() as file:
        assert {row["kind"] for row in csv.DictReader(file)} == {"no mesh"}
    assert not (results / "nodes.tar.gz").exists()
    assert not list(results.glob("associated_nodes/*"))
    assert layers(results) == ["cells", "mitochondria: points", "synapses"]
    figures = {path.stem for path in (results / "figures").iterdir()}
    assert "soma_positions" in figures and "mitochondrion_volume" not in figures


ODD = ("L2.3_IT", "L4", "L5-ET", "L6b", "PV", "SST-like_cell", "Vip", "astro")


@pytest.mark.workflow
def test_many_types_and_a_compartment_of_its_own(small_run: Run, tmp_path: Path) -> None:
    described = describe(tmp_path, small_run)
    table = pq.read_table(tmp_path / "cells.parquet").to_pylist()
    mitochondria = pq.read_table(tmp_path / "mitochondria.parquet").to_pylist()
    # More cells, of the same mitochondria in turn, where there is no skeleton.
    others = [table[-1] | {"cell_id": 900 + n, "cell_type": name} for n, name in enumerate(ODD[3:])]
    for number, row in enumerate(mitochondria):
        if row["cell_id"] == table[-1]["cell_id"]:
            row["cell_id"] = others[number % len(others)]["cell_id"]
    cells = [row | {"cell_type": name} for row, name in zip(table[:3], ODD, strict=False)]
    pq.write_table(pa.Table.from_pylist([*cells, *others]), tmp_path / "cells.parquet")
    pq.write_table(pa.Table.from_pylist(mitochondria), tmp_path / "mitochondria.parquet")
    places = ["skeleton"] * 3 + ["soma_distance"] * 5
    types = {name: {"compartments": place} for name, place in zip(ODD, places, strict=True)}
    labels = {0: "Somatic", 1: "Axonal", 2: "Trunk", 3: "Tuft", 4: "Unknown dendritic"}
    changes = {
        "cells": {"path": "cells.parquet", "types": types},
        "skeletons": {
            "path": described["skeletons"],
            "format": "meshparty",
            "labels": labels | {5: "Unknown"},
        },
        "towards_pia": "-z",
    }
    results = run_own(tmp_path, described | changes)
    is_consistent(results)
    check = json.loads((results / "check.json").read_text())
    assert tuple(check["cells"]) == ODD
    assert {"Trunk", "Tuft"} & set(check["compartments"][ODD[0]])
    assert not {"Basal", "Apical"} & set(check["compartments"][ODD[0]])
    nodes = pq.read_table(results / "skeleton_nodes.parquet")
    named = set(zip(nodes["label"].to_pylist(), nodes["compartment"].to_pylist(), strict=True))
    assert {(6, "Trunk"), (7, "Tuft")} <= named
    state = json.loads((results / "neuroglancer/state.json").read_text())
    colours = {**state["layers"][0]["segmentColors"]}
    assert len(set(colours.values())) == len(ODD)
    assert "// Trunk" in state["layers"][0]["skeletonRendering"]["shader"]
    notebook = (results / "smo_microns_demonstration.ipynb").read_text()
    assert "'Trunk': '#" in notebook and "The pia is above" in notebook
    for caption in (ROOT / "report").glob("*.rst"):
        if (results / "figures" / f"{caption.stem}.png").exists():
            assert not PUBLISHED.search(caption.read_text()), caption
