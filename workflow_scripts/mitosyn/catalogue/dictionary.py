"""The data dictionary: type, unit and meaning of each column of each published file."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mitosyn.catalogue.files import Published, catalogue

_INTRODUCTION = """\
# Data dictionary

The columns of every published table, under `results/<dataset>/`. Ids are integers beyond 2^53:
read them as 64-bit integers, never as floats. A missing value is an empty field in a CSV file
and a null in a Parquet file; a column without an entry under "missing where" has none. A float64
has a decimal point or an exponent in every row of a CSV file, and reads back exactly. Counts
and ratios have the unit 1. The Parquet files have unit and meaning in their columns' metadata.

PC1, PC2 and PC3 are the principal axes of a mesh's vertices; c is the mean of its triangles'
centroids, weighted by area. The definitions of cells, compartments and
coverage are in the workflow's `docs/definitions.md`.
"""


def data_dictionary(
    words: Mapping[str, str] | None = None, made: Collection[str] | None = None
) -> str:
    """Return the data dictionary in Markdown.

    ``words`` are as :func:`~mitosyn.catalogue.catalogue` takes them; ``made`` are the paths in the
    catalogue of the files to describe, all without it.
    """
    entries = [entry for entry in catalogue(words) if made is None or entry.path in made]
    return "\n".join([_INTRODUCTION, *(_section(entry) for entry in entries if entry.columns)])


def _section(entry: Published) -> str:
    """Describe one table: a heading, what it holds, a line for each column."""
    lines = [
        f"| {f'`{name}`' if name else '(unnamed)'} | {column.kind} | {column.unit} | "
        f"{column.meaning} | {column.missing} |"
        for name, column in entry.columns.items()
    ]
    return "\n".join(
        [
            f"## {entry.path}\n\n{entry.about}\n",
            "| column | type | unit | meaning | missing where |",
            "| --- | --- | --- | --- | --- |",
            *lines,
            "",
        ]
    )
