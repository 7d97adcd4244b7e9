"""Archives and tables are opened and compared with the files that they were made from."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mitosyn.dataset.checks import CELL_CSV
from mitosyn.dataset.contents import (
    compare_archive,
    compare_cells,
    compare_nodes,
    compare_table,
    csv_parts,
    mitochondria_parts,
    skeleton_parts,
)
from mitosyn.retrieval.archives import pack
from mitosyn.tables.reading import read_csv_rows, read_table
from workflow import Run, done, run_snakemake

Rows = list[dict[str, str]]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files of cells."""
    (tmp_path / "cells").mkdir()
    paths = [tmp_path / "cells" / f"{name}.csv" for name in "ab"]
    for path in paths:
        path.write_text(path.name * 1000)
    return paths


def repack(path: Path, *members: tuple[str, bytes]) -> None:
    """Write an archive of any members."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            (path.parent / "member").write_bytes(content)
            archive.add(path.parent / "member", name)


def test_an_archive_holds_its_files_byte_by_byte(files: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "cells.tar.gz"
    pack(path, "cells", files)
    assert compare_archive(path, "cells", files) == []
    a, b = (file.read_bytes() for file in files)
    repack(path, ("cells/a.csv", a))
    assert compare_archive(path, "cells", files) == ["cells.tar.gz: cells/b.csv is missing"]
    repack(path, ("cells/a.csv", a), ("cells/b.csv", b), ("cells/a.csv", a))
    assert "cells/a.csv is there twice or" in compare_archive(path, "cells", files)[0]
    repack(path, ("cells/a.csv", a), ("cells/b.csv", b), ("cells/c.csv", b""))
    assert "cells/c.csv is there twice or is of no cell" in compare_archive(path, "cells", files)[0]
    repack(path, ("cells/a.csv", a), ("cells/b.csv", b[:-1] + b"?"))
    assert "cells/b.csv is not" in compare_archive(path, "cells", files)[0]
    repack(path, ("other/a.csv", a), ("other/b.csv", b))
    assert len(compare_archive(path, "cells", files)) == 4


@pytest.mark.parametrize("spoil", [lambda b: b[:-20], lambda b: b[:-8] + bytes(8), lambda b: b"no"])
def test_a_broken_archive_is_named(files: list[Path], tmp_path: Path, spoil: Callable) -> None:
    path = tmp_path / "cells.tar.gz"
    pack(path, "cells", files)
    path.write_bytes(spoil(path.read_bytes()))
    (difference,) = compare_archive(path, "cells", files)
    assert difference.startswith("cells.tar.gz: unreadable or truncated")


def test_a_table_holds_its_parts_end_to_end(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    parts = [
        ("a", pa.table({"x": [1, 2], "y": ["p", None]})),
        ("b", pa.table({"x": [3], "y": ["q"]})),
    ]
    whole = pa.concat_tables([table for _, table in parts])
    pq.write_table(whole.append_column("z", pa.array([1.0, 2.0, 3.0])), path)
    assert compare_table(path, parts) == []
    for indices, differences in (
        ([0, 1], ["t.parquet: x, y not as in b", "t.parquet: 2 rows, expected 3"]),
        ([1, 0, 2], ["t.parquet: x, y not as in a"]),
        ([0, 1, 2, 2], ["t.parquet: 4 rows, expected 3"]),
    ):
        pq.write_table(whole.take(indices), path)
        assert compare_table(path, parts) == differences
    pq.write_table(whole.drop_columns("y"), path)
    assert compare_table(path, parts) == ["t.parquet: y not as in a", "t.parquet: y not as in b"]
    path.write_bytes(path.read_bytes()[:-10])
    assert compare_table(path, parts)[0].startswith("t.parquet: unreadable (")


@pytest.fixture
def results(small_run: Run, tmp_path: Path) -> Path:
    shutil.copytree(small_run.folder / "results" / "sample", tmp_path / "sample")
    return tmp_path / "sample"


@pytest.mark.workflow
def test_tables_of_a_run_are_compared_value_by_value(results: Path) -> None:
    csvs = [
        results / f"microns_cells/{row['cell_type']}_{row['cell_id']}.csv"
        for row in read_csv_rows(results / "cells.csv")
    ]
    neurons = [int(path.stem.split("_")[1]) for path in csvs if not path.name.startswith("glia")]
    swcs = [results / f"cell_morphologies/{cell_id}.swc" for cell_id in neurons]
    synapses = results / "synapse_filtered.csv"
    for name, column, parts in (
        ("mitochondria", "mito_size", lambda: mitochondria_parts(csvs)),
        ("synapses", "z", lambda: csv_parts(synapses, "synapse_filtered.csv")),
        ("skeleton_nodes", "x", lambda: skeleton_parts(dict(zip(neurons, swcs, strict=True)))),
    ):
        path = results / f"{name}.parquet"
        table = pq.read_table(path)
        assert compare_table(path, parts()) == []
        values = table[column].to_pylist()
        values[7] = np.nextafter(values[7] or 0.0, 1e300)
        index = table.column_names.index(column)
        pq.write_table(table.set_column(index, table.field(column), pa.array(values)), path)
        (difference,) = compare_table(path, parts())
        assert difference.startswith(f"{name}.parquet: {column} not as in ")


@pytest.mark.workflow
def test_associated_nodes_are_compared_with_the_other_files(results: Path) -> None:
    cells = [
        (int(row["cell_id"]), row["cell_type"])
        for row in read_csv_rows(results / "cells.csv")
        if row["cell_type"] != "glia"
    ]
    csvs = {i: read_table(results / f"microns_cells/{k}_{i}.csv", CELL_CSV) for i, k in cells}
    paths = {i: results / f"associated_nodes/{i}_associated_nodes.json" for i, _ in cells}
    counts = {i: (results / f"cell_morphologies/{i}.swc").read_text().count("\n") for i, _ in cells}
    table = results / "mitochondrion_nodes.parquet"
    assert compare_nodes(table, paths, csvs, counts) == []
    first = cells[0][0]
    nodes = json.loads(paths[first].read_text())
    key = max(nodes, key=lambda mito_id: len(nodes[mito_id]))

    def compare(changed: dict) -> list[str]:
        paths[first].write_text(json.dumps(changed))
        return compare_nodes(table, paths, csvs, counts)

    name = f"{first}_associated_nodes.json"
    (difference,) = compare(nodes | {key: nodes[key][1:]})
    assert difference == f"mitochondrion_nodes.parquet: not the nodes of {name}"
    assert f"{name}: names nodes that the SWC file has not" in compare(nodes | {key: [10**6]})
    del nodes[key]
    assert f"{name}: not the mitochondria outside the soma" in compare(nodes)


def test_the_table_of_cells_has_what_was_counted() -> None:
    rows: Rows = [
        {"cell_id": "2", "mitochondria": "5", "synapses_post": "3"},
        {"cell_id": "1", "mitochondria": "4", "synapses_post": ""},
    ]
    assert compare_cells(rows, {2: 5, 1: 4}, {"post": 3}) == []
    assert compare_cells(rows, {1: 4, 2: 5}, {"post": 3}) != []
    assert compare_cells(rows, {2: 5, 1: 5}, {"post": 3}) != []
    assert compare_cells(rows, {2: 5, 1: 4}, {"post": 4}) == [
        "cells.csv: 3 post synapses, expected 4"
    ]


# In a run ------------------------------------------------------------------------------------


@pytest.fixture
def finished(small_run: Run, tmp_path: Path) -> Path:
    """A copy of a finished run that a test may change."""
    folder = tmp_path / "finished"
    shutil.copytree(small_run.folder, folder)
    return folder


def rerun(folder: Path, *arguments: str) -> Run:
    return run_snakemake(folder, "--cores", "2", *arguments, "--configfile", "config.yaml")


@pytest.mark.workflow
def test_a_file_that_was_changed_by_hand_is_not_blessed(finished: Path) -> None:
    results = finished / "results" / "sample"
    checksums = (results / "checksums.sha256").read_text()
    synapses = results / "synapse_filtered.csv"
    text = synapses.read_text()
    # A digit of the last row: all ids and all counts stay as they are.
    synapses.write_text(text[:-2] + str((int(text[-2]) + 1) % 10) + "\n")
    targets = ("results/sample/check.json", "results/sample/checksums.sha256")
    run = rerun(finished, *targets, "--keep-going")
    assert run.code != 0
    (line,) = run.errors()
    assert "synapse_filtered.csv: not as a job of this workflow wrote it" in line
    assert not (results / "checksums.sha256").exists() or (
        (results / "checksums.sha256").read_text() == checksums
    )
    synapses.unlink()
    again = rerun(finished, *targets)
    assert again.code == 0, again.text
    assert synapses.read_text() == text
    assert (results / "checksums.sha256").read_text() == checksums


@pytest.mark.workflow
def test_an_older_file_in_place_of_a_newer_one_is_noticed_when_it_is_checked(
    finished: Path,
) -> None:
    path = next((finished / "results/sample/cell_morphologies").glob("*.swc"))
    old = path.stat()
    path.write_text(path.read_text().replace(" 1.000 ", " 2.000 ", 1))
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert "Nothing to be done" in rerun(finished, "-n").text
    run = rerun(finished, "results/sample/check.json", "--forcerun", "check_conservation")
    assert run.code != 0
    (line,) = run.errors()
    assert f"{path.name}: not as a job of this workflow wrote it" in line


@pytest.mark.workflow
def test_files_of_cells_and_names_that_are_gone_do_not_stay(finished: Path) -> None:
    results = finished / "results" / "sample"
    ids = finished / "resources" / "sample" / "pyc_analysis_ids.csv"
    gone, *kept = ids.read_text().split()
    ids.write_text("\n".join(kept) + "\n")
    (results / "microns_cells" / "notes.csv").write_text("mine\n")
    archives = [f"results/sample/{name}.tar.gz" for name in ("microns", "morphologies", "nodes")]
    run = rerun(finished, *archives, "--config", "associated_nodes_suffix=assoc_nodes")
    assert run.code == 0, run.text
    left = {
        path.name
        for folder in ("microns_cells", "cell_morphologies", "associated_nodes")
        for path in (results / folder).glob("*")
    }
    assert not [name for name in left if gone in name]
    assert "notes.csv" in left and len([name for name in left if name.endswith(".swc")]) == 2
    assert {name.partition("_")[2] for name in left if name.endswith(".json")} == {
        "assoc_nodes.json"
    }
    assert (
        f"cell_morphologies/{gone}.swc" in run.text
        and "removed, as they are of no cell" in run.text
    )
    assert done(run)["pack_archive"] == 3
