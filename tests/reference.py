"""The definitions with trimesh, scikit-learn and plain loops, one mesh at a time.

Written from the definitions and the libraries' documentation as an oracle for, and the thing to
beat by, :mod:`mitosyn.meshes.morphometrics` and :mod:`mitosyn.skeletons.coverage`: sections by
``Trimesh.section``, halves by ``slice_mesh_plane(cap=True)``, axes by ``PCA``, the association
by a query of a KD-tree for each vertex.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import trimesh
from scipy.spatial import KDTree
from sklearn.decomposition import PCA
from trimesh.intersections import slice_mesh_plane


def closed_mesh(vertices: np.ndarray, faces: np.ndarray) -> trimesh.Trimesh:
    """Merge repeated vertices and turn a mesh outside out; it must be closed."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    assert mesh.is_watertight
    if mesh.volume < 0:
        mesh.invert()
    return mesh


def section(mesh: trimesh.Trimesh, origin: np.ndarray, normal: np.ndarray) -> tuple[float, float]:
    """Give area and outline length of a section."""
    path, _ = mesh.section(plane_origin=origin, plane_normal=normal).to_2D()
    return float(path.area), float(path.length)


def symmetry(mesh: trimesh.Trimesh, origin: np.ndarray, normal: np.ndarray) -> float:
    """Cut and cap both halves and compare their volumes."""
    upper = slice_mesh_plane(mesh, normal, origin, cap=True).volume
    lower = slice_mesh_plane(mesh, -normal, origin, cap=True).volume
    return 1 - abs(upper - lower) / (upper + lower)


def morphometrics(vertices: np.ndarray, faces: np.ndarray) -> dict[str, float]:
    """Measure one closed mesh; ``vertices`` (V, 3) in nm."""
    mesh = closed_mesh(vertices, faces)
    pca = PCA(n_components=3, svd_solver="full").fit(vertices)
    centered = vertices - pca.mean_
    hull = trimesh.Trimesh(vertices, faces, process=False).convex_hull
    values = {
        "mito size": mesh.volume,
        "mito SA": mesh.area,
        "convex hull volume": hull.volume,
        "convex hull SA": hull.area,
        "convex hull compactness": mesh.volume / hull.volume,
        "sphericity": np.pi ** (1 / 3) * (6 * mesh.volume) ** (2 / 3) / mesh.area,
    }
    for k, axis in enumerate(pca.components_, start=1):
        along = centered @ axis
        values[f"PC{k} Length"] = np.ptp(along)
        values[f"PC{k} inertia moment"] = ((centered**2).sum(axis=1) - along**2).sum()
        area, length = section(mesh, mesh.centroid, axis)
        values[f"PC{k} CA"], values[f"PC{k} Circum"] = area, length
        values[f"PC{k} symmetry"] = symmetry(mesh, mesh.centroid, axis)
    return values | {"mito CA": values["PC3 CA"], "mito diam": values["PC1 Length"]}


def coverage(
    vertices: np.ndarray, nodes: np.ndarray, edges: np.ndarray, labels: np.ndarray, tree: KDTree
) -> tuple[Counter[int], int, float]:
    """Associate one mesh with a skeleton.

    Parameters
    ----------
    vertices : (V, 3) array
        Of the mesh, in nm.
    nodes, edges, labels : (N, 3), (E, 2) and (N,) arrays
        Of the skeleton, in nm.
    tree : KDTree
        Of the nodes.

    Returns
    -------
    covered : Counter
        Mesh vertices by the node that is nearest to them.
    label : int
        The one with most vertices, the smallest of equals.
    length : float
        Of the edges whose two nodes are covered, in nm.
    """
    covered = Counter(int(tree.query(vertex)[1]) for vertex in vertices)
    votes: Counter[int] = Counter()
    for node, count in covered.items():
        votes[int(labels[node])] += count
    most = max(votes.values())
    label = min(label for label, count in votes.items() if count == most)
    length = sum(
        float(np.linalg.norm(nodes[a] - nodes[b]))
        for a, b in edges
        if a in covered and b in covered
    )
    return covered, label, length
