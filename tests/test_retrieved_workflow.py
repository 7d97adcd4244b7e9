"""The workflow on a dataset that a server on loopback holds under the published names."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import loopback
import pytest
import yaml
from loopback import Server, serve
from mitosyn.catalogue.names import CELL_MESHES, PUBLISHED_BRANCH_FILES, PUBLISHED_FILES
from mitosyn.sample.branch_inputs import make_branch_inputs
from workflow import ROOT, Run, done, run_snakemake

pytestmark = pytest.mark.workflow
IN_THE_VIGNETTE = ("neuron_mitochondria", "pyramidal_ids", "pyramidal_mitochondria")
BRANCH_TABLES = [key for key in PUBLISHED_BRANCH_FILES if key != CELL_MESHES]
PUBLIC_LAYERS = {
    "cells": "precomputed://gs://bucket/seg",
    "mitochondria": "precomputed://https://host.invalid/mito",
}
ARCHIVES = ("microns.tar.gz", "morphologies.tar.gz", "nodes.tar.gz")


@dataclass(frozen=True)
class Mirror:
    """A server that holds the sample as the published sources hold theirs."""

    server: Server
    description: dict
    paths: dict[str, str]

    def config(self, folder: Path, **changes: object) -> Path:
        """Write a config that describes the mirror."""
        folder.mkdir(parents=True, exist_ok=True)
        config = {
            "dataset": "mirror",
            "retrieval": {"attempts": 3, "backoff_s": 0.05, "timeout_s": 5},
            "datasets": {"mirror": self.description | changes},
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        return folder / "config.yaml"


def archive(path: Path, prefix: str, *files: Path) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for file in files:
            packed.add(file, f"{prefix}/{file.name}")
    return path


@pytest.fixture(scope="module")
def branch_inputs(small_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The meshes of the sample's cells, and the tables of the branch analysis."""
    folder = tmp_path_factory.mktemp("branch_inputs")
    make_branch_inputs(
        folder,
        mitochondria=small_run.folder / "resources/sample" / PUBLISHED_FILES["mitochondria"],
        sizes={"seed": 20220309, "pyramidal_cells": 2, "inhibitory_cells": 1, "astrocytes": 1},
        voxel_size_nm=(3.58, 3.58, 40.0),
        mesh_voxel_size_nm=(4.0, 4.0, 40.0),
        nucleus_voxel_size_nm=(57.28, 57.28, 40.0),
    )
    return folder


@pytest.fixture(scope="module")
def mirror(
    small_run: Run, branch_inputs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mirror]:
    source = small_run.folder / "resources" / "sample"
    packed = tmp_path_factory.mktemp("packed")
    vignette = [source / PUBLISHED_FILES[key] for key in IN_THE_VIGNETTE]
    vignette += [branch_inputs / PUBLISHED_BRANCH_FILES[key] for key in BRANCH_TABLES]
    cell_meshes = sorted((branch_inputs / CELL_MESHES).iterdir())
    skeletons = sorted((source / "skeletons").iterdir())
    with serve() as server:
        paths = {}
        for key, name in PUBLISHED_FILES.items():
            if (source / name).is_file() and key not in IN_THE_VIGNETTE:
                paths[key] = f"/records/1/files/{name}"
                server.files[paths[key]] = source / name
        paths["skeletons"] = "/records/2/files/211019_smoothed_skeletons.tgz"
        server.files[paths["skeletons"]] = archive(packed / "s.tgz", "skeletons", *skeletons)
        paths["vignette"] = "/vignette_mito_analysis_data.tgz"
        server.files[paths["vignette"]] = archive(packed / "v.tgz", "vignette/data", *vignette)
        paths[CELL_MESHES] = "/neuron_meshes_v185.tgz"
        server.files[paths[CELL_MESHES]] = archive(packed / "c.tgz", "meshes", *cell_meshes)
        server.folders["/seg_191220"] = source / "mito_meshes"
        urls = {key: f"{server.url}{path}?download=1" for key, path in paths.items()}
        description = {
            "description": "The sample, as if published",
            "voxel_size_nm": [3.58, 3.58, 40.0],
            "mesh_voxel_size_nm": [4.0, 4.0, 40.0],
            "disk_gb": 0.001,
            "archives": {"vignette": urls.pop("vignette")},
            "mitochondria_meshes": f"precomputed://{server.url}/seg_191220",
            **urls,
            **{
                key: {
                    "archive": "vignette",
                    "member": (PUBLISHED_FILES | PUBLISHED_BRANCH_FILES)[key],
                }
                for key in (*IN_THE_VIGNETTE, *BRANCH_TABLES)
            },
        }
        yield Mirror(server, description, paths)


@pytest.fixture(scope="module")
def retrieved(mirror: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("mirror")
    manifest = min((mirror.server.folders["/seg_191220"] / "mesh").glob("*:0")).name
    mirror.server.faults[f"/seg_191220/mesh/{manifest}"] = [loopback.status(500)]
    mirror.server.faults[mirror.paths["synapses"]] = [loopback.broken_after(5_000)]
    config = mirror.config(folder, neuroglancer=PUBLIC_LAYERS)
    return run_snakemake(folder, "--cores", "2", "--configfile", str(config))


def test_what_is_retrieved_gives_the_same_archives(retrieved: Run, small_run: Run) -> None:
    assert retrieved.code == 0, retrieved.text
    for name in (*ARCHIVES, "synapse_filtered.csv", "cells.csv"):
        first = (small_run.folder / "results" / "sample" / name).read_bytes()
        assert (retrieved.folder / "results" / "mirror" / name).read_bytes() == first, name
    assert not list((retrieved.folder / "resources/mirror/partial_meshes").glob("*/*"))


def test_a_link_and_a_state_for_each_cell(retrieved: Run) -> None:
    results = retrieved.folder / "results" / "mirror"
    links, cells = (
        list(csv.DictReader((results / name).read_text().splitlines()))
        for name in ("neuroglancer_links.csv", "cells.csv")
    )
    assert [row["cell_id"] for row in links] == [row["cell_id"] for row in cells]
    for link, cell in zip(links, cells, strict=True):
        state = json.loads((results / f"neuroglancer/states/{cell['cell_id']}.json").read_text())
        layers = {layer["name"]: layer for layer in state["layers"]}
        assert layers["cells"]["segments"] == [cell["cell_id"]]
        assert len(layers["mitochondria"]["segments"]) == int(cell["mitochondria"])
        for kind in ("post", "pre", "autapse"):
            points = layers.get(f"synapses: {kind}", {}).get("annotations", [])
            assert len(points) == int(cell[f"synapses_{kind}"] or 0)
        shown = json.loads(unquote(link["url"]).partition("#!")[2])
        assert (shown == state) == (link["shown"] == "cell, mitochondria, synapses")
    # Its meshes are remote: nothing to serve unless one asks for it.
    assert not (results / "neuroglancer" / "state.json").exists()


def test_provenance_is_a_data_package(retrieved: Run, mirror: Mirror) -> None:
    results = retrieved.folder / "results" / "mirror"
    package = json.loads((results / "provenance.json").read_text())
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    sources = {source["title"]: source for source in package["sources"]}
    name = PUBLISHED_FILES["synapses"]
    content = mirror.server.files[mirror.paths["synapses"]].read_bytes()
    assert sources[name]["path"] == f"{mirror.server.url}{mirror.paths['synapses']}?download=1"
    assert sources[name]["bytes"] == len(content)
    assert sources[name]["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", sources[name]["retrieved"])
    assert set(sources) == {
        *(PUBLISHED_FILES[key] for key in ("cell_types", "somas", "mitochondria", "synapses")),
        *("211019_smoothed_skeletons.tgz", "vignette_mito_analysis_data.tgz"),
        *IN_THE_VIGNETTE,
        "mitochondria_meshes",
    }
    table = retrieved.folder / sources["pyramidal_ids"]["path"]
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    assert sources["pyramidal_ids"]["hash"] == f"sha256:{digest}"
    for resource in package["resources"]:
        digest = hashlib.sha256((results / resource["path"]).read_bytes()).hexdigest()
        assert resource["hash"] == f"sha256:{digest}"
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
    assert package["workflow"]["packages"]["numpy"]
    assert package["workflow"]["config"]["dataset"] == "mirror"
    command = ["sha256sum", "--check", "--strict", "checksums.sha256"]
    assert subprocess.run(command, cwd=results, check=False).returncode == 0


def test_provenance_of_a_local_dataset(small_run: Run) -> None:
    path = small_run.folder / "results" / "sample" / "provenance.json"
    titles = {source["title"] for source in json.loads(path.read_text())["sources"]}
    assert {"cell_types", "synapses", "skeletons", "mitochondria_meshes"} <= titles


def test_how_to_reach_the_network_redoes_nothing(retrieved: Run, mirror: Mirror) -> None:
    overrides = ("--config", "offline=true", "--configfile", "config.yaml")
    again = run_snakemake(retrieved.folder, "-n", *overrides)
    assert "Nothing to be done" in again.text


def test_no_change_of_the_code_asks_a_server_again(
    retrieved: Run, mirror: Mirror, tmp_path: Path
) -> None:
    folder, checkout = tmp_path / "run", tmp_path / "checkout"
    shutil.copytree(retrieved.folder, folder)
    ignore = shutil.ignore_patterns(".*", "results", "resources", "logs", "tests")
    shutil.copytree(ROOT, checkout, ignore=ignore)
    # Of every statement a new one: everything that depends on code is redone.
    for path in (checkout / "workflow_scripts").rglob("*.py"):
        text = path.read_text().replace("\n    return ", "\n    pass\n    return ")
        path.write_text(text + "\n\nif not __name__:\n    pass\n")
    mirror.server.requests.clear()
    run = run_snakemake(
        *(folder, "results/mirror/microns.tar.gz", "--cores", "2"),
        *("-s", str(checkout / "Snakefile"), "--configfile", "config.yaml"),
        *("--config", "offline=true"),
    )
    assert run.code == 0, run.text
    # The tables are made anew, so the cells' files are too: of the meshes that they hold.
    assert {"partition_mitochondria", "fetch_meshes", "measure_morphometrics"} <= set(done(run))
    assert not {"retrieve_file", "unpack_member", "unpack_folder"} & set(done(run))
    assert not mirror.server.requests
    first = (retrieved.folder / "results/mirror/microns.tar.gz").read_bytes()
    assert (folder / "results/mirror/microns.tar.gz").read_bytes() == first


def test_offline_names_what_is_missing_and_asks_nobody(mirror: Mirror, tmp_path: Path) -> None:
    config = mirror.config(tmp_path)
    mirror.server.requests.clear()
    run = run_snakemake(
        *(tmp_path, "retrieve_all", "--cores", "2", "--keep-going", "--config", "offline=true"),
        *("--configfile", str(config)),
    )
    assert run.code != 0
    errors = "\n".join(run.errors())
    for name in (PUBLISHED_FILES["somas"], "vignette_mito_analysis_data.tgz"):
        assert f"resources/mirror/{name}: missing, and offline is set" in errors
    assert not mirror.server.requests


def test_retrieve_all_takes_what_lies_in_place_already(mirror: Mirror, tmp_path: Path) -> None:
    config = mirror.config(tmp_path)
    placed = tmp_path / "resources" / "mirror" / "vignette_mito_analysis_data.tgz"
    placed.parent.mkdir(parents=True)
    placed.write_bytes(mirror.server.files[mirror.paths["vignette"]].read_bytes())
    mirror.server.requests.clear()
    run = run_snakemake(tmp_path, "retrieve_all", "--cores", "2", "--configfile", str(config))
    assert run.code == 0, run.text
    assert done(run)["retrieve_file"] == 5 and done(run)["unpack_member"] == 3
    assert mirror.server.requests[mirror.paths["vignette"]] == 0
    assert len(list((tmp_path / "resources" / "mirror" / "skeletons").glob("*_skeleton*"))) == 6


def test_a_wrong_file_in_place_is_told_before_anything_runs(mirror: Mirror, tmp_path: Path) -> None:
    name = "vignette_mito_analysis_data.tgz"
    content = mirror.server.files[mirror.paths["vignette"]].read_bytes()
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    source = {"url": mirror.description["archives"]["vignette"], "checksum": checksum}
    config = mirror.config(tmp_path, archives={"vignette": source})
    placed = tmp_path / "resources" / "mirror" / name
    placed.parent.mkdir(parents=True)
    placed.write_bytes(content[:-1] + b"x")
    run = run_snakemake(tmp_path, "-n", "retrieve_all", "--configfile", str(config))
    assert run.code != 0 and "Traceback" not in run.text
    (line,) = (line for line in run.text.splitlines() if f"resources/mirror/{name}: " in line)
    assert f"expected {checksum}. Delete it" in line
    assert placed.read_bytes() == content[:-1] + b"x"
    placed.write_bytes(content)
    run = run_snakemake(tmp_path, "-n", "retrieve_all", "--configfile", str(config))
    assert run.code == 0, run.text


def test_the_branch_analysis_retrieves_its_own_inputs_too(
    mirror: Mirror, branch_inputs: Path, tmp_path: Path
) -> None:
    config = mirror.config(tmp_path)
    arguments = ("--configfile", str(config), "--config", "branches=[full]")
    run = run_snakemake(tmp_path, "retrieve_all", "--cores", "2", *arguments)
    assert run.code == 0, run.text
    assert done(run)["unpack_folder"] == 2 and done(run)["unpack_member"] == 6
    resources = tmp_path / "resources" / "mirror"
    for key in BRANCH_TABLES:
        name = PUBLISHED_BRANCH_FILES[key]
        content = (branch_inputs / name).read_bytes()
        assert (resources / "vignette" / name).read_bytes() == content
    for path in (branch_inputs / CELL_MESHES).iterdir():
        assert (resources / CELL_MESHES / path.name).read_bytes() == path.read_bytes()


def test_a_failed_download_is_told_in_one_line_and_keeps_the_others(
    mirror: Mirror, tmp_path: Path
) -> None:
    config = mirror.config(tmp_path)
    mirror.server.always[mirror.paths["synapses"]] = loopback.web_page
    try:
        run = run_snakemake(
            *(tmp_path, "retrieve_all", "--cores", "2", "--keep-going"),
            *("--configfile", str(config)),
        )
    finally:
        mirror.server.always.clear()
    assert run.code != 0
    (line,) = run.errors()
    assert "a web page (text/html) instead of the file" in line
    resources = tmp_path / "resources" / "mirror"
    assert (resources / PUBLISHED_FILES["mitochondria"]).exists()
    assert not (resources / PUBLISHED_FILES["synapses"]).exists()


def test_too_small_a_disk_is_told_before_the_first_download(mirror: Mirror, tmp_path) -> None:
    config = mirror.config(tmp_path, disk_gb=1e9)
    mirror.server.requests.clear()
    run = run_snakemake(tmp_path, "retrieve_all", "--cores", "1", "--configfile", str(config))
    assert run.code != 0
    assert "the run needs some 1000000000.0 GB more" in run.text
    assert not mirror.server.requests


def test_a_dry_run_of_the_published_dataset_needs_no_network(tmp_path: Path) -> None:
    run = run_snakemake(tmp_path, "-n", "--config", "dataset=microns_l23")
    assert run.code == 0, run.text
    assert re.search(r"^retrieve_file +6$", run.text, re.MULTILINE)
    assert re.search(r"^unpack_member +3$", run.text, re.MULTILINE)
