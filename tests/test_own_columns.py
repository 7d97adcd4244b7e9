"""Tables of one's own with any names, units, formats and forms of positions."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitosyn.sources.adapters import Source, has_synapse_ids
from mitosyn.sources.canonical import collect_mitochondria, select_cells, stream_synapses
from mitosyn.sources.columns import TableForm
from mitosyn.sources.counts import listed_ends
from mitosyn.support.errors import InputError
from mitosyn.tables.synapses import SYNAPSES_SCHEMA, synapse_ends, synapses_of

BIG = 648518346349538426
VOXEL = (4.0, 4.0, 40.0)
PLACES = [[60730, 50331, 1001], [1, 2, 3], [0, 0, 0]]
CELLS = {"pt_root_id": [BIG, BIG + 1, 5], "type": ["23P", "4P", None]}
MITOCHONDRIA = {"id": [7, 8, 9], "root": [BIG, BIG + 1, 0], "size": [10, 20, 30]}
FORM = {"mito_id": "id", "cell_id": "root", "position": "place", "voxels": "size"}
ENDINGS = (".parquet", ".feather", ".arrow", ".csv", ".csv.gz", ".csv.zst")


def write(path: Path, columns: dict) -> Path:
    """Write a table in the format that the end of the file's name says."""
    table = pa.table(columns)
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix in (".feather", ".arrow"):
        pyarrow.feather.write_feather(table, str(path))
    else:
        # Lists as Python and pandas write them.
        rows = [["" if v is None else str(v) for v in row.values()] for row in table.to_pylist()]
        quoted = [[f'"{v}"' if "," in v else v for v in row] for row in rows]
        text = "\n".join(",".join(row) for row in [[*columns], *quoted]) + "\n"
        with pa.output_stream(str(path)) as file:
            file.write(text.encode())
    return path


def cells(path: Path, **columns) -> Path:
    return write(path, CELLS | columns)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_position_may_be_a_list_in_any_unit(tmp_path: Path, ending: str) -> None:
    path = cells(tmp_path / f"cells{ending}", pt_position=PLACES)
    form = TableForm({"cell_id": "pt_root_id", "cell_type": "type", "soma": "pt_position"}, VOXEL)
    types = {"excitatory": "soma_distance"}
    selected, left_out = select_cells(path, types, form, dict.fromkeys(["23P", "4P"], "excitatory"))
    assert [(c.cell_id, c.cell_type, c.cell_subtype) for c in selected] == [
        (BIG, "excitatory", "23P"),
        (BIG + 1, "excitatory", "4P"),
    ]
    assert selected[0].soma == selected[0].centroid == (242920.0, 201324.0, 40040.0)
    assert [(c.cell_id, c.cell_type) for c in left_out] == [(5, "")]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "places",
    [
        PLACES,
        ["[60730, 50331, 1001]", "1 2 3", "(0;0;0)"],
        ["[60730. 50331. 1001.]", " 1,2,3 ", "{0.0, -0.0, 0e5}"],
    ],
)
def test_one_column_of_lists_or_texts_or_three_are_the_same(
    tmp_path: Path, ending: str, places: list
) -> None:
    selected = select_cells(
        write(tmp_path / "c.csv", {"cell_id": [BIG, BIG + 1], "cell_type": ["a", "a"]}),
        {"a": "none"},
    )[0]
    one = write(tmp_path / f"one{ending}", MITOCHONDRIA | {"place": places})
    axes = dict(zip(("X", "Y", "Z"), map(list, zip(*PLACES, strict=True)), strict=True))
    three = write(tmp_path / f"three{ending}", MITOCHONDRIA | axes)
    named = dict(zip(("p_x", "p_y", "p_z"), axes.values(), strict=True))
    split = write(tmp_path / f"split{ending}", MITOCHONDRIA | named)
    third = collect_mitochondria(split, selected, TableForm(FORM | {"position": "p"}, VOXEL))
    first = collect_mitochondria(one, selected, TableForm(FORM, VOXEL))
    second = collect_mitochondria(
        three, selected, TableForm(FORM | {"position": ("X", "Y", "Z")}, VOXEL)
    )
    assert first.equals(second) and first.equals(third)
    assert first["mito_id"].to_pylist() == [7, 8]
    assert first["x"].to_pylist() == [242920.0, 4.0]
    assert first["voxels"].to_pylist() == [10, 20]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"place": [1, 2]}, r"row 2: place is '\[1, 2\]', expected three numbers"),
        ({"place": None}, r"row 2: place is '(None)?', expected (three numbers|text)"),
        ({"id": 0}, r"row 2.*id is '0', expected an integer from 1"),
        ({"size": None, "id": None}, r"row 2.*id is '', expected an integer from 1"),
    ],
)
def test_a_bad_row_is_named_in_every_format(tmp_path, ending, row, problem) -> None:
    rows = [
        dict(zip(MITOCHONDRIA, v, strict=True)) for v in zip(*MITOCHONDRIA.values(), strict=True)
    ]
    rows = [r | {"place": p} for r, p in zip(rows, PLACES, strict=True)]
    rows[1] |= row
    path = write(tmp_path / f"m{ending}", {k: [r[k] for r in rows] for k in rows[0]})
    with pytest.raises(InputError, match=problem):
        collect_mitochondria(path, [], TableForm(FORM))


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"id": [7.0, 8.0, 9.0]}, "column 'id' is double, expected int64"),
        ({"id": ["7", "8", "9"]}, "column 'id' is string, expected int64"),
        ({"place": [[1, None, 3], [1, 2, 3], [4, 5, 6]]}, "row 1: place is .*three numbers"),
        ({"place": [[1, 2, float("nan")]] * 3}, "row 1: place is .*three numbers"),
        ({"place": [1, 2, 3]}, "column 'place' is int64, expected lists of three numbers"),
        ({"root": pa.array([2**63, 1, 1], pa.uint64())}, "root has a value that is no int64"),
    ],
)
def test_columns_of_another_type_are_refused(tmp_path, ending, columns, problem) -> None:
    path = write(tmp_path / f"m{ending}", MITOCHONDRIA | {"place": PLACES} | columns)
    with pytest.raises(InputError, match=problem):
        collect_mitochondria(path, [], TableForm(FORM))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_column_that_is_named_and_not_there(tmp_path: Path, ending: str) -> None:
    path = cells(tmp_path / f"cells{ending}")
    with pytest.raises(InputError, match="no column 'cell_type', 'pt_position'; it has"):
        select_cells(path, {}, TableForm({"cell_id": "pt_root_id", "soma": "pt_position"}))
    with pytest.raises(InputError, match="no column 'cell_id', 'cell_type'"):
        select_cells(path, {}, TableForm({}))


@pytest.mark.parametrize("ending", [".parquet", ".feather", ".csv.gz", ".csv.zst"])
def test_a_file_that_is_cut_short_or_of_another_format(tmp_path: Path, ending: str) -> None:
    path = cells(tmp_path / f"cells{ending}", more=[[*range(2000)]] * 3)
    form = TableForm({"cell_id": "pt_root_id", "cell_type": "type"})
    whole = path.read_bytes()
    for content in (whole[: len(whole) * 2 // 3], b"cell_id,cell_type\n1,a\n", b""):
        path.write_bytes(content)
        with pytest.raises(InputError, match="cells"):
            select_cells(path, {}, form)


def test_compressed_csv_names_the_row(tmp_path: Path) -> None:
    path = tmp_path / "cells.csv.gz"
    path.write_bytes(gzip.compress(b"cell_id,cell_type\n5,a\nx,b\n"))
    with pytest.raises(InputError, match=r"row 2 \(line 3\): cell_id is 'x', expected an integer"):
        select_cells(path, {"a": "none"})


def test_synapses_of_sites_alone_are_numbered_and_lie_in_their_middle(tmp_path: Path) -> None:
    rows = {
        "pre": [1, 9, 9, 2, 9],
        "post": [2, 1, 1, 2, 9],
        **{f"{axis}_pre": [10, 0, 0, 4, 0] for axis in "xyz"},
        **{f"{axis}_post": [20, 2, 2, 4, 0] for axis in "xyz"},
    }
    path = write(tmp_path / "s.parquet", rows)
    columns = {
        "pre_id": "pre",
        "post_id": "post",
        **{f"{end}_position": [f"{axis}_{end}" for axis in "xyz"] for end in ("pre", "post")},
    }
    source = Source("canonical", VOXEL, {"synapses": {"columns": columns}})
    assert not has_synapse_ids(source, str(path))
    batches = list(stream_synapses(path, source.form("synapses")))
    assert batches[0]["id"].to_pylist() == [1, 2, 3, 4, 5]
    assert batches[0]["x"].to_pylist() == [15.0, 1.0, 1.0, 4.0, 0.0]
    kept = pa.Table.from_batches(synapses_of(path, batches, [1, 2], False), SYNAPSES_SCHEMA)
    # Row 3 says what row 2 does.
    assert kept["id"].to_pylist() == [1, 2, 4]
    ends = pa.concat_tables(synapse_ends(kept, [1, 2])).to_pylist()
    assert [(e["id"], e["cell_id"], e["synapse_type"], e["x"]) for e in ends] == [
        (1, 2, "post", 20.0),
        (2, 1, "post", 2.0),
        (4, 2, "autapse", 4.0),
        (1, 1, "pre", 10.0),
    ]
    found = listed_ends(source, str(path), [1, 2])
    assert {kind: ids.tolist() for kind, ids in found.items()} == {
        "post": [1, 2],
        "pre": [1],
        "autapse": [4],
    }


def test_synapses_without_any_place_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", {"id": [1], "pre_id": [1], "post_id": [2]})
    with pytest.raises(InputError, match="neither a position nor both pre_position and post_pos"):
        list(stream_synapses(path))


def test_published_compartments_go_by_name(tmp_path: Path) -> None:
    selected, _ = select_cells(
        write(tmp_path / "c.csv", {"cell_id": [1], "cell_type": ["a"]}), {"a": "published"}
    )
    rows = {"mito_id": [1, 2], "cell_id": [1, 1], "x": [0, 0], "y": [0, 0], "z": [0, 0]}
    labels = {"Somatic": 0, "Linker": 6}
    path = write(tmp_path / "m.csv", rows | {"published_compartment": ["Linker", None]})
    found = collect_mitochondria(path, selected, published_labels=labels)
    assert found["published_compartment"].to_pylist() == [6, None]
    path = write(tmp_path / "m.csv", rows | {"published_compartment": ["Linker", "Axon"]})
    with pytest.raises(InputError, match="mitochondrion 2 has the compartment 'Axon', 1 rows"):
        collect_mitochondria(path, selected, published_labels=labels)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9)] * 3), min_size=1),
    st.sampled_from(ENDINGS),
)
def test_positions_come_back_to_the_last_bit(tmp_path_factory, places, ending) -> None:
    path = tmp_path_factory.mktemp("t") / f"m{ending}"
    count = len(places)
    rows = {"mito_id": [*range(1, count + 1)], "cell_id": [1] * count}
    texts = [str([float(v) for v in place]) for place in places]
    write(
        path, rows | {"position": texts if ".csv" in ending else [[*map(float, p)] for p in places]}
    )
    selected, _ = select_cells(
        write(path.with_name("c.csv"), {"cell_id": [1], "cell_type": ["a"]}), {"a": "none"}
    )
    found = collect_mitochondria(path, selected)
    expected = np.round(np.array(places, float), 6)
    assert np.array_equal(np.column_stack([found[axis].to_numpy() for axis in "xyz"]), expected)
