"""The examples run: tables, skeletons and meshes of any reconstruction give its dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import CORES, made_once
from mitosyn.tables.arrow import read_arrow
from workflow import ROOT, Run, run_snakemake

EXAMPLES = ROOT / "examples"
UNKNOWN = {"Unknown (no mesh)": "Unknown"}
# Votes that another format or level may decide otherwise; two nodes may be equally near.
SURE_MARGIN = 0.02
# Of what is stored; of Draco's quantisation, which moves a vertex by 0.054 nm at most.
EXACT, QUANTISED = 1e-6, 2e-3

pytestmark = pytest.mark.workflow


def example_run(name: str, data: Path, factory: pytest.TempPathFactory) -> Run:
    """Run an example on the modern EM block, under its name in the examples' ``data/``."""

    def make(folder: Path) -> Run:
        (folder / "data").symlink_to(data)
        return run_snakemake(folder, *CORES, "--configfile", str(EXAMPLES / f"{name}.yaml"))

    run = made_once(factory, f"example_{name}", make)
    assert run.code == 0, run.text
    return run


@pytest.fixture(scope="module")
def truths(em_modern: Path) -> dict[str, Any]:
    return json.loads((em_modern / "expected.json").read_text())


def measured(run: Run, name: str) -> pd.DataFrame:
    table = pq.read_table(run.folder / f"results/{name}/mitochondria.parquet").to_pandas()
    return table.set_index("mito_id")


def covered(run: Run, name: str) -> dict[int, set[int]]:
    """Return the skeleton nodes that each mitochondrion covers."""
    nodes: dict[int, set[int]] = {}
    for path in (run.folder / f"results/{name}/per_cell/covered_nodes").glob("*.arrow"):
        for row in read_arrow(path).to_pylist():
            nodes.setdefault(row["mito_id"], set()).add(row["skeleton_node"])
    return nodes


def compare(
    found: pd.DataFrame, truths: dict[str, Any], layer: str, tolerance: float
) -> tuple[list[int], list[int]]:
    """Compare the measures of meshes; return the mitochondria compared and those without a mesh."""
    compared, missing = [], []
    for mito_id, row in found.iterrows():
        truth = truths["mitochondria"][str(mito_id)]
        stored = truth.get(layer)
        if not truth["has_mesh"]:
            missing.append(mito_id)
            assert np.isnan(row["mito_sa"])
            continue
        expected = stored[0] if isinstance(stored, list) else stored
        assert row["mito_sa"] == pytest.approx(expected["surface_area_nm2"], rel=tolerance)
        assert row["mito_size"] == pytest.approx(expected["volume_nm3"], rel=tolerance)
        compared.append(mito_id)
    return compared, missing


def compare_coverage(
    nodes: dict[int, set[int]], truths: dict[str, Any], mito_ids: list[int]
) -> int:
    """Compare covered nodes, but for vertices with two equally near; return of how many."""
    compared = 0
    for mito_id in mito_ids:
        truth = truths["mitochondria"][str(mito_id)]
        if "covered_node_indices" in truth:
            odd = nodes[mito_id] ^ set(truth["covered_node_indices"])
            assert len(odd) <= truth["full_mesh"]["near_ties"], mito_id
            compared += 1
    return compared


def test_cave(em_modern: Path, truths: dict[str, Any], tmp_path_factory) -> None:
    run = example_run("cave", em_modern, tmp_path_factory)
    found = measured(run, "cave")
    compared, missing = compare(found, truths, "mitochondria_multilod", QUANTISED)
    assert missing == [truths["dataset"]["mitochondrion_without_a_mesh"]]
    # Those of the five neurons and two astrocytes that are analysed.
    cells = {int(i): cell for i, cell in truths["cells"].items()}
    of_types = {i for i, c in cells.items() if c["cell_type"] not in ("Unsure", "microglia")}
    analysed = {i for i in of_types if cells[i]["skeleton"] or "astro" in cells[i]["cell_type"]}
    assert set(found["cell_id"]) == analysed
    assert len(found) == sum(cells[i]["mitochondria"] for i in analysed)
    for mito_id in compared:
        truth = truths["mitochondria"][str(mito_id)]["full_mesh"]
        if truth.get("vote_margin", 1) > SURE_MARGIN and "compartment" in truth:
            assert found.loc[mito_id, "compartment"] == truth["compartment"]
    ends = pq.read_table(run.folder / "results/cave/synapses.parquet").to_pandas()
    for cell_id in analysed:
        counts = ends[ends["cell_id"] == cell_id]["synapse_type"].value_counts().to_dict()
        if cells[cell_id]["skeleton"]:
            expected = {k: v for k, v in cells[cell_id]["synapses"].items() if v}
            assert {k: counts.get(k, 0) for k in expected} == expected
    # Types, and as subtypes what they were made of.
    assert set(found["cell_type"]) == {"excitatory", "inhibitory", "astrocyte"}
    assert {"23P", "4P", "5P-IT", "BC", "MC"} <= set(found["cell_subtype"])


def test_neuprint(em_modern: Path, truths: dict[str, Any], tmp_path_factory) -> None:
    run = example_run("neuprint", em_modern, tmp_path_factory)
    found = measured(run, "neuprint")
    _, missing = compare(found, truths, "mitochondria_multilod_unsharded", QUANTISED)
    assert missing == [truths["dataset"]["mitochondrion_without_a_mesh"]]
    assert set(found["cell_id"]) == {101, 102, 103, 104, 106, 107, 109, 110, 111}
    neurons = found[found["cell_type"] != "glia"]
    # Their skeletons have no labels.
    assert set(neurons["compartment"]) == {"Unknown"}
    bodies = {cell["bodyId"]: cell for cell in truths["cells"].values()}
    ends = pq.read_table(run.folder / "results/neuprint/synapses.parquet").to_pandas()
    for body in set(neurons["cell_id"]):
        counts = ends[ends["cell_id"] == body]["synapse_type"].value_counts().to_dict()
        assert counts == {k: v for k, v in bodies[body]["synapses"].items() if v}
    # The row that is there twice, with no id to tell it by.
    log = (run.folder / "logs/neuprint/filter_synapses.log").read_text()
    assert "1 synapses are there twice" in log


def test_segmentation(em_modern: Path, truths: dict[str, Any], tmp_path_factory) -> None:
    run = example_run("segmentation", em_modern, tmp_path_factory)
    found = measured(run, "segmentation")
    # The segmentation has the one that no mesh layer has.
    for mito_id, row in found.iterrows():
        truth = truths["mitochondria"][str(mito_id)]
        if truth["has_mesh"]:
            expected = truth["full_mesh"]
            assert row["mito_sa"] == pytest.approx(expected["surface_area_nm2"], rel=EXACT)
            assert row["mito_size"] == pytest.approx(expected["volume_nm3"], rel=EXACT)
            if expected.get("vote_margin", 1) > SURE_MARGIN and "compartment" in expected:
                assert row["compartment"] == expected["compartment"]
        else:
            assert row["mito_sa"] > 0
    neurons = found[found["cell_type"] != "astrocyte"]
    assert compare_coverage(covered(run, "segmentation"), truths, list(neurons.index)) > 190
    results = run.folder / "results/segmentation"
    assert not (results / "synapse_filtered.csv").exists()
    assert "ynapses" in (results / "dataset.html").read_text()


def test_own_tables(sample_run: Run, tmp_path: Path) -> None:
    for folder in ("results", "resources"):
        (tmp_path / folder).mkdir()
        for made in (sample_run.folder / folder).iterdir():
            (tmp_path / folder / made.name).symlink_to(made)
    run = run_snakemake(tmp_path, *CORES, "--configfile", str(EXAMPLES / "own_tables.yaml"))
    assert run.code == 0, run.text
    old, new = (
        pd.read_parquet(tmp_path / f"results/{name}/mitochondria.parquet").set_index("mito_id")
        for name in ("sample", "mine")
    )
    assert list(old.index) == list(new.index)
    same = ["cell_id", "x", "y", "z", "mito_size", "mito_sa", "pc1_length"]
    pd.testing.assert_frame_equal(old[same], new[same])
    recomputed = old["cell_type"] != "pyramidal"
    pd.testing.assert_frame_equal(
        old.loc[recomputed, ["compartment", "length_along_skeleton"]],
        new.loc[recomputed, ["compartment", "length_along_skeleton"]],
        rtol=1e-6,
    )


def test_each_example_says_what_it_is_and_is_listed() -> None:
    table = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.glob("*.yaml"):
        described = yaml.safe_load(path.read_text())
        assert path.read_text().startswith("# ")
        assert f"]({path.name})" in table
        assert described["dataset"] in described["datasets"]
