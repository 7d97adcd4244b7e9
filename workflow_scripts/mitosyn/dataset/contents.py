"""What archives and tables hold, compared with the files that they were made from."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from mitosyn.catalogue import CELL_CSV, COMPARTMENTS, SOMATIC, columns_of, tidy_name
from mitosyn.dataset.tidy import read_csv, stream_csv
from mitosyn.retrieval import plain_files
from mitosyn.skeletons import NO_PARENT, read_swc
from mitosyn.support import InputError
from mitosyn.tables import read_csv_rows

Part = tuple[str, pa.Table]


def compare_archive(path: str | Path, folder: str, files: Iterable[str | Path]) -> list[str]:
    """Return how an archive differs from the files that it was packed from, byte by byte.

    It is read to its end; ``folder`` is the one in it.
    """
    name = Path(path).name
    missing = {f"{folder}/{Path(file).name}": Path(file) for file in files}
    differences = []
    try:
        for member, content in plain_files(path):
            file = missing.pop(member, None)
            if file is None:
                differences.append(f"{name}: {member} is there twice or is of no cell")
            elif b"".join(content) != file.read_bytes():
                differences.append(f"{name}: {member} is not {file}")
    except InputError as error:
        return [f"{name}: {error.problem}"]
    return differences + [f"{name}: {member} is missing" for member in missing]


def compare_table(path: str | Path, parts: Iterable[Part]) -> list[str]:
    """Return how a Parquet table differs from the parts that it should hold, end to end.

    Columns that a part does not have are not compared.
    """
    name = Path(path).name
    try:
        table = pa.parquet.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        return [f"{name}: unreadable ({error})"]
    differences, start = [], 0
    for what, part in parts:
        found = table.slice(start, len(part))
        start += len(part)
        odd = [
            column
            for column in part.column_names
            if column not in found.column_names or not found[column].equals(part[column])
        ]
        if odd:
            differences.append(f"{name}: {', '.join(odd[:3])} not as in {what}")
    if len(table) != start:
        differences.append(f"{name}: {len(table)} rows, expected {start}")
    return differences


def mitochondria_parts(csvs: Iterable[str | Path]) -> Iterator[Part]:
    """Yield the rows of each cell's CSV with the names of the table of all cells."""
    for path in csvs:
        csv = read_csv(path, CELL_CSV)
        columns = {tidy_name(name): csv[name] for name in columns_of(CELL_CSV) if name != "cellid"}
        yield Path(path).name, pa.table(columns | {"cell_id": csv["cellid"]})


def csv_parts(path: str | Path, name: str) -> Iterator[Part]:
    """Yield the rows of a published CSV file in parts."""
    for part in stream_csv(path, name):
        yield Path(path).name, part


def skeleton_parts(paths: Mapping[int, str], names: Sequence[str] = COMPARTMENTS) -> Iterator[Part]:
    """Yield the nodes of each neuron's SWC file with the names of the table of all nodes.

    ``names`` are those of the labels 0, 1, 2, ….
    """
    for cell_id, path in paths.items():
        swc = read_swc(path)
        columns = {
            "cell_id": pa.repeat(cell_id, len(swc)),
            "node_id": swc["id"],
            "parent_id": pc.if_else(pc.equal(swc["parent"], NO_PARENT), None, swc["parent"]),
            **{name: swc[name] for name in ("label", *"xyz")},
            "compartment": pa.array(names).take(swc["label"]),
        }
        yield Path(path).name, pa.table(columns)


def compare_nodes(
    table: str | Path,
    paths: Mapping[int, str | Path],
    csvs: Mapping[int, pa.Table],
    node_counts: Mapping[int, int],
) -> list[str]:
    """Return how the associated nodes of neurons differ from the other files of these.

    ``table`` is the Parquet table of all nodes that mitochondria cover. By cell id: ``paths`` of
    the JSON files, tables of the CSV files with ``mito_id`` and ``compartment``, and the number of
    nodes of the SWC files.
    """
    try:
        columns = pa.parquet.read_table(table, columns=["cell_id", "mito_id", "node_id"])
    except (pa.ArrowInvalid, OSError) as error:
        return [f"{Path(table).name}: unreadable ({error})"]
    owners, mito_ids, node_ids = (column.to_numpy() for column in columns.columns)
    differences = []
    for cell_id, path in paths.items():
        nodes = {int(key): ids for key, ids in json.loads(Path(path).read_bytes()).items()}
        outside = csvs[cell_id].filter(pc.not_equal(csvs[cell_id]["compartment"], SOMATIC))
        if list(nodes) != outside["mito_id"].to_pylist():
            differences.append(f"{Path(path).name}: not the mitochondria outside the soma")
        counts = [len(ids) for ids in nodes.values()]
        listed = np.array([i for ids in nodes.values() for i in ids], np.int64)
        if len(listed) and not 0 <= listed.min() <= listed.max() < node_counts[cell_id]:
            differences.append(f"{Path(path).name}: names nodes that the SWC file has not")
        own = owners == cell_id
        own[own] = np.isin(mito_ids[own], outside["mito_id"].to_numpy())
        pairs = np.repeat(np.array(list(nodes), np.int64), counts), listed
        if not np.array_equal(_sorted(*pairs), _sorted(mito_ids[own], node_ids[own])):
            differences.append(f"{Path(table).name}: not the nodes of {Path(path).name}")
    return differences


def _sorted(mito_ids: np.ndarray, node_ids: np.ndarray) -> np.ndarray:
    order = np.lexsort((node_ids, mito_ids))
    return np.stack([mito_ids[order], node_ids[order]])


def compare_cells(
    rows: list[dict[str, str]], mitochondria: Mapping[int, int], synapses: Mapping[str, int]
) -> list[str]:
    """Return how the rows of ``cells.csv`` differ from what was counted.

    ``mitochondria`` are counted by cell, in the order of the cells, ``synapses`` by type of end.
    """
    differences = []
    if [int(row["cell_id"]) for row in rows] != list(mitochondria):
        differences.append("cells.csv: not the analysed cells in their order")
    elif [int(row["mitochondria"]) for row in rows] != list(mitochondria.values()):
        differences.append("cells.csv: numbers of mitochondria not as in the cells' files")
    for kind, count in synapses.items():
        found = sum(int(row[f"synapses_{kind}"] or 0) for row in rows)
        if found != count:
            differences.append(f"cells.csv: {found} {kind} synapses, expected {count}")
    return differences


@dataclass(frozen=True)
class Written:
    """The files of a run that its checks open.

    Attributes
    ----------
    archives : mapping from the folder in an archive to its path and the paths of its files
    tables, csv_tables : mappings from name to path
        The collected tables, and the CSV files of all cells: those that the dataset has.
    csvs, morphologies, nodes : mappings from cell id to path
        The CSV of each cell, and the SWC and JSON files of those with a skeleton.
    """

    archives: Mapping[str, tuple[str, Sequence[str]]]
    tables: Mapping[str, str]
    csv_tables: Mapping[str, str]
    csvs: Mapping[int, str]
    morphologies: Mapping[int, str]
    nodes: Mapping[int, str]


def compare_contents(
    written: Written,
    csvs: Mapping[int, pa.Table],
    synapses: Mapping[str, int],
    names: Sequence[str] = COMPARTMENTS,
) -> list[str]:
    """Return how archives and tables of all cells differ from the files of the cells.

    ``csvs`` are the tables of their CSV files, ``synapses`` the numbers of rows by type of end,
    ``names`` those of the labels 0, 1, 2, …. What a dataset has not is not compared.
    """
    tables, csv_tables, morphologies = written.tables, written.csv_tables, written.morphologies
    node_counts = {i: Path(path).read_bytes().count(b"\n") for i, path in morphologies.items()}
    rows = read_csv_rows(csv_tables["cells"])
    archives = [
        difference
        for folder, (archive, files) in written.archives.items()
        for difference in compare_archive(archive, folder, files)
    ]
    parts = {
        "mitochondria": lambda: mitochondria_parts(written.csvs.values()),
        "synapses": lambda: csv_parts(csv_tables["synapse_filtered"], "synapse_filtered.csv"),
        "skeleton_nodes": lambda: skeleton_parts(morphologies, names),
        "cells": lambda: csv_parts(csv_tables["cells"], "cells.csv"),
    }
    found = [compare_table(tables[name], part()) for name, part in parts.items() if name in tables]
    if "mitochondrion_nodes" in tables:
        nodes = tables["mitochondrion_nodes"]
        found.append(compare_nodes(nodes, written.nodes, csvs, node_counts))
    return [
        *archives,
        *itertools.chain.from_iterable(found),
        *compare_cells(rows, {i: len(table) for i, table in csvs.items()}, synapses),
        *_other_neurons(csv_tables.get("cell_type_classification_filtered"), morphologies),
    ]


def _other_neurons(path: str | None, morphologies: Mapping[int, str]) -> list[str]:
    """Return that a table does not list the neurons with a skeleton, where there is one."""
    if path is None or {int(row["cell_id"]) for row in read_csv_rows(path)} == {*morphologies}:
        return []
    return [f"{Path(path).name}: not the neurons"]
