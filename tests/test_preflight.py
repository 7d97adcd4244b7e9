"""The look at all inputs before a run: whatever is wrong with them is listed, all at once."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
import yaml
from loopback import hang_after, serve, status
from mitosyn.config.locate import locate_inputs
from mitosyn.config.reading import read_config
from mitosyn.support.errors import InputError
from workflow import ROOT, Run, copy_of, done, run_snakemake

sys.path.append(str(ROOT / "workflow_scripts"))
import check_inputs

SOMA = {"cell_id": "pt_root_id", "soma": "pt_position"}
PATIENCE = {"attempts": 6, "backoff_s": 0.01, "timeout_s": 60.0}


def described(em_modern: Path, **changes: Any) -> dict[str, Any]:
    """Describe the block of EM as CAVE gives it, its parts by absolute paths, with changes."""
    text = (ROOT / "examples" / "cave.yaml").read_text()
    dataset = yaml.safe_load(text.replace("data/", f"{em_modern}/"))["datasets"]["cave"]
    for key, value in changes.items():
        # What is a section is changed key by key.
        whole = not isinstance(dataset.get(key), dict) or not isinstance(value, dict)
        dataset[key] = value if whole else dataset[key] | value
    return dataset


def look(folder: Path, dataset: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Look at a dataset's inputs as the rule does; return what it writes."""
    config = read_config({"dataset": "mine", "datasets": {"mine": dataset}, **settings})
    chosen, inputs = config.chosen, locate_inputs(config, str(folder / "resources"))
    params = {
        "voxel_size_nm": chosen.voxel_size_nm,
        "mesh_voxel_size_nm": chosen.mesh_voxel_size_nm,
        "tables": list(inputs.tables),
        "choice": {
            "source": {
                "adapter": chosen.adapter,
                "voxel_size_nm": chosen.voxel_size_nm,
                "forms": chosen.forms,
            },
            "types": chosen.types,
            "types_in_table": chosen.types_in_table,
            "only_cells": config.only_cells,
            "first_cells": config.first_cells,
        },
        "published_labels": chosen.published_labels,
        "skeleton_form": chosen.skeleton_form,
        "skeleton_layer": inputs.skeleton_layer,
        "kept": str(folder / "kept"),
        "segmentation": inputs.segmentation,
        "lod": chosen.mesh_lod,
        "skeletons": inputs.skeletons,
        "mesh_layer": inputs.mesh_layer,
        "offline": config.offline,
        "patience": PATIENCE,
    }
    output = folder / "inputs.json"
    job = SimpleNamespace(
        input=inputs.tables,
        params=SimpleNamespace(**params),
        output=SimpleNamespace(inputs=output),
    )
    check_inputs.main(job)
    return json.loads(output.read_text())


def problems(folder: Path, dataset: dict[str, Any], **settings: Any) -> list[str]:
    """Return what is listed of inputs that are refused, of which nothing is written."""
    with pytest.raises(InputError) as caught:
        look(folder, dataset, **settings)
    assert not (folder / "inputs.json").exists()
    first, *lines = str(caught.value).split("\n  - ")
    assert not lines or first.startswith("the inputs have ")
    return lines or [first]


def swc(em_modern: Path, folder: Path, move_nm: Any = lambda cell_id: (0, 0, 0)) -> dict:
    """Copy the SWC files, each moved; return how the copies are described."""
    target = folder / "swc"
    target.mkdir()
    for path in (em_modern / "skeletons_swc").glob("*.swc"):
        move = np.asarray(move_nm(int(path.stem))) / 1000
        lines = []
        for line in path.read_text().splitlines():
            fields = line.split()
            if fields and not line.startswith("#"):
                moved = np.array(list(map(float, fields[2:5]))) + move
                fields[2:5] = [f"{value:.6f}" for value in moved]
            lines.append(" ".join(fields))
        (target / path.name).write_text("\n".join(lines) + "\n")
    labels = {0: "Unknown", 1: "Somatic", 2: "Axonal", 3: "Basal", 4: "Apical"}
    return {"path": str(target), "format": "swc", "unit": "um", "labels": labels}


def somas(em_modern: Path) -> dict[int, np.ndarray]:
    """Return where the somas of the block's cells are, in nm."""
    table = pq.read_table(em_modern / "tables_cave" / "cells.parquet").to_pydict()
    pairs = zip(table["pt_root_id"], table["pt_position"], strict=True)
    return {cell: np.array(p) * (4, 4, 40) for cell, p in pairs if p is not None}


def test_sound_inputs_are_described(em_modern: Path, tmp_path: Path) -> None:
    found = look(tmp_path, described(em_modern))
    assert found["warnings"] == []
    assert found["cells"] == {"excitatory": 5, "inhibitory": 2, "astrocyte": 2}
    assert found["types_not_described"] == {"Unsure": 1, "microglia": 1}
    assert found["mesh_layer"]["format"] == "neuroglancer_multilod_draco, sharded"
    assert found["mesh_layer"]["resolution_nm"] == [16, 16, 40]
    assert found["synapses"] == {"rows": 3000, "on_analysed_cells": 2223, "read": "all"}
    compared = found["positions"]
    assert {row["compared_with"] for row in compared} == {"meshes", "skeleton"}
    assert {row["verdict"] for row in compared} == {"fits"}


@pytest.mark.parametrize(
    ("changes", "meshes", "skeleton"),
    [
        (
            {"mitochondria": {"unit": "nm"}},
            "x and y are multiplied by 0.25 and z is multiplied by 0.025",
            "x and y are multiplied by 4 and z is multiplied by 40",
        ),
        (
            {"voxel_size_nm": [8, 8, 40], "mesh_voxel_size_nm": [8, 8, 40]},
            "x and y are multiplied by 2",
            "Is voxel_size_nm [4.0, 4.0, 40.0] meant?",
        ),
        (
            {"mitochondria": {"columns": {"position": ["y", "x", "z"]}}},
            "they fit when x, y, z are taken from y, x, z",
            "they fit when x, y, z are taken from y, x, z",
        ),
    ],
)
def test_positions_in_another_unit_or_order_are_refused_with_what_would_fit(
    em_modern: Path, tmp_path: Path, changes: dict, meshes: str, skeleton: str
) -> None:
    changed = described(em_modern, **changes)
    columns = described(em_modern)["mitochondria"]["columns"]
    if "columns" in changes.get("mitochondria", {}):
        x, y, z = (f"{columns['position']}_{axis}" for axis in "xyz")
        changed["mitochondria"]["columns"] = columns | {"position": [y, x, z]}
    listed = problems(tmp_path, changed)
    assert len(listed) == 2
    assert meshes in listed[0] and skeleton in listed[1]


def test_skeletons_centred_on_their_somas_are_named_as_such(
    em_modern: Path, tmp_path: Path
) -> None:
    soma = somas(em_modern)
    centred = swc(em_modern, tmp_path, lambda cell_id: -soma[cell_id])
    (problem,) = [
        line
        for line in problems(tmp_path, described(em_modern, skeletons=centred))
        if "(warning)" not in line
    ]
    assert "it is centred on the soma, those of" in problem
    assert "multiplied" not in problem
    x, y, z = -soma[648518346349537828]
    offset = problem[problem.index("lies (") + 6 :].partition(")")[0].split(", ")
    assert np.allclose(list(map(float, offset)), [x, y, z], atol=1500)


def test_an_offset_of_all_is_no_factor(em_modern: Path, tmp_path: Path) -> None:
    moved = swc(em_modern, tmp_path, lambda cell_id: (150_000, -90_000, 12_000))
    (problem, *_) = problems(tmp_path, described(em_modern, skeletons=moved))
    assert "the skeleton lies (1" in problem and "soma" not in problem
    path = tmp_path / "mitochondria.parquet"
    table = pq.read_table(em_modern / "tables_cave" / "mitochondria.parquet")
    x = table.column_names.index("centroid_x")
    shifted = pc.add(table["centroid_x"].cast(pa.float64()), 5000.0)
    pq.write_table(table.set_column(x, "centroid_x", shifted), path)
    listed = problems(tmp_path, described(em_modern, mitochondria={"path": str(path)}))
    assert (
        re.search(r"the meshes lie \(-(199|200)\d\d, ", listed[0])
        and "Bring both to one origin" in listed[0]
    )


def test_all_that_is_wrong_is_listed_at_once(em_modern: Path, tmp_path: Path) -> None:
    tables = em_modern / "tables_cave"
    mitochondria = pq.read_table(tables / "mitochondria.parquet").drop_columns(["centroid_y"])
    ids = mitochondria["id"].cast(pa.float64())
    place = mitochondria.column_names.index("id")
    pq.write_table(mitochondria.set_column(place, "id", ids), tmp_path / "mitochondria.parquet")
    wrong = swc(em_modern, tmp_path)
    del wrong["labels"][2]
    (tmp_path / "layer").mkdir()
    shutil.copy(em_modern / "mitochondria_legacy" / "info", tmp_path / "layer" / "info")
    folder = json.loads((tmp_path / "layer" / "info").read_text())["mesh"]
    (tmp_path / "layer" / folder).mkdir()
    dataset = described(
        em_modern,
        mitochondria={"path": str(tmp_path / "mitochondria.parquet")},
        synapses={"path": str(tables / "synapses_dirty.feather")},
        skeletons=wrong,
        mitochondria_meshes={"path": f"precomputed://file://{tmp_path}/layer", "lod": 2},
    )
    listed = problems(tmp_path, dataset)
    for part in (
        "column 'id' is double, expected int64",
        "no column 'centroid_y'",
        "synapse 16 stands in 2 rows",
        "level of detail",
    ):
        assert sum(part in line for line in listed) == 1, (part, listed)
    # A cell without a skeleton is no error: it is left out and said.
    assert sum("cell without a skeleton, left out: 648518346349538317" in s for s in listed) == 1


def test_labels_and_types_that_nobody_described(em_modern: Path, tmp_path: Path) -> None:
    wrong = swc(em_modern, tmp_path)
    wrong["labels"] = {9: "Axonal"}
    types = described(em_modern)["cells"]["types"]
    types = {"Excitatory": types["excitatory"], "granule": {"compartments": "none"}}
    types["microgila"] = {"compartments": "none"}
    listed = problems(tmp_path, described(em_modern, skeletons=wrong, cells={"types": types}))
    assert sum(", expected 9" in line for line in listed) > 0
    assert "(warning) no cell of the type granule" in listed
    assert any("is 'microgila' meant?" in line for line in listed)
    types = {"granule": {"compartments": "none"}}
    (problem,) = [
        line
        for line in problems(tmp_path, described(em_modern, cells={"types": types}))
        if "no cell is of" in line
    ]
    assert "'23P' (3)" in problem


def test_an_id_that_is_not_analysed_is_refused_with_the_nearest(
    em_modern: Path, tmp_path: Path
) -> None:
    (problem,) = problems(tmp_path, described(em_modern), only_cells=[648518346349537829])
    assert "nearest: 648518346349537828" in problem
    found = look(tmp_path, described(em_modern), first_cells=1)
    assert found["cells"] == {"excitatory": 1, "inhibitory": 1, "astrocyte": 1}


def test_layers_that_refuse_or_do_not_answer(
    em_modern: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_inputs, "TIMEOUT_S", 0.5)
    with serve() as server:
        server.folders["/meshes"] = em_modern / "mitochondria_multilod_unsharded"
        server.folders["/skeletons"] = em_modern / "skeletons_precomputed" / "skeletons"
        changed = {
            "mitochondria_meshes": f"precomputed://{server.url}/meshes",
            "skeletons": {"path": f"precomputed://{server.url}/skeletons"},
        }
        dataset = described(em_modern, **changed)
        found = look(tmp_path, dataset)
        assert {row["verdict"] for row in found["positions"]} == {"fits"}
        # A few requests: two infos, a manifest and a fragment for each mesh.
        assert sum(server.requests[p] for p in server.requests if "meshes" in p) <= 26
        (tmp_path / "inputs.json").unlink()
        shutil.rmtree(tmp_path / "kept")
        # A run that must not use the network says what it has not looked at.
        found = look(tmp_path, dataset, offline=True)
        assert len(found["not_looked_at"]) == 2
        (tmp_path / "inputs.json").unlink()
        server.always["/meshes/info"] = status(403)
        server.always["/skeletons/info"] = hang_after(0)
        listed = problems(tmp_path, dataset)
    assert len(listed) == 2
    assert "403" in listed[0] and f"{server.url}/meshes" in listed[0]
    assert f"{server.url}/skeletons" in listed[1]


def test_a_new_dataset_begins_with_a_description_that_can_be_read(tmp_path: Path) -> None:
    # Whatever is chosen, and be it described or not.
    begin = ("new_dataset", "--cores", "1", "--config", "name=mine", "dataset=nowhere")
    run = run_snakemake(tmp_path, *begin)
    assert run.code == 0, run.text
    text = (tmp_path / "mine" / "mine.yaml").read_text()
    tables = ("cells", "mitochondria", "synapses")
    found = {path.name for path in (tmp_path / "mine").iterdir()}
    assert found == {"mine.yaml", *(f"{table}.csv" for table in tables)}
    assert sum(not line.lstrip().startswith("#") for line in text.splitlines()) < 25
    # Its tables are empty, and that is all that is wrong.
    run = run_snakemake(tmp_path, "check_inputs", "--cores", "1", "--configfile", "mine/mine.yaml")
    assert run.errors() == [
        "Error: mine/cells.csv: no rows, expected at least one. Fill the table. "
        "(docs/configuration.md)"
    ]
    # Nothing is overwritten; and a name is needed, by no other target.
    (tmp_path / "mine" / "cells.csv").write_text("kept")
    (tmp_path / "mine" / "mine.yaml").unlink()
    run = run_snakemake(tmp_path, *begin)
    assert run.code != 0 and "mine/cells.csv: is there already" in run.text
    assert not (tmp_path / "mine" / "mine.yaml").exists()
    assert "'../x' is no name" in run_snakemake(tmp_path, *begin[:4], "name=../x").text
    run = run_snakemake(tmp_path, "check_inputs", "--cores", "1", "--config", "name=mine")
    assert run.code != 0 and "unknown key name" in run.text


@pytest.mark.workflow
def test_warnings_are_said_again_at_the_end_and_on_the_page(small_run: Run, tmp_path: Path) -> None:
    folder = copy_of(small_run, tmp_path / "run")
    path = folder / "results/sample/inputs.json"
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {"warnings": ["cell 7 is <odd>", "so is 8"]}))
    page = "results/sample/dataset.html"
    run = run_snakemake(folder, page, "--cores", "1", "--configfile", "config.yaml")
    assert "summarise_dataset" in done(run) and "check_inputs" not in done(run)
    said = run.text[run.text.index("2 warnings about the inputs (results/sample/inputs.json):") :]
    assert said.splitlines()[1:3] == ["  - cell 7 is <odd>", "  - so is 8"]
    assert "<li>cell 7 is &lt;odd&gt;</li>" in (folder / page).read_text()
    path.unlink()
    both = (page, "results/sample/inputs.json")
    run = run_snakemake(folder, *both, "--cores", "1", "--configfile", "config.yaml")
    assert {"check_inputs", "summarise_dataset"} <= set(done(run))
    assert "select_cells" not in done(run)
    assert "odd about the inputs" not in (folder / page).read_text()


@pytest.mark.workflow
def test_a_subset_gives_the_same_files_in_a_folder_of_its_own(
    small_run: Run, tmp_path: Path
) -> None:
    folder = copy_of(small_run, tmp_path / "run")
    results = folder / "results"
    before = {path: path.stat().st_mtime_ns for path in (results / "sample").rglob("*.csv")}
    options = ("--cores", "2", "--configfile", "config.yaml", "--config")
    run = run_snakemake(folder, "results/sample+first1/check.json", *options, "first_cells=1")
    assert run.code == 0, run.text
    files = [*(results / "sample+first1").glob("microns_cells/*.csv")]
    files += (results / "sample+first1").glob("cell_morphologies/*.swc")
    assert len(files) == 3 + 2
    for file in files:
        whole = results / "sample" / file.relative_to(results / "sample+first1")
        assert file.read_bytes() == whole.read_bytes()
    assert {path: path.stat().st_mtime_ns for path in before} == before
    other = int(files[0].stem.split("_")[1]) + 1
    run = run_snakemake(folder, "check_inputs", *options, f"only_cells=[{other}]")
    (line,) = run.errors()
    assert f"cell {other} cannot be analysed" in line and f"nearest: {other - 1}" in line
