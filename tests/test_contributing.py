"""The diffs of CONTRIBUTING.md apply, and what they add arrives everywhere it should."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from workflow import ROOT, Run, copy_of, run_snakemake

COPIED = ("Snakefile", "config.yaml", "schema.json", "rules", "workflow_scripts", "report", "envs")
NEEDED_TOO = ("pyproject.toml", "requirements.txt", "tests")
WAYS = re.findall(
    r"^## A(?:n)? ([\w ]+)$.*?```diff\n(.*?)```",
    (ROOT / "CONTRIBUTING.md").read_text(),
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture(scope="module")
def changed_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout to which all diffs are applied."""
    copy = tmp_path_factory.mktemp("contributing") / "checkout"
    for name in (*COPIED, *NEEDED_TOO):
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            copy.mkdir(exist_ok=True)
            shutil.copy(path, copy / name)
    for way, diff in WAYS:
        applied = subprocess.run(
            ["git", "apply", "-"], cwd=copy, input=diff, capture_output=True, text=True, check=False
        )
        assert applied.returncode == 0, f"{way}: {applied.stderr}"
    return copy


def test_tests_and_lint_pass_with_what_is_added(changed_copy: Path) -> None:
    tests = ("tests/test_morphometrics.py", "tests/test_stl.py", "-k", "sphere or flat or stl")
    for command in (
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--no-cache", "--check", "."],
        ["pytest", "-q", "-n0", "-p", "no:cacheprovider", *tests],
    ):
        finished = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=changed_copy,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.workflow
def test_a_column_a_table_and_a_figure_arrive_in_all_that_is_published(
    changed_copy: Path, small_run: Run, tmp_path: Path
) -> None:
    folder = copy_of(small_run, tmp_path / "run")
    config = ("--configfile", "config.yaml", "--cores", "2")
    run = run_snakemake(folder, *config, snakefile=changed_copy / "Snakefile")
    assert run.code == 0, run.text
    results = folder / "results" / "sample"
    dictionary = (results / "data_dictionary.md").read_text()
    page = (results / "dataset.html").read_text()
    (inputs,) = re.findall(r"^localrule all:\n    input: (.*)$", run.text, re.MULTILINE)

    for path in results.glob("microns_cells/*.csv"):
        assert "convex hull sphericity" in header(path)
    field = pq.read_schema(results / "mitochondria.parquet").field("convex_hull_sphericity")
    assert field.metadata[b"description"].startswith(b"sphericity of the convex hull")
    assert "| `convex hull sphericity` |" in dictionary
    assert "| `convex_hull_sphericity` |" in dictionary

    assert header(results / "compartments.csv") == ["cell_type", "compartment", "mitochondria"]
    assert "## compartments.csv" in dictionary
    assert "compartments.csv" in page
    assert "results/sample/compartments.csv" in inputs.split(", ")
    assert " compartments.csv\n" in (results / "checksums.sha256").read_text()
    assert "compartments.csv" in json.dumps(
        json.loads((results / "provenance.json").read_text())["resources"]
    )

    assert (results / "figures" / "mitochondrion_extent.svg").exists()
    assert "first principal axis" in page


def header(path: Path) -> list[str]:
    """Return the names of a CSV file's columns."""
    with path.open(newline="") as file:
        return next(csv.reader(file))
