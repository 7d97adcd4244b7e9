"""What the branch analysis lacks, cell by cell: a subject and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.tables import numbers, read_arrow, texts, write_arrow

SCHEMA = pa.schema({"cell_id": pa.int64(), "subject": pa.string(), "problem": pa.string()})
CELL_MESH, SKELETON, NUCLEUS = "cell mesh", "skeleton", "nucleus"

Problem = tuple[int, str, str]
"""Cell id, subject, what is wrong with it."""


def write_problems(path: str | Path, problems: Iterable[Problem]) -> None:
    """Write the problems of a job as an Arrow file with :data:`SCHEMA`."""
    rows = list(problems)
    cell_ids, subjects, found = zip(*rows, strict=True) if rows else ((), (), ())
    columns = [numbers(np.array(cell_ids, np.int64)), texts(subjects), texts(found)]
    write_arrow(path, pa.Table.from_arrays(columns, schema=SCHEMA))


def read_problems(paths: Iterable[str | Path]) -> list[Problem]:
    """Read the problems of several jobs: each once, those of a cell together.

    Cells, and the problems of each, stand in the order in which they first come.
    """
    by_cell: dict[int, dict[Problem, None]] = {}
    for path in paths:
        columns = (column.to_pylist() for column in read_arrow(path).columns)
        for problem in zip(*columns, strict=True):
            by_cell.setdefault(problem[0], {})[problem] = None
    return [problem for problems in by_cell.values() for problem in problems]
