"""The branch analysis as a part of the workflow, on a small generated dataset."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mitosyn.branches.division import split, template
from mitosyn.branches.measures import BRANCH_SCHEMA
from mitosyn.branches.mesh import assign_mesh
from mitosyn.branches.neuron import Neuron, coverage_of_cell
from mitosyn.branches.problems import (
    missing_inputs,
    nucleus_of,
    read_problems,
    soma_problems,
    tip_problems,
    write_problems,
)
from mitosyn.branches.summary import sum_compartments, tip_lengths, tip_rows
from mitosyn.catalogue.files import columns_of, published
from mitosyn.catalogue.names import BRANCH_TYPES, COMPARTMENTS
from mitosyn.dataset.tidy import ARROW_TYPES
from mitosyn.skeletons.coverage import Coverage
from mitosyn.skeletons.formats.registry import read_skeleton
from mitosyn.skeletons.skeleton import Skeleton
from mitosyn.sources.nuclei import Nuclei
from mitosyn.tables.arrow import read_arrow
from tubes import export
from workflow import ROOT, Run, done, numbers_of_another_kind, run_snakemake

BASAL = COMPARTMENTS.index("Basal")
HEAVY = {"pandas", "sklearn", "trimesh", "meshparty", "pydantic", "pyarrow.compute"}
WITHOUT_MESH = 648518346349510220
RESULTS, RESOURCES = Path("results/sample"), Path("resources/sample")


def analysed(folder: Path, source: Run, *options: str) -> tuple[str, ...]:
    """Copy a finished run; give the arguments that run it again with other options."""
    shutil.copytree(source.folder, folder, symlinks=True)
    return ("--configfile", "config.yaml", "--config", *options)


@pytest.fixture(scope="module")
def branch_run(small_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The small dataset, finished, with the analysis switched on."""
    folder = tmp_path_factory.mktemp("branches") / "run"
    again = analysed(folder, small_run, f"branches={json.dumps(BRANCH_TYPES)}")
    run = run_snakemake(folder, "--cores", "2", *again)
    assert run.code == 0, run.text
    return run


@pytest.mark.workflow
def test_real_numbers_have_a_point_in_every_row_and_integers_none(branch_run: Run) -> None:
    assert numbers_of_another_kind(branch_run.folder / RESULTS) == []


def branches(run: Run, kind: str) -> pd.DataFrame:
    return pd.read_parquet(run.folder / RESULTS / f"branches_{kind}.parquet")


def exactly(path: Path) -> pd.DataFrame:
    """Read a CSV file with every digit of its numbers."""
    return pd.read_csv(path, float_precision="round_trip")


def neurons(run: Run) -> list[int]:
    return [int(p.stem) for p in sorted((run.folder / RESULTS / "cell_morphologies").iterdir())]


def skeleton_of(run: Run, cell_id: int) -> Skeleton:
    base = run.folder / RESOURCES / "skeletons" / f"{cell_id}_skeleton"
    return read_skeleton(f"{base}.h5")


def cells_of_type(run: Run, kind: str) -> Iterator[tuple[pd.DataFrame, Skeleton, np.ndarray]]:
    """Give the branches of each neuron, its skeleton, and the branch of each node."""
    table = branches(run, kind)
    for cell_id in neurons(run):
        skeleton = skeleton_of(run, cell_id)
        nodes = run.folder / RESULTS / f"per_cell/covered_nodes/{cell_id}.arrow"
        covered = np.zeros(len(skeleton.vertices), bool)
        covered[read_arrow(nodes)["skeleton_node"].to_numpy()] = True
        found = split(skeleton, template(kind, skeleton, covered), kind)
        yield table[table["cellid"] == cell_id], skeleton, found.branch_of_node


@pytest.mark.workflow
def test_the_analysis_adds_its_own_jobs_and_no_others(small_run: Run, branch_run: Run) -> None:
    assert not re.search(r"branch|cell_mesh|tips|overlaps", small_run.text.split("Finished", 1)[0])
    assert not list((small_run.folder / RESULTS).glob("*branch*"))
    kinds = len(BRANCH_TYPES)
    expected = {
        "make_sample_branches": 1,
        "partition_overlaps": 1,
        "assign_cell_mesh": 3,
        "measure_branches": 3,
        "collect_branches": kinds,
        "summarise_compartments": 1,
        "list_branch_problems": 1,
        "record_provenance": 1,
        "summarise_dataset": 1,
        "all": 1,
    }
    assert done(branch_run).items() >= expected.items()
    untouched = {"export_swc", "associate_skeleton", "make_sample", "pack_archive", "demonstrate"}
    assert not untouched & set(done(branch_run))


@pytest.mark.workflow
@pytest.mark.parametrize("kind", BRANCH_TYPES)
def test_nothing_is_lost_between_branches(branch_run: Run, kind: str) -> None:
    for table, skeleton, branch_of_node in cells_of_type(branch_run, kind):
        a, b = branch_of_node[skeleton.edges].T
        lengths = skeleton.edge_lengths() / 1000
        between = lengths[a != b].sum()
        assert table["pathlength"].sum() + between == pytest.approx(lengths.sum(), rel=1e-9)
        assert table["nodes"].sum() == len(skeleton.vertices)
        assert table["branchid"].is_unique and len(table) == branch_of_node.max() + 1
        covered = table["coveredpathlength"] - table["extracoveragelength"]
        assert np.allclose(covered + table["uncoveredpathlength"], table["pathlength"])


@pytest.mark.workflow
def test_synapses_and_mitochondria_are_the_same_in_all_types(branch_run: Run) -> None:
    synapses = pd.read_csv(branch_run.folder / RESULTS / "synapse_filtered.csv")
    sites = synapses[synapses["synapse_type"] != "pre"].groupby("cell_id").size()
    assert (synapses["synapse_type"] == "autapse").any()
    volumes = []
    for kind in BRANCH_TYPES:
        of_cells = branches(branch_run, kind).groupby("cellid")
        assert of_cells["synapsecount"].sum().to_dict() == sites.to_dict()
        volumes.append(of_cells["mitovol"].sum())
        assert of_cells["mitovol"].count().tolist() == of_cells.size().tolist()
    for volume in volumes[1:]:
        assert np.allclose(volume, volumes[0])


@pytest.mark.workflow
def test_a_neuron_without_mesh_has_everything_else(branch_run: Run) -> None:
    for kind in BRANCH_TYPES:
        table = branches(branch_run, kind)
        without = table["cellid"] == WITHOUT_MESH
        of_mesh = ["surfacearea", "volume", "mitovoldensity", "surfsynapsedensity", "vertices"]
        assert table.loc[without, of_mesh].isna().all(axis=None)
        assert table.loc[~without, "vertices"].notna().all()
        others = ["pathlength", "synapsecount", "mitovol", "coveredpathlength", "nodes"]
        assert table.loc[without, others].notna().all(axis=None)
        assert not (table["volume"] == 0).any()


@pytest.mark.workflow
def test_problems_are_listed_once(branch_run: Run) -> None:
    table = pd.read_csv(branch_run.folder / RESULTS / "branch_problems.csv")
    assert not table.duplicated().any()
    rows = {tuple(row) for row in table.itertuples(index=False)}
    assert (WITHOUT_MESH, "cell mesh", f"no file {WITHOUT_MESH}_mesh.h5") in rows
    assert (WITHOUT_MESH, "nucleus", "no nucleus") in rows
    assert re.search(r"\d+,nucleus,\"2 nuclei \(\d+, \d+\)\"", table.to_csv(index=False))
    assert {"in 2 pieces", "apart from the soma", "no overlap with the cell"} <= {
        text
        for text in ("in 2 pieces", "apart from the soma", "no overlap with the cell")
        if table["problem"].str.contains(text).any()
    }
    # Cells stand together, in their order.
    assert table["cell_id"].drop_duplicates().tolist() == list(dict.fromkeys(table["cell_id"]))
    assert (table["cell_id"].diff() != 0).sum() == table["cell_id"].nunique()


@pytest.mark.workflow
def test_compartments_are_the_sums_of_full_branches(branch_run: Run) -> None:
    sums = exactly(branch_run.folder / RESULTS / "branch_compartments.csv")
    full = branches(branch_run, "full")
    names = ["pathlength", "surfacearea", "volume", "synapsecount", "mitovol", "nodes"]
    expected = full.groupby(["cellid", "compartment"])[names].sum(min_count=1)
    found = sums.assign(label=sums["compartment"].map(COMPARTMENTS.index))
    found = found.set_index(["cell_id", "label"])[names]
    assert np.allclose(found.sort_index(), expected.sort_index(), equal_nan=True)
    soma = sums[sums["nucleusvol"].notna()]
    assert soma["compartment"].tolist() == ["Somatic"]
    assert (soma["cytovol"] == soma["volume"] - soma["nucleusvol"]).all()
    assert (soma["mitovoldensity"] == soma["mitovol"] / soma["cytovol"]).all()
    unknown = sums[(sums["compartment"] == "Somatic") & sums["nucleusvol"].isna()]
    assert len(unknown) == 2 and unknown[["cytovol", "mitovoldensity"]].isna().all(axis=None)
    neurites = pd.read_csv(branch_run.folder / RESULTS / "neurite_lengths.csv")
    assert np.allclose(neurites["length_um"], sums["pathlength"])


@pytest.mark.workflow
def test_ways_to_tips_are_those_along_the_swc_file(branch_run: Run) -> None:
    tips = pd.read_csv(branch_run.folder / RESULTS / "tip_lengths.csv")
    assert sorted(tips["cell_id"].unique()) == neurons(branch_run)
    for cell_id, of_cell in tips.groupby("cell_id"):
        swc = np.loadtxt(branch_run.folder / RESULTS / f"cell_morphologies/{cell_id}.swc")
        labels, parents = swc[:, 1].astype(int), swc[:, 6].astype(int)
        ends = np.setdiff1d(np.arange(len(swc)), parents)
        assert set(of_cell["node_id"]) == set(ends.tolist())
        for tip in of_cell.itertuples():
            way, node = 0.0, tip.node_id
            while labels[node] != 0 and parents[node] >= 0:
                way += np.linalg.norm(swc[node, 2:5] - swc[parents[node], 2:5]) / 1000
                node = parents[node]
            assert tip.compartment == COMPARTMENTS[labels[tip.node_id]]
            reached = labels[node] == 0
            assert np.isnan(tip.length_um) != reached
            assert not reached or tip.length_um == pytest.approx(way, abs=1e-3)


@pytest.mark.workflow
def test_tables_are_typed_described_and_the_same_as_csv(branch_run: Run) -> None:
    results = branch_run.folder / RESULTS
    described = {f"branches_{kind}": "branches_<type>.parquet" for kind in BRANCH_TYPES}
    described["branch_compartments"] = "branch_compartments.parquet"
    for name, path in described.items():
        table = pq.read_table(results / f"{name}.parquet")
        columns = published(path).columns
        assert table.column_names == list(columns)
        for field, meaning in zip(table.schema, columns.values(), strict=True):
            assert field.type == ARROW_TYPES[meaning.kind]
            assert field.metadata[b"unit"].decode() == meaning.unit
        csv = exactly(results / f"{name}.csv")
        assert csv.columns.tolist() == table.column_names
        pd.testing.assert_frame_equal(csv, table.to_pandas(), check_dtype=False, rtol=0, atol=0)


@pytest.mark.workflow
def test_the_analysis_is_in_provenance_and_on_the_page(branch_run: Run) -> None:
    results = branch_run.folder / RESULTS
    package = json.loads((results / "provenance.json").read_text())
    assert package["workflow"]["config"]["branches"] == list(BRANCH_TYPES)
    titles = {source["title"] for source in package["sources"]}
    tables = {"mitochondrion_cell_overlaps", "nucleus_segments", "nucleus_cell_overlaps"}
    assert titles >= {"cell_meshes", *tables}
    files = {path.name for path in results.glob("*branch*")}
    files |= {"neurite_lengths.csv", "tip_lengths.csv"}
    assert len(files) >= 15
    assert files <= {resource["path"] for resource in package["resources"]}
    page = (results / "dataset.html").read_text()
    for name in files:
        row = re.search(rf"<tr>(?:(?!</tr>).)*{name}.*?</tr>", page, re.DOTALL)
        assert row and re.search(r"branch|skeleton", row[0].replace(name, ""), re.IGNORECASE), name


@pytest.mark.workflow
def test_one_core_gives_the_same_bytes_and_jobs_import_little(
    branch_run: Run, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    ignore = shutil.ignore_patterns(".*", "results", "resources", "logs", "tests")
    shutil.copytree(ROOT, checkout, ignore=ignore)
    per_cell = ["assign_cell_mesh", "measure_branches"]
    for rule in per_cell:
        script = checkout / "workflow_scripts" / f"{rule}.py"
        check = f"    import sys\n    assert not {HEAVY} & set(sys.modules)\n"
        script.write_text(script.read_text() + check)
    again = analysed(tmp_path / "run", branch_run, f"branches={json.dumps(BRANCH_TYPES)}")
    names = ["branches_distancebins.csv", "branches_distancebins.parquet"]
    names.append(f"per_cell/branches/tips/{neurons(branch_run)[0]}.arrow")
    targets = [str(RESULTS / name) for name in names]
    # The changed scripts redo their jobs.
    source = ("-s", str(checkout / "Snakefile"))
    run = run_snakemake(tmp_path / "run", "--cores", "1", *targets, *source, *again)
    assert run.code == 0, run.text
    redone = {"assign_cell_mesh": 3, "measure_branches": 3, "collect_branches": 1}
    assert done(run) == redone
    for name in names:
        found = (run.folder / RESULTS / name).read_bytes()
        assert found == (branch_run.folder / RESULTS / name).read_bytes(), name


@pytest.mark.workflow
def test_measured_radii_replace_the_published_ones(small_run: Run, tmp_path: Path) -> None:
    cell_id = neurons(small_run)[1]
    again = analysed(tmp_path / "run", small_run, "swc_radii=measured", "standard_swc=true")
    names = [f"{folder}/{cell_id}.swc" for folder in ("cell_morphologies", "standard_swc")]
    targets = [str(RESULTS / name) for name in names]
    run = run_snakemake(tmp_path / "run", "--cores", "2", *targets, *again)
    assert run.code == 0, run.text
    assert set(done(run)) >= {"assign_cell_mesh", "export_swc", "export_standard_swc"}
    assert "measure_branches" not in done(run)
    published = np.loadtxt(small_run.folder / RESULTS / names[0])
    found = np.loadtxt(run.folder / RESULTS / names[0])
    assert (published[:, 5] == 1).all()
    assert np.array_equal(np.delete(found, 5, axis=1), np.delete(published, 5, axis=1))
    assigned = np.load(run.folder / RESULTS / f"per_cell/cell_mesh/{cell_id}.npz")
    radii = np.sort(assigned["diameters"] / 2)
    assert 0 < (found[:, 5] == 1).sum() == np.isnan(radii).sum()
    known = radii[~np.isnan(radii)]
    assert np.allclose(np.sort(found[found[:, 5] != 1, 5]), known, atol=1e-3)
    neurites = np.loadtxt(run.folder / RESULTS / names[1])[1:, 5] * 1000
    # Unknown ones are 0.1 µm there.
    expected = np.append(known, 100.0)
    assert np.abs(neurites[:, None] - expected).min(axis=1).max() < 1e-3
    (problem,) = [
        text
        for _, _, text in read_problems(
            [run.folder / RESULTS / f"per_cell/cell_mesh/{cell_id}_problems.arrow"]
        )
        if "radius" in text
    ]
    assert problem == f"{np.isnan(radii).sum()} of {len(radii)} nodes without a known radius"


# Without Snakemake ---------------------------------------------------------------------------


def chain(labels: list[int]) -> Skeleton:
    """Nodes 1 µm apart along x, in a row."""
    count = len(labels)
    positions = np.column_stack([np.arange(count) * 1000.0, np.zeros(count), np.zeros(count)])
    edges = np.column_stack([np.arange(count - 1), np.arange(1, count)])
    return Skeleton(positions, edges, np.array(labels, np.int64), 0)


def test_the_columns_of_branches_are_those_that_are_documented() -> None:
    assert BRANCH_SCHEMA.names == columns_of("branches_<type>.csv")
    columns = published("branches_<type>.parquet").columns
    assert [ARROW_TYPES[meaning.kind] for meaning in columns.values()] == BRANCH_SCHEMA.types


def full_branches(rows: list[dict]) -> pa.Table:
    """Give branches that have 1 of everything, but for what the rows say."""
    return pa.Table.from_pylist(
        [dict.fromkeys(BRANCH_SCHEMA.names, 1) | row for row in rows],
        schema=BRANCH_SCHEMA,
    )


def test_sums_of_compartments_know_what_is_unknown() -> None:
    table = full_branches(
        [
            {"compartment": 2, "pathlength": 3.0, "synapsecount": 6},
            {"compartment": 2, "volume": None, "surfacearea": None},
            {"compartment": 1, "mitovol": None},
            {"compartment": 0, "volume": 10.0, "mitovol": 2.0, "pathlength": 0.0},
        ]
    )
    soma, axon, basal = sum_compartments(table, 5.0)
    assert (soma["nucleusvol"], soma["cytovol"], soma["mitovoldensity"]) == (5, 5, 0.4)
    assert soma["linearsynapsedensity"] is None
    assert axon["mitovol"] is axon["mitovoldensity"] is axon["nucleusvol"] is None
    assert (axon["compartment"], axon["cytovol"]) == ("Axonal", 1)
    assert (basal["branches"], basal["branches_without_mesh"]) == (2, 1)
    assert (basal["volume"], basal["mitovol"], basal["linearsynapsedensity"]) == (1, 2, 7 / 4)
    assert (basal["cell_id"], basal["compartment"], basal["pathlength"]) == (1, "Basal", 4.0)
    assert soma_problems([soma, axon, basal]) == []
    (tight, *_) = sum_compartments(table, 10.0)
    assert tight["cytovol"] is None and soma_problems([tight])[0][1] == "nucleus"
    (bare, *_) = sum_compartments(table, None)
    assert bare["cytovol"] is bare["mitovoldensity"] is None and not soma_problems([bare])
    only = sum_compartments(full_branches([{"compartment": 5, "volume": None}]), None)[0]
    assert only["volume"] is only["cytovol"] is only["surfsynapsedensity"] is None


def test_only_a_single_nucleus_of_known_size_counts() -> None:
    assert nucleus_of(7, Nuclei((1,), 3.5)) == (3.5, [])
    for nuclei in (Nuclei(), Nuclei((1, 2), 3.5), Nuclei((1,), float("nan"))):
        volume, ((cell_id, subject, problem),) = nucleus_of(7, nuclei)
        assert volume is None and (cell_id, subject) == (7, "nucleus") and problem


def test_tips_without_a_way_to_the_soma_are_empty_and_counted() -> None:
    whole = chain([2, 2, 0, 4, 4])
    tips = tip_lengths(replace(whole, edges=whole.edges[:3], root=2))
    (first, third) = tip_rows(9, tips)
    assert (first[:2], first[3:], third[:2], third[3:]) == (
        [9, 0],
        ["Basal", 2.0],
        [9, 3],
        ["Unknown dendritic", 1.0],
    )
    # The last two nodes, apart: one of them starts the piece, the other is a tip.
    lost = tip_lengths(replace(chain([0, 2, 4, 4]), edges=np.array([[0, 1], [2, 3]])))
    assert [row[4] for row in tip_rows(9, lost)] == [1.0, ""]
    assert tip_problems(lost) == [("skeleton", "1 of 2 tips apart from the soma")]


def test_what_is_missing_is_said_of_each_mitochondrion() -> None:
    coverage = Coverage(np.array([0, 0, 2]), np.array([0, 1, 1]), np.array([3, 1, 4]))
    apart = Skeleton(np.zeros((2, 3)), np.empty((0, 2), np.int64), np.array([0, 2]), 0)
    volumes = np.array([1.0, 2.0, np.nan])
    assert missing_inputs(neuron(apart, coverage, volumes), np.array([10, 11, 12])) == [
        ("skeleton", "1 of 2 nodes apart from the soma"),
        ("mitochondrion 12", "no overlap with the cell in the table of overlaps"),
        ("mitochondrion 11", "covers no skeleton node: its volume is in no branch"),
    ]
    nothing = np.empty(0, np.int64)
    nowhere = neuron(chain([2, 2]), Coverage(nothing, nothing, nothing), np.ones(1))
    assert missing_inputs(nowhere, np.array([10]))[0] == ("skeleton", "no somatic node")


def neuron(skeleton: Skeleton, coverage: Coverage, volumes_um3: np.ndarray) -> Neuron:
    return Neuron(7, skeleton, None, np.empty(0), coverage, volumes_um3, np.empty(0, np.int64))


def test_a_coverage_keeps_its_mitochondria_whatever_their_ids() -> None:
    nodes = pa.table({"mito_id": [30, 30, 10], "skeleton_node": [5, 6, 5], "vertices": [1, 2, 3]})
    coverage = coverage_of_cell(nodes, np.array([30, 20, 10]))
    assert coverage.mitochondrion.tolist() == [0, 0, 2]
    assert coverage.vertices.tolist() == [1, 2, 3]


def test_problems_of_a_cell_stand_together_once(tmp_path: Path) -> None:
    write_problems(tmp_path / "1", [(2, "nucleus", "none"), (1, "skeleton", "broken, twice")])
    write_problems(tmp_path / "2", [])
    write_problems(tmp_path / "3", [(2, "nucleus", "none"), (2, "cell mesh", "no file")])
    assert read_problems(tmp_path / name for name in "123") == [
        (2, "nucleus", "none"),
        (2, "cell mesh", "no file"),
        (1, "skeleton", "broken, twice"),
    ]


def write_box(path: Path, offset_nm: float) -> None:
    """Write a closed box around the chain of three nodes."""
    import h5py
    import trimesh

    box = trimesh.creation.box((3000, 400, 400)).subdivide().subdivide().subdivide()
    with h5py.File(path, "w") as file:
        file["vertices"] = box.vertices + np.array([1000 + offset_nm, 0, 0])
        file["faces"] = box.faces.ravel()


def test_a_mesh_that_cannot_be_used_costs_what_is_measured_on_it(tmp_path: Path) -> None:
    skeleton, scale = chain([0, 2, 2]), np.ones(3)
    write_box(tmp_path / "good.h5", 0)
    write_box(tmp_path / "far.h5", 1e6)
    (tmp_path / "broken.h5").write_text("no mesh")
    diameters, good, problems = assign_mesh(tmp_path / "good.h5", scale, skeleton, None)
    assert problems == [] and good is not None and set(good.node_of_vertex) == {0, 1, 2}
    # The ends have the box's caps too.
    assert 400 < diameters[1] < 570 < diameters[[0, 2]].min()
    for name, problem in (
        ("far", "half of the nodes of the skeleton are 99"),
        ("broken", "not a readable cell mesh file"),
        ("none", "no file none.h5"),
    ):
        unknown, bad, problems = assign_mesh(tmp_path / f"{name}.h5", scale, skeleton, None)
        (subject, said), radii = problems
        assert bad is None and np.isnan(unknown).all()
        assert subject == "cell mesh" and said.startswith(problem) and str(tmp_path) not in said
        assert radii == ("skeleton", "3 of 3 nodes without a known radius")
    calibres = np.array([300.0, np.inf, 100.0])
    own, _, problems = assign_mesh(tmp_path / "good.h5", scale, skeleton, calibres)
    assert np.array_equal(own, [300, np.nan, 100], equal_nan=True)
    assert problems == [("skeleton", "1 of 3 nodes without a known radius")]


def test_radii_that_are_not_known_are_1_in_swc(tmp_path: Path) -> None:
    skeleton = chain([0, 2, 2, 2])
    export(tmp_path / "1.swc", skeleton, np.array([5.0, np.nan, 0.0, 0.25]))
    assert np.loadtxt(tmp_path / "1.swc")[:, 5].tolist() == [5, 1, 1, 0.25]
    export(tmp_path / "2.swc", skeleton)
    assert " 1.000 " in (tmp_path / "2.swc").read_text().splitlines()[0]


def test_statistics_and_figures_are_of_the_branches(branch_run: Run) -> None:
    results = branch_run.folder / RESULTS
    found = pd.read_csv(results / "branch_statistics.csv").set_index(["statistic", "group"])
    pyramidal = pd.read_csv(results / "cells.csv").query("cell_type == 'pyramidal'")["cell_id"]
    bins = branches(branch_run, "distancebins")
    basal = bins[bins["cellid"].isin(pyramidal) & (bins["compartment"] == BASAL)]
    reachable = basal[basal["mindisttosoma"].notna()]
    kept = reachable[(reachable["mindisttoleaf"] > 5) & ~(reachable["volume"] <= 0.5)]
    assert found.loc[("segments", "Basal"), "value"] == len(kept) > 10
    distal = kept[(kept["mindisttosoma"] > 60) & kept["volume"].notna()]
    assert found.loc[("distal_segments", "Basal"), "value"] == len(distal)
    assert found["note"].str.contains("published data only").sum() == found["published"].count() > 0
    for name in ("compartment_differences", "gradients_pyramidal", "mitochondria_and_synapses"):
        assert (results / "figures" / f"{name}.svg").stat().st_size > 5_000
