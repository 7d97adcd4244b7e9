"""Canonical tables of one's own: read by the second adapter, refused like the published ones."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from mitosyn.catalogue import UNKNOWN
from mitosyn.sources.canonical import collect_mitochondria, select_cells, stream_synapses
from mitosyn.support.errors import InputError
from mitosyn.tables.arrow import read_arrow, write_arrow
from workflow import ROOT, Run, run_snakemake

BIG = 648518346349538426
NAMES = {"pyramidal": "excitatory", "inhibitory": "interneuron", "glia": "astrocyte"}
TYPES = {"excitatory": "skeleton", "interneuron": "skeleton", "astrocyte": "soma_distance"}
CELL = {
    **{"cell_id": BIG, "cell_type": "excitatory", "cell_subtype": None},
    **{f"centroid_{axis}": 1.0 for axis in "xyz"},
    **{f"soma_{axis}": None for axis in "xyz"},
}
SCHEMA = pa.schema(
    {
        **{"cell_id": pa.int64(), "cell_type": pa.string(), "cell_subtype": pa.string()},
        **{f"{point}_{axis}": pa.float64() for point in ("centroid", "soma") for axis in "xyz"},
    }
)
ENDINGS = ("parquet", "arrow", "csv")


def write(path: Path, table: pa.Table) -> Path:
    """Write a table in the format that the end of the file's name says."""
    if path.suffix == ".csv":
        table.to_pandas(types_mapper=pd.ArrowDtype).to_csv(path, index=False)
    elif path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        write_arrow(path, table)
    return path


def cells(path: Path, *rows: dict) -> Path:
    return write(path, pa.Table.from_pylist([CELL | row for row in rows], schema=SCHEMA))


@pytest.mark.parametrize("ending", ENDINGS)
def test_cells_are_those_of_the_described_types_in_their_order(tmp_path: Path, ending) -> None:
    soma = {f"soma_{axis}": 5.5 for axis in "xyz"}
    path = cells(
        tmp_path / f"cells.{ending}",
        {"cell_id": 4, "cell_type": "astrocyte"} | soma,
        {"cell_id": 3, "cell_type": "astrocyte"},
        {"cell_id": 2, "cell_type": "Excitatory"},
        {},
    )
    selected, left_out = select_cells(path, TYPES)
    assert [(c.cell_id, c.compartments_from, c.skeleton, c.soma) for c in selected] == [
        (BIG, "skeleton", True, None),
        (4, "soma_distance", False, (5.5, 5.5, 5.5)),
    ]
    assert {cell.cell_id: cell.reason.split(", ")[0] for cell in left_out} == {
        3: "no soma in the table",
        2: "cell_type is 'Excitatory'",
    }


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"cell_id": 0}, r"row 2.*cell_id is '0', expected an integer from 1"),
        ({"centroid_y": float("inf")}, r"row 2.*centroid_y is 'inf', expected a number"),
        ({"centroid_y": None}, r"row 2: 2 of centroid_x, centroid_y, centroid_z given"),
        ({"soma_x": 1.0}, r"row 2: 1 of soma_x, soma_y, soma_z given"),
        ({"cell_id": BIG}, rf"cell {BIG} stands in 2 rows, 1 and 2"),
    ],
)
def test_a_bad_row_is_refused_in_every_format(tmp_path: Path, ending, row, problem) -> None:
    path = cells(tmp_path / f"cells.{ending}", {}, {"cell_id": 7} | row)
    with pytest.raises(InputError, match=rf"cells\.{ending}: {problem}"):
        select_cells(path, TYPES)


def test_columns_are_there_and_ids_no_floats(tmp_path: Path) -> None:
    table = pa.table({"id": [1], "pre_id": [2.0], "post_id": [3], "x": [1.0], "y": [1.0]})
    with pytest.raises(InputError, match="no column 'z'; it has 'id'"):
        list(stream_synapses(write(tmp_path / "t.parquet", table)))
    table = table.append_column("z", pa.array([1.0]))
    with pytest.raises(InputError, match="column 'pre_id' is double, expected int64"):
        list(stream_synapses(write(tmp_path / "t.parquet", table)))
    with pytest.raises(InputError, match="no such file"):
        list(stream_synapses(tmp_path / "none.parquet"))


def test_mitochondria_stand_by_cell(tmp_path: Path) -> None:
    selected, _ = select_cells(cells(tmp_path / "c.csv", {"cell_id": 2}, {"cell_id": 1}), TYPES)
    columns = {"mito_id": [5, 6, 7, 8], "cell_id": [1, 2, 9, 1], "voxels": [4] * 4}
    table = pa.table(columns | {axis: [0.5] * 4 for axis in "xyz"})
    found = collect_mitochondria(write(tmp_path / "m.parquet", table), selected)
    assert found["mito_id"].to_pylist() == [6, 5, 8]
    assert found["published_length"].null_count == 3


@pytest.mark.workflow
def test_own_tables_give_the_measures_of_the_published_ones(small_run: Run, tmp_path: Path) -> None:
    results, made = small_run.folder / "results/sample", small_run.folder / "resources/sample"
    # Some of the astrocyte's mitochondria are put into a cell without compartments.
    mitochondria = read_arrow(results / "tables/mitochondria.arrow").to_pylist()
    for mitochondrion in mitochondria:
        mitochondrion.pop("published_compartment")
        mitochondrion.pop("published_length")
    for mitochondrion in mitochondria[-4:]:
        mitochondrion["cell_id"] = BIG
    table = read_arrow(results / "tables/cells.arrow")
    rows = [row | {"cell_type": NAMES[row["cell_type"]]} for row in table.to_pylist()]
    cells(tmp_path / "cells.parquet", *rows, {"cell_type": "degenerating"})
    write(tmp_path / "mitochondria.arrow", pa.Table.from_pylist(mitochondria))
    write(tmp_path / "synapses.csv", read_arrow(results / "tables/synapses.arrow"))
    sizes = yaml.safe_load((ROOT / "config.yaml").read_text())["datasets"]["sample"]
    types = TYPES | {"degenerating": "none"}
    description = {
        **{key: sizes[key] for key in ("voxel_size_nm", "mesh_voxel_size_nm")},
        "cells": {
            "path": "cells.parquet",
            "types": {name: {"compartments": place} for name, place in types.items()},
        },
        "mitochondria": {"path": "mitochondria.arrow"},
        "synapses": {"path": "synapses.csv"},
        "skeletons": str(made / "skeletons"),
        "mitochondria_meshes": f"precomputed://file://{made}/mito_meshes",
    }
    config = {"dataset": "own", "datasets": {"own": description}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    run = run_snakemake(tmp_path, "--cores", "2", "--configfile", "config.yaml")
    assert run.code == 0, run.text
    own = tmp_path / "results/own"
    assert "degenerating" in (own / "dataset.html").read_text()
    name = "synapse_filtered.csv"
    assert (own / name).read_bytes() == (results / name).read_bytes()
    old, new = (
        pq.read_table(folder / "mitochondria.parquet").to_pandas() for folder in (results, own)
    )
    kinds = old["cell_type"].map(NAMES)
    assert new["cell_type"].tolist() == [*kinds[:-4], *["degenerating"] * 4]
    assert (new["compartment"].iloc[-4:] == UNKNOWN).all()
    published = ["compartment", "label", "length_along_skeleton"]
    measured = new["cell_type"].isin(["interneuron", "astrocyte"])
    others = old.columns.difference(["cell_id", "cell_type", "cell_subtype", *published])
    pd.testing.assert_frame_equal(new[others], old[others])
    pd.testing.assert_frame_equal(new.loc[measured, published], old.loc[measured, published])
