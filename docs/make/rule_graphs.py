"""Pictures of the rules and of one cell's jobs, from the graphs that Snakemake prints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pygraphviz
from mitosyn.catalogue.figures import QUESTIONS

# By file of rules, in the order of the data flow; of other files, and of rules without one.
COLOURS = {
    "preflight": "#f5e6ee",
    "sources": "#dbe7f3",
    "tables": "#d8eee2",
    "per_cell": "#fdebc8",
    "branches": "#e9ecc9",
    "dataset": "#e8dff3",
    "views": "#d6eef0",
    "figures": "#f3e3d6",
    "report": "#f7dcdc",
}
OTHER_COLOUR = "#eeeeee"
FONT = "Helvetica"
INCHES_PER_CHARACTER = 0.088
INCHES_PER_LINE = 0.2
RULE = re.compile(r"^ *(?:rule|checkpoint) (\w+):", re.MULTILINE)
COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)


@dataclass(frozen=True)
class Graph:
    """What comes before what.

    Attributes
    ----------
    nodes : tuple of str
        Rules, or jobs: a rule and its wildcards, in lines; sorted.
    edges : tuple of (str, str)
        Pairs of nodes, the first one makes what the second one takes; sorted.
    """

    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]


def read_graph(dot: str) -> Graph:
    """Read a graph in the DOT language by its labels; its numbers differ between calls."""
    parsed = pygraphviz.AGraph(string=dot)
    labels = {node: node.attr["label"].replace("\\n", "\n") for node in parsed.nodes()}
    edges = {(labels[a], labels[b]) for a, b in parsed.edges()}
    return Graph(tuple(sorted(labels.values())), tuple(sorted(edges)))


def without_shortcuts(graph: Graph) -> Graph:
    """Leave out the edges that a longer way between their ends implies."""
    after: dict[str, set[str]] = {node: set() for node in graph.nodes}
    for a, b in graph.edges:
        after[a].add(b)

    @cache
    def reached(node: str) -> set[str]:
        return after[node].union(*map(reached, after[node]))

    edges = [(a, b) for a, b in graph.edges if not any(b in reached(n) for n in after[a] if n != b)]
    return Graph(graph.nodes, tuple(edges))


def stages(files: list[Path]) -> dict[str, str]:
    """Return the stage of each rule: the name of the file that it stands in."""
    named = {rule: file.stem for file in files for rule in RULE.findall(file.read_text())}
    return named | {f"draw_{question}": "figures" for question in QUESTIONS}


def draw(graph: Graph, stage_of: Mapping[str, str]) -> str:
    """Draw a graph as SVG, coloured by stage, the same text every time.

    Parameters
    ----------
    graph : Graph
    stage_of : mapping from rule to stage
        See :func:`stages`.
    """
    picture = pygraphviz.AGraph(directed=True, strict=True)
    picture.graph_attr.update(
        bgcolor="white",
        nodesep="0.2",
        ranksep="0.35",
        pad="0.15",
        fontname=FONT,
        fontsize="11",
        rankdir="LR",
        label=_legend({stage_of.get(_rule(node), "") for node in graph.nodes}),
        labelloc="b",
    )
    # Sizes of our own: those of the fonts differ between machines.
    picture.node_attr.update(
        shape="box", style="rounded,filled", fixedsize="true", fontname=FONT, fontsize="11"
    )
    picture.node_attr.update(color="#666666", penwidth="0.8")
    picture.edge_attr.update(color="#888888", arrowsize="0.6", penwidth="0.9")
    for node in graph.nodes:
        lines = node.split("\n")
        picture.add_node(
            node,
            fillcolor=COLOURS.get(stage_of.get(lines[0], ""), OTHER_COLOUR),
            width=f"{0.3 + INCHES_PER_CHARACTER * max(map(len, lines)):.2f}",
            height=f"{0.15 + INCHES_PER_LINE * len(lines):.2f}",
        )
    picture.add_edges_from(graph.edges)
    svg = picture.draw(format="svg", prog="dot").decode()
    return COMMENT.sub("", svg)


def _rule(node: str) -> str:
    return node.split("\n")[0]


def _legend(found: set[str]) -> str:
    """Build a row of the stages that occur, as one of Graphviz's HTML labels."""
    cells = [
        f'<td bgcolor="{colour}" border="1" color="#666666">{stage.replace("_", " ")}</td>'
        for stage, colour in COLOURS.items()
        if stage in found
    ]
    return f'<<table border="0" cellspacing="6" cellpadding="4"><tr>{"".join(cells)}</tr></table>>'


def drawn_nodes(svg: str) -> set[str]:
    """Give the first lines of a picture's nodes: its rules."""
    titles = re.findall(r'class="node">\s*<title>(.*?)</title>', svg, re.DOTALL)
    return {re.split(r"\n|\\n|&#10;", title)[0] for title in titles}
