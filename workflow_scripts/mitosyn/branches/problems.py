"""What the branch analysis lacks, cell by cell: a subject and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.branches.neuron import Neuron
from mitosyn.sources import Nuclei
from mitosyn.tables import numbers, numpy_values, read_arrow, texts, write_arrow

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


def missing_inputs(neuron: Neuron, mito_ids: np.ndarray) -> list[tuple[str, str]]:
    """Return what measures of a neuron's branches will miss, as (subject, problem).

    ``mito_ids`` are those of its M mitochondria.
    """
    problems = []
    distances = neuron.skeleton.soma_distances
    apart = int(np.isinf(distances).sum())
    if apart == len(distances):
        problems.append((SKELETON, "no somatic node"))
    elif apart:
        problems.append((SKELETON, f"{apart} of {len(distances)} nodes apart from the soma"))
    covers = np.zeros(len(mito_ids), bool)
    covers[neuron.coverage.mitochondrion] = True
    for kind, wanting in (
        ("no overlap with the cell in the table of overlaps", np.isnan(neuron.mitochondria_um3)),
        ("covers no skeleton node: its volume is in no branch", ~covers),
    ):
        problems += [(f"mitochondrion {i}", kind) for i in mito_ids[wanting].tolist()]
    return problems


def tip_problems(tips: pa.Table) -> list[tuple[str, str]]:
    """Return how many tips have no way to the soma: (subject, problem) if there are any."""
    apart = int(np.isinf(numpy_values(tips["length_um"])).sum())
    return [(SKELETON, f"{apart} of {len(tips)} tips apart from the soma")] if apart else []


def nucleus_of(cell_id: int, nuclei: Nuclei) -> tuple[float | None, list[Problem]]:
    """Return the volume of a cell's nucleus, µm³, or None and why it is not known.

    It is known if the cell has exactly one nucleus, of known size.
    """
    if nuclei.problem:
        return None, [(cell_id, NUCLEUS, nuclei.problem)]
    return nuclei.volume_um3, []


def soma_problems(compartments: Sequence[Mapping]) -> list[Problem]:
    """List the cells whose nucleus does not fit into the mesh of the soma."""
    return [
        (row["cell_id"], NUCLEUS, "not smaller than the mesh of the soma")
        for row in compartments
        if None not in (row["nucleusvol"], row["volume"]) and row["cytovol"] is None
    ]
