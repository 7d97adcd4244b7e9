"""What is measured of each branch of a cell, as one table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from mitosyn.branches.division import UNCOVERED, Branches, split, template
from mitosyn.branches.grouped import Grouped
from mitosyn.branches.neuron import Neuron
from mitosyn.branches.patches import Patches, areas, volumes
from mitosyn.catalogue import columns_of
from mitosyn.skeletons import AssignedMesh
from mitosyn.support import NM2_PER_UM2, NM3_PER_UM3, NM_PER_UM
from mitosyn.tables import numbers

_INTEGERS = {"cellid", "branchid", "compartment", "synapsecount", "nodes", "vertices"}
BRANCH_SCHEMA = pa.schema(
    [
        (name, pa.int64() if name in _INTEGERS else pa.float64())
        for name in columns_of("branches_<type>.csv")
    ]
)


def measure_branches(neuron: Neuron, kind: str, labels: int = UNCOVERED) -> pa.Table:
    """Divide a neuron into branches of a kind, see :func:`template`, and measure each.

    ``labels`` is how many labels the dataset has.

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
    skeleton = neuron.skeleton
    branches = split(skeleton, template(kind, skeleton, neuron.covered), kind, labels)
    count = len(branches.ids)
    surface, volume, vertices = _measure_mesh(branches, neuron.mesh)
    of_shares = branches.branch_of_node[neuron.coverage.node]
    mitovol = np.bincount(of_shares, neuron.shares_um3, count).astype(float)
    synapses = np.bincount(branches.branch_of_node[neuron.synapse_nodes], minlength=count)
    lengths = _measure_lengths(neuron, branches)
    diameter = Grouped.of(neuron.diameters, branches.branch_of_node, count)
    to_soma = _distances(skeleton.soma_distances, branches)
    to_tip = _distances(skeleton.tip_distances, branches)
    values = {
        "cellid": np.full(count, neuron.cell_id, np.int64),
        "branchid": branches.ids,
        "compartment": branches.compartments,
        **lengths,
        "surfacearea": surface,
        "volume": volume,
        "synapsecount": synapses,
        "mitovol": mitovol,
        "mitovoldensity": _ratios(mitovol, volume),
        "linearmitocoverage": _ratios(lengths["coveredpathlength"], lengths["pathlength"]),
        "surfsynapsedensity": _ratios(synapses, surface),
        "linearsynapsedensity": _ratios(synapses, lengths["pathlength"]),
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


def _measure_lengths(neuron: Neuron, branches: Branches) -> dict[str, np.ndarray]:
    """Sum the edges with both ends in a branch, as they are covered; (B,) float64 in µm."""
    a, b = branches.branch_of_node[neuron.skeleton.edges].T
    within = a == b
    branch, steps = a[within], neuron.skeleton.edge_lengths()[within] / NM_PER_UM
    times = neuron.covering[within]
    weights = {
        "pathlength": steps,
        "coveredpathlength": steps * times,
        "uncoveredpathlength": steps * (times == 0),
        "extracoveragelength": steps * np.maximum(times - 1, 0),
    }
    count = len(branches.ids)
    # Of no edges at all bincount counts integers.
    return {name: np.bincount(branch, w, count).astype(float) for name, w in weights.items()}


def _measure_mesh(
    branches: Branches, mesh: AssignedMesh | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return area (µm²), volume (µm³) and number of vertices of each branch; NaN if unknown."""
    count = len(branches.ids)
    if mesh is None:
        unknown = np.full(count, np.nan)
        return unknown, unknown, unknown
    reached = mesh.node_of_vertex >= 0
    branch_of_vertex = np.where(reached, branches.branch_of_node[mesh.node_of_vertex], -1)
    patches = Patches.of(mesh, branch_of_vertex, count)
    vertices = np.bincount(branch_of_vertex[reached], minlength=count)
    return areas(patches) / NM2_PER_UM2, volumes(patches) / NM3_PER_UM3, vertices


def _distances(distances: np.ndarray, branches: Branches) -> Grouped:
    """Describe distances (nm) of the nodes by branch, in µm; infinite ones are not known."""
    known = np.where(np.isinf(distances), np.nan, distances / NM_PER_UM)
    return Grouped.of(known, branches.branch_of_node, len(branches.ids))


def _ratios(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide, (B,) float64; NaN for a division by zero."""
    return np.divide(above, below, where=below != 0, out=np.full(len(below), np.nan))


def _column(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Return numbers as an Arrow array of some type, null where NaN."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0).astype(kind.to_pandas_dtype())
    return numbers(filled, None if known.all() else known)
