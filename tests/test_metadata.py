"""Citation, licence, changelog and the catalog's file are well formed and agree."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from workflow import ROOT

# What the Citation File Format 1.2.0 requires of the parts that are used here.
PERSON_OR_ENTITY = {
    "type": "object",
    "properties": {"family-names": {}, "given-names": {}, "name": {"type": "string"}},
    "additionalProperties": False,
    "oneOf": [{"required": ["name"]}, {"required": ["family-names"]}],
}
AUTHORS = {"type": "array", "minItems": 1, "items": PERSON_OR_ENTITY}
DOI = {"type": "string", "pattern": r"^10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-\.\(\)\[\]\\]+$"}
TEXT = {"type": "string", "minLength": 1}
REFERENCE = {
    "type": "object",
    "required": ["authors", "title", "type"],
    "properties": {
        "type": {"enum": ["article", "data", "software"]},
        "authors": AUTHORS,
        "doi": DOI,
        "year": {"type": "integer"},
        **{key: TEXT for key in ("title", "scope", "journal", "url", "repository-code")},
        **{key: {"type": ["integer", "string"]} for key in ("volume", "issue", "start", "end")},
    },
    "additionalProperties": False,
}
CITATION = {
    "type": "object",
    "required": ["authors", "cff-version", "message", "title"],
    "properties": {
        "cff-version": {"const": "1.2.0"},
        "type": {"const": "software"},
        "license": {"const": "MIT"},
        "authors": AUTHORS,
        "keywords": {"type": "array", "items": TEXT, "uniqueItems": True},
        "references": {"type": "array", "items": REFERENCE},
        **{key: TEXT for key in ("message", "title", "abstract", "version")},
    },
    "additionalProperties": False,
}


def citation() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_the_citation_file_is_valid_and_names_what_the_data_come_from() -> None:
    Draft202012Validator(CITATION).validate(citation())
    references = citation()["references"]
    dois = {reference.get("doi") for reference in references}
    assert "10.1016/j.cell.2022.01.023" in dois
    records = set(re.findall(r"zenodo\.org/records/(\d+)", (ROOT / "config.yaml").read_text()))
    assert {f"10.5281/zenodo.{record}" for record in records} <= dois


def test_versions_and_licence_agree() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert citation()["version"] == version
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert version in headings[0]
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")


def test_the_workflow_catalog_reads_its_file() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage == {"software-stack-deployment": {"conda": True}, "report": True}
    assert (ROOT / "envs" / "workflow.yaml").is_file()
