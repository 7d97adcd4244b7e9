"""Assigning a cell's mesh to its skeleton, with what is wrong with either."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mitosyn.branches.geodesic import assign_vertices
from mitosyn.branches.problems import CELL_MESH, SKELETON
from mitosyn.branches.radii import node_radii
from mitosyn.meshes import read_cell_mesh
from mitosyn.skeletons import AssignedMesh, Skeleton, known_diameters
from mitosyn.support import InputError


def assign_mesh(
    path: str | Path, scale: np.ndarray, skeleton: Skeleton, calibres: np.ndarray | None
) -> tuple[AssignedMesh, list[tuple[str, str]]]:
    """Assign the vertices of a cell's mesh to the nodes of its skeleton.

    A mesh that is missing, unreadable or not the skeleton's costs the cell what is measured
    on it, not its other measures.

    Parameters
    ----------
    path : str or Path
        The mesh file, which need not exist.
    scale : (3,) float64 array
        Factors from the mesh source's nm to true nm.
    skeleton : Skeleton
        N nodes.
    calibres : (N,) float64 array or None
        See :func:`mitosyn.skeletons.standard_swc.read_calibres`.

    Returns
    -------
    AssignedMesh
    list of (subject, problem)
    """
    count = len(skeleton.vertices)
    problems = []
    node_of_vertex, radii = None, np.full(count, np.nan)
    if not Path(path).exists():
        problems.append((CELL_MESH, f"no file {Path(path).name}"))
    else:
        try:
            mesh = read_cell_mesh(path, scale)
            assigned = assign_vertices(mesh, skeleton, path, "the skeleton")
        except InputError as error:
            problems.append((CELL_MESH, error.problem))
        else:
            node_of_vertex = assigned.node_of_vertex
            radii = node_radii(mesh, skeleton, node_of_vertex)
            problems += _pieces(assigned.pieces, assigned.unreached, len(node_of_vertex))
    measured = 2 * radii if calibres is None else calibres
    diameters = np.where(np.isfinite(measured), measured, np.nan)
    unknown = count - known_diameters(diameters).sum()
    if unknown:
        problems.append((SKELETON, f"{unknown} of {count} nodes without a known radius"))
    return AssignedMesh(node_of_vertex, diameters), problems


def _pieces(pieces: int, unreached: int, vertices: int) -> list[tuple[str, str]]:
    if pieces <= 1:
        return []
    share = f"{unreached} of {vertices} vertices ({unreached / vertices:.2%})"
    return [(CELL_MESH, f"in {pieces} pieces, {share} in pieces without a skeleton node")]
