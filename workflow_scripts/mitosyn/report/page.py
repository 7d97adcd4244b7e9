"""The page that sums a dataset up: counts, what is missing and why, costs, origin, files."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mitosyn.catalogue import COMPARTMENTS, QUESTIONS, SYNAPSE_TYPES
from mitosyn.dataset import PARTLY_MEASURED
from mitosyn.meshes import NO_MESH
from mitosyn.report.figures.curves import SHUFFLED
from mitosyn.report.figures.incomplete import select_incomplete
from mitosyn.report.figures.style import DPI
from mitosyn.tables import Cell

UNITS = ("bytes", "KB", "MB", "GB")
SCREEN_DPI = 96
PNG_WIDTH = slice(16, 20)
# In reasons, they differ from case to case.
NUMBERS = re.compile(r"\b\d{2,}\b")
COMPARED = ("cells", "mitochondria", "compartments", "synapses", "morphologies", "associated_nodes")
KINDS = {"morphologies": "SWC files", "associated_nodes": "JSON files"}


@dataclass(frozen=True)
class Comparison:
    """A count beside the one that is expected, if any; the group is empty if there is only one."""

    group: str
    name: str
    found: int
    expected: int | None

    @property
    def difference(self) -> int | None:
        """How many more there are than expected."""
        return None if self.expected is None else self.found - self.expected


def compare_counts(
    counts: Mapping[str, Any], expectations: Mapping[str, Any]
) -> dict[str, list[Comparison]]:
    """Put the counts of a run beside those that are expected, by what was counted.

    Parameters
    ----------
    counts, expectations : mappings
        As in ``check.json`` and in the configuration, which need not name all.
    """
    return {
        key.replace("_", " "): _compare_nested(key, counts[key], expectations.get(key))
        for key in COMPARED
        if counts.get(key)
    }


def _compare_nested(key: str, found: Any, expected: Any) -> list[Comparison]:
    if not isinstance(found, Mapping):
        return [Comparison("", KINDS.get(key, key), found, expected)]
    expected = expected or {}
    names = _in_order({**expected, **found})
    if any(isinstance(value, Mapping) for value in found.values()):
        return [
            replace(row, group=group)
            for group in names
            for row in _compare_nested(group, found.get(group, {}), expected.get(group))
        ]
    return [Comparison("", name, found.get(name, 0), expected.get(name)) for name in names]


def _in_order(names: Iterable[str]) -> list[str]:
    """Sort names of compartments and synapse types as usual; cell types keep their order."""
    usual = [*COMPARTMENTS, "Branch", "Far", *SYNAPSE_TYPES]
    return sorted(names, key=lambda name: usual.index(name) if name in usual else len(usual))


def count_reasons(table: pd.DataFrame) -> list[tuple]:
    """Count equal rows of texts, numbers in them aside: the texts, then how many; most first."""
    rows = table.itertuples(index=False, name=None)
    counted = Counter(tuple(NUMBERS.sub("N", text) for text in row) for row in rows)
    return [(*texts, number) for texts, number in counted.most_common()]


def explain_incomplete(mitochondria: pd.DataFrame) -> pd.DataFrame:
    """Return ``cell_type``, ``kind`` and ``reason`` of the mitochondria that lack measures.

    Parameters
    ----------
    mitochondria : pandas.DataFrame
        ``cell_type, mesh_pieces, problem``; the problem of one that is partly measured names
        reasons with the measures that each costs.
    """
    found = select_incomplete(mitochondria)
    reasons = found["problem"].str.replace(r": .*?(?=; |$)", "", regex=True)
    reasons = reasons.where(found["kind"] == PARTLY_MEASURED, found["problem"])
    reasons = reasons.mask(found["problem"] == NO_MESH, "")
    return found.assign(reason=reasons)[["cell_type", "kind", "reason"]]


def count_placements(positions: pa.Table) -> tuple[int, int]:
    """Return how many mitochondria were to be placed anew at random, and how many found no place.

    ``positions`` are ``kind, nodes`` of the collected table.
    """
    nodes = positions.filter(pc.field("kind") == SHUFFLED)["nodes"].to_numpy()
    return len(nodes), int((nodes == 0).sum())


def absent_of_cells(cells: Iterable[Cell]) -> list[str]:
    """Return what no cell of a dataset has, each with the reason."""
    cells = list(cells)
    found = {
        "somata": any(cell.soma for cell in cells),
        "subtypes of cells": any(cell.cell_subtype for cell in cells),
    }
    return [f"{what} (no cell has one)" for what, there in found.items() if cells and not there]


def headline(check: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return the numbers that say most, each with what it counts; synapses if there are any."""
    numbers = [
        (sum(check["cells"].values()), "cells"),
        (sum(check["mitochondria"].values()), "mitochondria"),
        (sum(check["incomplete"].values()), "mitochondria without some or all measures"),
        (sum(check["synapses"].values()), "ends of synapses on neurons"),
    ]
    return numbers if check["synapses"] else numbers[:-1]


def in_words(size: int) -> str:
    """Write a size in bytes in units of 1000."""
    power = min((len(str(size)) - 1) // 3, len(UNITS) - 1)
    return f"{size / 1000**power:.{min(power, 1)}f} {UNITS[power]}"


def describe_files(contents: Mapping[str, str], folder: str | Path) -> list[dict[str, str]]:
    """Return the name (under ``folder``), content and size of files, from content by path."""
    return [
        {
            "name": Path(path).relative_to(folder).as_posix(),
            "content": content,
            "size": in_words(Path(path).stat().st_size),
        }
        for path, content in contents.items()
    ]


def embedded_figures(paths: Iterable[str | Path], captions: str | Path) -> list[dict[str, Any]]:
    """Return the figures by question that is answered, for a page that needs no other file.

    Each question has ``question`` and ``figures`` with ``title, data, width`` (pixels of the
    page) and ``caption``, a list of paragraphs.

    Parameters
    ----------
    paths : iterable of str or Path
        PNG files named after the figures that there are.
    captions : str or Path
        The folder of the captions: plain paragraphs.
    """
    files = {Path(path).stem: Path(path) for path in paths}
    return [
        {
            "question": question.title,
            "figures": [
                {"title": title} | _embedded(files[name], Path(captions) / f"{name}.rst")
                for name, title in question.figures.items()
            ],
        }
        for question in QUESTIONS.values()
        if any(name in files for name in question.figures)
    ]


def _embedded(picture: Path, caption: Path) -> dict[str, Any]:
    png = picture.read_bytes()
    return {
        "data": base64.b64encode(png).decode(),
        "width": int.from_bytes(png[PNG_WIDTH], "big") * SCREEN_DPI // DPI,
        "caption": caption.read_text(encoding="utf-8").strip().split("\n\n"),
    }


def render_page(template: str | Path, content: Mapping[str, Any]) -> str:
    """Fill the page's template with what it names; texts are escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(template).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["in_words"] = in_words
    return environment.get_template(Path(template).name).render(content)
