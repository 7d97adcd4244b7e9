"""Reading published tables: types, dirt, and errors that name the row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitosyn.errors import InputError
from mitosyn.files import whole_file
from mitosyn.tables import (
    ID,
    NUMBER,
    TEXT,
    parse_position,
    read_arrow,
    read_ids,
    read_table,
    to_nm,
    write_arrow,
)

BIG = 648518346349538426


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(text)
    return path


def test_ids_beyond_2_to_53_stay_exact_and_an_unnamed_index_is_passed_over(tmp_path) -> None:
    path = table(tmp_path, f",id,x,kind\n0,{BIG},1.5,a\n1,{BIG + 1},2,\n")
    read = read_table(path, {"id": ID, "x": NUMBER, "kind": TEXT})
    assert read["id"].to_pylist() == [BIG, BIG + 1]
    assert read["kind"].to_pylist() == ["a", ""]


def test_table_without_rows(tmp_path) -> None:
    assert len(read_table(table(tmp_path, "id,x\n"), {"id": ID})) == 0


def test_missing_column_is_named_with_the_columns_there_are(tmp_path) -> None:
    path = table(tmp_path, "id,y\n1,2\n")
    with pytest.raises(InputError, match=r"table\.csv: no column 'x'; it has 'id', 'y'"):
        read_table(path, {"id": ID, "x": NUMBER})


@pytest.mark.parametrize("value", ["6.485e17", "abc", "12.0", "", "99999999999999999999"])
def test_an_id_that_is_no_integer_is_named_with_its_row(tmp_path, value) -> None:
    path = table(tmp_path, f"id,x\n1,2\n{value},3\n")
    with pytest.raises(InputError, match=f"row 2: id is '{value}', expected an integer"):
        read_table(path, {"id": ID, "x": NUMBER})


@pytest.mark.parametrize("value", ["far", ""])
def test_a_position_that_is_no_number(tmp_path, value) -> None:
    path = table(tmp_path, f"id,x\n1,{value}\n")
    with pytest.raises(InputError, match=f"row 1: x is '{value}', expected a number"):
        read_table(path, {"id": ID, "x": NUMBER})


def test_ragged_and_missing_tables(tmp_path) -> None:
    with pytest.raises(InputError, match=r"table\.csv"):
        read_table(table(tmp_path, "id,x\n1\n"), {"id": ID, "x": NUMBER})
    with pytest.raises(InputError, match="no such file"):
        read_table(tmp_path / "absent.csv", {"id": ID})


def test_ids_one_per_line(tmp_path) -> None:
    path = table(tmp_path, f"{BIG}\n\n{BIG + 2}\n{BIG}\n")
    assert read_ids(path) == [BIG, BIG + 2]
    with pytest.raises(InputError, match="line 2: 'x'"):
        read_ids(table(tmp_path, "1\nx\n"))


@given(st.tuples(*[st.integers(0, 10**6)] * 3), st.integers(1, 5))
def test_positions_with_runs_of_blanks(position, blanks) -> None:
    text = "[" + (" " * blanks).join(map(str, position)) + "]"
    assert parse_position(text) == position


def test_positions_in_nm_have_no_binary_noise() -> None:
    voxels = pa.table({"x": [60087.0], "y": [51546.0], "z": [1502.0]})
    nm = to_nm(voxels, ("x", "y", "z"), (3.58, 3.58, 40.0))
    assert nm.tolist() == [[215111.46, 184534.68, 60080.0]]
    assert np.isclose(nm[0, 0], 60087 * 3.58)


def test_arrow_tables_come_back(tmp_path) -> None:
    written = pa.table({"id": [BIG], "x": [0.5]})
    write_arrow(tmp_path / "t.arrow", written)
    assert read_arrow(tmp_path / "t.arrow").equals(written)
    (tmp_path / "t.arrow").write_bytes(b"half a file")
    with pytest.raises(InputError, match="not an Arrow table"):
        read_arrow(tmp_path / "t.arrow")


def test_a_file_appears_whole_or_not_at_all(tmp_path) -> None:
    path = tmp_path / "folder" / "file"
    with pytest.raises(RuntimeError), whole_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert list(path.parent.iterdir()) == []
    with whole_file(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert [p.name for p in path.parent.iterdir()] == ["file"]
