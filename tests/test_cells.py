"""The selection of cells, on the real tables and on their kinds of dirt."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitosyn.sources.microns_l23 import (
    CELL_TYPE_COLUMNS,
    CellTables,
    parse_position,
    read_cell_tables,
    read_somas,
    select_cells,
)
from mitosyn.support.errors import InputError
from mitosyn.tables.cells import (
    find_cell,
    leave_out_without_skeleton,
    read_cells,
    why_not,
    write_cells,
)
from mitosyn.tables.reading import read_ids, read_table

VOXEL = (3.58, 3.58, 40.0)


def sources(rows: list[tuple], somas: dict, pyramidal: list[int], neurons: set[int]) -> CellTables:
    table = pa.Table.from_pylist(
        [
            {
                "cell_segid": cell_id,
                "cell_type": kind,
                "cell_subtype": subtype,
                "centroid_x": 100.0 + i,
                "centroid_y": 200.0,
                "centroid_z": 3.0,
            }
            for i, (cell_id, kind, subtype) in enumerate(rows)
        ],
        schema=pa.schema(list(CELL_TYPE_COLUMNS.items())),
    )
    return CellTables(table, "cell_types.csv", somas, pyramidal, neurons, VOXEL)


ENDINGS = ("_skeleton.h5", "_skeleton_label.npy")


def test_the_published_tables_give_exactly_the_published_cells(
    microns_l23: Path, tmp_path: Path
) -> None:
    expected = {
        "pyramidal": read_ids(microns_l23 / "pyc_analysis_ids.csv"),
        "inhibitory": read_ids(microns_l23 / "expected_interneuron_ids.csv"),
        "glia": read_ids(microns_l23 / "expected_astrocyte_ids.csv"),
    }
    (tmp_path / "neurons.csv").write_text(
        "cellid\n" + "\n".join(map(str, expected["pyramidal"] + expected["inhibitory"]))
    )
    paths = ("220309_cell_type_classification.csv", "soma_valence_v185.csv")
    tables = read_cell_tables(
        VOXEL,
        *(str(microns_l23 / name) for name in paths),
        str(tmp_path / "neurons.csv"),
        str(microns_l23 / "pyc_analysis_ids.csv"),
    )
    selected, left_out = select_cells(tables)
    for kind, count in {"pyramidal": 351, "inhibitory": 33, "glia": 14}.items():
        found = [cell.cell_id for cell in selected if cell.cell_type == kind]
        assert len(found) == len(set(found)) == count
        assert set(found) == set(expected[kind])
    merged = [cell for cell in left_out if cell.reason.startswith("2 soma rows")]
    assert [cell.cell_id for cell in merged] == [648518346349525715]
    soma = next(c.soma for c in selected if c.cell_id == 648518346349540057)
    assert soma == (103860 * 3.58, pytest.approx(44385 * 3.58), 891 * 40)


def test_repeated_ids_take_the_first_row_of_the_kind_looked_for() -> None:
    rows = [
        (1, "vasculature", "endothelial"),
        (1, "pyramidal", "pyramidal cell"),
        (1, "pyramidal", "second row"),
        (2, "inhibitory", "basket"),
        (2, "inhibitory", "bipolar"),
    ]
    selected, _ = select_cells(sources(rows, {}, [1], {1, 2}))
    assert [(c.cell_id, c.cell_subtype) for c in selected] == [(1, "pyramidal cell"), (2, "basket")]
    assert selected[0].centroid == (round(101 * 3.58, 6), 716.0, 120.0)


def test_cells_know_their_row_of_the_cell_type_table() -> None:
    rows = [
        (3, "glia", "astrocyte"),
        (2, "inhibitory", "basket"),
        (7, "vasculature", "endothelial"),
        (9, "pyramidal", "pyramidal cell"),
        (7, "pyramidal", "pyramidal cell"),
        (1, "inhibitory", "bipolar"),
        (9, "pyramidal", "again"),
    ]
    selected, _ = select_cells(sources(rows, {}, [7, 9], {1, 2, 7, 9}))
    assert [(cell.cell_id, cell.table_row) for cell in selected] == [(7, 4), (9, 3), (2, 1), (1, 5)]


def test_astrocytes_need_exactly_one_soma() -> None:
    rows = [(i, "glia", "astrocyte") for i in (1, 2, 3)]
    rows.append((4, "glia", "microglia (merged with nucleus of astrocyte 3)"))
    somas = {1: [(0.0, 0.0, 0.0)], 2: [(0.0, 0.0, 0.0)] * 2, 4: [(0.0, 0.0, 0.0)]}
    selected, left_out = select_cells(sources(rows, somas, [], set()))
    assert [c.cell_id for c in selected] == [1]
    assert {c.cell_id: c.reason for c in left_out} == {
        2: "2 soma rows: a merge of cells",
        3: "no soma in the volume",
        4: f"cell_subtype is {rows[3][2]!r}, analysed are astrocyte",
    }


def test_neurons_without_a_skeleton_are_left_out_and_said_so() -> None:
    rows = [(1, "inhibitory", "basket"), (2, "pyramidal", "pyramidal cell")]
    selected, left_out = select_cells(sources(rows, {}, [], set()))
    assert selected == []
    assert [c.cell_id for c in left_out] == [2, 1]


def test_every_cell_of_the_tables_is_analysed_or_listed(microns_l23: Path) -> None:
    path = microns_l23 / "220309_cell_type_classification.csv"
    table = read_table(path, CELL_TYPE_COLUMNS)
    ids = read_ids(microns_l23 / "pyc_analysis_ids.csv")
    selected, left_out = select_cells(CellTables(table, path, {}, ids, {*ids, 5}, VOXEL))
    listed = [cell.cell_id for cell in (*selected, *left_out)]
    assert len(listed) == len(set(listed))
    assert set(listed) == {*table["cell_segid"].to_pylist(), 5}
    assert left_out[-1].reason.startswith("in the table of neuron mitochondria, without a row")


@pytest.mark.parametrize(
    ("kind", "subtype", "expected"),
    [
        ("inhibitory ", "basket", "is 'inhibitory ', analysed are .*: is 'inhibitory' meant"),
        ("Pyramidal", "x", "cell_type is 'Pyramidal', .*: is 'pyramidal' meant"),
        ("pyramidl", "x", "is 'pyramidal' meant"),
        ("neuron", "x", "cell_type is 'neuron', analysed are pyramidal, inhibitory, glia$"),
        ("", "", "cell_type is '', analysed are"),
        ("glia", "astrocyte ", "cell_subtype is 'astrocyte ', .*: is 'astrocyte' meant"),
        ("glia", "microglia", "cell_subtype is 'microglia', analysed are astrocyte$"),
    ],
)
def test_types_that_are_unknown_or_mistyped_are_listed(kind, subtype, expected) -> None:
    """A trailing blank once took a cell out of the dataset without a word."""
    rows = [(1, "pyramidal", "pyramidal cell"), (2, kind, subtype)]
    soma = [(0.0, 0.0, 0.0)]
    selected, left_out = select_cells(sources(rows, {2: soma}, [1, *[2] * (kind != "glia")], {2}))
    assert [cell.cell_id for cell in selected] == [1]
    (cell,) = left_out
    assert cell.cell_id == 2 and re.search(expected, cell.reason)


def test_neurons_without_a_file_of_their_skeleton_are_listed(tmp_path: Path) -> None:
    rows = [(i, "pyramidal", "x") for i in (1, 2, 3)] + [(4, "glia", "astrocyte")]
    cells, _ = select_cells(sources(rows, {4: [(0.0, 0.0, 0.0)]}, [1, 2, 3], set()))
    for name in ("1_skeleton.h5", "1_skeleton_label.npy", "2_skeleton.h5"):
        (tmp_path / name).touch()
    kept, left_out = leave_out_without_skeleton(cells, tmp_path, ENDINGS)
    assert [cell.cell_id for cell in kept] == [1, 4]
    assert {cell.cell_id: cell.reason for cell in left_out} == {
        2: "no 2_skeleton_label.npy",
        3: "no 3_skeleton.h5 and no 3_skeleton_label.npy",
    }
    (tmp_path / "1_skeleton.h5").unlink()
    with pytest.raises(
        InputError, match=r"none of the 3 neurons has its skeleton here: 1 has no 1_skel"
    ):
        leave_out_without_skeleton(cells, tmp_path, ENDINGS)
    assert leave_out_without_skeleton(kept[1:], tmp_path, ENDINGS) == (kept[1:], [])


def test_a_cell_that_is_not_analysed_is_answered_with_the_nearest() -> None:
    ids = [648518346349540057, 648518346349537404, 648518346349538426]
    rows = [(cell_id, "pyramidal", "x") for cell_id in ids] + [(7, "glia", "astrocyte")]
    selected, _ = select_cells(sources(rows, {7: [(0.0, 0.0, 0.0)]}, ids, set()))
    cells = {cell.cell_id: cell for cell in selected}
    assert why_not(cells, ids[0], ("pyramidal",)) == ""
    assert why_not(cells, ids[0], ("inhibitory",)) == (
        f"cell {ids[0]} is pyramidal, asked for as inhibitory"
    )
    # Two digits changed places, one is missing.
    for typed in (648518346349530457, 64851834634950057):
        nearest = why_not(cells, typed, ("pyramidal", "inhibitory")).partition("; nearest: ")[2]
        assert nearest.split(", ")[0] == str(ids[0]) and "7" not in nearest.split(", ")
    assert why_not({}, 1, ("glia",)) == "cell 1 is not among the analysed cells"


def test_a_pyramidal_id_needs_its_row() -> None:
    with pytest.raises(
        InputError, match=r"cell_types\.csv: cell 7 of the pyramidal ids has no row"
    ):
        select_cells(sources([], {}, [7], set()))
    with pytest.raises(InputError, match="has cell_type 'inhibitory'"):
        select_cells(sources([(7, "inhibitory", "basket")], {}, [7], {7}))


@pytest.mark.parametrize("text", ["[1 2]", "[nan 1 2]", "[1 inf 2]", "[1 2 1e400]", "[1 2 x]"])
def test_an_unreadable_soma_position_is_named(text: str) -> None:
    table = pa.table({"pt_root_id": [5], "pt_position": [text]})
    with pytest.raises(InputError) as error:
        read_somas("somas.csv", table, VOXEL)
    assert f"somas.csv: row 1, cell 5: pt_position is '{text}', expected" in str(error.value)


@given(st.tuples(*[st.integers(0, 10**6)] * 3), st.integers(1, 5))
def test_positions_with_runs_of_blanks(position, blanks) -> None:
    text = "[" + (" " * blanks).join(map(str, position)) + "]"
    assert parse_position(text) == position


@pytest.mark.parametrize(
    "text", ["[nan 1 2]", "[1 inf 2]", "[1 2 1e400]", "[1_0 1 2]", "[1 2]", "[1 2 3 4]", ""]
)
def test_what_is_no_position(text) -> None:
    assert parse_position(text) is None


def test_cells_come_back_and_are_found_by_id_and_type(tmp_path: Path) -> None:
    rows = [(648518346349540057, "pyramidal", "pyramidal cell"), (2, "inhibitory", "basket")]
    somas = {648518346349540057: [(1.5, 2.0, 3.0)]}
    selected, _ = select_cells(sources(rows, somas, [648518346349540057], {2}))
    path = tmp_path / "cells.arrow"
    write_cells(path, selected)
    assert list(read_cells(path).values()) == selected
    assert find_cell(path, 2, ("inhibitory",)).cell_subtype == "basket"
    with pytest.raises(InputError, match="cell 2 is inhibitory, asked for as pyramidal"):
        find_cell(path, 2, ("pyramidal",))
    with pytest.raises(InputError, match="cell 3 is not among the analysed cells"):
        find_cell(path, 3, ("pyramidal",))
