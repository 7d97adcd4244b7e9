"""Skeletons as SWC: the typed table of the nodes, and the published files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import COMPARTMENTS, SWC, columns_of
from mitosyn.skeletons.assigned import known_diameters
from mitosyn.skeletons.skeleton import NO_PARENT, Skeleton
from mitosyn.support import InputError, write_text
from mitosyn.tables import numbers, texts

NO_RADIUS = 1.0


def node_table(
    cell_id: int,
    skeleton: Skeleton,
    radii: np.ndarray | None = None,
    names: Sequence[str] = COMPARTMENTS,
) -> pa.Table:
    """Tabulate the nodes of a neuron in the order of its SWC file.

    The columns are those of ``skeleton_nodes.parquet`` and ``radius``; positions and radii in nm,
    as the SWC file has them: to three decimals. ``radii``, (N,) float64 in nm, are those of the
    skeleton's nodes. Where one is not known or not positive, and without any, it is 1, as in the
    published dataset, whose skeletons have none. ``names`` are those of the labels 0, 1, 2, ….
    """
    tree = skeleton.tree
    labels = skeleton.labels[tree.nodes]
    radii = np.full(len(labels), NO_RADIUS) if radii is None else radii[tree.nodes]
    radii = np.where(known_diameters(radii), radii, NO_RADIUS)
    measures = np.column_stack([skeleton.vertices[tree.nodes], radii]).ravel().tolist()
    # Not np.round, which multiplies: another last bit here and there.
    rounded = np.array([float(f"{value:.3f}") for value in measures]).reshape(-1, 4).T
    columns = {
        "cell_id": numbers(np.full(len(labels), cell_id, np.int64)),
        "node_id": numbers(np.arange(len(labels))),
        "parent_id": numbers(tree.parents, tree.parents != NO_PARENT),
        "label": numbers(labels),
        "compartment": texts([names[label] for label in labels.tolist()]),
        **dict(zip((*"xyz", "radius"), map(numbers, rounded), strict=True)),
    }
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def write_swc(path: str | Path, nodes: pa.Table) -> None:
    """Write a skeleton as SWC: ``id label x y z radius parent``, without a header.

    Parameters
    ----------
    nodes : pyarrow.Table
        N nodes, as :func:`node_table` returns them; labels are the skeleton's own (0 for the
        soma).
    """
    columns = [nodes[name].to_pylist() for name in ("node_id", "label", *"xyz", "radius")]
    columns.append([NO_PARENT if i is None else i for i in nodes["parent_id"].to_pylist()])
    lines = (
        f"{i} {label} {x:.3f} {y:.3f} {z:.3f} {radius:.3f} {parent}\n"
        for i, label, x, y, z, radius, parent in zip(*columns, strict=True)
    )
    write_text(path, "".join(lines))


def read_swc(path: str | Path) -> pa.Table:
    """Read a file that :func:`write_swc` wrote: N rows with the columns of the SWC file."""
    # Only the checks read SWC files; jobs of one cell start without this.
    from pyarrow import csv

    names = columns_of(SWC)
    kinds = [pa.int64() if name in ("id", "label", "parent") else pa.float64() for name in names]
    try:
        return csv.read_csv(
            path,
            read_options=csv.ReadOptions(column_names=names),
            parse_options=csv.ParseOptions(delimiter=" "),
            convert_options=csv.ConvertOptions(column_types=dict(zip(names, kinds, strict=True))),
        )
    except pa.ArrowInvalid as error:
        raise InputError(
            path, f"not SWC as written here ({error})", "Delete it and run again."
        ) from error
