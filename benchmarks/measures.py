"""Morphometrics and association against a reference with trimesh and a KD-tree query a vertex.

    python benchmarks/measures.py [--repeats 5] [--em-block FOLDER]

The reference (tests/reference.py) takes one mesh at a time. Both run on one core, in turns, on the
closed meshes of the generated dataset and of the EM block; morphometrics must agree to 1e-6,
labels exactly, lengths to 1e-6 where no vertex is as near to one node as to another. Prints a
table and writes it to benchmarks/measures.md with its machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

# Before NumPy is imported: on one core, and sums in one order.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "tests")]

import numpy as np  # noqa: E402
import reference  # noqa: E402
import trimesh  # noqa: E402
from manifold3d import Manifold  # noqa: E402
from mitosyn.catalogue.names import PUBLISHED_FILES  # noqa: E402
from mitosyn.catalogue.tables import MORPHOMETRICS  # noqa: E402
from mitosyn.meshes.bundle import Mesh, MeshBundle, bundle_meshes, read_bundle, write_bundle  # noqa: E402
from mitosyn.meshes.hulls import convex_hull  # noqa: E402
from mitosyn.meshes.morphometrics import measure_bundle  # noqa: E402
from mitosyn.meshes.surfaces import describe_surfaces  # noqa: E402
from mitosyn.retrieval.fetch import MeshLayer, Transfer  # noqa: E402
from mitosyn.skeletons.coverage import associate, covered_lengths, majority_labels  # noqa: E402
from mitosyn.skeletons.formats.registry import read_skeleton  # noqa: E402
from mitosyn.sources.microns_l23 import MITOCHONDRION_COLUMNS  # noqa: E402
from mitosyn.tables.reading import read_table  # noqa: E402
from sample import MESH_VOXEL_NM, VOXEL_NM, make_sample  # noqa: E402
from scipy.spatial import ConvexHull, KDTree  # noqa: E402
from timing import in_turns, machine  # noqa: E402

SCALE = np.divide(VOXEL_NM, MESH_VOXEL_NM)


@dataclass(frozen=True)
class Row:
    """A line of the table: seconds of the reference and of the workflow's code, turn by turn."""

    what: str
    meshes: int
    reference_s: list[float]
    own_s: list[float]
    floor_s: list[float] | None = None

    def text(self) -> str:
        """Give the line in Markdown; a ratio is the median of those of the turns."""
        floor = f"{median_ratio(self.own_s, self.floor_s):.1f}" if self.floor_s else ""
        per_mesh = 1000 / self.meshes
        return (
            f"| {self.what} | {self.meshes} | {median(self.reference_s) * per_mesh:.2f} | "
            f"{median(self.own_s) * per_mesh:.3f} | "
            f"{median_ratio(self.reference_s, self.own_s):.0f} | {floor} |"
        )


def median_ratio(above: list[float], below: list[float]) -> float:
    """Give the median of the ratios of paired times."""
    return median(a / b for a, b in zip(above, below, strict=True))


def is_closed(mesh: Mesh) -> bool:
    """Tell whether a mesh is closed once repeated vertices are merged, and encloses something."""
    merged = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    merged.merge_vertices()
    return bool(merged.is_watertight) and abs(merged.volume) > 0


def meshes_of(folder: Path) -> dict[int, dict[int, Mesh]]:
    """Read the closed meshes of a dataset, by cell and mitochondrion."""
    table = read_table(folder / PUBLISHED_FILES["mitochondria"], MITOCHONDRION_COLUMNS)
    layer = MeshLayer(f"precomputed://file://{folder / 'mito_meshes'}", Transfer())
    found = layer.fetch(table["mito_id"].to_pylist())
    cells: dict[int, dict[int, Mesh]] = {}
    for mito_id, cell_id in zip(
        table["mito_id"].to_pylist(), table["cellid"].to_pylist(), strict=True
    ):
        mesh = found[mito_id]
        if isinstance(mesh, Mesh) and is_closed(mesh):
            cells.setdefault(cell_id, {})[mito_id] = mesh
    return cells


def bundled(meshes: dict[int, Mesh]) -> MeshBundle:
    """Bundle meshes in their order."""
    return bundle_meshes(np.array(list(meshes)), meshes)


def compare_morphometrics(name: str, cells: dict[int, dict[int, Mesh]], repeats: int) -> Row:
    """Measure the meshes of a dataset that defeat no measure both ways."""
    meshes = {i: mesh for cell in cells.values() for i, mesh in cell.items()}
    everything = measure_bundle(bundled(meshes), SCALE)
    whole = np.isfinite(np.stack(list(everything.values()))).all(axis=0)
    meshes = {i: mesh for (i, mesh), kept in zip(meshes.items(), whole, strict=True) if kept}
    bundle = bundled(meshes)
    scaled = {i: mesh.vertices.astype(float) * SCALE for i, mesh in meshes.items()}
    expected = {i: reference.morphometrics(scaled[i], meshes[i].faces) for i in meshes}
    values = measure_bundle(bundle, SCALE)
    for row, mito_id in enumerate(meshes):
        for measure in MORPHOMETRICS:
            np.testing.assert_allclose(
                values[measure][row], expected[mito_id][measure], 1e-6, err_msg=f"{mito_id}"
            )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "meshes.npz"
        write_bundle(path, bundle)
        slow_s, own_s, floor_s = in_turns(
            [
                lambda: [reference.morphometrics(scaled[i], meshes[i].faces) for i in meshes],
                lambda: measure_bundle(read_bundle(path), SCALE),
                lambda: [convex_hull(points(m)) for m in read_bundle(path)],
            ],
            repeats,
            time.process_time,
        )
    return Row(f"morphometrics, {name}", len(meshes), slow_s, own_s, floor_s)


def compare_hulls(name: str, cells: dict[int, dict[int, Mesh]], repeats: int) -> str:
    """Give a line with the time of a hull: manifold3d's as it comes, certified, and Qhull's."""
    clouds = [points(mesh) for cell in cells.values() for mesh in cell.values()]
    times = in_turns(
        [
            lambda: [Manifold.hull_points(own.T).volume() for own in clouds],
            lambda: [convex_hull(own) for own in clouds],
            lambda: [ConvexHull(own.T).volume for own in clouds],
        ],
        repeats,
        time.process_time,
    )
    per_mesh = (f"{median(own) * 1000 / len(clouds):.3f}" for own in times)
    return f"| {name} | {len(clouds)} | {' | '.join(per_mesh)} |"


def import_seconds(statement: str) -> float:
    """Give the CPU time of an import beyond NumPy's, median of five processes."""
    code = (
        f"import numpy, time; t = time.process_time(); {statement}; print(time.process_time() - t)"
    )
    calls = (subprocess.run([sys.executable, "-c", code], capture_output=True) for _ in range(5))
    return median(float(call.stdout) for call in calls)


def points(mesh: Mesh) -> np.ndarray:
    """Give the vertices about their mean, one coordinate after the other: (3, V) float64."""
    vertices = mesh.vertices.T * SCALE[:, None]
    return vertices - vertices.mean(axis=1)[:, None]


def compare_surfaces(name: str, cells: dict[int, dict[int, Mesh]], repeats: int) -> Row:
    """Tell both ways whether meshes are closed, and count their pieces."""
    meshes = {i: mesh for cell in cells.values() for i, mesh in cell.items()}
    bundle = bundled(meshes)

    def slow() -> list[tuple[bool, int]]:
        merged = [trimesh.Trimesh(m.vertices, m.faces, process=False) for m in meshes.values()]
        for mesh in merged:
            mesh.merge_vertices()
        return [(mesh.is_watertight, mesh.body_count) for mesh in merged]

    surfaces = describe_surfaces(bundle)
    assert list(zip(surfaces.closed, surfaces.pieces, strict=True)) == slow()
    timed = in_turns([slow, lambda: describe_surfaces(bundle)], repeats, time.process_time)
    return Row(f"closed and pieces, {name}", len(meshes), *timed)


def compare_association(
    name: str, folder: Path, cells: dict[int, dict[int, Mesh]], repeats: int
) -> Row:
    """Associate the meshes of the neuron with the most of them both ways."""
    with_skeleton = {
        cell_id: meshes
        for cell_id, meshes in cells.items()
        if (folder / "skeletons" / f"{cell_id}_skeleton.h5").exists()
    }
    cell_id = max(with_skeleton, key=lambda i: len(with_skeleton[i]))
    meshes = with_skeleton[cell_id]
    base = folder / "skeletons" / f"{cell_id}_skeleton"
    skeleton = read_skeleton(base.with_suffix(".h5"))
    bundle, count = bundled(meshes), len(meshes)

    def own() -> tuple[np.ndarray, np.ndarray]:
        coverage = associate(bundle, SCALE, skeleton)
        return (
            majority_labels(coverage, skeleton, count),
            covered_lengths(coverage, skeleton, count),
        )

    def slow() -> list[tuple]:
        tree = KDTree(skeleton.vertices)
        return [
            reference.coverage(
                mesh.vertices.astype(float) * SCALE,
                skeleton.vertices,
                skeleton.edges,
                skeleton.labels,
                tree,
            )
            for mesh in meshes.values()
        ]

    labels, lengths = own()
    assert labels.tolist() == [label for _, label, _ in slow()]
    # A vertex as near to one node as to another may go to either.
    same = np.isclose(lengths, [length for _, _, length in slow()], 1e-6)
    assert same.mean() > 0.95, lengths[~same]
    timed = in_turns([slow, own], repeats, time.process_time)
    return Row(f"association, {name}", count, *timed)


def main() -> None:
    """Measure, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--em-block", type=Path, default=ROOT.parent / "shared/data/em_block")
    arguments = parser.parse_args()
    rows, hulls = [], []
    with tempfile.TemporaryDirectory() as scratch:
        sample = Path(scratch)
        make_sample(sample, (2, 1, 1))
        datasets = {"sample": sample, "EM block": arguments.em_block}
        for name, folder in datasets.items():
            if folder.is_dir():
                cells = meshes_of(folder)
                rows.append(compare_morphometrics(name, cells, arguments.repeats))
                rows.append(compare_surfaces(name, cells, arguments.repeats))
                rows.append(compare_association(name, folder, cells, arguments.repeats))
                hulls.append(compare_hulls(name, cells, arguments.repeats))
    lines = [
        "| what | meshes | reference, ms/mesh | workflow, ms/mesh | times faster | "
        "times the floor |",
        "| --- | --- | --- | --- | --- | --- |",
        *(row.text() for row in rows),
    ]
    text = (
        "# Measures against the reference\n\n"
        f"`python benchmarks/measures.py --repeats {arguments.repeats}`: medians of the CPU "
        f"time of {arguments.repeats} turns on one of {machine()}. Per mesh, its share of what is "
        "done once a cell included. The floor is reading the file of meshes and one convex hull of "
        "each that is certified.\n\n" + "\n".join(lines) + "\n\n## Convex hulls\n\n"
        "manifold3d's hull as it comes is wrong for some meshes on a voxel grid; certified, it is "
        "proposed from shifted vertices and tested (`mitosyn/hulls.py`). Qhull needs no test, but "
        f"a cell that asks it imports SciPy for {import_seconds('import scipy.spatial'):.2f} s "
        f"(manifold3d: {import_seconds('import manifold3d'):.2f} s).\n\n"
        "| meshes | number | manifold3d, ms/mesh | certified | Qhull |\n"
        "| --- | --- | --- | --- | --- |\n" + "\n".join(hulls) + "\n"
    )
    print(text)
    (ROOT / "benchmarks" / "measures.md").write_text(text)


if __name__ == "__main__":
    main()
