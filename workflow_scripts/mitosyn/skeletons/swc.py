"""Skeletons as SWC: the typed table of the nodes, and the published files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import COMPARTMENTS, SWC, columns_of
from mitosyn.skeletons.skeleton import NO_PARENT, Skeleton
from mitosyn.support import InputError, write_text
from mitosyn.tables import numbers, texts

NO_RADIUS = 1.0


def node_table(cell_id: int, skeleton: Skeleton) -> pa.Table:
    """Tabulate the nodes of a neuron in the order of its SWC file.

    Parameters
    ----------
    cell_id : int
    skeleton : Skeleton
        N nodes.

    Returns
    -------
    pyarrow.Table
        N rows with the columns of ``skeleton_nodes.parquet``; positions in nm, as the SWC file
        has them: to three decimals.
    """
    tree = skeleton.tree
    labels = skeleton.labels[tree.nodes]
    # Not np.round, which multiplies: another last bit here and there.
    positions = [float(f"{value:.3f}") for value in skeleton.vertices[tree.nodes].ravel().tolist()]
    x, y, z = np.array(positions).reshape(-1, 3).T
    columns = {
        "cell_id": numbers(np.full(len(labels), cell_id, np.int64)),
        "node_id": numbers(np.arange(len(labels))),
        "parent_id": numbers(tree.parents, tree.parents != NO_PARENT),
        "label": numbers(labels),
        "compartment": texts([COMPARTMENTS[label] for label in labels.tolist()]),
        **{axis: numbers(values) for axis, values in zip("xyz", (x, y, z), strict=True)},
    }
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def write_swc(path: str | Path, nodes: pa.Table, radii: np.ndarray | None = None) -> None:
    """Write a skeleton as SWC: ``id label x y z radius parent``, without a header.

    Parameters
    ----------
    path : str or Path
    nodes : pyarrow.Table
        N nodes, as :func:`node_table` returns them; labels are the skeleton's own (0 for the
        soma).
    radii : (N,) float64 array, optional
        In nm, in the order of ``nodes``. Where one is not known, not positive or none is given,
        1 is written as in the published dataset, whose skeletons have none.
    """
    if radii is None:
        radii = np.full(len(nodes), NO_RADIUS)
    known = np.isfinite(radii) & (radii > 0)
    columns = [nodes[name].to_pylist() for name in ("node_id", "label", *"xyz")]
    columns.append(np.where(known, radii, NO_RADIUS).tolist())
    columns.append([NO_PARENT if i is None else i for i in nodes["parent_id"].to_pylist()])
    lines = (
        f"{i} {label} {x:.3f} {y:.3f} {z:.3f} {radius:.3f} {parent}\n"
        for i, label, x, y, z, radius, parent in zip(*columns, strict=True)
    )
    write_text(path, "".join(lines))


def read_swc(path: str | Path) -> pa.Table:
    """Read a file that :func:`write_swc` wrote: N rows with the columns of the SWC file.

    Raises
    ------
    InputError
        It is something else.
    """
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
