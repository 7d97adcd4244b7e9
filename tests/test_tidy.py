"""The tidy Parquet tables: as the CSV files say, with types, units and nulls."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitosyn.catalogue.column import tidy_name
from mitosyn.catalogue.files import CATALOGUE, CELL_CSV, columns_of, published
from mitosyn.catalogue.names import COMPARTMENTS, PUBLISHED_LABELS
from mitosyn.catalogue.tables import MORPHOMETRICS
from mitosyn.cells.export import (
    COMPARTMENT_SCHEMA,
    NODES_SCHEMA,
    write_cell_csv,
)
from mitosyn.dataset import tidy
from mitosyn.dataset.contents import mitochondria_parts
from mitosyn.dataset.tidy import (
    covered_by_node,
    in_batches,
    mitochondria_table,
    read_csv,
    write_csv_table,
    write_table,
)
from mitosyn.meshes.bundle import Mesh, MeshError, bundle_meshes, read_bundle
from mitosyn.meshes.surfaces import describe_surfaces
from mitosyn.meshes.table import morphometrics_table
from mitosyn.support.errors import InputError
from mitosyn.tables.cells import Cell
from mitosyn.tables.mitochondria import MITOCHONDRIA_SCHEMA
from workflow import ROOT, Run

# Those of branches are tested with the runs that make them.
TABLES = [
    table.path
    for table in [entry for entry in CATALOGUE if entry.columns]
    if table.path.endswith(".parquet") and not table.path.startswith("branch")
]
BIG = 2**60 + 1


def readme_query(number: int) -> str:
    """Give one of the queries that the README shows, from 1."""
    return (ROOT / "README.md").read_text().split('duckdb.sql("""')[number].split('"""')[0]


@pytest.fixture(scope="module")
def results(sample_run: Run) -> Path:
    return sample_run.folder / "results" / "sample"


@pytest.fixture(scope="module")
def csvs(results: Path) -> pd.DataFrame:
    """The mitochondria as in the CSV files, in the order of the cells."""
    cells = pd.read_csv(results / "cells.csv")
    paths = "microns_cells/" + cells["cell_type"] + "_" + cells["cell_id"].astype(str) + ".csv"
    return pd.concat([read_exactly(results / path, 0) for path in paths])


def read_exactly(path: Path, index: int | None) -> pd.DataFrame:
    """Read a CSV file, its numbers to the last bit, which is not what pandas does unasked."""
    return pd.read_csv(path, index_col=index, float_precision="round_trip")


def assert_same(table: pa.Table, expected: pd.DataFrame) -> None:
    """Compare a table with what pandas read, value by value, ids as the integers they are."""
    assert len(table) == len(expected)
    for name in expected.columns:
        values = [None if pd.isna(value) else value for value in expected[name]]
        assert table[name].to_pylist() == values, name


@settings(max_examples=200, deadline=None)
@given(st.lists(st.none() | st.floats() | st.integers(-(10**11), 10**11).map(float), min_size=1))
def test_real_numbers_are_written_as_python_does(tmp_path_factory, values) -> None:
    path = tmp_path_factory.getbasetemp() / "reals.csv"
    ids = list(range(BIG, BIG + len(values)))
    table = pa.table([pa.array(ids), pa.array(values, pa.float64())], names=["id", "x"])
    write_csv_table(path, ["x", "id"], [table.slice(0, 1), table.slice(1)])
    written = ["" if value is None else repr(value) for value in values]
    expected = [f"{text},{i}" for text, i in zip(written, ids, strict=True)]
    assert path.read_text().splitlines() == ["x,id", *expected]


def test_the_ways_of_writing_real_numbers_meet(tmp_path: Path) -> None:
    for power in range(-10, 16):
        values = np.array([1, 3, 9.999999999999999, 1.23456789]) * 10.0**power
        values = np.concatenate([values, -values, [0.0, -0.0]])
        write_csv_table(tmp_path / "t.csv", ["x"], [pa.table({"x": values})])
        lines = (tmp_path / "t.csv").read_text().splitlines()[1:]
        assert lines == [repr(value) for value in values.tolist()]


# The sample's tables --------------------------------------------------------------------------


@pytest.mark.workflow
def test_mitochondria_are_those_of_the_csv_files(results: Path, csvs: pd.DataFrame) -> None:
    table = pa.parquet.read_table(results / "mitochondria.parquet")
    expected = csvs.rename(columns=tidy_name).rename(columns={"cellid": "cell_id"})
    assert len(expected.columns) == len(columns_of(CELL_CSV))
    assert_same(table, expected)
    labels = [
        {
            "pyramidal": PUBLISHED_LABELS,
            "inhibitory": {name: n for n, name in enumerate(COMPARTMENTS)},
        }.get(kind, {}).get(name)
        for kind, name in zip(expected["cell_type"], expected["compartment"], strict=True)
    ]
    assert table["label"].to_pylist() == labels
    assert {4, 5} <= set(labels)
    assert table["problem"].null_count < len(table)


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("name", "csv", "index"),
    [("cells", "cells.csv", None), ("synapses", "synapse_filtered.csv", 0)],
)
def test_tables_are_those_of_the_csv_files(
    results: Path, name: str, csv: str, index: int | None
) -> None:
    table = pa.parquet.read_table(results / f"{name}.parquet")
    expected = read_exactly(results / csv, index)
    assert table.column_names[: len(expected.columns)] == expected.columns.tolist()
    assert_same(table, expected)


@pytest.mark.workflow
def test_skeleton_nodes_are_those_of_the_swc_files(results: Path) -> None:
    nodes = pd.read_parquet(results / "skeleton_nodes.parquet")
    names = ["node_id", "label", "x", "y", "z", "radius", "parent_id"]
    assert nodes["cell_id"].nunique() == 9
    for cell_id, of_cell in nodes.groupby("cell_id", sort=False):
        path = results / "cell_morphologies" / f"{cell_id}.swc"
        swc = pd.read_csv(path, header=None, delimiter=" ", names=names)
        swc["parent_id"] = swc["parent_id"].where(swc["parent_id"] >= 0)
        same = of_cell[swc.columns.drop("radius")].reset_index(drop=True)
        pd.testing.assert_frame_equal(same, swc.drop(columns="radius"))
    by_label = nodes.groupby("label")["compartment"].unique()
    assert by_label[0].tolist() == ["Somatic"]
    assert by_label[2].tolist() == ["Basal"]


@pytest.mark.workflow
def test_covered_nodes_are_those_of_the_json_files_and_of_the_soma(results: Path) -> None:
    nodes = pd.read_parquet(results / "mitochondrion_nodes.parquet")
    mitochondria = pd.read_parquet(results / "mitochondria.parquet").set_index("mito_id")
    covered = nodes.groupby("mito_id")["node_id"].agg(list)
    for path in sorted((results / "associated_nodes").glob("*.json")):
        for mito_id, expected in json.loads(path.read_text()).items():
            assert covered.get(int(mito_id), []) == expected
    neurons = mitochondria[mitochondria["cell_type"] != "glia"]
    assert set(neurons.index[neurons["mesh_pieces"].notna()]) == set(covered.index)
    assert (neurons.loc[covered.index, "compartment"] == "Somatic").any()
    # Each vertex of a mesh is nearest to one node.
    cell_id = nodes["cell_id"].iloc[0]
    bundle = read_bundle(results / "per_cell" / "meshes" / f"{cell_id}.npz")
    vertices = nodes[nodes["cell_id"] == cell_id].groupby("mito_id")["vertices"].sum()
    counts = dict(zip(bundle.mito_ids.tolist(), np.diff(bundle.vertex_offsets), strict=True))
    assert vertices.to_dict() == {i: count for i, count in counts.items() if count}


@pytest.mark.workflow
@pytest.mark.parametrize("name", TABLES)
def test_columns_have_types_units_and_meanings(results: Path, name: str) -> None:
    table = pa.parquet.read_table(results / name)
    assert table.column_names == list(published(name).columns)
    assert table.schema.metadata[b"dataset"] == b"sample"
    assert table.schema.metadata[b"description"]
    for field in table.schema:
        assert field.metadata[b"description"]
        if pa.types.is_floating(field.type):
            assert field.metadata[b"unit"], field.name
            assert not pc.any(pc.is_nan(table[field.name])).as_py(), field.name
        if field.name.endswith("_id"):
            assert field.type == pa.int64()
    units = {f.name: f.metadata[b"unit"].decode() for f in table.schema}
    for column, unit in {"x": "nm", "mito_sa": "nm²", "mito_size": "nm³"}.items():
        assert units.get(column, unit) == unit


@pytest.mark.workflow
def test_problems_are_those_of_the_incomplete_mitochondria(results: Path) -> None:
    table = pd.read_parquet(results / "mitochondria.parquet").set_index("mito_id")
    listed = pd.read_csv(results / "incomplete_mitochondria.csv").set_index("mito_id")
    found = table[table["problem"].notna()]
    assert set(found.index) == set(listed.index)
    assert set(listed["kind"]) == {"no mesh", "partly measured"}
    for mito_id, row in listed.iterrows():
        missing = {tidy_name(name) for name in row["missing"].split(";")}
        measures = found.loc[mito_id, [tidy_name(name) for name in MORPHOMETRICS]]
        assert set(measures.index[measures.isna()]) == missing
        if row["kind"] == "no mesh":
            assert found.loc[mito_id, "problem"] == row["problem"] == "no mesh"
            assert found.loc[mito_id, ["complexity_index", "mesh_closed"]].isna().all()
        else:
            reasons = found["problem"][mito_id].split("; ")
            assert {n for r in reasons for n in r.split(": ")[1].split(", ")} == missing


@pytest.mark.workflow
def test_complexity_is_the_published_one(sample_run: Run, results: Path) -> None:
    path = sample_run.folder / "resources" / "sample" / "pni_mito_analysisids_fullstats.csv"
    published = pd.read_csv(path).set_index("mito_id")
    table = pd.read_parquet(results / "mitochondria.parquet").set_index("mito_id")
    both = table.join(published[["complexityindex", "mito_vx"]], how="inner").dropna(
        subset="complexity_index"
    )
    assert len(both) == 282
    np.testing.assert_allclose(both["complexity_index"], both["complexityindex"], 1e-4)
    assert (both["voxels"] == both["mito_vx"]).all()


@pytest.mark.workflow
def test_a_query_over_all_cells_gives_what_the_csv_files_say(
    results: Path, csvs: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(results)
    found = duckdb.sql(readme_query(1)).df().set_index(["cell_type", "compartment"])
    cells = pd.read_csv("cells.csv")
    merged = csvs.merge(cells, left_on="cellid", right_on="cell_id", suffixes=("", "_of_cell"))
    groups = merged.groupby(["cell_type", "compartment"])
    assert len(found) == groups.ngroups > 5
    assert (found["mitochondria"] == groups.size()).all()
    assert (found["cells"] == groups["cellid"].nunique()).all()
    for column, expected in (
        ("volume_um3", groups["mito size"].median() / 1e9),
        ("synapses_post", groups["synapses_post"].median()),
    ):
        np.testing.assert_allclose(found[column], expected.loc[found.index], 1e-12)


@pytest.mark.workflow
def test_the_query_for_boutons_gives_what_is_near(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(results)
    found = duckdb.sql(readme_query(2)).fetchall()
    expected = [
        (row["id"], row["cell_id"], row["nearest_mito_id"], row["nearest_mito_path"])
        for row in pyarrow.parquet.read_table("synapses.parquet").to_pylist()
        if row["synapse_type"] == "pre"
        and row["compartment"] == "Axonal"
        and row["nearest_mito_path"] is not None
        and row["nearest_mito_path"] <= 1000
    ]
    assert len(found) > 10
    assert found == sorted(expected, key=lambda row: (row[1], row[3], row[0]))


# One cell, made up ----------------------------------------------------------------------------


CELL = Cell(BIG, "glia", "a, b", (0.0, 0.0, 0.0), None, "none", False)
NOT_KNOWN = float("nan")


def cell_tables(
    labels: Sequence[int | None] = (None,) * 3, lengths: Sequence[float] = (1.5, NOT_KNOWN, 2.5)
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return the rows of the mitochondria, compartments and measures of three mitochondria."""
    triangle = Mesh(np.eye(3, dtype=np.float32), np.uint32([[0, 1, 2]]))
    meshes = {11: triangle, 12: MeshError("bad"), 13: triangle}
    bundle = bundle_meshes(np.array(list(meshes)), meshes)
    values = {name: np.array([1.5, np.nan, 2.5]) for name in MORPHOMETRICS}
    values["mito SA"][0] = 4.619493e6
    values["PC2 CA"][2] = values["mito size"][2] = np.nan
    measured = morphometrics_table(bundle, values, describe_surfaces(bundle))
    position = [[0.5] * 3] * 3
    nothing = [None] * 3
    mitochondria = pa.table(
        [[11, 12, 13], [BIG] * 3, [274_528, 5, 6], *position, nothing, nothing],
        schema=MITOCHONDRIA_SCHEMA,
    )
    columns = [[11, 12, 13], list(labels), ["Basal", "Basal", "Unknown"], list(lengths)]
    return mitochondria, pa.table(columns, schema=COMPARTMENT_SCHEMA), measured


def test_mitochondria_of_a_cell() -> None:
    rows = mitochondria_table(CELL, *cell_tables(), (3.58, 3.58, 40.0)).to_pylist()
    assert [row["cell_id"] for row in rows] == [BIG] * 3
    assert [row["label"] for row in rows] == [None] * 3
    found = mitochondria_table(CELL, *cell_tables((2, 2, 4)), (1.0, 1.0, 1.0))
    assert found["label"].to_pylist() == [2, 2, 4]
    # The published index of mitochondrion 2740474.
    assert rows[0]["complexity_index"] == pytest.approx(31.516497, rel=1e-6)
    assert [row["problem"] for row in rows] == [
        None,
        "bad",
        "no section across PC2: pc2_ca; no enclosed volume: mito_size",
    ]
    assert [row["mesh_closed"] for row in rows] == [False, None, False]
    assert [row["mesh_pieces"] for row in rows] == [1, None, 1]
    assert [row["complexity_index"] is None for row in rows] == [False, True, False]
    assert [row["mito_size"] for row in rows] == [1.5, None, None]
    assert [row["length_along_skeleton"] for row in rows] == [1.5, None, 2.5]
    assert [row["cell_subtype"] for row in rows] == ["a, b"] * 3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(allow_infinity=False), min_size=3, max_size=3))
def test_the_table_is_what_the_csv_of_the_cell_reads_as(lengths: list[float]) -> None:
    """Numbers are written at their shortest exact length: nothing is lost on either way."""
    mitochondria, compartments, measured = cell_tables(lengths=lengths)
    table = mitochondria_table(CELL, mitochondria, compartments, measured, (1.0, 1.0, 1.0))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cell.csv")
        write_cell_csv(path, CELL, mitochondria, compartments, measured)
        ((_, part),) = mitochondria_parts([path])
    assert table.select(part.column_names).equals(part)


def test_a_cell_without_mitochondria_and_one_with_other_ones() -> None:
    mitochondria, compartments, measured = cell_tables()
    size = (1.0, 1.0, 1.0)
    nothing = mitochondria_table(CELL, mitochondria[:0], compartments[:0], measured[:0], size)
    assert len(nothing) == 0
    with pytest.raises(ValueError, match="do not list the same mitochondria"):
        mitochondria_table(CELL, mitochondria[::-1], compartments, measured, size)


def test_an_unreadable_csv_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cell.csv"
    write_cell_csv(path, CELL, *cell_tables())
    path.write_text(path.read_text().replace(",11,", ",1.5,"))
    with pytest.raises(InputError, match=r"cell\.csv: .*1\.5"):
        read_csv(path, CELL_CSV)
    path.write_text("mito_id\n1\n")
    with pytest.raises(InputError, match=r"cell\.csv: .*cellid"):
        read_csv(path, CELL_CSV)


def test_bytes_do_not_depend_on_the_parts_that_come_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidy, "ROWS_IN_GROUP", 64)
    numbers = np.arange(200)
    columns = [numbers + BIG, numbers // 3, numbers, numbers % 7]
    whole = pa.table(columns, names=list(published("mitochondrion_nodes.parquet").columns))

    def parts(size: int) -> Iterator[pa.Table]:
        return (whole[start : start + size] for start in range(0, len(whole), size))

    for size in (1, 63, 150, 200):
        path = tmp_path / f"{size}.parquet"
        assert write_table(path, "mitochondrion_nodes.parquet", "made_up", parts(size)) == 200
        assert path.read_bytes() == (tmp_path / "1.parquet").read_bytes()
    file = pa.parquet.ParquetFile(tmp_path / "200.parquet")
    groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert groups == [64, 64, 64, 8]
    assert file.read().equals(whole.cast(file.schema_arrow))
    write_table(tmp_path / "none.parquet", "mitochondrion_nodes.parquet", "made_up", [])
    assert len(pa.parquet.read_table(tmp_path / "none.parquet")) == 0


def test_nodes_of_a_mitochondrion_ascend() -> None:
    columns = [[BIG] * 3, [5, 5, 3], [0, 1, 0], [9, 2, 4], [1, 2, 3]]
    coverage = covered_by_node(pa.table(columns, schema=NODES_SCHEMA))
    assert coverage["mito_id"].to_pylist() == [5, 5, 3]
    assert coverage["node_id"].to_pylist() == [2, 9, 4]
    assert coverage["vertices"].to_pylist() == [2, 1, 3]


def test_a_table_is_cut_after_its_rows_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidy, "ROWS_IN_GROUP", 2)
    columns = [[BIG] * 5, [5] * 5, [0, 1, 2, 3, 4], [9, 2, 4, 1, 0], [1] * 5]
    parts = list(in_batches([covered_by_node(pa.table(columns, schema=NODES_SCHEMA))]))
    assert [len(part) for part in parts] == [2, 2, 1]
    assert pa.concat_tables(parts)["node_id"].to_pylist() == [0, 1, 2, 4, 9]
