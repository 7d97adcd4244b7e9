"""The data dictionary: type, unit and meaning of each column of each published file."""

from __future__ import annotations

from mitosyn.catalogue.files import CATALOGUE, Published

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


def data_dictionary() -> str:
    """Return the data dictionary in Markdown."""
    return "\n".join([_INTRODUCTION, *(_section(entry) for entry in CATALOGUE if entry.columns)])


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
