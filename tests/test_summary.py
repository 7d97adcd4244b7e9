"""The numbers of the dataset's page: counts, reasons, costs, sizes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from mitosyn.report.page import (
    Comparison,
    compare_counts,
    count_reasons,
    describe_files,
    explain_incomplete,
    in_words,
)
from mitosyn.report.run_times import RuleCost, costs_by_rule, write_run_times


def test_counts_stand_beside_what_is_expected_in_the_usual_order() -> None:
    counts = {
        "cells": {"glia": 2, "pyramidal": 5},
        "compartments": {"pyramidal": {"Basal": 7, "Somatic": 3}},
        "morphologies": 5,
    }
    expected = {"cells": {"pyramidal": 6}, "compartments": {"pyramidal": {"Axonal": 4, "Basal": 7}}}
    rows = compare_counts(counts, expected)
    assert rows["cells"] == [
        Comparison("", "pyramidal", 5, 6),
        Comparison("", "glia", 2, None),
    ]
    assert [row.difference for row in rows["cells"]] == [-1, None]
    assert rows["compartments"] == [
        Comparison("pyramidal", "Somatic", 3, None),
        Comparison("pyramidal", "Axonal", 0, 4),
        Comparison("pyramidal", "Basal", 7, 7),
    ]
    assert rows["morphologies"] == [Comparison("", "SWC files", 5, None)]
    assert {row.expected for group in compare_counts(counts, {}).values() for row in group} == {
        None
    }


def test_reasons_are_counted_whatever_numbers_they_name() -> None:
    reasons = [f"face {n} names vertex {n + 3}" for n in (10, 20, 30)] + ["empty"]
    counted = count_reasons(pd.DataFrame({"why": reasons}))
    assert counted == [
        ("face N names vertex N", 3),
        ("empty", 1),
    ]


def test_incomplete_mitochondria_are_explained_in_words() -> None:
    rows = [
        (None, "no mesh"),
        (None, "empty mesh: none"),
        (1, "the mesh is flat: mito_size, sphericity; the plane misses: pc1_ca"),
        (1, None),
    ]
    table = pd.DataFrame(rows, columns=["mesh_pieces", "problem"]).assign(cell_type="glia")
    assert explain_incomplete(table).to_numpy().tolist() == [
        ["glia", "no mesh", ""],
        ["glia", "bad mesh", "empty mesh: none"],
        ["glia", "partly measured", "the mesh is flat; the plane misses"],
    ]
    assert explain_incomplete(table[3:]).empty


def test_costs_are_summed_by_rule_and_unfinished_jobs_say_nothing(tmp_path: Path) -> None:
    for name, line in {
        "select_cells.log": "INFO 0.50 s of CPU to start, 1.25 s at work; 90 MB at most",
        "export_swc/1.log": "INFO 0.10 s of CPU to start, 0.20 s at work; 50 MB at most",
        "export_swc/2.log": "INFO 0.20 s of CPU to start, 0.30 s at work; 70 MB at most",
        "export_swc/3.log": "ERROR bad",
        "retrieve_file/vignette/a.csv.log": (
            "INFO 0.10 s of CPU to start, 2.00 s at work; 30 MB at most"
        ),
    }.items():
        log = tmp_path / name
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"INFO something\n{line}\n")
    costs = costs_by_rule(tmp_path)
    assert costs["select_cells"] == RuleCost(1, 0.5, 1.25, 90)
    assert costs["retrieve_file"] == RuleCost(1, 0.1, 2.0, 30)
    assert costs["export_swc"].jobs == 2
    assert costs["export_swc"].peak_mb == 70
    write_run_times(tmp_path / "run_times.csv", costs)
    assert (tmp_path / "run_times.csv").read_text().splitlines()[:2] == [
        "rule,jobs,start_s,work_s,peak_mb",
        "export_swc,2,0.3,0.5,70.0",
    ]


def test_sizes_are_said_in_words(tmp_path: Path) -> None:
    sizes = {0: "0 bytes", 999: "999 bytes", 1000: "1.0 KB", 2_340_000: "2.3 MB"}
    assert {size: in_words(size) for size in sizes} == sizes
    assert in_words(12_000_000_000_000) == "12000.0 GB"
    file = tmp_path / "tables" / "left_out_cells.csv"
    file.parent.mkdir()
    file.write_text("x" * 50)
    (described,) = describe_files({str(file): "all"}, tmp_path)
    assert (described["name"], described["size"]) == ("tables/left_out_cells.csv", "50 bytes")
    assert described["content"]
