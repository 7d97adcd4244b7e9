"""Reading published tables: types, dirt, and errors that name the row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from mitosyn.support.errors import InputError
from mitosyn.support.files import whole_file
from mitosyn.tables.arrow import read_arrow, write_arrow
from mitosyn.tables.reading import (
    ID,
    NUMBER,
    TEXT,
    read_ids,
    read_table,
    refuse_repeats,
    write_csv,
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
    for text in ("id,x\n", "id,x"):
        assert len(read_table(table(tmp_path, text), {"id": ID})) == 0


def test_missing_column_is_named_with_the_columns_there_are(tmp_path) -> None:
    path = table(tmp_path, "id,y\n1,2\n")
    with pytest.raises(InputError, match=r"table\.csv: no column 'x'; it has 'id', 'y'"):
        read_table(path, {"id": ID, "x": NUMBER})


NO_IDS = ["6.485e17", "abc", "12.0", "", "99999999999999999999", str(2**63), "-5", "0x1F", "0X1f"]
NO_IDS += ["1_000", "+5", "nan", "1\u0662", "9" * 5000]


@pytest.mark.parametrize("value", NO_IDS, ids=range(len(NO_IDS)))
def test_an_id_that_is_no_integer_is_named_with_its_row(tmp_path, value) -> None:
    path = table(tmp_path, f"id,x\n1,2\n{value},3\n")
    with pytest.raises(InputError) as error:
        read_table(path, {"id": ID, "x": NUMBER})
    assert f"row 2 (line 3): id is '{value[:59]}" in str(error.value)
    assert f"expected an integer from 0 to {2**63 - 1}" in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("value", ["far", "", "inf", "-Infinity", "1e400", "nan", "1_0", "0x10"])
def test_a_position_that_is_no_number(tmp_path, value) -> None:
    path = table(tmp_path, f"id,x\n1,{value}\n")
    with pytest.raises(InputError, match=rf"row 1 \(line 2\): x is '{value}', expected a number"):
        read_table(path, {"id": ID, "x": NUMBER})


def test_no_segment_has_the_id_0_but_an_end_of_a_synapse_may_lie_in_none(tmp_path) -> None:
    columns = {"id": ID, "pre_root_id": ID}
    read = read_table(table(tmp_path, "id,pre_root_id\n0,0\n1,-1\n"), columns)
    assert read["pre_root_id"].to_pylist() == [0, -1]
    for name, least, value in (("pre_root_id", -1, -2), ("mito_id", 1, 0), ("mito_vx", 1, 0)):
        path = table(tmp_path, f"{name}\n7\n{value}\n")
        with pytest.raises(InputError, match=rf"{name} is '{value}', expected .* from {least} to"):
            read_table(path, {name: ID})


def test_hexadecimal_digits_in_a_text_are_none_of_an_id(tmp_path) -> None:
    path = table(tmp_path, "id,k\n1,0x1F\n")
    assert read_table(path, {"id": ID, "k": TEXT})["k"].to_pylist() == ["0x1F"]
    # Across the border of what is read at once: the x is the first byte of the second MiB.
    text = "id,k\n" + "111,a\n" + "1,a\n" * 262_141 + "0x1,a\n"
    assert text.index("x") == 2**20
    with pytest.raises(InputError, match="id is '0x1'"):
        read_table(table(tmp_path, text), {"id": ID})


UNTIDY = {
    "bom": b"\xef\xbb\xbfid,x,k\n1,2,a\n",
    "crlf": b"id,x,k\r\n1,2,a\r\n",
    "cr": b"id,x,k\r1,2,a\r",
    "no last line end": b"id,x,k\n1,2,a",
    "blank lines": b"\n\nid,x,k\n\n1,2,a\n\n",
    "blanks": b"id,x,k\n 1 ,\t2,a\n",
    "quotes": b'"id","x","k"\n"1","2","a"\n',
    "a column twice that is not wanted": b"z,id,x,k,z\n,1,2,a,\n",
    "Latin-1 in a column that is not wanted": b"id,x,k,z\n1,2,a,\xe9\n",
}


@pytest.mark.parametrize("content", UNTIDY.values(), ids=UNTIDY)
def test_untidy_tables_say_the_same(tmp_path, content) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    read = read_table(path, {"id": ID, "x": NUMBER, "k": TEXT})
    assert read.to_pydict() == {"id": [1], "x": [2.0], "k": ["a"]}


LATE = b"1,2,a\n" * 200_000
BROKEN = {
    "empty": (b"", "the file is empty, expected columns 'id', 'x', 'k'"),
    "blank": (b"\n \n", "the file is empty"),
    "semicolons": (b"id;x;k\n1;2;a\n", "separated by ';', expected commas"),
    "tabs": (b"id\tx\tk\n1\t2\ta\n", r"separated by '\t', expected commas"),
    "twice": (b"id,x,k,id\n1,2,a,5\n", "column 'id' is there twice, expected once"),
    "header again": (b"id,x,k\n1,2,a\nid,x,k\n", "row 2 (line 3): id is 'id', expected an"),
    "short": (b"id,x,k\n\n1,2\n", "row 1 (line 3): 2 values, expected 3 as in the header"),
    "long": (b"id,x,k\n1,2,a,b\n", "row 1 (line 2): 4 values, expected 3"),
    "NUL": (b"id,x,k\n1,2,a\n1,2,\0\n", "line 3 holds a NUL character"),
    "NUL in an id": (b"id,x,k\n1\0,2,a\n", "line 2 holds a NUL character"),
    "UTF-16": ("id,x,k\n1,2,a\n".encode("utf-16"), "line 1 holds a NUL character"),
    "line end in a value": (b'id,x,k\n1,2,"a\nb"\n2,3,c\n', "line 2 opens a quote and does not"),
    "open quote": (b'id,x,k\n1,2,"a\n2,3,c\n', "line 2 opens a quote and does not close it"),
    "late Latin-1": (
        b"id,x,k\n" + LATE + b"1,2,caf\xe9\n",
        "row 200001 (line 200002): k is 'caf\u00e9', expected text in UTF-8",
    ),
    "late inf": (b"id,x,k\n" + LATE + b"1,inf,a\n", "row 200001 (line 200002): x is 'inf'"),
    "late quote": (b"id,x,k\n" + LATE + b'1,2,"a\n', "line 200002 opens a quote"),
    "wide": (b"id,x,k\n1,2," + b"a" * 3_000_000, "line 2 cannot be read (field larger"),
    "a page": (b"<!DOCTYPE html>" + b"<p>" * 10_000, "no column 'id', 'x', 'k'"),
    "a picture": (bytes(range(1, 256)) * 1000, "table.csv"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_ends_in_one_line(tmp_path, name) -> None:
    content, problem = BROKEN[name]
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_table(path, {"id": ID, "x": NUMBER, "k": TEXT})
    assert problem in str(error.value)
    assert "\n" not in str(error.value) and len(str(error.value)) < 2000


def test_a_folder_is_no_table(tmp_path) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
        read_table(tmp_path, {"id": ID})
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
        read_ids(tmp_path)


def test_an_id_in_several_rows_is_named_with_them() -> None:
    refuse_repeats("t.csv", "synapse", np.array([3, 1, 2]))
    refuse_repeats("t.csv", "synapse", np.empty(0, np.int64))
    with pytest.raises(InputError, match=r"synapse 7 stands in 2 rows, 2 and 4, expected one\."):
        refuse_repeats("t.csv", "synapse", np.array([8, 7, BIG, 7]))
    with pytest.raises(InputError, match=r"3 rows, 1 and 2 among them, .* \(1 more stand"):
        refuse_repeats("t.csv", "synapse", np.array([7, 7, BIG, 7, BIG]))


def test_ragged_and_missing_tables(tmp_path) -> None:
    with pytest.raises(InputError, match=r"table\.csv"):
        read_table(table(tmp_path, "id,x\n1\n"), {"id": ID, "x": NUMBER})
    with pytest.raises(InputError, match="no such file"):
        read_table(tmp_path / "absent.csv", {"id": ID})


def test_ids_one_per_line(tmp_path) -> None:
    path = table(tmp_path, f"{BIG}\n\n{BIG + 2}\n{BIG}\n")
    assert read_ids(path) == [BIG, BIG + 2]
    for text in ("x", "0", "-4", "0x1F", "1.0", "1\u0662", str(2**63), "1 2", "\0"):
        with pytest.raises(InputError, match=r"line 2: .*expected one id, an integer from 1"):
            read_ids(table(tmp_path, f"1\n{text}\n"))
    (tmp_path / "table.csv").write_bytes(b"\xef\xbb\xbf1\r\n2")
    assert read_ids(tmp_path / "table.csv") == [1, 2]
    (tmp_path / "table.csv").write_bytes(b"1\n\xe9\n")
    with pytest.raises(InputError, match="line 2: "):
        read_ids(tmp_path / "table.csv")
    with pytest.raises(InputError, match="no such file"):
        read_ids(tmp_path / "none")


def test_arrow_tables_come_back(tmp_path) -> None:
    written = pa.table({"id": [BIG], "x": [0.5]})
    write_arrow(tmp_path / "t.arrow", written)
    assert read_arrow(tmp_path / "t.arrow").equals(written)
    (tmp_path / "t.arrow").write_bytes(b"half a file")
    with pytest.raises(InputError, match="not an Arrow table"):
        read_arrow(tmp_path / "t.arrow")


def test_whole_numbers_in_a_column_of_reals_have_their_point(tmp_path) -> None:
    rows = [[1, 5, "", "a"], [2, 2.5, 3.0, "b"], [3, np.float64(7), "", "c"], [BIG, 0, 1e-5, "d"]]
    write_csv(tmp_path / "t.csv", ["id", "x", "y", "name"], iter(rows))
    assert (tmp_path / "t.csv").read_text().splitlines() == [
        *("id,x,y,name", "1,5.0,,a", "2,2.5,3.0,b", "3,7.0,,c", f"{BIG},0.0,1e-05,d"),
    ]


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
