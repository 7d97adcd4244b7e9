"""Figures: what they measure, and that they show what is there, whatever is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.figure import Figure
from mitosyn.catalogue.colours import (
    COMPARTMENT_COLOURS,
    SYNAPSE_STYLES,
    TYPE_COLOURS,
    compartment_colours,
    type_colours,
)
from mitosyn.catalogue.figures import QUESTIONS, questions
from mitosyn.catalogue.names import ASTROCYTE_COMPARTMENTS, COMPARTMENTS, SYNAPSE_TYPES
from mitosyn.catalogue.position_tables import REACH_NM
from mitosyn.report.figures.collected import Collected, draw_question
from mitosyn.report.figures.style import save_figures
from mitosyn.report.neurites import (
    add_cell_types,
    add_counts,
    locate_synapses,
    read_neurons,
    sum_lengths,
)
from mitosyn.skeletons.skeleton import Skeleton
from mitosyn.support.code import CodeBase
from mitosyn.tables.compartments import OWN_LABELS
from workflow import ROOT

PYRAMIDAL, INHIBITORY, GLIA = "pyramidal", "inhibitory", "glia"
ONE, OTHER = 648518346349491311, 648518346349491312  # as floats they are the same


def two_neurons() -> dict[int, Skeleton]:
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
    return read_neurons(
        pa.table({**columns, "y": [0, 0, 0, 4000, 0, 0, 0, 0], "z": [0] * 8}).cast(
            pa.schema([(n, pa.int64()) for n in names] + [("y", pa.int64()), ("z", pa.int64())])
        )
    )


def coverage_table(rows: list[tuple[int, int, int]]) -> pa.Table:
    names = ["cell_id", "mito_id", "node_id"]
    return pa.table({n: pa.array([r[i] for r in rows], pa.int64()) for i, n in enumerate(names)})


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
    lengths = sum_lengths(two_neurons(), coverage).set_index(["cell_id", "compartment"])
    assert lengths.loc[(ONE, "Axonal")].tolist() == [8, 4]
    assert lengths.loc[(ONE, "Basal")].tolist() == [8, 0]
    assert lengths.loc[(OTHER, "Basal")].tolist() == [4, 0]
    for nothing in (coverage_table([]), None):
        assert sum_lengths(two_neurons(), nothing)["covered_um"].sum() == 0


def test_covered_lengths_agree_with_looking_at_each_mitochondrion() -> None:
    rng = np.random.default_rng(3)
    count = 300
    parents = np.array([-1, *(rng.integers(0, i) for i in range(1, count))])
    edges = np.column_stack([np.arange(1, count), parents[1:]])
    labels = np.ones(count, np.int64)
    skeleton = Skeleton(rng.normal(size=(count, 3)), edges, labels, 0)
    pairs = sorted({(int(m), int(n)) for m, n in rng.integers(0, [40, count], (900, 2))})
    nodes = {m: {n for k, n in pairs if k == m} for m, _ in pairs}
    covered = [any({n, p} <= own for own in nodes.values()) for n, p in edges.tolist()]
    assert 0 < sum(covered) < len(edges)
    table = coverage_table([(ONE, m, n) for m, n in pairs])
    (found,) = sum_lengths({ONE: skeleton}, table)["covered_um"]
    assert found == pytest.approx(skeleton.edge_lengths()[covered].sum() / 1000)


def test_synapses_go_to_the_nearest_node_of_their_own_cell() -> None:
    synapses = pa.table(
        {
            "cell_id": [OTHER, ONE, ONE, ONE + 5, ONE],
            "synapse_type": ["post", "post", "pre", "post", "post"],
            "x": [3500.0, 4000.0, 7000.0, 0.0, 54_000.0],
            "y": [0.0, 3900.0, 0.0, 0.0, 0.0],
            "z": [0.0, 0.0, 0.0, 0.0, 0.0],
        }
    )
    located = locate_synapses(two_neurons(), synapses)
    # The distance follows the skeleton, and is infinite apart from it and without a soma.
    columns = ["cell_id", "synapse_type", "compartment", "distance_um"]
    assert located[columns].to_numpy().tolist() == [
        [ONE, "post", "Basal", 8],
        [ONE, "pre", "Axonal", 8],
        [ONE, "post", "Basal", np.inf],
        [OTHER, "post", "Basal", np.inf],
    ]
    assert located["cell_id"].dtype == np.int64
    assert locate_synapses(two_neurons(), synapses.slice(0, 0)).empty


def test_things_are_counted_by_cell_and_compartment() -> None:
    lengths = sum_lengths(two_neurons())
    mitochondria = pd.DataFrame(
        {"cell_id": [ONE, ONE, OTHER], "compartment": ["Basal", "Basal", "Axonal"]}
    )
    counted = add_counts(lengths, mitochondria, "n").set_index(["cell_id", "compartment"])
    assert counted["n"].to_dict() == {
        (ONE, "Somatic"): 0,
        (ONE, "Axonal"): 0,
        (ONE, "Basal"): 2,
        (OTHER, "Basal"): 0,
    }
    cells = pa.table({"cell_id": [ONE, OTHER], "cell_type": [PYRAMIDAL, INHIBITORY]})
    typed = add_cell_types(lengths, cells)
    assert typed["cell_type"].tolist() == [PYRAMIDAL] * 3 + [INHIBITORY]


CELLS_OF_A_TYPE = 4
EVERYTHING = dict.fromkeys(("skeletons", "synapses", "meshes"), True)


def made_up(types: tuple[str, ...]) -> Collected:
    """Some cells of each type; neurons are chains with each compartment, glia have no skeleton."""
    rng = np.random.default_rng(1)
    tables: dict[str, list[dict]] = {
        name: [] for question in questions(EVERYTHING).values() for name in question.tables
    }
    for number, cell_type in enumerate(np.repeat(types, CELLS_OF_A_TYPE).tolist()):
        cell_id, neuron = ONE + number, cell_type != GLIA
        names = COMPARTMENTS if neuron else ASTROCYTE_COMPARTMENTS
        cell = {"cell_id": cell_id, "cell_type": cell_type, "cell_subtype": f"{cell_type}_cell"}
        cell |= {f"{p}_{a}": rng.uniform(1e5, 3e5) for p in ("centroid", "soma") for a in "xyz"}
        cell |= {
            f"synapses_{kind}": int(rng.integers(99)) if neuron else None for kind in SYNAPSE_TYPES
        }
        # A hundred, three or one value in every compartment.
        counts = (25, 3, 1, 18, 2, 2) if number % CELLS_OF_A_TYPE else (25, 0, 0, 16, 2, 0)
        found = [name for name, count in zip(names, counts, strict=False) for _ in range(count)]
        tables["cells"].append(cell | {"mitochondria": len(found)})
        for place, name in enumerate(found):
            row = {"cell_id": cell_id, "mito_id": place, "cell_type": cell_type}
            row |= {"compartment": name, "label": OWN_LABELS[name] if neuron else None}
            row |= {"mito_size": rng.lognormal(18, 1), "sphericity": rng.uniform(0.3, 0.9)}
            row |= {"complexity_index": rng.lognormal(1, 1), "mesh_pieces": 1, "problem": None}
            if place < 3:
                row |= [
                    {"mesh_pieces": None, "problem": "no mesh", "mito_size": None},
                    {"mesh_pieces": None, "problem": "the mesh is cut off", "mito_size": None},
                    {"problem": "no section across PC1: pc1_ca"},
                ][place]
            tables["mitochondria"].append(row)
        for node in range(60 if neuron else 0):
            row = {"cell_id": cell_id, "node_id": node, "parent_id": node - 1 if node else None}
            row |= {"label": node // 10, "x": 4e3 * node, "y": 0.0, "z": 0.0}
            tables["skeleton_nodes"].append(row)
            tables["mitochondrion_nodes"].append(
                {"cell_id": cell_id, "mito_id": node // 3, "node_id": node}
            )
            placed = {"cell_id": cell_id, "mito_id": node, "label": node // 10, "nodes": 1}
            for shuffle in (None, 1, 2):
                kind = "shuffled" if shuffle else "measured"
                gap = rng.choice([*rng.uniform(0, 2e4, 3), None])
                row = placed | {"kind": kind, "shuffle": shuffle, "nearest_mito_path": gap}
                tables["mitochondrion_positions"].append(row)
                for end in ("pre", "post"):
                    row = {"cell_id": cell_id, "kind": kind, "shuffle": shuffle, "sites": 20}
                    row |= {"label": node // 10, "synapse_type": end}
                    near = np.sort(rng.integers(0, 20, len(REACH_NM))).tolist()
                    names = [f"sites_within_{reach}_nm" for reach in REACH_NM]
                    tables["site_distances"].append(row | dict(zip(names, near, strict=True)))
            for kind in SYNAPSE_TYPES:
                end = {"cell_id": cell_id, "synapse_type": kind}
                tables["synapses"].append(end | {"x": 4e3 * node, "y": 300.0, "z": 0.0})
    texts = {"cell_type", "cell_subtype", "compartment", "problem", "synapse_type", "kind"}
    integers = {
        "cell_id",
        "mito_id",
        "node_id",
        "parent_id",
        "label",
        "mitochondria",
        "mesh_pieces",
    }
    columns: dict[str, dict[str, None]] = {}
    for question in questions(EVERYTHING).values():
        for name, read in question.tables.items():
            columns.setdefault(name, {}).update(dict.fromkeys(read))
    return Collected(
        {
            name: pa.Table.from_pylist(
                rows,
                pa.schema(
                    [
                        (
                            c,
                            pa.string()
                            if c in texts
                            else pa.int64()
                            if c in integers
                            else pa.float64(),
                        )
                        for c in columns[name]
                    ]
                ),
            )
            for name, rows in tables.items()
        },
        (4.0, 4.0, 40.0),
    )


def all_figures(types: tuple[str, ...]) -> dict[str, Figure]:
    collected, asked = made_up(types), questions(EVERYTHING)
    return {name: each for q in asked for name, each in draw_question(q, collected).items()}


@pytest.mark.parametrize(
    "types",
    [
        (PYRAMIDAL, INHIBITORY, GLIA),
        (PYRAMIDAL,),
        (GLIA,),
        (PYRAMIDAL, GLIA),
        ("basket", "chandelier"),
        (),
    ],
)
def test_no_panel_is_empty_whatever_cell_types_there_are(types: tuple[str, ...]) -> None:
    figures = all_figures(types)
    asked = questions(EVERYTHING).values()
    assert set(figures) == {name for each in asked for name in each.figures}
    for name, figure in figures.items():
        assert all(axes.has_data() for axes in figure.axes), name
        # Without data there is a sentence in place of the axes.
        assert figure.axes or figure.texts[0].get_text(), name
        assert {axes.get_title() for axes in figure.axes} <= {"", *types}, name
    assert [axes.get_title() for axes in figures["mitochondrion_volume"].axes] == list(types)
    neurons = [cell_type for cell_type in types if cell_type != GLIA]
    for name in ("synapse_density", "synapse_soma_distance", "covered_share"):
        assert [axes.get_title() for axes in figures[name].axes] == neurons
    if neurons:
        texts = [text.get_text() for text in figures["incomplete_mitochondria"].axes[0].texts]
        assert all(text.startswith(f"{3 * CELLS_OF_A_TYPE} of ") for text in texts)


def test_a_figure_says_the_median_and_the_number_of_each_group() -> None:
    collected = made_up((PYRAMIDAL, GLIA))
    figure = draw_question("mitochondria", collected)["mitochondrion_sphericity"]
    values = collected.mitochondria.groupby(["cell_type", "compartment"])["sphericity"]
    for axes in figure.axes:
        labels = [t.get_text().replace("\n", " ") for t in axes.get_xticklabels()]
        for label, text in zip(labels, axes.texts, strict=True):
            group = values.get_group((axes.get_title(), label))
            assert text.get_text() == f"{group.median():.2g}\nn = {len(group)}"
    assert len(figure.axes) == 2


def test_figures_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    drawn = ("mitochondrion_volume", "synapse_soma_distance")
    names = [f"{name}.{ending}" for name in drawn for ending in ("png", "svg")]
    for folder in ("first", "again"):
        save_figures(all_figures((PYRAMIDAL, GLIA)), [tmp_path / folder / name for name in names])
    for name in names:
        first, again = ((tmp_path / folder / name).read_bytes() for folder in ("first", "again"))
        assert first == again
        assert b"Matplotlib v" not in first  # which would change with every update


def test_every_question_has_its_module_and_each_figure_one_question() -> None:
    folder = ROOT / "workflow_scripts/mitosyn/report/figures"
    assert {name for name in QUESTIONS if (folder / f"{name}.py").is_file()} == set(QUESTIONS)
    names = [name for question in QUESTIONS.values() for name in question.figures]
    assert len(names) == len(set(names))
    # What draws a figure is in the digest that its rule takes.
    code = CodeBase(ROOT / "workflow_scripts")
    for name in QUESTIONS:
        files = {file.name for file, _ in code.reach(folder / f"{name}.py")}
        assert {f"{name}.py", "style.py", "colours.py"} <= files, name


def test_every_compartment_and_type_has_its_colour() -> None:
    assert {*COMPARTMENTS, *ASTROCYTE_COMPARTMENTS} == set(COMPARTMENT_COLOURS)
    assert set(SYNAPSE_STYLES) == set(SYNAPSE_TYPES)
    assert len(set(COMPARTMENT_COLOURS.values())) == len(COMPARTMENT_COLOURS)
    # Types of other datasets have one of their own as long as there are enough.
    others = [f"type {letter}" for letter in "ponmlkjihgfedcba"]
    colours = type_colours([GLIA, *others, PYRAMIDAL])
    assert list(colours) == [GLIA, *others, PYRAMIDAL]
    assert (colours[GLIA], colours[PYRAMIDAL]) == (TYPE_COLOURS[GLIA], TYPE_COLOURS[PYRAMIDAL])
    assert len(set(colours.values())) == len(colours) == 18
    assert len(set(type_colours([*others, "one", "two", "three"]).values())) == 18


def test_own_compartments_have_colours_of_their_own() -> None:
    own = ["Spine", "AIS", "Soma 2"]
    colours = compartment_colours([*COMPARTMENTS, *own])
    assert list(colours) == [*COMPARTMENT_COLOURS, *own]
    assert len(set(colours.values())) == len(colours)
    assert compartment_colours(["Branch", *own]) == colours
