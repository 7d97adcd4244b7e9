"""How recomputed compartments and lengths agree with published ones."""

from __future__ import annotations

import json
from types import SimpleNamespace
from urllib.parse import unquote, urldefrag

import compare_recomputed
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mitosyn.catalogue.figures import QUESTIONS, questions
from mitosyn.catalogue.files import columns_of
from mitosyn.catalogue.names import COMPARTMENTS, PUBLISHED_LABELS
from mitosyn.report.agreement import (
    add_links,
    confusion,
    describe_differences,
    largest_differences,
    pair_values,
    summarise_agreement,
)
from mitosyn.report.figures.recomputed import draw_confusion, draw_lengths
from mitosyn.sources.microns_l23 import PYRAMIDAL
from mitosyn.support.errors import InputError
from mitosyn.tables.cells import Cell
from mitosyn.tables.compartments import OWN_LABELS
from mitosyn.tables.mitochondria import MITOCHONDRIA_SCHEMA
from mitosyn.views.states import LOCAL_SERVER
from workflow import Run, done

CELL_ID = 648518346349538179
FIRST = 2**53 + 1  # as a float it is another number
# Published compartment and length, recomputed ones.
VALUES = [
    ("Basal", 100.0, "Basal", 100.0),
    ("Basal", 100.0, "Basal", 100.9),
    ("Basal", 1000.0, "Axonal", 1009.0),
    ("Basal", 1000.0, "Basal", 1100.0),
    ("Axonal", 400.0, "Axonal", 0.0),
    ("Axonal", 0.0, "Basal", 0.0),
    (None, None, "Basal", 70.0),
    (None, 50.0, "Apical", 50.0),
]


def paired(values: list[tuple], without_mesh: tuple[int, ...] = ()) -> pd.DataFrame:
    """Pair made-up values of one cell, numbered from :data:`FIRST`."""
    rows = [
        {
            **{"mito_id": FIRST + i, "cell_id": CELL_ID, "cell_type": PYRAMIDAL},
            **{"compartment": label, "x": 358.0 * i, "y": 0.0, "z": 40.0},
            "length_along_skeleton": length,
            "mesh_pieces": None if i in without_mesh else 1,
            "problem": "no mesh" if i in without_mesh else None,
        }
        for i, (_, _, label, length) in enumerate(values)
    ]
    rows += [{**row, "mito_id": 7, "cell_type": "inhibitory"} for row in rows[:1]]
    types = {"mito_id": pa.int64(), "cell_id": pa.int64(), "mesh_pieces": pa.int64()}
    types |= dict.fromkeys(("cell_type", "compartment", "problem"), pa.string())
    columns = QUESTIONS["recomputed"].tables["mitochondria"]
    assert set(QUESTIONS["recomputed"].tables["published"]) <= set(MITOCHONDRIA_SCHEMA.names)
    schema = pa.schema({name: types.get(name, pa.float64()) for name in columns})
    given = [
        {
            "mito_id": FIRST + i,
            "published_compartment": OWN_LABELS.get(name),
            "published_length": length,
        }
        for i, (name, length, _, _) in enumerate(values)
    ]
    # Paired by id, not by place.
    published = pa.Table.from_pylist(given[::-1], MITOCHONDRIA_SCHEMA)
    return pair_values(pa.Table.from_pylist(rows, schema), published)


def agreement(pairs: pd.DataFrame) -> dict[tuple[str, str], tuple[int, float | str]]:
    rows = summarise_agreement(pairs)
    assert all(len(row) == len(columns_of("recomputed_agreement.csv")) for row in rows)
    return {(group, statistic): (n, value) for group, statistic, _, n, value in rows}


def test_values_are_paired_by_id_and_what_is_not_published_is_missing() -> None:
    pairs = paired(VALUES, without_mesh=(4,))
    assert pairs["mito_id"].tolist() == [FIRST + i for i in range(len(VALUES))]
    assert pairs["published_compartment"].isna().tolist() == [False] * 6 + [True] * 2
    np.testing.assert_allclose(
        pairs["difference_nm"], [0, 0.9, 9, 100, -400, 0, np.nan, 0], atol=1e-9
    )
    assert (~pairs["has_mesh"]).tolist() == [i == 4 for i in range(len(VALUES))]


def test_agreement_has_the_shares_and_quantiles_that_follow_from_the_values() -> None:
    found = agreement(paired(VALUES, without_mesh=(4,)))
    assert found["all", "mitochondria"] == (8, 8)
    assert found["all", "without_published_compartment"] == (8, 2)
    assert found["all", "without_published_length"] == (8, 1)
    assert found["all", "without_mesh"] == (8, 1)
    assert found["all", "equal_compartment"] == (6, round(4 / 6, 6))
    assert found["Basal", "equal_compartment"] == (4, 0.75)
    assert found["Axonal", "equal_compartment"] == (2, 0.5)
    assert found["with a mesh", "equal_compartment"] == (5, 0.6)
    # Differences in order: -400, 0, 0, 0, 0.9, 9, 100.
    assert found["all", "length_difference_min"] == (7, -400)
    assert found["all", "length_difference_p50"] == (7, 0)
    assert found["all", "length_difference_p75"] == (7, round((0.9 + 9) / 2, 6))
    assert found["all", "length_difference_max"] == (7, 100)
    assert found["all", "length_within_1_nm"] == (7, round(4 / 7, 6))
    assert found["all", "length_within_1_percent"] == (7, round(5 / 7, 6))
    assert found["all", "length_within_10_percent"] == (7, round(6 / 7, 6))
    # There is no ratio to a length of 0.
    assert found["Axonal", "relative_length_difference_p50"] == (1, -1)
    assert found["Basal", "relative_length_difference_p50"] == (4, 0.009)
    assert ("", "mitochondria") not in found


def test_confusion_counts_each_pair_and_those_not_published_apart() -> None:
    table = confusion(paired(VALUES))
    assert table.columns.tolist() == columns_of("recomputed_labels.csv")
    assert table["published_compartment"].tolist() == [
        *["Axonal"] * len(COMPARTMENTS),
        *["Basal"] * len(COMPARTMENTS),
        *[None] * len(COMPARTMENTS),
    ]
    counts = {(a, b): (n, share) for a, b, n, share in table.to_numpy().tolist() if n}
    assert counts == {
        ("Axonal", "Axonal"): (1, 0.5),
        ("Axonal", "Basal"): (1, 0.5),
        ("Basal", "Axonal"): (1, 0.25),
        ("Basal", "Basal"): (3, 0.75),
        (None, "Basal"): (1, 0.5),
        (None, "Apical"): (1, 0.5),
    }


def test_the_largest_differences_come_first_and_no_more_than_asked_for_of_each_sort() -> None:
    pairs = paired(VALUES)
    every = largest_differences(pairs)
    assert (every["mito_id"] - FIRST).tolist() == [4, 3, 2, 5]
    assert every["differs"].tolist() == ["length", "length", "compartment, length", "compartment"]
    # One of each: the length of the fifth, the compartment of the third.
    assert (largest_differences(pairs, listed=1)["mito_id"] - FIRST).tolist() == [4, 2]


def test_notes_say_what_the_data_tell() -> None:
    values = [
        ("Axonal", 90.0, "Unknown", 0.0),
        ("Axonal", 80.0, "Basal", 0.0),
        ("Axonal", 70.0, "Basal", 60.0),
        ("Axonal", 60.0, "Basal", 50.0),
        ("Basal", 50.0, "Basal", 41.0),
    ]
    differences = largest_differences(paired(values, without_mesh=(0,)))
    nodes = pa.table(
        {
            "cell_id": [CELL_ID] * 3,
            "node_id": [0, 1, 2],
            "compartment": ["Axonal", "Basal", "Basal"],
        }
    )
    rows = [(1, 1, 10), (2, 0, 4), (2, 1, 4), (3, 0, 1), (3, 1, 2), (3, 2, 1), (4, 2, 3)]
    coverage = pa.Table.from_pylist(
        [
            {"cell_id": CELL_ID, "mito_id": FIRST + i, "node_id": node, "vertices": vertices}
            for i, node, vertices in rows
        ]
    )
    found = describe_differences(differences, coverage, nodes, (3.58, 3.58, 40))
    found = found.sort_values("mito_id")
    np.testing.assert_array_equal(found["vertices_at_published"], [np.nan, 0, 0.5, 0.25, 1])
    np.testing.assert_array_equal(found["vertices_at_recomputed"], [np.nan, 1, 0.5, 0.75, 1])
    assert found[["x_vx", "z_vx"]].to_numpy().tolist() == [[100 * i, 1] for i in range(5)]
    assert found["note"].tolist() == [
        "no mesh",
        "covers no whole skeleton edge; no vertex in the published compartment",
        "as many vertices in either compartment",
        "in both compartments",
        "",
    ]


@pytest.mark.parametrize("values", [[(None, None, "Basal", 70.0)] * 3, []])
def test_without_published_values_the_tables_and_figures_say_so(values: list) -> None:
    pairs = paired(values)
    found = agreement(pairs)
    assert {group for group, _ in found} == {"all", "with a mesh"}
    assert found["all", "without_published_length"] == (len(values), len(values))
    assert found["all", "equal_compartment"] == (0, "")
    assert found["all", "length_difference_p50"] == (0, "")
    assert confusion(pairs)["mitochondria"].sum() == len(values)
    assert largest_differences(pairs).empty
    for figure in (draw_confusion(pairs), draw_lengths(pairs)):
        assert not figure.axes
        assert "no published values" in figure.texts[0].get_text()


def test_figures_show_every_mitochondrion_that_can_be_compared() -> None:
    pairs = paired(VALUES)
    axes = draw_confusion(pairs).axes[0]
    assert axes.get_title() == "4 of 6 equal (66.7%); 2 more not published"
    numbers = [int(text.get_text().split("\n")[0]) for text in axes.texts]
    assert sum(numbers) == 6
    left, right = draw_lengths(pairs).axes
    assert sum(len(dots.get_offsets()) for dots in left.collections) == 6
    assert len(right.lines) == 3  # all, Axonal, Basal


def test_the_question_is_asked_only_where_there_is_something_to_answer() -> None:
    assert "recomputed" not in questions({"recompute_pyramidal": False})
    assert list(questions({"recompute_pyramidal": True}))[-1] == "recomputed"


def state_of(link: str) -> dict:
    return json.loads(unquote(urldefrag(link).fragment).removeprefix("!"))


def test_links_open_at_the_mitochondrion_with_its_cell() -> None:
    cell = Cell(CELL_ID, PYRAMIDAL, "pyramidal cell", (0.0, 0.0, 0.0), None, "published", True)
    pairs = paired(VALUES[:1]).assign(x=358.0, y=716.0, z=1200.0)
    sizes, viewer = ((3.58, 3.58, 40.0), (4.0, 4.0, 40.0)), "https://viewer.example.org/"
    public = {"cells": "precomputed://gs://a", "mitochondria": "precomputed://gs://b"}
    local = "precomputed://file:///meshes"
    for layers in ({"public_layers": public | {"image": None}}, {"served_meshes": local}):
        (link,) = add_links(pairs, {CELL_ID: cell}, sizes, viewer, **layers)["link"]
        assert link.startswith(f"{viewer}#!")
        state = state_of(link)
        assert state["position"] == [100, 200, 30]
        shown = {layer["name"]: layer for layer in state["layers"]}
        assert shown["mitochondria"]["segments"] == [str(FIRST)]
        assert shown["cells"]["segments"] == [str(CELL_ID)]
        assert (LOCAL_SERVER in link) == ("mitochondria: points" in shown)
        assert (LOCAL_SERVER in link) == ("served_meshes" in layers)
    assert add_links(pairs, {CELL_ID: cell}, sizes, viewer)["link"].tolist() == [""]


def test_kept_values_are_not_compared_with_themselves() -> None:
    params = SimpleNamespace(recompute_pyramidal=False)
    with pytest.raises(InputError, match=r"nothing to compare.* recompute_pyramidal: true"):
        compare_recomputed.main(SimpleNamespace(input=None, output=None, params=params))


# The small dataset -----------------------------------------------------------------------------


def cell_tables(run: Run) -> pd.DataFrame:
    paths = sorted((run.folder / "results/sample/microns_cells").glob("pyramidal_*.csv"))
    return pd.concat(pd.read_csv(path, index_col=0) for path in paths).set_index("mito_id")


@pytest.mark.workflow
def test_agreement_is_that_of_the_cells_files_with_and_without_recomputing(
    small_run: Run, recomputed_run: Run
) -> None:
    assert recomputed_run.code == 0, recomputed_run.text
    jobs = done(recomputed_run)
    assert jobs["associate_skeleton"] == 3
    assert "fetch_meshes" not in jobs and "measure_morphometrics" not in jobs
    published, recomputed = cell_tables(small_run), cell_tables(recomputed_run)
    assert len(published) == len(recomputed) > 20
    # The published texts of 4 and 5 are swapped: the labels are what is compared.
    by_number = published["compartment"].map(PUBLISHED_LABELS)
    equal = by_number == recomputed["compartment"].map(OWN_LABELS)
    assert (equal > (published["compartment"] == recomputed["compartment"])).any()
    # One has lost its mesh, one was published after another skeleton.
    assert (~equal).sum() == 2
    named = by_number.map(dict(enumerate(COMPARTMENTS)))
    name = "length along skeleton"
    difference = recomputed[name] - published[name]
    assert (difference.abs() > 1).any()
    results = recomputed_run.folder / "results/sample"
    table = pd.read_csv(results / "recomputed_agreement.csv").set_index(["group", "statistic"])
    values = table["value"]
    assert values["all", "equal_compartment"] == pytest.approx(equal.mean(), abs=1e-6)
    within = difference.abs() <= 0.1 * published[name]
    assert values["all", "length_within_10_percent"] == pytest.approx(within.mean(), abs=1e-6)
    medians = difference.groupby(named).median()
    for compartment, median in medians.items():
        assert values[compartment, "length_difference_p50"] == pytest.approx(median, abs=1e-5)
    counts = pd.read_csv(results / "recomputed_labels.csv").groupby("published_compartment")
    assert counts["mitochondria"].sum().to_dict() == named.value_counts()[medians.index].to_dict()


@pytest.mark.workflow
def test_the_differences_are_listed_with_place_and_shares(recomputed_run: Run) -> None:
    path = recomputed_run.folder / "results/sample/recomputed_differences.csv"
    table = pd.read_csv(path)
    assert table.columns.tolist() == columns_of("recomputed_differences.csv")
    assert table["difference_nm"].abs().is_monotonic_decreasing
    cells = cell_tables(recomputed_run).loc[table["mito_id"]]
    assert (cells["cellid"].to_numpy() == table["cell_id"]).all()
    assert np.allclose(cells[["x", "y", "z"]], table[["x", "y", "z"]])
    assert np.allclose(table[["x_vx", "y_vx", "z_vx"]] * [3.58, 3.58, 40], cells[["x", "y", "z"]])
    without = cells["mito SA"].isna().to_numpy()
    assert (table.loc[without, "note"] == "no mesh").all()
    shares = table.loc[~without, "vertices_at_recomputed"]
    assert ((shares > 0) & (shares <= 1)).all()
    # This dataset has neither public layers nor a folder to serve.
    assert table["link"].isna().all()
