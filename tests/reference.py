"""The definitions of the morphometrics with trimesh and scikit-learn, one mesh at a time.

Written from the definitions and the libraries' documentation as an oracle for
:mod:`mitosyn.morphometrics`: sections by ``Trimesh.section``, halves by
``slice_mesh_plane(cap=True)``, axes by ``PCA``.
"""

from __future__ import annotations

import numpy as np
import trimesh
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
