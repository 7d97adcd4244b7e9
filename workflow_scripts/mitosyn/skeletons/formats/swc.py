"""SWC files that others wrote: a node in each line, ``id type x y z radius parent``.

Units, types and the order of lines differ from tool to tool. So the first two are the
description's, and a parent may stand after its children. Text that is no SWC is refused with the
line: readers of others skip it, or take a text for a number.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mitosyn.skeletons.formats.form import SkeletonForm, no_labels, own_labels, radius_scale_nm
from mitosyn.skeletons.skeleton import NO_PARENT, Skeleton, unique_edges
from mitosyn.support import FARTHEST_NM, InputError

# Eighteen digits are in int64 whatever they are; the ids of segments have no more.
_ID, _WHOLE = r"[0-9]{1,18}", r"[+-]?[0-9]{1,18}"
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_FIELDS = {
    "id": (_ID, "a whole number from 0"),
    "type": (_WHOLE, "a whole number"),
    **dict.fromkeys(("x", "y", "z", "radius"), (_NUMBER, "a number")),
    "parent": (rf"{_ID}|-1", "an id, or -1 for a root"),
}
_NODE = re.compile(r"\s+".join(f"({pattern})" for pattern, _ in _FIELDS.values()))


def read_swc_skeleton(path: str | Path, form: SkeletonForm) -> Skeleton:
    """Read a skeleton from an SWC file, its nodes in the order of the lines.

    Its root is the first in the file. Radii are kept as they are: what is not positive is not
    known.

    Raises
    ------
    InputError
        The file is missing, or one of its lines is no node of a forest whose labels are known.
    """
    lines, fields = _read_nodes(path)
    ids, types, parents = (np.array(list(map(int, fields[i])), np.int64) for i in (0, 1, 6))
    x, y, z, radii = (np.array(list(map(float, column))) for column in fields[2:6])
    vertices = np.column_stack([x, y, z]) * form["scale_nm"]
    radii *= radius_scale_nm(form)
    far = ~(np.abs(np.column_stack([vertices, radii])) < FARTHEST_NM).all(axis=1)
    if far.any():
        first = int(np.argmax(far))
        found = f"a node at {vertices[first].tolist()} nm with a radius of {radii[first]:g} nm"
        raise _bad_line(path, lines[first], f"{found}: no such tissue", "Check the unit.")
    rows = _parent_rows(path, lines, ids, parents)
    labels = no_labels(len(ids))
    if form["labels"] is not None:
        labels = own_labels(path, types, form["labels"], lambda row: f"line {lines[row]}")
    child = np.flatnonzero(rows != NO_PARENT)
    edges = unique_edges(path, np.column_stack([child, rows[child]]))
    return Skeleton(vertices, edges, labels, int(np.argmax(rows == NO_PARENT)), radii)


def _bad_line(path: str | Path, line: int, problem: str, remedy: str = "") -> InputError:
    return InputError(path, f"line {line}: {problem}", remedy or "Replace the skeleton file.")


def _read_nodes(path: str | Path) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Return the line of each of N nodes, from 1, (N,) int64, and the texts of each field."""
    lines, nodes = [], []
    try:
        # Comments may be in any encoding; numbers are ASCII.
        with Path(path).open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(file, start=1):
                text = line.partition("#")[0].strip()
                if text:
                    node = _NODE.fullmatch(text)
                    if node is None:
                        raise _bad_line(path, number, _what_is_wrong(text))
                    lines.append(number)
                    nodes.append(node.groups())
    except FileNotFoundError as error:
        raise InputError(
            path, "no such skeleton file", "Add the file or remove the cell from the tables."
        ) from error
    if not nodes:
        raise InputError(path, "no nodes in the file", "Replace the skeleton file.")
    return np.array(lines), list(zip(*nodes, strict=True))


def _what_is_wrong(text: str) -> str:
    """Return why a line is no node."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"{len(fields)} fields, expected {len(_FIELDS)}: {' '.join(_FIELDS)}"
    return next(
        f"{name} is {field[:40]!r}, expected {expected}"
        for field, (name, (pattern, expected)) in zip(fields, _FIELDS.items(), strict=True)
        if not re.fullmatch(pattern, field)
    )


def _parent_rows(
    path: str | Path, lines: np.ndarray, ids: np.ndarray, parents: np.ndarray
) -> np.ndarray:
    """Return the row of each one's parent, -1 for roots: (N,) int64, of a forest."""
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    again = order[1:][ordered[1:] == ordered[:-1]]
    if len(again):
        second = int(again.min())
        first = int(np.argmax(ids == ids[second]))
        where = f"the node of line {lines[first]} has it too"
        raise _bad_line(path, lines[second], f"id {ids[second]}, {where}")
    place = np.minimum(np.searchsorted(ordered, parents), len(ids) - 1)
    rows = np.where(parents == NO_PARENT, NO_PARENT, order[place])
    missing = (parents != NO_PARENT) & (ordered[place] != parents)
    if missing.any():
        row = int(np.argmax(missing))
        raise _bad_line(path, lines[row], f"parent {parents[row]}, no node has this id")
    # The ancestor of each, twice as far with each step: at last a root, or in a circle.
    ancestors = np.where(rows == NO_PARENT, np.arange(len(rows)), rows)
    for _ in range(len(rows).bit_length()):
        ancestors = ancestors[ancestors]
    circle = ancestors[rows[ancestors] != NO_PARENT]
    if len(circle):
        row = int(circle.min())
        problem = f"node {ids[row]} comes round to itself by parents: a cycle"
        raise _bad_line(path, lines[row], problem)
    return rows
