"""Conservation, expectations, the code digests and the errors of jobs."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from mitosyn.dataset.checks import (
    compare_expectations,
    compare_mitochondria,
    compare_synapses,
)
from mitosyn.sources.adapters import Source
from mitosyn.sources.counts import listed_ends, listed_mitochondria
from mitosyn.support.errors import CONFIGURATION, RETRIEVAL, RUNNING, InputError
from mitosyn.support.jobs import COST_LINE, run
from mitosyn.tables.cells import Cell
from workflow import ROOT


def cell(cell_id: int, kind: str) -> Cell:
    return Cell(cell_id, kind, "", (0.0,) * 3, None, "skeleton", kind != "glia")


@pytest.mark.parametrize(
    ("adapter", "owner"), [("microns_l23", "cellid"), ("canonical", "cell_id")]
)
def test_mitochondria_of_every_table_are_expected(tmp_path: Path, adapter: str, owner: str) -> None:
    tables = {"mitochondria": "10,1\n20,2\n30,3\n90,9\n"}
    if adapter == "microns_l23":
        tables |= {"neuron_mitochondria": "10,1\n21,2\n"}
        tables |= {"pyramidal_mitochondria": "11,1\n22,2\n"}
    for name, rows in tables.items():
        text = f"mito_id,{owner},x,y,z\n" + rows.replace("\n", ",0,0,0\n")
        (tmp_path / f"{name}.csv").write_text(text)
    paths = {name: str(tmp_path / f"{name}.csv") for name in tables}
    cells = [cell(1, "pyramidal"), cell(2, "inhibitory"), cell(3, "glia")]
    more = {1: {11}, 2: {21}} if adapter == "microns_l23" else {1: set(), 2: set()}
    assert listed_mitochondria(Source(adapter, (1, 1, 1)), paths, cells) == {
        1: {10} | more[1],
        2: {20} | more[2],
        3: {30},
    }


def test_differences_of_mitochondria_are_told() -> None:
    assert compare_mitochondria({1: {5, 6}}, {1: [6, 5]}) == []
    assert compare_mitochondria({1: {5, 6}, 2: {7}}, {1: [5, 5, 8]}) == [
        "cell 1: 1 mitochondria missing (6)",
        "cell 1: 1 mitochondria not in the tables (8)",
        "cell 1: 1 mitochondria twice (5)",
        "cell 2: 1 mitochondria missing (7)",
    ]


def test_differences_of_synapses_are_told(tmp_path: Path) -> None:
    path = tmp_path / "synapses.csv"
    path.write_text(
        "id,pre_root_id,post_root_id,ctr_pos_x_vx,ctr_pos_y_vx,ctr_pos_z_vx\n"
        "1,100,200,0,0,0\n2,100,100,0,0,0\n3,300,200,0,0,0\n4,300,300,0,0,0\n"
    )
    expected = listed_ends(Source("microns_l23", (1, 1, 1)), str(path), [100, 200])
    assert {kind: ids.tolist() for kind, ids in expected.items()} == {
        "post": [1, 3],
        "pre": [1],
        "autapse": [2],
    }
    assert compare_synapses(expected, expected) == []
    found = expected | {"post": np.array([3, 3])}
    assert compare_synapses(expected, found) == ["synapses: 2 post rows, expected 2 (1, 3)"]


def test_expectations_compare_what_they_name() -> None:
    counts = {"cells": {"pyramidal": 5, "glia": 2}, "morphologies": 8}
    assert compare_expectations(counts, {"cells": {"pyramidal": 5}, "morphologies": None}) == []
    assert compare_expectations(counts, {"cells": {"inhibitory": 3, "glia": 1}}) == [
        "cells inhibitory: 0, expected 3 (-3)",
        "cells glia: 2, expected 1 (+1)",
    ]


@pytest.fixture
def job(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    yield types.SimpleNamespace(log=[str(tmp_path / "job.log")], output=[])
    for handler in logging.getLogger().handlers[:]:
        if isinstance(handler, logging.FileHandler):
            logging.getLogger().removeHandler(handler)
            handler.close()


def test_bad_input_is_one_line_in_the_log_and_on_the_terminal(job, capsys) -> None:
    def main(_) -> None:
        raise InputError("table.csv", "row 3: id is 'x', expected an integer", "Correct it.")

    with pytest.raises(SystemExit) as stop:
        run(main, job)
    line = "table.csv: row 3: id is 'x', expected an integer. Correct it."
    assert stop.value.code == 1
    assert capsys.readouterr().err == f"Error: {line}\n"
    assert Path(job.log[0]).read_text() == f"ERROR {line}\n"


def test_an_error_points_to_the_page_that_says_more_and_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(InputError("a.csv", "no such file", "Add it.", RETRIEVAL)))
    assert str(error) == "a.csv: no such file. Add it. (docs/retrieval.md)"
    assert str(InputError("a.csv", "no such file", "Add it.")).endswith("Add it.")
    for page in (CONFIGURATION, RETRIEVAL, RUNNING):
        assert (ROOT / page).is_file()


def test_any_other_error_leaves_its_traceback_in_the_log(job) -> None:
    def main(_) -> None:
        raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError):
        run(main, job)
    assert "ZeroDivisionError: oops" in Path(job.log[0]).read_text()


def test_the_cost_of_a_job_includes_its_child_processes(job, monkeypatch) -> None:
    burn = "import time; x = b'x' * 300_000_000; sum(range(10**7)); print(time.process_time())"
    measured = []

    def main(_) -> None:
        command = [sys.executable, "-c", burn]
        measured.append(float(subprocess.run(command, capture_output=True, check=True).stdout))

    run(main, job)
    cost = COST_LINE.fullmatch(Path(job.log[0]).read_text().splitlines()[-1])
    assert cost
    # A hundredth is lost to rounding.
    assert float(cost[2]) >= measured[0] - 0.01
    assert int(cost[3]) > 300
