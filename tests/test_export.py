"""The published per-cell files, read as programs read them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mitosyn.catalogue.files import CELL_CSV, columns_of
from mitosyn.catalogue.names import COMPARTMENTS, PUBLISHED_LABELS
from mitosyn.catalogue.tables import MORPHOMETRICS
from mitosyn.cells.export import (
    NODES_SCHEMA,
    compartment_table,
    covered_nodes,
    keep_published,
    soma_compartments,
    write_associated_nodes,
    write_cell_csv,
)
from mitosyn.meshes.bundle import MeshError, bundle_meshes, read_bundle, write_bundle
from mitosyn.meshes.morphometrics import measure_bundle
from mitosyn.meshes.surfaces import describe_surfaces
from mitosyn.meshes.table import morphometrics_table
from mitosyn.skeletons.coverage import Coverage, associate, covered_lengths, majority_labels
from mitosyn.skeletons.skeleton import Skeleton
from mitosyn.sources.microns_l23 import (
    MITOCHONDRION_COLUMNS,
    PUBLISHED_MITOCHONDRION_COLUMNS,
    collect_mitochondria,
)
from mitosyn.support.errors import InputError
from mitosyn.tables.cells import Cell
from mitosyn.tables.compartments import names_by_label
from mitosyn.tables.mitochondria import MITOCHONDRIA_SCHEMA

BIG = 648518346349538426
VOXEL = (3.58, 3.58, 40.0)
CELL = Cell(BIG, "glia", "astrocyte", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), "soma_distance", False)


def mitochondria(count: int = 3) -> pa.Table:
    return pa.table(
        [
            [11, 12, 13][:count],
            [BIG] * count,
            [5] * count,
            [0.0, 10_000.0, 80_000.0][:count],
            [0.5] * count,
            [0.5] * count,
            [1, None, 5][:count],
            [100.5, None, 0.0][:count],
        ],
        schema=MITOCHONDRIA_SCHEMA,
    )


def test_cell_csv_reads_with_and_without_the_index(tmp_path: Path) -> None:
    values = {name: np.array([1.5, np.nan, 2.5]) for name in MORPHOMETRICS}
    bundle = bundle_meshes(np.array([11, 12, 13]), {12: MeshError("bad")})
    morphometrics = morphometrics_table(bundle, values, describe_surfaces(bundle))
    path = tmp_path / f"glia_{BIG}.csv"
    compartments = soma_compartments(CELL, mitochondria(), morphometrics, (7, 70), COMPARTMENTS)
    write_cell_csv(path, CELL, mitochondria(), compartments, morphometrics)
    table = pd.read_csv(path, index_col=0)
    assert table.columns.tolist() == columns_of(CELL_CSV)
    assert table.index.tolist() == [0, 1, 2]
    assert table["cellid"].tolist() == [BIG] * 3
    assert table["compartment"].tolist() == ["Somatic", "Branch", "Far"]
    assert table["length along skeleton"].fillna(-1).tolist() == [1.5, -1, 2.5]
    assert table["mito size"].isna().tolist() == [False, True, False]
    assert pd.read_csv(path).columns[0] == "Unnamed: 0"


def test_published_values_are_kept_where_there_are_any() -> None:
    labels = keep_published(np.array([0, 4, 3]), mitochondria()["published_compartment"])
    lengths = keep_published(np.array([1.0, 2, 3]), mitochondria()["published_length"])
    assert labels.tolist() == [1, 4, 5] and labels.dtype == np.int64
    assert lengths.tolist() == [100.5, 2.0, 0.0]
    # What has no published text is written as the others are, by the published names.
    names = names_by_label(PUBLISHED_LABELS)
    kept = compartment_table(np.array([11, 12, 13]), labels, lengths, names)
    assert kept["compartment"].to_pylist() == ["Axonal", "Unknown", "Unknown dendritic"]


def test_what_is_not_somatic_goes_by_number(tmp_path: Path) -> None:
    names = ["Basal", "Somatic", *COMPARTMENTS[2:]]
    compartments = compartment_table(np.array([7, 8]), np.array([0, 1]), np.zeros(2), names)
    write_associated_nodes(tmp_path / "n.json", compartments, NODES_SCHEMA.empty_table())
    assert (tmp_path / "n.json").read_text() == '{"8": []}\n'


def test_nodes_json_leaves_out_the_soma_and_keeps_the_order(tmp_path: Path) -> None:
    compartments = compartment_table(
        np.array([13, 11, 12]), np.array([2, 0, 5]), np.zeros(3), COMPARTMENTS
    )
    coverage = Coverage(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([4, 2, 9]))
    nodes = covered_nodes(1, np.array([13, 11, 12]), coverage, np.array([7, 3]))
    assert nodes.schema == NODES_SCHEMA
    path = tmp_path / f"{BIG}_associated_nodes.json"
    write_associated_nodes(path, compartments, nodes)
    assert path.read_text() == '{"13": [3, 7], "12": []}\n'
    series = pd.read_json(path, typ="series")
    assert series.index.tolist() == [13, 12]
    assert series.iloc[0] == [3, 7]


def test_a_cell_whose_mitochondria_are_all_somatic(tmp_path: Path) -> None:
    write_associated_nodes(
        tmp_path / "n.json",
        compartment_table(np.array([1]), np.array([0]), np.zeros(1), COMPARTMENTS),
        NODES_SCHEMA.empty_table(),
    )
    assert json.loads((tmp_path / "n.json").read_text()) == {}


def mitochondria_table(rows: list[tuple[int, int]], published: bool = False) -> pa.Table:
    columns = PUBLISHED_MITOCHONDRION_COLUMNS if published else MITOCHONDRION_COLUMNS
    defaults = {"mito_vx": 4, "compartment": "Basal"}
    return pa.Table.from_pylist(
        [
            {name: defaults.get(name, 1.0) for name in columns} | {"mito_id": m, "cellid": c}
            for m, c in rows
        ],
        schema=pa.schema(list(columns.items())),
    )


def partition(everything, neurons, pyramidal, texts=("Basal",)) -> pa.Table:
    cells = [
        Cell(1, "pyramidal", "", (0.0,) * 3, None, "published", True),
        Cell(2, "inhibitory", "", (0.0,) * 3, None, "skeleton", True),
        Cell(3, "glia", "astrocyte", (0.0,) * 3, (0.0,) * 3, "soma_distance", False),
    ]
    published = mitochondria_table(pyramidal, published=True)
    place = published.column_names.index("compartment")
    named = pa.array([text for text, _ in zip(itertools.cycle(texts), pyramidal)], pa.string())
    published = published.set_column(place, "compartment", named)
    return collect_mitochondria(
        [
            ("all.csv", mitochondria_table(everything)),
            ("neurons.csv", mitochondria_table(neurons)),
            ("pyramidal.csv", published),
        ],
        cells,
        VOXEL,
        PUBLISHED_LABELS,
    )


def test_mitochondria_are_sorted_by_cell_in_the_order_of_their_table() -> None:
    table = partition(
        everything=[(30, 3), (12, 1), (99, 9), (20, 2), (11, 1), (21, 2)],
        neurons=[(12, 1), (20, 2), (11, 1), (22, 2)],
        pyramidal=[(12, 1), (11, 1)],
    )
    assert table["mito_id"].to_pylist() == [12, 11, 20, 21, 22, 30]
    assert table["published_compartment"].to_pylist() == [2] * 2 + [None] * 4
    assert table["x"].to_pylist()[0] == 3.58


def test_published_compartments_are_numbered_as_described() -> None:
    rows = [(mito_id, 1) for mito_id in range(10, 17)]
    table = partition(rows, [], rows, [*PUBLISHED_LABELS, ""])
    assert table["published_compartment"].to_pylist() == [0, 1, 2, 3, 4, 5, None]


@pytest.mark.parametrize("text", ["basal", "Basal ", "Unknown_dendritic", "2"])
def test_a_published_compartment_of_no_known_name_is_refused(text: str) -> None:
    rows = [(10, 1), (11, 1), (12, 1), (13, 1)]
    with pytest.raises(
        InputError, match=r"pyramidal\.csv: mitochondrion 11 has the compa"
    ) as error:
        partition(rows, [], rows, ["Basal", text])
    assert repr(text) in str(error.value) and "2 rows in all" in str(error.value)
    assert "Somatic, Axonal, Basal, Apical, Unknown, Unknown dendritic" in str(error.value)
    # Those of other cells are not read.
    assert len(partition([(20, 2)], [], [(10, 4)], [text])) == 1


def test_a_mitochondrion_listed_twice_or_in_two_cells_is_refused() -> None:
    with pytest.raises(InputError, match=r"all\.csv: mitochondrion 30 has 2 rows"):
        partition([(30, 3), (30, 1)], [], [])
    with pytest.raises(InputError, match=r"pyramidal\.csv: mitochondrion 30 is in cell 1, but"):
        partition([(30, 3)], [], [(30, 1)])
    with pytest.raises(InputError, match=r"pyramidal\.csv: mitochondrion 30 is in cell 1, but neu"):
        partition([], [(30, 2)], [(30, 1)])
    with pytest.raises(InputError, match=r"all\.csv: mitochondrion 30 has 2 rows .cells .3, 99"):
        partition([(30, 3), (30, 99)], [], [])
    assert len(partition([(30, 3), (40, 98), (40, 99)], [], [])) == 1


def test_tables_of_other_cells_are_refused() -> None:
    with pytest.raises(InputError, match=r"all\.csv: 1 rows, none of a mitochondrion of the 3 ana"):
        partition([(30, 99)], [(31, 98)], [])


def test_a_cell_without_mitochondria_still_has_its_files(tmp_path: Path) -> None:
    nothing = np.empty(0, np.int64)
    bundle = bundle_meshes(nothing, {})
    write_bundle(tmp_path / "b.npz", bundle)
    bundle = read_bundle(tmp_path / "b.npz")
    skeleton = Skeleton(np.eye(3), np.array([[0, 1], [1, 2]]), np.zeros(3, np.int64), 0)
    coverage = associate(bundle, np.ones(3), skeleton)
    labels = majority_labels(coverage, skeleton, 0)
    lengths = covered_lengths(coverage, skeleton, 0)
    compartments = compartment_table(
        nothing,
        keep_published(labels, mitochondria(0)["published_compartment"]),
        keep_published(lengths, mitochondria(0)["published_length"]),
        COMPARTMENTS,
    )
    morphometrics = morphometrics_table(
        bundle, measure_bundle(bundle, np.ones(3)), describe_surfaces(bundle)
    )
    path = tmp_path / "pyramidal_1.csv"
    write_cell_csv(path, CELL, mitochondria(0), compartments, morphometrics)
    table = pd.read_csv(path, index_col=0)
    assert table.empty and table.columns.tolist() == columns_of(CELL_CSV)
    nodes = covered_nodes(1, nothing, coverage, np.arange(3))
    write_associated_nodes(tmp_path / "n.json", compartments, nodes)
    assert pd.read_json(tmp_path / "n.json", typ="series").empty
