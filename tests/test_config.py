"""The schema of the configuration, and its messages."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from mitosyn.config import ConfigError, locate_inputs, read_config
from workflow import ROOT, run_snakemake


@pytest.fixture
def raw() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def local(raw: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Describe a dataset of local files as the config's second one."""
    raw = copy.deepcopy(raw)
    described = {"voxel_size_nm": [4, 4, 40], "mesh_voxel_size_nm": [4, 4, 40]}
    for key in (
        *("cell_types", "somas", "mitochondria", "neuron_mitochondria", "pyramidal_ids"),
        *("pyramidal_mitochondria", "synapses", "skeletons"),
    ):
        (folder / key).touch()
        described[key] = str(folder / key)
    (folder / "info").touch()
    described["mitochondria_meshes"] = f"precomputed://file://{folder}"
    raw["datasets"]["mine"] = described
    raw["dataset"] = "mine"
    return raw


def message(raw: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as error:
        read_config(raw)
    assert "\n" not in str(error.value)
    text, page, _ = str(error.value).partition(" (docs/configuration.md)")
    assert page
    return text


def test_the_shipped_config_describes_both_datasets(raw) -> None:
    config = read_config(raw)
    assert config.dataset == "sample"
    assert locate_inputs(config, "resources/sample").generated
    published = read_config(raw | {"dataset": "microns_l23"})
    inputs = locate_inputs(published, "resources/microns_l23")
    assert inputs.tables["somas"] == "resources/microns_l23/soma_valence_v185.csv"
    assert inputs.skeleton_archive == "resources/microns_l23/211019_smoothed_skeletons.tgz"
    assert published.chosen.expectations.cells == {"pyramidal": 351, "inhibitory": 33, "glia": 14}


def test_published_counts_of_what_is_recomputed_are_not_expected(raw) -> None:
    raw |= {"dataset": "microns_l23"}
    kept, recomputed = (
        read_config(raw | {"recompute_pyramidal": on}).expected_counts.model_dump()
        for on in (False, True)
    )
    assert set(kept["compartments"]) - set(recomputed["compartments"]) == {"pyramidal"}
    assert kept | {"compartments": None} == recomputed | {"compartments": None}


def test_expected_compartments_add_up_to_the_expected_mitochondria(raw) -> None:
    expected = read_config(raw | {"dataset": "microns_l23"}).chosen.expectations
    for kind, count in expected.mitochondria.items():
        assert sum(expected.compartments[kind].values()) == count


def test_local_dataset(raw, tmp_path) -> None:
    inputs = locate_inputs(read_config(local(raw, tmp_path)), "resources/mine")
    assert inputs.skeletons == str(tmp_path / "skeletons")
    assert inputs.skeletons_are_files


def test_missing_and_unknown_keys(raw, tmp_path) -> None:
    mine = local(raw, tmp_path)
    del mine["datasets"]["mine"]["somas"]
    assert message(mine) == "config: datasets.mine: missing key somas"
    assert (
        message({k: v for k, v in raw.items() if k != "dataset"}) == "config: missing key dataset"
    )
    assert message(raw | {"datset": 1}) == "config: unknown key datset"
    raw["datasets"]["sample"]["voxels"] = 1
    assert message(raw) == "config: unknown key datasets.sample.voxels"


def test_wrong_types(raw, tmp_path) -> None:
    assert "recompute_pyramidal" in message(raw | {"recompute_pyramidal": "perhaps"})
    mine = local(raw, tmp_path)
    mine["datasets"]["mine"]["somas"] = 3
    assert message(mine) == (
        "config: datasets.mine.somas: expected a path or URL or {url, filename, size, "
        "checksum} or {archive, member}"
    )
    raw["datasets"]["sample"]["synthetic"]["seed"] = "x"
    assert "datasets.sample.synthetic.seed" in message(raw)


def test_undescribed_dataset(raw) -> None:
    assert "dataset is 'other', which is not described" in message(raw | {"dataset": "other"})


@pytest.mark.parametrize("key", ["synapses", "skeletons"])
def test_a_path_that_does_not_exist(raw, tmp_path, key) -> None:
    mine = local(raw, tmp_path)
    mine["datasets"]["mine"][key] = str(tmp_path / "nowhere")
    assert f"datasets.mine.{key} is '{tmp_path / 'nowhere'}', which does not exist" in message(mine)


def test_a_mesh_layer_that_does_not_exist_or_is_none(raw, tmp_path) -> None:
    mine = local(raw, tmp_path)
    mine["datasets"]["mine"]["mitochondria_meshes"] = "precomputed://file:///nowhere"
    assert "/nowhere/info does not exist" in message(mine)
    mine["datasets"]["mine"]["mitochondria_meshes"] = "somewhere"
    assert "must be a CloudVolume path" in message(mine)


def test_an_archive_that_is_not_described(raw, tmp_path) -> None:
    mine = local(raw, tmp_path)
    mine["datasets"]["mine"]["somas"] = {"archive": "vignette", "member": "somas.csv"}
    assert "somas names the archive 'vignette', not described here" in message(mine)


def test_public_layers_and_what_is_written_to_serve(raw, tmp_path) -> None:
    sample, published = (raw["datasets"][name] for name in ("sample", "microns_l23"))
    config = read_config(raw)
    assert config.datasets["sample"].writes_precomputed_views
    assert not config.datasets["microns_l23"].writes_precomputed_views
    assert read_config(local(raw, tmp_path)).chosen.writes_precomputed_views
    sample["precomputed_views"] = False
    assert not read_config(raw).chosen.writes_precomputed_views
    del published["neuroglancer"]["cells"]
    assert message(raw) == "config: missing key datasets.microns_l23.neuroglancer.cells"
    published["neuroglancer"]["cells"] = "/data/seg"
    assert "datasets.microns_l23.neuroglancer.cells" in message(raw)
    published["neuroglancer"] = {"viewer": "here"}
    assert "datasets.microns_l23.neuroglancer.viewer" in message(raw)


def test_branches_in_any_order_and_each_once(raw) -> None:
    assert read_config(raw).branches == ()
    config = read_config(raw | {"branches": ["coveredornot", "full", "distancebins", "full"]})
    assert config.branches == ("full", "distancebins", "coveredornot")
    assert "branches.1: Input should be 'full', " in message(raw | {"branches": ["full", "bins"]})
    assert message(raw | {"branches": "full"}).startswith("config: branches: ")
    assert "swc_radii" in message(raw | {"swc_radii": "guessed"})


def test_an_analysis_without_its_inputs(raw, tmp_path) -> None:
    mine = local(raw, tmp_path)
    assert read_config(mine).branches == ()
    assert message(mine | {"branches": ["full"]}) == (
        "config: datasets.mine: missing key cell_meshes, mitochondrion_cell_overlaps, "
        "nucleus_segments, nucleus_cell_overlaps, needed for branches"
    )
    assert message(mine | {"swc_radii": "measured"}) == (
        "config: datasets.mine: missing key cell_meshes, needed for swc_radii: measured"
    )
    mine["datasets"]["mine"]["nucleus_segments"] = str(tmp_path / "nowhere")
    assert "datasets.mine.nucleus_segments" in message(mine)
    raw["datasets"]["sample"]["cell_meshes"] = str(tmp_path)
    assert message(raw) == (
        "config: datasets.sample: a synthetic dataset makes its inputs; remove cell_meshes"
    )


def test_inputs_of_the_branch_analysis_only_where_it_is_done(raw) -> None:
    published = raw | {"dataset": "microns_l23"}
    inputs = locate_inputs(read_config(published), "r")
    assert not inputs.branch_tables and inputs.cell_meshes is None
    assert "neuron_meshes_v185.tgz" not in inputs.downloads
    inputs = locate_inputs(read_config(published | {"swc_radii": "measured"}), "r")
    assert not inputs.branch_tables
    assert (inputs.cell_meshes, inputs.cell_mesh_archive) == (
        "r/cell_meshes",
        "r/neuron_meshes_v185.tgz",
    )
    config = read_config(published | {"branches": ["full"]})
    inputs = locate_inputs(config, "r")
    assert inputs.branch_tables["nucleus_segments"] == "r/vignette/pni_nucleus_segments.csv"
    assert "neuron_meshes_v185.tgz" in inputs.downloads and not inputs.cell_meshes_are_files
    assert config.chosen.nucleus_voxel_nm == (57.28, 57.28, 40)


def test_local_cell_meshes(raw, tmp_path) -> None:
    mine = local(raw, tmp_path) | {"swc_radii": "measured"}
    mine["datasets"]["mine"]["cell_meshes"] = str(tmp_path)
    inputs = locate_inputs(read_config(mine), "resources/mine")
    assert inputs.cell_meshes == str(tmp_path) and inputs.cell_meshes_are_files
    (tmp_path / "meshes.tgz").touch()
    mine["datasets"]["mine"]["cell_meshes"] = str(tmp_path / "meshes.tgz")
    inputs = locate_inputs(read_config(mine), "resources/mine")
    assert inputs.cell_meshes == "resources/mine/cell_meshes"
    assert inputs.cell_mesh_archive == str(tmp_path / "meshes.tgz")


def test_the_em_block_has_no_meshes_of_cells() -> None:
    block = yaml.safe_load((ROOT / "tests" / "config" / "em_block.yaml").read_text())
    assert "datasets.em_block: missing key cell_meshes, " in message(block | {"branches": ["full"]})


@pytest.mark.workflow
def test_snakemake_ends_at_once_with_the_message(tmp_path) -> None:
    run = run_snakemake(tmp_path, "--cores", "1", "--config", "dataset=other")
    assert run.code != 0
    assert "config: dataset is 'other', which is not described under datasets" in run.text
    assert "Traceback" not in run.text
