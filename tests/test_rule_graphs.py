"""The pictures of the rules in docs/."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_graphs import (
    COLOURS,
    OTHER_COLOUR,
    Graph,
    draw,
    drawn_nodes,
    read_graph,
    stages,
    without_shortcuts,
)
from workflow import ROOT, Run, run_snakemake

RENEW = "renew docs/rulegraph.svg and docs/dag.svg: python docs/make rules"

# What adds rules when it is on.
OPTIONS = """\
standard_swc: true
recompute_pyramidal: true
branches: [full, distancebins, distalbranches, branchpointsegments, coveredornot]
datasets: {sample: {precomputed_views: true}}
"""


@pytest.mark.workflow
def test_the_picture_of_the_rules_is_that_of_the_workflow(small_run: Run, tmp_path: Path) -> None:
    options = tmp_path / "options.yaml"
    options.write_text(OPTIONS)
    asked = ("--configfile", "config.yaml", str(options), "--rulegraph", "dot")
    text = run_snakemake(small_run.folder, *asked).text
    now = read_graph(text[text.index("digraph") : text.rindex("}") + 1])
    assert drawn_nodes((ROOT / "docs" / "rulegraph.svg").read_text()) == set(now.nodes), RENEW
    jobs = drawn_nodes((ROOT / "docs" / "dag.svg").read_text())
    assert {"make_sample", "fetch_meshes", "write_cell_csv"} <= jobs <= set(now.nodes), RENEW


def test_every_rule_has_the_colour_of_its_stage() -> None:
    stage_of = stages(sorted((ROOT / "rules").glob("*.smk")))
    assert stage_of["select_cells"] == "tables"
    assert stage_of["make_sample"] == "sources"
    svg = draw(Graph(("all", "select_cells"), (("select_cells", "all"),)), stage_of)
    assert svg.count(COLOURS["tables"]) == 2  # the node, and in the legend
    assert svg.count(OTHER_COLOUR) == 1
    assert COLOURS["report"] not in svg


def test_graphs_are_read_by_label_and_drawn_the_same_whatever_their_numbers() -> None:
    one = (
        'digraph x {0[label = "a\\nid: 1"]; 1[label = "b"]; 2[label = "c"]; 0 -> 1; 1 -> 2; 0 -> 2}'
    )
    other = (
        'digraph x {7[label = "c"]; 3[label = "b"]; 5[label = "a\\nid: 1"]; 3 -> 7; 5 -> 7; 5 -> 3}'
    )
    graph = read_graph(one)
    assert graph == read_graph(other)
    assert graph.nodes == ("a\nid: 1", "b", "c") and len(graph.edges) == 3
    plain = without_shortcuts(graph)
    assert plain.edges == (("a\nid: 1", "b"), ("b", "c"))
    svg = draw(plain, {"a": "tables"})
    assert svg == draw(without_shortcuts(read_graph(other)), {"a": "tables"})
    assert drawn_nodes(svg) == {"a", "b", "c"}
    assert "<!--" not in svg
