"""The data dictionary names every column of what is published, and the docs have it as it is."""

from __future__ import annotations

import csv
import re
from fnmatch import fnmatch

import pytest
from mitosyn.catalogue.dictionary import data_dictionary
from mitosyn.catalogue.files import CATALOGUE
from workflow import ROOT, Run, numbers_of_another_kind

RENEW = "python docs/make columns"


def test_the_docs_have_the_dictionary() -> None:
    assert (ROOT / "docs" / "columns.md").read_text() == data_dictionary(), f"renew it: {RENEW}"


def test_columns_are_those_that_the_code_writes() -> None:
    for table in [entry for entry in CATALOGUE if entry.columns]:
        for name, meaning in table.columns.items():
            assert meaning.meaning, (table.path, name)
            assert bool(meaning.unit) or meaning.kind != "float64", (table.path, name)


def test_the_readme_names_every_published_file_and_no_other() -> None:
    section = (ROOT / "README.md").read_text().split("## What comes out")[1]
    names = [
        name
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    ]
    # What is no single file of the catalogue: figures, and one file for each cell.
    apart = {"figures/", "standard_swc/<cell_id>.swc"}
    paths = [entry.path for entry in CATALOGUE if "<cell_id>" not in entry.path]
    patterns = {name: f"{name}*" if name.endswith("/") else name for name in names}
    assert [path for path in paths if not any(fnmatch(path, p) for p in patterns.values())] == []
    unknown = {name for name, p in patterns.items() if not any(fnmatch(path, p) for path in paths)}
    assert unknown == apart


@pytest.mark.workflow
def test_every_published_table_is_in_the_dictionary(sample_run: Run) -> None:
    results = sample_run.folder / "results" / "sample"
    assert (results / "data_dictionary.md").read_text() == data_dictionary()
    described = {table.path for table in [entry for entry in CATALOGUE if entry.columns]}
    files = [*results.glob("*.csv"), *results.glob("*.parquet"), *results.glob("tables/*.csv")]
    assert {str(path.relative_to(results)) for path in files} <= described
    for table in [entry for entry in CATALOGUE if entry.columns]:
        if table.path.endswith(".csv"):
            pattern = table.path.replace("<cell_type>_<cell_id>", "*")
            for path in results.glob(pattern):
                with path.open(newline="") as file:
                    assert next(csv.reader(file)) == list(table.columns), path


@pytest.mark.workflow
def test_real_numbers_have_a_point_in_every_row_and_integers_none(sample_run: Run) -> None:
    assert numbers_of_another_kind(sample_run.folder / "results" / "sample") == []
