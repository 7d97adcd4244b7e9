"""The schema of the configuration, and its messages."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mitosyn.catalogue.names import COMPARTMENTS
from mitosyn.config import ConfigError, duplicate_keys, locate_inputs, read_config
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
        *("pyramidal_mitochondria", "synapses"),
    ):
        (folder / key).touch()
        described[key] = str(folder / key)
    (folder / "skeletons").mkdir(exist_ok=True)
    described["skeletons"] = str(folder / "skeletons")
    (folder / "mesh").mkdir(exist_ok=True)
    (folder / "info").write_text('{"mesh": "mesh"}')
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


def lines(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        read_config(raw)
    return [line.strip() for line in str(error.value).splitlines()]


def test_the_shipped_config_describes_both_datasets(raw) -> None:
    config = read_config(raw)
    assert config.dataset == "sample"
    assert locate_inputs(config, "resources/sample").generated
    published = read_config(raw | {"dataset": "microns_l23"})
    inputs = locate_inputs(published, "resources/microns_l23")
    assert inputs.tables["somas"] == "resources/microns_l23/soma_valence_v185.csv"
    archive = "resources/microns_l23/211019_smoothed_skeletons.tgz"
    assert inputs.folder_archives == {"skeletons": archive}
    assert published.chosen.expectations.cells == {"pyramidal": 351, "inhibitory": 33, "glia": 14}


def test_published_counts_of_what_is_recomputed_are_not_expected(raw) -> None:
    raw |= {"dataset": "microns_l23"}
    kept, recomputed = (
        read_config(raw | {"recompute_pyramidal": on}).expected_counts.model_dump()
        for on in (False, True)
    )
    assert set(kept["compartments"]) - set(recomputed["compartments"]) == {"pyramidal"}
    assert kept | {"compartments": None} == recomputed | {"compartments": None}


def test_counts_are_expected_of_the_types_that_are_analysed(raw, tmp_path) -> None:
    mine = local(raw, tmp_path)
    described = mine["datasets"]["mine"]
    described["expectations"] = {"cells": {"glias": 3}, "compartments": {"Purkinje": {}}}
    problem = "datasets.mine: expectations.{} names the cell type '{}', expected one of {}"
    assert lines(mine)[1:] == [
        problem.format("cells", "glias", "pyramidal, inhibitory, glia: did you mean glia?"),
        problem.format("compartments", "Purkinje", "pyramidal, inhibitory, glia"),
    ]
    for name in ("cell_types", "somas", "neuron_mitochondria", "pyramidal_ids"):
        del described[name]
    del described["pyramidal_mitochondria"]
    types = {"Purkinje": {"compartments": "skeleton"}, "glias": {"compartments": "none"}}
    described["cells"] = {"path": described["mitochondria"], "types": types}
    described |= {name: {"path": described[name]} for name in ("mitochondria", "synapses")}
    assert read_config(mine).chosen.expectations.cells == {"glias": 3}
    described["expectations"] = {"mitochondria": {"glia": 1}}
    expected = "config: " + problem.format("mitochondria", "glia", "Purkinje, glias")
    assert message(mine) == f"{expected}: did you mean glias?"


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
    assert message(raw | {"datset": 1}) == "config: unknown key datset: did you mean dataset?"
    raw["datasets"]["sample"]["seeds"] = 1
    assert message(raw) == "config: unknown key datasets.sample.seeds"


def test_wrong_types(raw, tmp_path) -> None:
    assert "recompute_pyramidal" in message(raw | {"recompute_pyramidal": "perhaps"})
    mine = local(raw, tmp_path)
    mine["datasets"]["mine"]["somas"] = 3
    assert message(mine) == (
        "config: datasets.mine.somas: expected a path or URL, {url, filename, size, "
        "checksum} or {archive, member} (found 3)"
    )
    raw["datasets"]["sample"]["synthetic"]["seed"] = "x"
    assert "datasets.sample.synthetic.seed" in message(raw)


def test_undescribed_dataset(raw) -> None:
    assert "dataset is 'other', which is not described" in message(raw | {"dataset": "other"})


@pytest.mark.parametrize("key", ["synapses", "skeletons"])
def test_a_path_that_does_not_exist(raw, tmp_path, key) -> None:
    mine = local(raw, tmp_path)
    mine["datasets"]["mine"][key] = str(tmp_path / "nowhere")
    assert re.search(
        rf"datasets\.mine\.{key}: is '\S+nowhere', which does not exist$", message(mine)
    )
    mine["datasets"]["mine"][key] = str(tmp_path / f"{key}x")
    assert message(mine).endswith(f"which does not exist: did you mean {key}?")


def test_a_segmentation_that_does_not_exist(raw, tmp_path) -> None:
    table = tmp_path / "table.csv"
    table.touch()
    mine = raw | {
        "dataset": "mine",
        "datasets": {
            "mine": {
                "voxel_size_nm": [4, 4, 40],
                "cells": {"path": str(table), "types": {"neuron": {"compartments": "none"}}},
                "mitochondria": {"path": str(table)},
                "mitochondria_segmentation": "precomputed://file:///nowhere",
            }
        },
    }
    assert "mitochondria_segmentation: is 'precomputed://file:///nowhere'" in message(mine)
    assert "/nowhere/info does not exist" in message(mine)


def test_a_mesh_layer_that_does_not_exist_or_is_none(raw, tmp_path) -> None:
    mine = local(raw, tmp_path)
    mine["datasets"]["mine"]["mitochondria_meshes"] = "precomputed://file:///nowhere"
    assert "/nowhere/info does not exist" in message(mine)
    mine["datasets"]["mine"]["mitochondria_meshes"] = "somewhere"
    assert message(mine) == (
        "config: datasets.mine.mitochondria_meshes: expected a layer, precomputed:// and "
        "file://…, https://…, gs://… or s3://… (found 'somewhere')"
    )


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
    assert lines(raw)[1:] == [
        "missing key datasets.microns_l23.neuroglancer.cells",
        "missing key datasets.microns_l23.neuroglancer.mitochondria",
        "datasets.microns_l23.neuroglancer.viewer: expected a URL that begins with https://, "
        "http://, gs:// or s3:// (found 'here')",
    ]


def test_branches_in_any_order_and_each_once(raw) -> None:
    assert read_config(raw).branches == ()
    config = read_config(raw | {"branches": ["coveredornot", "full", "distancebins", "full"]})
    assert config.branches == ("full", "distancebins", "coveredornot")
    assert message(raw | {"branches": ["full", "distancebin"]}) == (
        "config: branches.1: expected one of full, distancebins, distalbranches, "
        "branchpointsegments, coveredornot (found 'distancebin'): did you mean distancebins?"
    )
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
    assert (inputs.cell_meshes, inputs.folder_archives["cell_meshes"]) == (
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
    assert inputs.folder_archives["cell_meshes"] == str(tmp_path / "meshes.tgz")


def test_the_em_block_has_no_meshes_of_cells(em_block: Path) -> None:
    block = yaml.safe_load((ROOT / "tests" / "config" / "em_block.yaml").read_text())
    assert "datasets.em_block: missing key cell_meshes, " in message(block | {"branches": ["full"]})


@pytest.mark.parametrize(
    ("resolution", "mesh", "contradicts"),
    [
        ([4, 4, 40], [4, 4, 40], False),
        ([16, 16, 40], [4, 4, 40], False),
        ([4, 4, 40], [8, 8, 40], False),
        ([1, 1, 1], [4, 4, 40], False),
        ([4, 4, 40], [3.58, 3.58, 40], True),
        ([4, 4, 40], [4, 4, 45], True),
        ([3.6, 3.6, 40], [3.58, 3.58, 40], True),
        ([0, 4, 40], [4, 4, 40], False),
        ("4 4 40", [4, 4, 40], False),
    ],
)
def test_the_resolution_of_a_layer(raw, tmp_path, resolution, mesh, contradicts) -> None:
    mine = local(raw, tmp_path)
    mine["datasets"]["mine"]["mesh_voxel_size_nm"] = mesh
    info = {"scales": [{"resolution": resolution}], "mesh": "mesh"}
    (tmp_path / "info").write_text(json.dumps(info))
    if contradicts:
        assert message(mine) == (
            "config: datasets.mine.mitochondria_meshes: resolution is "
            f"{[float(size) for size in resolution]} nm in the layer's info, "
            f"mesh_voxel_size_nm is {[float(size) for size in mesh]}"
        )
    else:
        assert read_config(mine).dataset == "mine"


@pytest.mark.parametrize(
    ("info", "problem"),
    [
        ('{"mesh": null}', "its info has mesh null, expected the name of a mesh folder"),
        ('{"mesh": 5}', "its info has mesh 5, expected"),
        ('{"mesh": "../mesh"}', 'its info has mesh "../mesh", expected'),
        ("[]", "its info has [], expected"),
        ("", "not JSON (Expecting value"),
        ("[" * 100_000, "not JSON (maximum recursion"),
        ('{"mesh": "other"}', "the layer's info names a folder of meshes"),
        ('{"mesh": "mesh", "scales": [{"resolution": [Infinity, NaN, 1]}]}', ""),
    ],
)
def test_the_info_of_a_layer_names_its_meshes(raw, tmp_path, info: str, problem: str) -> None:
    mine = local(raw, tmp_path)
    (tmp_path / "info").write_text(info)
    if problem:
        assert message(mine).startswith(f"config: datasets.mine.mitochondria_meshes: {problem}")
    else:
        assert read_config(mine).dataset == "mine"


DOWNLOAD = "https://host/files/a.csv"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([3.58, 3.58], "three finite numbers above 0, in nm: [x, y, z] (found [3.58, 3.58])"),
        ([4, 4, float("nan")], "three finite numbers"),
        ([4, 4, "1e400"], "three finite numbers"),
        ([4, -4, 40], "three finite numbers"),
        ([True, True, 40], "three finite numbers"),
        ("4, 4, 40", "three finite numbers"),
        ({"x": 4}, "three finite numbers"),
        (None, "three finite numbers"),
    ],
)
def test_a_voxel_size_is_three_finite_numbers(raw, value, expected) -> None:
    raw["datasets"]["sample"]["voxel_size_nm"] = value
    assert message(raw).startswith(f"config: datasets.sample.voxel_size_nm: expected {expected}")


def test_numbers_and_truths_from_the_command_line(raw) -> None:
    raw["datasets"]["sample"]["voxel_size_nm"] = ["4", "4.0", "4e1"]
    assert read_config(raw).chosen.voxel_size_nm == (4, 4, 40)
    assert not read_config(raw | {"offline": "false"}).offline
    assert read_config(raw | {"retrieval": {"attempts": "3"}}).retrieval.attempts == 3
    for value in (True, "3.0", 3.5, "1_0", ""):
        assert "retrieval.attempts: expected a whole number" in message(
            raw | {"retrieval": {"attempts": value}}
        )
    assert message(raw | {"offline": "maybe"}) == (
        "config: offline: expected true or false (found 'maybe')"
    )
    assert message(raw | {"retrieval": {"attempts": 0}}) == (
        "config: retrieval.attempts: expected a whole number above 0 (found 0)"
    )


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/etc", ".hidden", "-n", "a\nb", "{x}"])
def test_a_dataset_is_a_plain_folder_name(raw, name) -> None:
    raw["datasets"][name] = raw["datasets"]["sample"]
    assert "expected a name of letters" in message(raw | {"dataset": name})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ftp://host/a.csv", "a URL that begins with https://, http://, gs:// or s3://"),
        ("file:///data/a.csv", "a local path as it is, without file://"),
        ("https:///a.csv", "a URL that begins with"),
        ("https://host/", "a URL that ends in a file's name, or filename beside it"),
        ("https://host/..", "a URL that ends in a file's name, or filename beside it"),
        ({"url": "ftp://host/a.csv"}, "a URL that begins with https://, http://, gs:// or s3://"),
        ({"url": "https://host"}, "a URL that ends in a file's name"),
        *(
            ({"url": DOWNLOAD, "filename": name}, "the name of a file, without folders")
            for name in ("../a.csv", "/tmp/a.csv", "a/b.csv", "..", "", " ", "a\\b", "a{b}")
        ),
        *(
            ({"archive": "all", "member": name}, "a path inside the archive, without '..'")
            for name in ("../a.csv", "/a.csv", "a/../../b", "", ".", "a//b", "a\\b")
        ),
        ({"url": DOWNLOAD, "checksum": "md5:1"}, "md5: and 32, or sha256: and 64 digits"),
        ({"url": DOWNLOAD, "size": -1}, "a whole number above 0"),
        ("", "a path without braces, or a URL"),
        (["a.csv"], "a path or URL, {url, filename, size, checksum} or {archive, member}"),
    ],
)
def test_sources_that_cannot_be_or_leave_their_folder(raw, tmp_path, source, expected) -> None:
    mine = local(raw, tmp_path)
    mine["datasets"]["mine"]["archives"] = {"all": "https://host/all.tgz"}
    mine["datasets"]["mine"]["somas"] = source
    text = message(mine)
    assert text.startswith("config: datasets.mine.somas") and f": expected {expected}" in text
    if source != ["a.csv"] and not isinstance(source, dict):
        mine["datasets"]["mine"] |= {"somas": None, "archives": {"all": source}}
        assert f"datasets.mine.archives.all: expected {expected}" in message(mine)


def test_one_place_for_two_sources_is_refused(raw, tmp_path) -> None:
    """Two files of one name once overwrote each other: 233 of 240 mitochondria came out."""
    mine = local(raw, tmp_path)
    described = mine["datasets"]["mine"]
    described |= {"somas": "https://one/a.csv", "mitochondria": "https://two/a.csv?download=1"}
    assert message(mine) == (
        "config: datasets.mine.mitochondria: another file than that of somas would get the name "
        "'a.csv'"
    )
    described["mitochondria"] = {"url": described["mitochondria"], "filename": "b.csv"}
    assert locate_inputs(read_config(mine), "r").tables["mitochondria"] == "r/b.csv"
    # The same file for two keys is no clash.
    described["synapses"] = described["somas"]
    assert set(locate_inputs(read_config(mine), "r").downloads) == {"a.csv", "b.csv"}
    described["archives"] = {"a.csv": "https://three/c.tgz", "skeletons": "https://three/s.tgz"}
    described["mitochondria"] = {"archive": "a.csv", "member": "x.csv"}
    assert message(mine).endswith("'a.csv/x.csv' would lie in 'a.csv' of somas")
    described["mitochondria"] = {"archive": "skeletons", "member": "x.csv"}
    described["skeletons"] = "https://three/s.tgz"
    assert message(mine).endswith("'skeletons/x.csv' would lie in 'skeletons' of skeletons")


def test_a_folder_for_a_table_and_a_file_for_a_folder(raw, tmp_path) -> None:
    mine = local(raw, tmp_path)
    described = mine["datasets"]["mine"]
    described |= {"synapses": described["skeletons"], "skeletons": described["somas"]}
    assert lines(mine)[1:] == [
        f"datasets.mine.synapses: expected a file (found the folder '{tmp_path / 'skeletons'}')",
        "datasets.mine.skeletons: expected a folder or an archive, *.tgz or *.tar.gz (found "
        f"'{tmp_path / 'somas'}')",
    ]
    described |= {"synapses": described["mitochondria"], "skeletons": "https://host/a.zip"}
    assert "expected a folder or an archive, *.tgz or *.tar.gz" in message(mine)


def test_what_is_wrong_in_many_places_is_said_once(raw, tmp_path) -> None:
    mine = local(raw, tmp_path)
    tables = [*mine["datasets"]["mine"]][2:9]
    mine["datasets"]["mine"] |= {name: f"ftp://host/{name}" for name in tables}
    assert message(mine) == (
        "config: datasets.mine.cell_types: expected a URL that begins with https://, http://, "
        "gs:// or s3:// "
        "(found 'ftp://host/cell_types') … and 6 more (datasets.mine.somas, "
        "datasets.mine.mitochondria, datasets.mine.neuron_mitochondria, …)"
    )


def test_keys_that_a_file_has_twice(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("a: &x {b: 1}\nc:\n  - d: 1\n    d: 2\ne: {<<: *x}\na: 3\n")
    assert duplicate_keys(path) == [
        f"{path}: c.0.d is there twice, in lines 3 and 4",
        f"{path}: a is there twice, in lines 1 and 6",
    ]
    path.write_text("")
    assert duplicate_keys(path) == []


# Whatever is written ------------------------------------------------------------------------

WORDS = re.compile(
    r"Input should|Value error|[Pp]ydantic|\bstr\b|\bdict\b|\btuple\b|valid (integer|number|"
    r"boolean|string)|Extra inputs|Field required|Traceback|errors\.|<path>|<Download>|"
    r"another value"
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["..", "/", "a.csv", "https://h/a", "ftp://h/a", "precomputed://", "1e400"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=6)
            | st.sampled_from(["url", "filename", "archive", "member", "cells"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Name every place in a configuration."""
    inner = value.items() if isinstance(value, dict) else []
    return [path] * bool(path) + [p for key, v in inner for p in places(v, (*path, key))]


def spoil(mine: dict, data: st.DataObject, most: int, other_keys: st.SearchStrategy) -> None:
    """Put drawn values at some places of a configuration, or under other keys beside them."""
    every = places(mine)
    for _ in range(data.draw(st.integers(1, most))):
        *path, key = data.draw(st.sampled_from(every))
        spoilt: Any = mine
        for part in path:
            spoilt = spoilt.get(part) if isinstance(spoilt, dict) else None
        if isinstance(spoilt, dict):
            spoilt[data.draw(st.just(key) | other_keys)] = data.draw(VALUES)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_whatever_is_written_gives_a_config_or_plain_words(raw, tmp_path, data) -> None:
    mine = local(raw, tmp_path)
    spoil(mine, data, 3, st.text(max_size=8) | st.integers())
    try:
        locate_inputs(read_config(mine), "resources/mine")
    except ConfigError as error:
        said = [re.sub(r"'[^']*'|\"[^\"]*\"", "", line) for line in str(error).splitlines()]
        assert len(said) < 25 and all(len(line) < 500 for line in said)
        foreign = {match.group() for line in said for match in WORDS.finditer(line)}
        # What was drawn may be such a word.
        assert not {word for word in foreign if word not in repr(mine)}, error


@pytest.mark.workflow
def test_snakemake_ends_at_once_with_the_message(tmp_path) -> None:
    run = run_snakemake(tmp_path, "--cores", "1", "--config", "dataset=other")
    assert run.code != 0
    assert "config: dataset is 'other', which is not described under datasets" in run.text
    assert "Traceback" not in run.text


SWAPPED = {name: label for label, name in enumerate(COMPARTMENTS)} | {
    "Unknown": 4,
    "Unknown dendritic": 5,
}


def test_published_compartments_go_by_number(raw, tmp_path) -> None:
    own = {name: label for label, name in enumerate(COMPARTMENTS)}
    assert read_config(raw).pyramidal_labels == SWAPPED
    assert read_config(raw | {"recompute_pyramidal": True}).pyramidal_labels == own
    assert read_config(raw).datasets["microns_l23"].published_labels == SWAPPED
    mine = local(raw, tmp_path)
    assert read_config(mine).pyramidal_labels == own
    mine["datasets"]["mine"]["published_compartments"] = SWAPPED
    assert read_config(mine).pyramidal_labels == SWAPPED


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Unknown": 5}, "needs a label of its own, 0 to 5"),
        ({"Unknown": 6}, "needs a label of its own, 0 to 5"),
        ({"Unknown": "4"}, "expected a whole number"),
        ({"Dendrite": 4}, "'Dendrite'"),
        ({"basal": 2}, "did you mean Basal"),
        (None, "needs a label of its own, 0 to 5"),
    ],
)
def test_published_compartments_that_are_no_mapping_are_refused(
    raw, tmp_path, change: dict[str, object] | None, problem: str
) -> None:
    mine = local(raw, tmp_path)
    mine["datasets"]["mine"]["published_compartments"] = SWAPPED | change if change else {}
    text = "\n".join(lines(mine))
    assert "datasets.mine.published_compartments" in text
    assert problem in text


def test_a_generated_dataset_names_its_own_compartments(raw) -> None:
    raw["datasets"]["sample"]["published_compartments"] = SWAPPED
    assert "remove published_compartments" in message(raw)
