"""What is measured of each branch of a cell, as one table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mitosyn.branches.division import Branches, soma_distances, split, template, tip_distances
from mitosyn.branches.grouped import Grouped
from mitosyn.branches.patches import Patches, areas, volumes
from mitosyn.catalogue import columns_of
from mitosyn.meshes import CellMesh
from mitosyn.skeletons import Coverage, Skeleton, covering_mitochondria
from mitosyn.support import NM2_PER_UM2, NM3_PER_UM3, NM_PER_UM
from mitosyn.tables import numbers

_INTEGERS = {"cellid", "branchid", "compartment", "synapsecount", "nodes", "vertices"}
BRANCH_SCHEMA = pa.schema(
    [
        (name, pa.int64() if name in _INTEGERS else pa.float64())
        for name in columns_of("branches_<type>.csv")
    ]
)


@dataclass(frozen=True)
class _Lengths:
    """Lengths of the edges within each of B branches, (B,) float64 arrays in µm."""

    path: np.ndarray
    covered: np.ndarray
    uncovered: np.ndarray
    extra: np.ndarray


def measure_branches(
    cell_id: int,
    skeleton: Skeleton,
    kind: str,
    *,
    mesh: CellMesh | None,
    node_of_vertex: np.ndarray | None,
    diameters: np.ndarray | None,
    coverage: Coverage,
    mitochondria_um3: np.ndarray,
    synapse_nodes: np.ndarray,
) -> pa.Table:
    """Divide a cell into branches and measure each.

    Parameters
    ----------
    cell_id : int
    skeleton : Skeleton
        N nodes, in true nm.
    kind : str
        One of :data:`~mitosyn.catalogue.BRANCH_TYPES`.
    mesh : CellMesh or None
        V vertices, in true nm; None for a cell without.
    node_of_vertex : (V,) int64 array or None
        Skeleton node of each mesh vertex, -1 for none.
    diameters : (N,) float64 array or None
        At each node, in nm; NaN where not known.
    coverage : Coverage
        Of the M mitochondria of the cell.
    mitochondria_um3 : (M,) float64 array
        What of each lies in this cell, in µm³; NaN where not known.
    synapse_nodes : (S,) int64 array
        The node nearest to each postsynaptic site.

    Returns
    -------
    pyarrow.Table
        With :data:`BRANCH_SCHEMA`, a row for each branch, by branch id. Lengths and
        distances in µm, ``surfacearea`` in µm², ``volume`` and ``mitovol`` in µm³,
        diameters in nm; densities are ratios of these columns. Null where a value is not
        known or would be a division by zero: surface and volume of a branch without a
        triangle of its own, the mitochondrial volume of one that a mitochondrion of
        unknown volume covers, distances without a path, diameters without a known one,
        vertices of a cell without a mesh.
    """
    covered = np.zeros(len(skeleton.vertices), bool)
    covered[coverage.node] = True
    branches = split(skeleton, template(kind, skeleton, covered), kind)
    count = len(branches.ids)
    lengths = _measure_lengths(skeleton, branches, coverage)
    surface, volume, vertices = _measure_mesh(branches, mesh, node_of_vertex)
    mitovol = _mitochondrial_volumes(branches, coverage, mitochondria_um3)
    synapses = np.bincount(branches.branch_of_node[synapse_nodes], minlength=count)
    if diameters is None:
        diameters = np.full(len(skeleton.vertices), np.nan)
    diameter = Grouped.of(diameters, branches.branch_of_node, count)
    to_soma = _distances(soma_distances(skeleton), branches)
    to_tip = _distances(tip_distances(skeleton), branches)
    values = {
        "cellid": np.full(count, cell_id, np.int64),
        "branchid": branches.ids,
        "compartment": branches.compartments,
        "pathlength": lengths.path,
        "surfacearea": surface,
        "volume": volume,
        "synapsecount": synapses,
        "mitovol": mitovol,
        "coveredpathlength": lengths.covered,
        "uncoveredpathlength": lengths.uncovered,
        "extracoveragelength": lengths.extra,
        "mitovoldensity": _ratios(mitovol, volume),
        "linearmitocoverage": _ratios(lengths.covered, lengths.path),
        "surfsynapsedensity": _ratios(synapses, surface),
        "linearsynapsedensity": _ratios(synapses, lengths.path),
        "mindiam": diameter.least,
        "meandiam": diameter.mean,
        "mediandiam": diameter.median,
        "maxdiam": diameter.greatest,
        "mindisttosoma": to_soma.least,
        "meandisttosoma": to_soma.mean,
        "maxdisttosoma": to_soma.greatest,
        "mindisttoleaf": to_tip.least,
        "nodes": np.bincount(branches.branch_of_node, minlength=count),
        "vertices": vertices,
    }
    columns = [_column(values[field.name], field.type) for field in BRANCH_SCHEMA]
    return pa.Table.from_arrays(columns, schema=BRANCH_SCHEMA)


def _measure_lengths(skeleton: Skeleton, branches: Branches, coverage: Coverage) -> _Lengths:
    """Sum the edges with both ends in a branch, as they are covered."""
    a, b = branches.branch_of_node[skeleton.edges].T
    within = a == b
    branch, steps = a[within], skeleton.edge_lengths()[within] / NM_PER_UM
    times = covering_mitochondria(coverage, skeleton)[within]
    weights = {
        "path": steps,
        "covered": steps * times,
        "uncovered": steps * (times == 0),
        "extra": steps * np.maximum(times - 1, 0),
    }
    count = len(branches.ids)
    # Of no edges at all bincount counts integers.
    return _Lengths(**{n: np.bincount(branch, w, count).astype(float) for n, w in weights.items()})


def _measure_mesh(
    branches: Branches, mesh: CellMesh | None, node_of_vertex: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give area (µm²), volume (µm³) and number of vertices of each branch; NaN if unknown."""
    count = len(branches.ids)
    if mesh is None or node_of_vertex is None:
        unknown = np.full(count, np.nan)
        return unknown, unknown, unknown
    reached = node_of_vertex >= 0
    branch_of_vertex = np.where(reached, branches.branch_of_node[node_of_vertex], -1)
    patches = Patches.of(mesh, branch_of_vertex, count)
    vertices = np.bincount(branch_of_vertex[reached], minlength=count)
    return areas(patches) / NM2_PER_UM2, volumes(patches) / NM3_PER_UM3, vertices


def _mitochondrial_volumes(
    branches: Branches, coverage: Coverage, mitochondria_um3: np.ndarray
) -> np.ndarray:
    """Share each mitochondrion's volume out by its vertices, (B,) float64 in µm³."""
    total = np.bincount(coverage.mitochondrion, coverage.vertices, len(mitochondria_um3))
    per_vertex = np.divide(mitochondria_um3, total, where=total > 0, out=np.zeros(len(total)))
    shares = coverage.vertices * per_vertex[coverage.mitochondrion]
    branch = branches.branch_of_node[coverage.node]
    return np.bincount(branch, shares, len(branches.ids)).astype(float)


def _distances(distances: np.ndarray, branches: Branches) -> Grouped:
    """Describe distances (nm) of the nodes by branch, in µm; infinite ones are not known."""
    known = np.where(np.isinf(distances), np.nan, distances / NM_PER_UM)
    return Grouped.of(known, branches.branch_of_node, len(branches.ids))


def _ratios(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide, (B,) float64; NaN for a division by zero."""
    return np.divide(above, below, where=below != 0, out=np.full(len(below), np.nan))


def _column(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Give numbers as an Arrow array of some type, null where NaN."""
    unknown = np.isnan(values)
    known = numbers(np.where(unknown, 0, values).astype(kind.to_pandas_dtype()))
    if not unknown.any():
        return known
    valid = pa.py_buffer(np.packbits(~unknown, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, known.buffers()[1]])
