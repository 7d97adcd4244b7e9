"""Renew what the documentation has from the code: python docs/make [NAME …], all without a name.

rules: rulegraph.svg and dag.svg; definitions, branch_types, distances: pictures in images/;
columns: columns.md; configuration: schema.json and the tables of keys in configuration.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT / "workflow_scripts"))

# What adds rules when it is on.
OPTIONS = {
    "standard_swc": True,
    "recompute_pyramidal": True,
    "branches": ["full", "distancebins", "distalbranches", "branchpointsegments", "coveredornot"],
}


def rules() -> None:
    """Draw the rules, and the jobs behind the files of the sample's first neuron."""
    from mitosyn.support import write_text
    from rule_graphs import draw, read_graph, stages, without_shortcuts

    stage_of = stages(sorted((ROOT / "rules").glob("*.smk")))
    with tempfile.TemporaryDirectory() as folder:
        options = Path(folder, "options.json")
        options.write_text(json.dumps(OPTIONS))
        tables, results = Path(folder, "results/sample/tables"), "results/sample"
        _snakemake(folder, "--cores", "2", "--until", "select_cells", str(options))
        cell_id = _first_neuron(tables)
        files = [f"{results}/cell_morphologies/{cell_id}.swc"]
        files.append(f"{results}/microns_cells/pyramidal_{cell_id}.csv")
        for name, asked in (("rulegraph", ["--rulegraph"]), ("dag", [*files, "--dag"])):
            dot = _snakemake(folder, *asked, "dot", "--rerun-triggers", "mtime", str(options))
            graph = without_shortcuts(read_graph(dot))
            write_text(DOCS / f"{name}.svg", draw(graph, stage_of))


def _snakemake(folder: str, *arguments: str) -> str:
    *asked, options = arguments
    command = [sys.executable, "-m", "snakemake", *asked, "--directory", folder]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--configfile", options]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _first_neuron(tables: Path) -> int:
    from mitosyn.tables import read_cells

    return next(iter(read_cells(tables / "cells.arrow")))


def definitions() -> None:
    """Draw a made-up mitochondrion, its axes, a section and the nodes that it covers."""
    from definitions import draw_definitions

    _save("definitions", draw_definitions())


def branch_types() -> None:
    """Draw a made-up cell, divided in each of the ways."""
    from branch_types import draw_branch_types

    _save("branch_types", draw_branch_types())


def distances() -> None:
    """Draw the distances of a synaptic site and of a mitochondrion along a made-up tree."""
    from distances import draw_distances

    _save("distances", draw_distances())


def _save(name: str, figure) -> None:
    path = DOCS / "images" / f"{name}.png"
    figure.savefig(path, format="png", bbox_inches="tight", metadata={"Software": None})


def configuration() -> None:
    """Write schema.json, and the tables of keys into their page."""
    from mitosyn.config import config_schema, with_key_tables
    from mitosyn.support import write_text

    schema = json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"
    write_text(ROOT / "schema.json", schema)
    page = DOCS / "configuration.md"
    write_text(page, with_key_tables(page.read_text(encoding="utf-8")))


def columns() -> None:
    """Write the column dictionary."""
    from mitosyn.catalogue.dictionary import data_dictionary
    from mitosyn.support import write_text

    write_text(DOCS / "columns.md", data_dictionary())


def main(names: list[str]) -> None:
    """Renew what is named."""
    pictures = (definitions, branch_types, distances)
    made = {f.__name__: f for f in (rules, *pictures, configuration, columns)}
    unknown = set(names) - set(made)
    if unknown:
        sys.exit(f"{', '.join(sorted(unknown))}: expected some of {', '.join(made)}")
    for name in names or made:
        made[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
