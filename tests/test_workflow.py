"""The workflow end to end: the embedded sample, the EM block, re-runs and bad input."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from pathlib import Path

import h5py
import navis
import nbformat
import numpy as np
import pandas as pd
import pytest
from mitosyn.catalogue.files import CELL_CSV, columns_of
from workflow import (
    ROOT,
    Run,
    copy_of,
    done,
    em_block_config,
    run_snakemake,
    small_sample_config,
)

pytestmark = pytest.mark.workflow
ARCHIVES = ("microns", "morphologies", "nodes")
FOLDERS = {
    "microns": "microns_cells",
    "morphologies": "cell_morphologies",
    "nodes": "associated_nodes",
}
SMALL = ("--cores", "1", "--configfile", "config.yaml")


def contents(folder: Path) -> dict[str, bytes]:
    """Give every published file of a results folder by its path."""
    kinds = ("*.tar.gz", "*.csv", "*.parquet", "*.ipynb", "*_3d.html")
    wanted = (*FOLDERS.values(), "figures", *kinds)
    files = [f for pattern in wanted for p in folder.glob(pattern) for f in [p, *p.rglob("*")]]
    # Times differ from run to run.
    files = [f for f in files if f.is_file() and f.name != "run_times.csv"]
    return {str(f.relative_to(folder)): f.read_bytes() for f in files}


def unpacked(folder: Path, target: Path) -> Path:
    for archive in ARCHIVES:
        with tarfile.open(folder / f"{archive}.tar.gz") as packed:
            assert {name.split("/")[0] for name in packed.getnames()} == {FOLDERS[archive]}
            packed.extractall(target, filter="data")
    return target


# The embedded sample -------------------------------------------------------------------------


def test_one_command_gives_every_output(sample_run: Run) -> None:
    assert sample_run.code == 0, sample_run.text
    results = sample_run.folder / "results" / "sample"
    for name in (
        *(f"{archive}.tar.gz" for archive in ARCHIVES),
        "cell_type_classification_filtered.csv",
        "cells.csv",
        "synapse_filtered.csv",
        *(f"{table}.parquet" for table in ("cells", "mitochondria", "synapses")),
        *(f"{table}.parquet" for table in ("skeleton_nodes", "mitochondrion_nodes")),
        "data_dictionary.md",
        "smo_microns_demonstration.ipynb",
        "smo_microns_demonstration_3d.html",
        "demonstration_meshes.tar.gz",
    ):
        assert (results / name).stat().st_size > 0, name


def test_the_run_ends_with_one_line_that_sums_it_up(sample_run: Run) -> None:
    (line,) = [x for x in sample_run.text.splitlines() if x.startswith("sample: ")]
    assert re.fullmatch(
        r"sample: 12 cells \(6 pyramidal, 3 inhibitory, 3 glia\); 471 mitochondria "
        r"\(2 no mesh, \d+ partly measured\); 2798 synapse rows "
        r"\(2516 post, 278 pre, 4 autapse\); archives: results/sample/microns.tar.gz, .*",
        line,
    )


def test_the_published_files_read_as_programs_read_them(sample_run: Run, tmp_path: Path) -> None:
    results = sample_run.folder / "results" / "sample"
    folder = unpacked(results, tmp_path)
    cells = pd.read_csv(results / "cell_type_classification_filtered.csv")
    assert cells.columns.tolist() == [
        *("cell_id", "centroid_x", "centroid_y", "centroid_z", "cell_type", "cell_subtype")
    ]
    assert len(cells) == 9
    for cell_id, kind in zip(cells["cell_id"], cells["cell_type"], strict=True):
        table = pd.read_csv(folder / "microns_cells" / f"{kind}_{cell_id}.csv", index_col=0)
        assert table.columns.tolist() == columns_of(CELL_CSV)
        assert (table["cellid"] == cell_id).all()
        swc_path = folder / "cell_morphologies" / f"{cell_id}.swc"
        swc = pd.read_csv(swc_path, header=None, delimiter=" ")
        assert swc[0].tolist() == list(range(len(swc)))
        assert (swc[6] < swc[0]).all()
        assert navis.read_swc(swc_path, soma_label=0).n_nodes == len(swc)
        nodes = pd.read_json(
            folder / "associated_nodes" / f"{cell_id}_associated_nodes.json", typ="series"
        )
        outside = table[table["compartment"] != "Somatic"]
        assert nodes.index.tolist() == outside["mito_id"].tolist()
        for covered in nodes:
            assert covered == sorted(set(covered))
            assert set(covered) <= set(swc[0])
        without_mesh = outside.loc[outside["mito size"].isna() & outside["mito SA"].isna()]
        assert all(nodes[mito_id] == [] for mito_id in without_mesh["mito_id"])
    synapses = pd.read_csv(results / "synapse_filtered.csv", index_col=0)
    assert synapses["cell_id"].isin(cells["cell_id"]).all()
    assert len(pd.read_csv(results / "cells.csv")) == 12


def test_morphometrics_of_the_sample_are_plausible(sample_run: Run) -> None:
    results = sample_run.folder / "results" / "sample"
    table = pd.concat(
        pd.read_csv(path, index_col=0) for path in sorted(results.glob("microns_cells/*.csv"))
    )
    assert len(table) == 471
    assert table["mito_id"].is_unique
    volume = table.groupby("compartment")["mito size"].median() / 1e9
    # Five times the published ones, of which a cell has ten times as many.
    expected = {"Axonal": 0.065, "Somatic": 0.165, "Basal": 0.475}
    for compartment, median in expected.items():
        assert median / 2 < volume[compartment] < median * 2, compartment
    symmetry = table[[f"PC{k} symmetry" for k in (1, 2, 3)]].stack().dropna()
    assert symmetry.between(0, 1).all()
    assert table["sphericity"].dropna().between(0, 1).all()
    assert table["convex hull compactness"].dropna().between(0, 1.000001).all()


def test_the_notebook_is_executed(sample_run: Run) -> None:
    path = sample_run.folder / "results" / "sample" / "smo_microns_demonstration.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) for output in outputs)


def test_what_could_not_be_measured_is_listed(sample_run: Run) -> None:
    path = sample_run.folder / "results" / "sample" / "incomplete_mitochondria.csv"
    table = pd.read_csv(path)
    assert (table["kind"] == "no mesh").sum() == 2
    assert {"convex hull SA", "mito size"} <= set(";".join(table["missing"]).split(";"))


def test_left_out_cells_are_listed_with_the_reason(sample_run: Run) -> None:
    path = sample_run.folder / "results" / "sample" / "tables" / "left_out_cells.csv"
    assert "2 soma rows: a merge of cells" in path.read_text()


def test_files_of_other_cells_are_refused_with_the_nearest_ids(
    small_run: Run, tmp_path: Path
) -> None:
    folder, results = copy_of(small_run, tmp_path / "run"), "results/sample"
    names = [p.stem for p in (folder / results / "microns_cells").glob("*.csv")]
    neuron = next(name.split("_")[1] for name in names if name.startswith("pyramidal"))
    astrocyte = next(name.split("_")[1] for name in names if name.startswith("glia"))
    typo = str(int(neuron) + 1_000_000)
    for target, expected in {
        f"cell_morphologies/{typo}.swc": f"cell {typo} is not among the analysed cells; nearest: ",
        f"microns_cells/pyramidal_{typo}.csv": f"analysed cells; nearest: {neuron}",
        f"cell_morphologies/{astrocyte}.swc": f"{astrocyte} is glia, asked for as pyramidal or",
        f"microns_cells/glia_{neuron}.csv": f"{neuron} is pyramidal, asked for as glia",
        f"microns_cells/inhibitory_{neuron}.csv": "is pyramidal, asked for as inhibitory",
    }.items():
        run = run_snakemake(folder, f"{results}/{target}", *SMALL)
        assert run.code != 0 and not done(run)
        assert expected in run.text


def test_a_missing_skeleton_costs_its_cell_alone(em_block_copy: Path, tmp_path: Path) -> None:
    lost, blank, kept = 648518346349538426, 648518346349537404, 648518346349539846
    path = em_block_copy / "skeletons" / f"{lost}_skeleton_label.npy"
    labels = path.read_bytes()
    path.unlink()
    table = em_block_copy / "220309_cell_type_classification.csv"
    table.write_text(re.sub(rf"({blank},\w+),", r"\1 ,", table.read_text()))
    config = em_block_config(tmp_path / "config.yaml", em_block_copy)
    results = tmp_path / "results" / "em_block"
    targets = [
        "results/em_block/tables/left_out_cells.csv",
        f"results/em_block/cell_morphologies/{kept}.swc",
    ]
    arguments = [*targets, "--cores", "2", "--configfile", str(config)]
    run = run_snakemake(tmp_path, *arguments)
    assert run.code == 0, run.text
    left_out = (results / "tables" / "left_out_cells.csv").read_text()
    assert f"no {lost}_skeleton_label.npy" in left_out
    assert re.search(rf"{blank},.*, analysed are .* is '\w+' meant", left_out)
    # The skeleton comes later, and with it the cell.
    path.write_bytes(labels)
    run = run_snakemake(tmp_path, *arguments)
    assert done(run) == {"check_inputs": 1, "select_cells": 1}
    assert str(lost) not in (results / "tables" / "left_out_cells.csv").read_text()


def test_everything_done_is_left_alone(sample_run: Run, tmp_path: Path) -> None:
    again = run_snakemake(copy_of(sample_run, tmp_path / "run"), "--cores", "1")
    assert again.code == 0
    assert "Nothing to be done" in again.text


def test_the_bytes_do_not_depend_on_cores_or_on_what_was_there(
    small_run: Run, tmp_path: Path
) -> None:
    first = contents(small_run.folder / "results" / "sample")
    assert {*FOLDERS.values()} < {name.split("/")[0] for name in first}
    small_sample_config(tmp_path / "config.yaml")
    again = run_snakemake(tmp_path, "--cores", "1", "--configfile", "config.yaml")
    assert again.code == 0, again.text
    results = tmp_path / "results" / "sample"
    assert contents(results) == first
    for folder in FOLDERS.values():
        for file in sorted((results / folder).iterdir())[::2]:
            file.unlink()
    rebuilt = run_snakemake(tmp_path, "--cores", "2", "--configfile", "config.yaml")
    assert rebuilt.code == 0, rebuilt.text
    assert done(rebuilt)["pack_archive"] == 3
    assert contents(results) == first


# Single cells, with the EM block -------------------------------------------------------------


@pytest.fixture
def finished(em_block_run: Run, em_block: Path, tmp_path: Path) -> Path:
    """A copy of the finished EM block that a test may change."""
    folder = tmp_path / "finished"
    shutil.copytree(em_block_run.folder, folder)
    return folder


def rerun(folder: Path, *arguments: str) -> Run:
    return run_snakemake(folder, "--cores", "2", *arguments, "--configfile", "config.yaml")


def test_em_block(em_block_run: Run) -> None:
    assert em_block_run.code == 0, em_block_run.text
    report = json.loads((em_block_run.folder / "results/em_block/check.json").read_text())
    assert report["mitochondria"] == {"pyramidal": 170, "inhibitory": 63, "glia": 7}
    assert report["synapses"] == {"post": 3127, "pre": 422, "autapse": 49}
    assert report["incomplete"]["no mesh"] == 1
    table = pd.read_csv(em_block_run.folder / "results/em_block/incomplete_mitochondria.csv")
    assert table.loc[table["kind"] == "no mesh", "mito_id"].tolist() == [71199289]


def test_published_compartments_pass_through_unless_recomputed(
    em_block_run: Run, em_block: Path, finished: Path
) -> None:
    published = pd.read_csv(em_block / "pni_mito_analysisids_fullstats.csv")
    name = "pyramidal_648518346349538426.csv"
    table = pd.read_csv(finished / "results/em_block/microns_cells" / name, index_col=0)
    merged = table.merge(published, on="mito_id")
    assert (merged["compartment_x"] == merged["compartment_y"]).all()
    assert np.allclose(merged["length along skeleton"], merged["pathlength"])
    target = f"results/em_block/microns_cells/{name}"
    run = rerun(finished, target, "--config", "recompute_pyramidal=true")
    assert done(run) == {"associate_skeleton": 1, "write_cell_csv": 1}
    recomputed = pd.read_csv(finished / target, index_col=0)
    assert not np.allclose(recomputed["length along skeleton"], table["length along skeleton"])
    assert recomputed["mito size"].equals(table["mito size"])


def test_naming_one_file_builds_what_it_needs_and_nothing_else(em_block, tmp_path) -> None:
    em_block_config(tmp_path / "config.yaml", em_block)
    run = rerun(tmp_path, "results/em_block/cell_morphologies/648518346349537404.swc")
    assert run.code == 0, run.text
    assert done(run) == {"check_inputs": 1, "select_cells": 1, "export_swc": 1}


def test_a_deleted_file_redoes_its_cell_and_the_archive(finished: Path) -> None:
    (finished / "results/em_block/cell_morphologies/648518346349537404.swc").unlink()
    jobs = done(rerun(finished))
    assert jobs["export_swc"] == 1
    assert jobs["pack_archive"] == 1
    assert not set(jobs) & {"measure_morphometrics", "associate_skeleton", "write_cell_csv"}


def test_a_changed_mesh_or_skeleton_redoes_its_cell_only(em_block_copy: Path, tmp_path) -> None:
    em_block_config(tmp_path / "config.yaml", em_block_copy)
    target = [f"results/em_block/{archive}.tar.gz" for archive in ARCHIVES]
    assert rerun(tmp_path, *target).code == 0
    fragment = em_block_copy / "mito_meshes" / "mesh" / "28825773:0:256-256-256"
    fragment.write_bytes(fragment.read_bytes())
    labels = em_block_copy / "skeletons" / "648518346349537404_skeleton_label.npy"
    np.save(labels, np.full(3071, 1, np.uint8))
    run = rerun(tmp_path, *target)
    (cell,) = re.findall(r"rule fetch_meshes:.*?cell_id=(\d+)", run.text, re.DOTALL)
    assert cell != "648518346349537404"
    (again,) = re.findall(r"rule export_swc:.*?cell_id=(\d+)", run.text, re.DOTALL)
    assert again == "648518346349537404"
    jobs = done(run)
    assert jobs["measure_morphometrics"] == jobs["export_swc"] == 1
    assert jobs["associate_skeleton"] == jobs["write_cell_csv"] == 2
    assert "partition_mitochondria" not in jobs and "select_cells" not in jobs
    swc = pd.read_csv(
        tmp_path / f"results/em_block/cell_morphologies/{again}.swc", header=None, delimiter=" "
    )
    assert set(swc[1]) == {1}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project that a test may change."""
    folder = tmp_path / "checkout"
    ignore = shutil.ignore_patterns(".*", "results", "resources", "logs", "tests")
    shutil.copytree(ROOT, folder, ignore=ignore)
    return folder


def planned(folder: Path, checkout: Path) -> dict[str, int]:
    """Count the jobs by rule that a dry run with another checkout names."""
    text = rerun(folder, "-s", str(checkout / "Snakefile"), "-n").text
    jobs = re.findall(r"^(\w+) +(\d+)$", text, re.MULTILINE)
    assert jobs or "Nothing to be done" in text, text
    return {rule: int(count) for rule, count in jobs}


def test_comments_docstrings_and_a_fresh_checkout_redo_nothing(
    finished: Path, checkout: Path
) -> None:
    for path in (checkout / "workflow_scripts").rglob("*.py"):
        path.touch()
    assert not planned(finished, checkout)
    modules = checkout / "workflow_scripts" / "mitosyn" / "support"
    errors = (modules / "errors.py").read_text()
    changed = errors.replace("The one error that", "The single error that") + "\n# changed\n"
    (modules / "errors.py").write_text(changed)
    script = checkout / "workflow_scripts" / "measure_morphometrics.py"
    script.write_text("# changed\n" + script.read_text())
    environment = checkout / "envs" / "workflow.yaml"
    environment.write_text("# changed\n" + environment.read_text())
    assert not planned(finished, checkout)


def test_a_changed_constant_redoes_what_it_changes_and_brings_nothing_again(
    finished: Path, checkout: Path
) -> None:
    module = checkout / "workflow_scripts" / "mitosyn" / "meshes" / "morphometrics.py"
    module.write_text(module.read_text() + "\n\nUNUSED = 1\n")
    assert not planned(finished, checkout)
    constant = "ON_PLANE = "
    text = module.read_text()
    assert constant in text
    module.write_text(text.replace(constant, f"{constant}1 + "))
    jobs = planned(finished, checkout)
    assert jobs["measure_morphometrics"] == 10
    assert not set(jobs) & {"fetch_meshes", "associate_skeleton", "export_swc", "select_cells"}


def test_per_cell_jobs_import_little(finished: Path, checkout: Path) -> None:
    """Thousands of jobs start one by one; each of these takes longer to import than they work."""
    heavy = {"pandas", "scipy", "sklearn", "trimesh", "meshparty", "pydantic", "pyarrow.compute"}
    rules = ["measure_morphometrics", "associate_skeleton", "export_swc", "write_cell_csv"]
    rules.append("export_standard_swc")
    for rule in rules:
        script = checkout / "workflow_scripts" / f"{rule}.py"
        check = f"    import sys\n    assert not {heavy} & set(sys.modules)\n"
        script.write_text(script.read_text() + check)
    cell = "648518346349537404"
    targets = [f"{folder}/{cell}.swc" for folder in ("cell_morphologies", "standard_swc")]
    targets.append(f"microns_cells/inhibitory_{cell}.csv")
    paths = [f"results/em_block/{target}" for target in targets]
    run = rerun(finished, *paths, "-s", str(checkout / "Snakefile"))
    assert run.code == 0, run.text
    assert set(rules) <= set(done(run))


def test_a_cell_asked_for_under_another_type_is_refused(finished: Path) -> None:
    run = rerun(finished, "results/em_block/microns_cells/pyramidal_648518346349537404.csv")
    assert run.code != 0
    assert "cell 648518346349537404 is inhibitory, asked for as pyramidal" in run.text


# Bad input -----------------------------------------------------------------------------------


def spoil_skeletons(folder: Path) -> dict[str, str]:
    """Spoil a skeleton in each way; give what must be said of each cell."""
    skeletons = folder / "skeletons"
    expected = {}
    cell = "648518346349537404"
    np.save(skeletons / f"{cell}_skeleton_label.npy", np.zeros(5, np.uint8))
    expected[cell] = "labels of shape (5,), expected (3071,)"
    cell = "648518346349536849"
    with h5py.File(skeletons / f"{cell}_skeleton.h5", "r+") as file:
        file["edges"][7] = [3, 99_999]
    expected[cell] = "row 7 of edges is [3, 99999], there are 1465 vertices"
    cell = "648518346349539846"
    with h5py.File(skeletons / f"{cell}_skeleton.h5", "r+") as file:
        edges = file["edges"][()]
        del file["edges"]
        file["edges"] = np.concatenate([edges, [[edges[0, 0], edges[-1, 1]], edges[0, ::-1]]])
    expected[cell] = "the skeleton has cycles"
    cell = "648518346349533867"
    path = skeletons / f"{cell}_skeleton.h5"
    path.write_bytes(path.read_bytes()[:1000])
    expected[cell] = "not a readable skeleton file"
    return expected


def spoil_meshes(folder: Path) -> dict[int, str]:
    """Spoil a mesh in each way; give what must be said of each mitochondrion."""
    mesh = folder / "mito_meshes" / "mesh"
    truncated = mesh / "28825773:0:256-256-256"
    truncated.write_bytes(truncated.read_bytes()[:2001])
    outside = mesh / "27640205:0:0-256-0"
    outside.write_bytes(outside.read_bytes()[:-4] + np.uint32(10**9).tobytes())
    nan = mesh / "28504584:0:0-256-0"
    raw = bytearray(nan.read_bytes())
    raw[4:8] = np.float32(np.nan).tobytes()
    nan.write_bytes(bytes(raw))
    return {
        28825773: "truncated: it has 2001 bytes",
        27640205: "names vertex 1000000000",
        28504584: "1 vertices not at a place in nm, first vertex 0",
    }


def test_bad_skeletons_cost_their_cells_and_bad_meshes_their_numbers(
    em_block_copy: Path, tmp_path: Path
) -> None:
    cells, mitochondria = spoil_skeletons(em_block_copy), spoil_meshes(em_block_copy)
    em_block_config(tmp_path / "config.yaml", em_block_copy)
    run = rerun(tmp_path, "--keep-going")
    assert run.code != 0
    for cell, problem in cells.items():
        lines = [line for line in run.errors() if cell in line]
        assert lines and all(problem in line for line in lines), (cell, lines)
    assert "Traceback" not in run.text
    results = tmp_path / "results" / "em_block"
    finished = {path.stem.split("_")[1] for path in (results / "microns_cells").iterdir()}
    assert len(finished) == 10 - len(cells) and not finished & set(cells)
    assert not (results / "microns.tar.gz").exists()
    found = pd.concat(pd.read_csv(p, index_col=0) for p in (results / "microns_cells").iterdir())
    logs = "".join(p.read_text() for p in (tmp_path / "logs/em_block/fetch_meshes").iterdir())
    for mito_id, problem in mitochondria.items():
        assert f"mitochondrion {mito_id}: " in logs and problem in logs
        rows = found[found["mito_id"] == mito_id]
        assert rows["mito size"].isna().all()


@pytest.mark.parametrize(
    ("table", "pattern", "replacement", "problem"),
    [
        ("220309_cell_type_classification", r"cell_segid", "segid", "no column 'cell_segid'"),
        ("pni_mito_cellswskel_v185", r"648518346349537404", "6.48518e17", "expected an integer"),
        ("soma_valence_v185", r"\[103860  44385", "[44385", "pt_position is '[44385    891]'"),
    ],
)
def test_bad_tables_end_with_one_line_that_names_the_place(
    em_block_copy: Path, tmp_path: Path, table, pattern, replacement, problem
) -> None:
    path = em_block_copy / f"{table}.csv"
    path.write_text(re.sub(pattern, replacement, path.read_text(), count=1))
    em_block_config(tmp_path / "config.yaml", em_block_copy)
    run = rerun(tmp_path, "results/em_block/tables/cells.arrow")
    assert run.code != 0
    (line,) = run.errors()
    assert str(path) in line and problem in line


def test_a_layer_of_other_mitochondria_is_no_dataset(em_block_copy: Path, tmp_path: Path) -> None:
    for path in (em_block_copy / "mito_meshes" / "mesh").iterdir():
        if path.name != "info":
            path.rename(path.with_name(f"9{path.name}"))
    em_block_config(tmp_path / "config.yaml", em_block_copy)
    run = rerun(tmp_path, "results/em_block/microns.tar.gz", "--keep-going")
    assert run.code != 0 and "Traceback" not in run.text
    (line,) = run.errors()
    assert re.search(r"no mesh that can be used for (\d+) of \1 mitochondria that were tried", line)
    assert done(run) == {}


def test_the_check_fails_with_the_difference(finished: Path) -> None:
    config = finished / "config.yaml"
    config.write_text(config.read_text().replace("morphologies: 8", "morphologies: 9"))
    run = rerun(finished)
    assert run.code != 0
    assert "1 counts differ: morphologies: 8, expected 9 (-1)" in run.text
    assert (finished / "results/em_block/microns.tar.gz").exists()


def test_a_skeleton_archive_gives_the_same_morphologies(em_block_run, em_block, tmp_path) -> None:
    with tarfile.open(tmp_path / "skeletons.tgz", "w:gz") as archive:
        archive.add(em_block / "skeletons", "211019_smoothed_skeletons")
    config = em_block_config(tmp_path / "config.yaml", em_block)
    folder = f"skeletons: {em_block / 'skeletons'}"
    config.write_text(config.read_text().replace(folder, "skeletons: skeletons.tgz"))
    run = rerun(tmp_path, "results/em_block/morphologies.tar.gz")
    assert run.code == 0, run.text
    first = em_block_run.folder / "results/em_block/morphologies.tar.gz"
    assert (tmp_path / "results/em_block/morphologies.tar.gz").read_bytes() == first.read_bytes()
