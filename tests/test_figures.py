"""Figures: what they measure, and that they show what is there, whatever is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.figure import Figure
from mitosyn.catalogue.colours import COMPARTMENT_COLOURS, SYNAPSE_STYLES, TYPE_COLOURS
from mitosyn.catalogue.columns import (
    ASTROCYTE_COMPARTMENTS,
    CELL_TYPES,
    COMPARTMENTS,
    GLIA,
    INHIBITORY,
    NEURON_TYPES,
    PYRAMIDAL,
    SYNAPSE_TYPES,
)
from mitosyn.report.figures.cells import draw_mitochondria_per_cell, draw_positions, draw_types
from mitosyn.report.figures.coverage import draw_covered_shares, draw_numbers_per_length
from mitosyn.report.figures.mitochondria import (
    draw_complexities,
    draw_incomplete,
    draw_sphericities,
    draw_volumes,
)
from mitosyn.report.figures.style import save_figures
from mitosyn.report.figures.synapses import (
    draw_densities,
    draw_numbers_by_kind,
    draw_soma_distances,
)
from mitosyn.report.neurites import (
    Neurites,
    add_cell_types,
    add_mitochondria,
    covered_edges,
    locate_synapses,
    neurite_lengths,
    synapse_densities,
)
from mitosyn.tables.compartments import OWN_LABELS

ONE, OTHER = 648518346349491311, 648518346349491312  # as floats they are the same


def two_neurons() -> Neurites:
    """A T of 4 µm edges with a piece apart, and a neuron of two nodes.

    ::

        0 (soma) - 1 (axon) - 2 (axon)        0 (basal) - 1 (basal)
                       \\ 3 (basal)
        4 (basal) - 5 (basal), apart
    """
    rows = [
        (ONE, 0, None, 0, 0),
        (ONE, 1, 0, 1, 4000),
        (ONE, 2, 1, 1, 8000),
        (ONE, 3, 1, 2, 4000),
        (ONE, 4, None, 2, 50_000),
        (ONE, 5, 4, 2, 54_000),
        (OTHER, 0, None, 2, 0),
        (OTHER, 1, 0, 2, 4000),
    ]
    names = ["cell_id", "node_id", "parent_id", "label", "x"]
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return Neurites.from_table(
        pa.table({**columns, "y": [0, 0, 0, 4000, 0, 0, 0, 0], "z": [0] * 8}).cast(
            pa.schema([(n, pa.int64()) for n in names] + [("y", pa.int64()), ("z", pa.int64())])
        )
    )


def coverage_table(rows: list[tuple[int, int, int]]) -> pa.Table:
    names = ["cell_id", "mito_id", "node_id"]
    return pa.table({n: pa.array([r[i] for r in rows], pa.int64()) for i, n in enumerate(names)})


def test_soma_distance_follows_the_skeleton_and_is_infinite_apart_from_it() -> None:
    distances = two_neurons().soma_distances_um()
    assert distances.tolist() == [0, 4, 8, 8, np.inf, np.inf, np.inf, np.inf]


def test_an_edge_is_covered_if_one_mitochondrion_covers_both_of_its_nodes() -> None:
    coverage = coverage_table(
        [
            (ONE, 7, 1),
            (ONE, 7, 2),
            # Neither of these two covers an edge alone.
            (ONE, 8, 0),
            (ONE, 9, 3),
            # The same mitochondrion's number of a node in another cell.
            (OTHER, 10, 1),
        ]
    )
    neurites = two_neurons()
    covered = covered_edges(neurites, coverage)
    assert np.flatnonzero(covered).tolist() == [2]
    assert not covered_edges(neurites, coverage_table([])).any()
    lengths = neurite_lengths(neurites, covered).set_index(["cell_id", "compartment"])
    assert lengths.loc[(ONE, "Axonal")].tolist() == [8, 4]
    assert lengths.loc[(ONE, "Basal")].tolist() == [8, 0]
    assert lengths.loc[(OTHER, "Basal")].tolist() == [4, 0]


def test_covered_edges_agree_with_looking_at_each_mitochondrion() -> None:
    rng = np.random.default_rng(3)
    count = 300
    parents = np.array([-1, *(rng.integers(0, i) for i in range(1, count))])
    neurites = Neurites(
        np.full(count, ONE), parents, np.ones(count, np.int64), rng.normal(size=(count, 3))
    )
    pairs = sorted({(int(m), int(n)) for m, n in rng.integers(0, [40, count], (900, 2))})
    nodes = {m: {n for k, n in pairs if k == m} for m, _ in pairs}
    expected = [any(n in own and parents[n] in own for own in nodes.values()) for n in range(count)]
    assert 0 < sum(expected) < count
    covered = covered_edges(neurites, coverage_table([(ONE, m, n) for m, n in pairs]))
    assert covered.tolist() == expected


def test_synapses_go_to_the_nearest_node_of_their_own_cell() -> None:
    synapses = pa.table(
        {
            "cell_id": [OTHER, ONE, ONE, ONE + 5],
            "synapse_type": ["post", "post", "pre", "post"],
            "x": [3500.0, 4000.0, 7000.0, 0.0],
            "y": [0.0, 3900.0, 0.0, 0.0],
            "z": [0.0, 0.0, 0.0, 0.0],
        }
    )
    neurites = two_neurons()
    located = locate_synapses(neurites, synapses)
    assert located["row"].tolist() == [7, 3, 2]
    densities = synapse_densities(neurites, located).set_index(["cell_id", "compartment"])
    assert densities.loc[(ONE, "Basal")].tolist() == [8, 1]
    assert densities.loc[(ONE, "Axonal")].tolist() == [8, 0]
    assert densities.loc[(OTHER, "Basal")].tolist() == [4, 1]


def test_mitochondria_are_counted_by_cell_and_compartment() -> None:
    lengths = neurite_lengths(two_neurons(), np.zeros(8, bool))
    mitochondria = pd.DataFrame(
        {"cell_id": [ONE, ONE, OTHER], "compartment": ["Basal", "Basal", "Axonal"]}
    )
    counted = add_mitochondria(lengths, mitochondria).set_index(["cell_id", "compartment"])
    assert counted["mitochondria"].to_dict() == {
        (ONE, "Somatic"): 0,
        (ONE, "Axonal"): 0,
        (ONE, "Basal"): 2,
        (OTHER, "Basal"): 0,
    }
    cells = pa.table({"cell_id": [ONE, OTHER], "cell_type": [PYRAMIDAL, INHIBITORY]})
    typed = add_cell_types(lengths, cells)
    assert typed["cell_type"].tolist() == [PYRAMIDAL] * 3 + [INHIBITORY]


def made_up_cells(types: tuple[str, ...]) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    cells = pd.DataFrame({"cell_type": np.repeat(np.array(types, dtype=object), 4)})
    cells["cell_subtype"] = cells["cell_type"] + "_cell"
    for column in ("centroid_x", "centroid_y", "centroid_z", "soma_x", "soma_y", "soma_z"):
        cells[column] = rng.uniform(1e5, 3e5, len(cells))
    cells["mitochondria"] = rng.integers(10, 500, len(cells))
    neurons = cells["cell_type"].isin(NEURON_TYPES)
    for kind in SYNAPSE_TYPES:
        cells[f"synapses_{kind}"] = np.where(neurons, rng.integers(0, 99, len(cells)), np.nan)
    return cells


def made_up_values(types: tuple[str, ...]) -> pd.DataFrame:
    """A hundred, three or one value in every compartment of some cell types."""
    rng = np.random.default_rng(2)
    parts = []
    for cell_type in types:
        names = ASTROCYTE_COMPARTMENTS if cell_type == GLIA else COMPARTMENTS
        for name, count in zip(names, (100, 3, 1, 70, 8, 2), strict=False):
            values = {"cell_type": cell_type, "compartment": name, "label": OWN_LABELS.get(name)}
            values |= {"mito_size": rng.lognormal(18, 1, count)}
            values |= {"sphericity": rng.uniform(0.3, 0.9, count)}
            values |= {"complexity_index": rng.lognormal(1, 1, count)}
            values |= {"length_um": rng.uniform(30, 900, count)}
            values |= {"covered_um": rng.uniform(0, 30, count)}
            values |= {"mitochondria": rng.integers(0, 90, count)}
            values |= {"sites": rng.integers(0, 900, count)}
            parts.append(pd.DataFrame(values))
    return pd.concat(parts) if parts else made_up_values((PYRAMIDAL,)).iloc[:0]


def made_up_ends(types: tuple[str, ...]) -> pd.DataFrame:
    neurons = [t for t in types if t in NEURON_TYPES]
    rows = [
        (t, kind, distance)
        for t in neurons
        for kind in SYNAPSE_TYPES
        for distance in (0.0, 12.0, 55.0, np.inf)
    ]
    table = pd.DataFrame(rows, columns=["cell_type", "synapse_type", "distance_um"])
    return table.astype({"distance_um": float})


def all_figures(types: tuple[str, ...]) -> dict[str, Figure]:
    cells, values = made_up_cells(types), made_up_values(types)
    neurites = values[values["cell_type"] != GLIA]
    incomplete = pd.DataFrame(
        {"cell_type": list(types), "kind": ["no mesh", "partly measured", "bad mesh"][: len(types)]}
    )
    return {
        "types": draw_types(cells),
        "positions": draw_positions(cells),
        "per_cell": draw_mitochondria_per_cell(cells),
        "volume": draw_volumes(values),
        "sphericity": draw_sphericities(values),
        "complexity": draw_complexities(values),
        "share": draw_covered_shares(neurites),
        "per_length": draw_numbers_per_length(neurites),
        "kinds": draw_numbers_by_kind(cells),
        "density": draw_densities(neurites),
        "distance": draw_soma_distances(made_up_ends(types)),
        "incomplete": draw_incomplete(incomplete, dict.fromkeys(types, 500)),
    }


@pytest.mark.parametrize("types", [CELL_TYPES, (PYRAMIDAL,), (GLIA,), (PYRAMIDAL, GLIA), ()])
def test_no_panel_is_empty_whatever_cell_types_are_missing(types: tuple[str, ...]) -> None:
    figures = all_figures(types)
    for name, figure in figures.items():
        assert all(axes.has_data() for axes in figure.axes), name
        # Without data there is a sentence in place of the axes.
        assert figure.axes or figure.texts[0].get_text(), name
        assert {axes.get_title() for axes in figure.axes} <= {"", *types}, name
    assert [axes.get_title() for axes in figures["volume"].axes] == list(types)
    neurons = [cell_type for cell_type in types if cell_type in NEURON_TYPES]
    assert [axes.get_title() for axes in figures["density"].axes] == neurons


def test_a_figure_tells_the_median_and_the_number_of_each_group() -> None:
    figure = draw_sphericities(made_up_values((PYRAMIDAL, GLIA)))
    values = made_up_values((PYRAMIDAL, GLIA)).groupby(["cell_type", "compartment"])["sphericity"]
    for axes in figure.axes:
        labels = [t.get_text().replace("\n", " ") for t in axes.get_xticklabels()]
        for label, text in zip(labels, axes.texts, strict=True):
            group = values.get_group((axes.get_title(), label))
            assert text.get_text() == f"{group.median():.2g}\nn = {len(group)}"
    assert len(figure.axes) == 2


def test_figures_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    names = [f"{name}.{ending}" for name in ("volume", "distance") for ending in ("png", "svg")]
    for folder in ("first", "again"):
        save_figures(all_figures(CELL_TYPES), [tmp_path / folder / name for name in names])
    for name in names:
        first, again = ((tmp_path / folder / name).read_bytes() for folder in ("first", "again"))
        assert first == again
        assert b"Matplotlib v" not in first  # which would change with every update


def test_every_compartment_and_type_has_its_colour() -> None:
    assert {*COMPARTMENTS, *ASTROCYTE_COMPARTMENTS} == set(COMPARTMENT_COLOURS)
    assert set(TYPE_COLOURS) == set(CELL_TYPES)
    assert set(SYNAPSE_STYLES) == set(SYNAPSE_TYPES)
    assert len(set(COMPARTMENT_COLOURS.values())) == len(COMPARTMENT_COLOURS)
