"""The synapses of the analysed cells and their ends, in the published order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitosyn.sources.microns_l23 import stream_synapses
from mitosyn.support.errors import InputError
from mitosyn.tables.arrow import read_arrow, write_arrow, write_batches
from mitosyn.tables.synapses import (
    ENDS_SCHEMA,
    SYNAPSES_SCHEMA,
    postsynaptic_sites,
    synapse_ends,
    synapses_of,
)

BIG = 648518346349538426
VOXEL = (3.58, 3.58, 40.0)


def synapse_file(tmp_path: Path, rows: list[tuple[int, int, int]]) -> Path:
    path = tmp_path / "synapses.csv"
    header = ",id,pre_root_id,post_root_id,cleft_vx,ctr_pos_x_vx,ctr_pos_y_vx,ctr_pos_z_vx"
    lines = [f"{i},{s},{pre},{post},9,100,200,3" for i, (s, pre, post) in enumerate(rows)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def ends_of(folder: Path, synapses: list[tuple[int, int, int]], cells: set[int]) -> pa.Table:
    """Read a published table and write the ends on some cells, as the jobs do."""
    source = synapse_file(folder, synapses)
    found = synapses_of(source, stream_synapses(source, VOXEL), cells)
    write_batches(folder / "synapses.arrow", SYNAPSES_SCHEMA, found)
    parts = synapse_ends(read_arrow(folder / "synapses.arrow"), cells)
    return pa.concat_tables([ENDS_SCHEMA.empty_table(), *parts])


def test_synapse_rows_one_for_each_neuron_end(tmp_path: Path) -> None:
    a, b, out = BIG, BIG + 1, 7
    table = ends_of(
        tmp_path,
        [(1, a, b), (2, out, a), (3, b, out), (4, a, a), (5, out, 8), (6, 9, 9), (7, b, a)],
        {a, b},
    ).to_pandas()
    # As published: a row for each synapse, then the pre ends of those between two neurons.
    assert list(zip(table["id"], table["cell_id"], table["synapse_type"], strict=True)) == [
        (1, b, "post"),
        (2, a, "post"),
        (3, b, "pre"),
        (4, a, "autapse"),
        (7, a, "post"),
        (1, a, "pre"),
        (7, b, "pre"),
    ]
    assert table["pre_root_id"].tolist() == [a, out, b, a, b, a, b]
    assert table["post_root_id"].tolist() == [b, a, out, a, a, b, a]
    assert table[["x", "y", "z"]].to_numpy()[0].tolist() == [358.0, 716.0, 120.0]


def published_rows(synapses: list[tuple[int, int, int]], neurons: set[int]) -> list[tuple]:
    """List the neuron ends as design.md has them, by loops."""
    first, second = [], []
    for number, pre, post in synapses:
        if pre == post and pre in neurons:
            first.append((number, pre, "autapse"))
        elif post in neurons:
            first.append((number, post, "post"))
            if pre in neurons:
                second.append((number, pre, "pre"))
        elif pre in neurons:
            first.append((number, pre, "pre"))
    return first + second


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=60),
    st.sets(st.integers(1, 6)),
    st.integers(1, 7),
)
def test_synapse_rows_are_in_the_published_order(ends, neurons, size) -> None:
    synapses = [(number + 1, *pair) for number, pair in enumerate(ends)]
    columns = [np.array(column) for column in zip(*synapses, strict=True)] or [[]] * 3
    unknown = [pa.nulls(len(ends), pa.float64())] * 7
    places = [np.zeros(len(ends))] * 3
    table = pa.table([*columns, *places, *unknown], schema=SYNAPSES_SCHEMA)
    found = synapses_of("t.csv", table.to_batches(max_chunksize=size), neurons)
    of_neurons = pa.Table.from_batches(found, SYNAPSES_SCHEMA)
    rows = pa.concat_tables([ENDS_SCHEMA.empty_table(), *synapse_ends(of_neurons, neurons)])
    names = ["id", "cell_id", "synapse_type"]
    assert [tuple(row.values()) for row in rows.select(names).to_pylist()] == published_rows(
        synapses, neurons
    )


def test_there_may_be_no_synapse_on_a_neuron(tmp_path: Path) -> None:
    for synapses in ([(1, 2, 3)], []):
        assert ends_of(tmp_path, synapses, {9}).equals(ENDS_SCHEMA.empty_table())


def test_a_synapse_that_is_there_twice_is_refused_whosever_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="synapse 5 stands in 2 rows, 1 and 3"):
        ends_of(tmp_path, [(5, 2, 3), (6, 2, 3), (5, 2, 3)], {9})


def test_sites_of_a_cell_are_its_postsynaptic_ends_and_its_autapses(tmp_path: Path) -> None:
    ends = ends_of(tmp_path, [(1, 9, 5), (2, 5, 9), (3, 5, 5), (4, 7, 9), (5, 9, 7)], {5, 9})
    ends = ends.set_column(3, "x", pa.array(ends["id"].to_pylist(), pa.float64()))
    write_arrow(tmp_path / "ends.arrow", ends)
    assert postsynaptic_sites(tmp_path / "ends.arrow", 5)[:, 0].tolist() == [1, 3]
    assert postsynaptic_sites(tmp_path / "ends.arrow", 9)[:, 0].tolist() == [2, 4]
    assert postsynaptic_sites(tmp_path / "ends.arrow", 7).shape == (0, 3)
