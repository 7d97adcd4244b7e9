"""Each key's meaning is written once: schema.json, the docs and config.yaml have it from there."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mitosyn.config import ConfigError, config_schema, read_config, with_key_tables
from snakemake.utils import update_config
from test_config import local, spoil
from workflow import ROOT

RENEW = "renew it: python docs/make configuration"
PAGE = ROOT / "docs" / "configuration.md"
ROOM = ROOT / "workflow_scripts" / "mitosyn" / "config"
SCHEMA = config_schema()
EDITOR = jsonschema.Draft7Validator(SCHEMA)


@pytest.fixture
def raw() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def sections() -> Iterator[dict[str, Any]]:
    yield from (SCHEMA, *SCHEMA["$defs"].values())


# In step ------------------------------------------------------------------------------------


def test_the_schema_and_the_page_are_those_of_the_sections() -> None:
    assert json.loads((ROOT / "schema.json").read_text()) == SCHEMA, RENEW
    assert PAGE.read_text() == with_key_tables(PAGE.read_text()), RENEW


def test_a_page_that_is_not_in_step_is_seen() -> None:
    page = PAGE.read_text()
    lines = page.splitlines(keepends=True)
    (row,) = [n for n, line in enumerate(lines) if line.startswith("| `swc_radii` |")]
    missing = "".join(lines[:row] + lines[row + 1 :])
    gone = page.replace(lines[row], lines[row] + "| `gone` |  | A key of once. |\n")
    other = page.replace("Text, one cell id per line.", "Text, two ids per line.")
    assert len({page, missing, gone, other}) == 4
    assert {with_key_tables(text) for text in (missing, gone, other)} == {page}


def test_every_key_has_a_meaning_and_a_row() -> None:
    rows = re.findall(r"^\| `(?:\w+\.)*(\w+)` \|.*\| (\S.*) \|$", PAGE.read_text(), re.MULTILINE)
    keys = [key for section in sections() for key in section["properties"]]
    assert sorted(key for key, _ in rows) == sorted(keys)
    for section in sections():
        for key, form in section["properties"].items():
            assert form["description"].endswith("."), key


def test_links_of_the_meanings_lead_to_headings() -> None:
    for page, heading in re.findall(r"\]\(([\w-]+\.md)#?([\w-]*)\)", PAGE.read_text()):
        headings = re.findall(r"^#+ (.*)$", (ROOT / "docs" / page).read_text(), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}
        assert not heading or heading in anchors, (page, heading)


def test_config_yaml_names_the_schema_and_says_the_same() -> None:
    text = (ROOT / "config.yaml").read_text()
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named and (ROOT / named[1]).is_file()
    said = re.findall(r"^((?:# .*\n)+)(\w+):", text, re.MULTILINE)
    assert len(said) > 5
    for comment, key in said:
        meaning = " ".join(comment.replace("# ", "").split())
        assert meaning.endswith(".")
        assert SCHEMA["properties"][key]["description"].startswith(meaning), key


def test_the_schema_is_one_that_editors_read() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    known = set(jsonschema.Draft7Validator.VALIDATORS) | {
        *("$schema", "$defs", "title", "description", "default", "examples", "then", "else"),
        "patternErrorMessage",
    }

    def check(node: Any) -> None:
        for keyword, value in node.items():
            assert keyword in known, keyword
            if keyword in ("properties", "$defs"):
                for inner in value.values():
                    check(inner)
            elif keyword not in ("default", "examples"):
                for inner in value if isinstance(value, list) else [value]:
                    check(inner) if isinstance(inner, dict) else None

    check(SCHEMA)


# What is accepted and what is refused ---------------------------------------------------------


def shown() -> list[Any]:
    """Everything that the project shows as a configuration or as keys that differ."""
    files = [ROOT / "config.yaml", *(ROOT / "tests" / "config").glob("*.yaml")]
    files += (ROOT / "examples").glob("*.yaml")
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    blocks = [
        pytest.param(block, id=f"{page.name}-{number}")
        for page in pages
        for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S))
    ]
    assert len(files) >= 3 and len(blocks) >= 2
    return [*(pytest.param(path.read_text(), id=path.name) for path in files), *blocks]


@pytest.mark.parametrize("text", shown())
def test_what_the_project_shows_is_valid(raw, text) -> None:
    merged = copy.deepcopy(raw)
    update_config(merged, yaml.safe_load(text))
    EDITOR.validate(merged)


def test_whole_descriptions_are_valid_alone() -> None:
    for path in (*(ROOT / "examples").glob("*.yaml"), ROOT / "tests" / "config" / "em_block.yaml"):
        EDITOR.validate(yaml.safe_load(path.read_text()))


SAMPLE, MINE = ("datasets", "sample"), ("datasets", "mine")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("datset",), "sample"),
        (("dataset",), None),
        (("dataset",), 3),
        (("offline",), "maybe"),
        (("branches",), "full"),
        (("branches",), ["distancebin"]),
        (("swc_radii",), "guessed"),
        (("associated_nodes_suffix",), "a/b"),
        (("associated_nodes_suffix",), "a\n"),
        (("retrieval", "attempts"), 0),
        (("retrieval", "attempts"), 1.5),
        (("retrieval", "timeout_s"), -1),
        (("retrieval", "timeouts"), 3),
        (("datasets", ".hidden"), {}),
        ((*SAMPLE, "seeds"), 1),
        ((*SAMPLE, "voxel_size_nm"), [4, 4]),
        ((*SAMPLE, "voxel_size_nm"), [4, 4, 0]),
        ((*SAMPLE, "synthetic", "seed"), -1),
        ((*SAMPLE, "synthetic", "synapses"), 39),
        ((*SAMPLE, "synthetic", "astrocytes"), True),
        ((*SAMPLE, "somas"), "a.csv"),
        ((*SAMPLE, "published_compartments"), {"Basal": 0}),
        ((*MINE, "somas"), None),
        ((*MINE, "somas"), 3),
        ((*MINE, "somas"), ["a.csv"]),
        ((*MINE, "somas"), ""),
        ((*MINE, "somas"), "a{b}.csv"),
        ((*MINE, "somas"), "ftp://host/a.csv"),
        ((*MINE, "somas"), "ftp://bucket/a.csv"),
        ((*MINE, "somas"), {"url": "https://host/a.csv", "checksum": "md5:1"}),
        ((*MINE, "somas"), {"url": "https://host/a.csv", "filename": "../a.csv"}),
        ((*MINE, "somas"), {"url": "https://host/a.csv", "size": 0}),
        ((*MINE, "somas"), {"archive": "all", "member": "../a.csv"}),
        ((*MINE, "somas"), {"archive": "all", "member": "a//b"}),
        ((*MINE, "somas"), {"archive": "all"}),
        ((*MINE, "mitochondria_meshes"), "/data/meshes"),
        ((*MINE, "mitochondria_meshes"), {"path": "precomputed://https://host/m", "lod": -1}),
        ((*MINE, "cell_meshes"), {"path": "meshes", "format": "stl"}),
        ((*MINE, "skeletons"), {"path": "skeletons", "format": "swc", "unit": "mm"}),
        (("only_cells",), [0]),
        (("first_cells",), 0),
        ((*MINE, "neuroglancer"), {"cells": "precomputed://gs://a"}),
        (
            (*MINE, "neuroglancer"),
            dict.fromkeys(("cells", "mitochondria"), "precomputed://file://a"),
        ),
        ((*MINE, "published_compartments"), {"Somatic": 0}),
        ((*MINE, "published_compartments"), {"Dendrite": 0}),
        ((*MINE, "expectations"), {"cells": {"neurons": 1}}),
        ((*MINE, "expectations"), {"morphologies": -1}),
    ],
)
def test_what_is_refused_by_both(raw, tmp_path, place, value) -> None:
    mine = local(raw, tmp_path)
    EDITOR.validate(mine)
    read_config(mine)
    changed: Any = mine
    *above, key = place
    for part in above:
        changed = changed[part] if part in changed else changed.setdefault(part, {})
    changed[key] = value
    assert not EDITOR.is_valid(mine)
    with pytest.raises(ConfigError):
        read_config(mine)


# What depends on other keys, on files, or is more of a URL than a pattern tells; and numbers that
# YAML has and JSON has not.
BEYOND = re.compile(
    r"not described|does not exist|would get the name|would lie in|expected a file |needed for |"
    r"expected a folder|the layer's info|needs a label of its own|expected a URL that|"
    r"expected a whole number.*found -?[\d.]+(\.0|e\+\d+)\)|finite numbers?.*(nan|inf)"
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_editors_and_runs_agree(raw, tmp_path, data) -> None:
    mine = local(raw, tmp_path)
    spoil(mine, data, 2, st.text(max_size=8))
    try:
        config = read_config(mine)
    except ConfigError as error:
        problems = re.split(r"\n", str(error))
        unexplained = [line for line in problems if not BEYOND.search(line)]
        if len(problems) > 1:
            unexplained = unexplained[1:]
        assert not (EDITOR.is_valid(mine) and unexplained), unexplained
    else:
        # As read: the command line gives numbers and truths as texts, which editors refuse.
        EDITOR.validate(config.model_dump(mode="json", exclude_unset=True))
