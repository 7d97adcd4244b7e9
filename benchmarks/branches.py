"""The branch analysis: how it grows with the mesh, and against a reference of plain loops.

    python benchmarks/branches.py [--dendrites 2 4 8 19] [--compare 4 19] [--repeats 3]

On made cells, a soma with dendrites as one closed surface of some 27,000 vertices for each
dendrite. The reference (tests/branch_reference.py) masks the whole mesh for each branch and finds
rims edge by edge. Both run on one core, in turns, on the same mesh, and must agree to 1e-9. Prints
tables and writes them to benchmarks/branches.md with their machine. Times are CPU time, of one
process without threads: what else the machine does hardly matters.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import process_time

# Before NumPy is imported: on one core, and sums in one order.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "tests")]

import branch_reference as reference  # noqa: E402
import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import trimesh  # noqa: E402
from mitosyn.branches.measures import measure_branches  # noqa: E402
from mitosyn.branches.mesh import assign_vertices, node_radii  # noqa: E402
from mitosyn.branches.neuron import Neuron  # noqa: E402
from mitosyn.meshes.cell_mesh import CellMesh  # noqa: E402
from mitosyn.skeletons.assigned import AssignedMesh  # noqa: E402
from mitosyn.skeletons.coverage import Coverage  # noqa: E402
from mitosyn.skeletons.skeleton import Skeleton  # noqa: E402
from timing import in_turns, machine, seconds  # noqa: E402
from tubes import arbor  # noqa: E402

KIND = "distancebins"
DENDRITE_NM = 50_000
MITOCHONDRIA_PER_DENDRITE, SYNAPSES_PER_DENDRITE = 40, 300


@dataclass(frozen=True)
class Cell:
    """A made cell: its mesh, its skeleton, and what lies on that."""

    mesh: CellMesh
    skeleton: Skeleton
    coverage: Coverage
    mitochondria_um3: np.ndarray
    synapse_nodes: np.ndarray

    def fresh_mesh(self) -> CellMesh:
        """Return the mesh without what it has been asked before."""
        return CellMesh(self.mesh.vertices, self.mesh.faces)


def make_cell(dendrites: int) -> Cell:
    """Make a cell with mitochondria of one to eight nodes."""
    rng = np.random.default_rng(dendrites)
    mesh, skeleton = arbor(rng, dendrites, DENDRITE_NM)
    # Off the grid: no vertex is as far from one node as from another.
    mesh = CellMesh(mesh.vertices + rng.normal(0, 2, mesh.vertices.shape), mesh.faces)
    count, nodes = MITOCHONDRIA_PER_DENDRITE * dendrites, len(skeleton.vertices)
    first = rng.integers(0, nodes, count)
    last = np.minimum(first + rng.integers(1, 9, count), nodes)
    node = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    coverage = Coverage(
        np.repeat(np.arange(count), last - first), node, rng.integers(1, 99, len(node))
    )
    synapses = rng.integers(0, nodes, SYNAPSES_PER_DENDRITE * dendrites)
    return Cell(mesh, skeleton, coverage, rng.random(count), synapses)


def measure(cell: Cell, mesh: AssignedMesh, diameters: np.ndarray) -> pa.Table:
    """Measure the branches of a cell, of which nothing has been asked before."""
    inputs = (diameters, cell.coverage, cell.mitochondria_um3, cell.synapse_nodes)
    return measure_branches(Neuron(0, replace(cell.skeleton), mesh, *inputs), KIND)


def steps(cell: Cell) -> list[Callable[[], object]]:
    """Return association, radii, measuring, each to be timed; they have what comes before."""
    assigned, _ = assign_vertices(cell.mesh, cell.skeleton)
    diameters = 2 * node_radii(assigned, cell.skeleton)
    return [
        lambda: assign_vertices(cell.fresh_mesh(), cell.skeleton),
        lambda: node_radii(assigned, cell.skeleton),
        lambda: measure(cell, assigned, diameters),
    ]


def growth(cell: Cell, repeats: int) -> str:
    """Time each step; return a line of the table."""
    count = len(cell.mesh.vertices)
    times = [median(turns) for turns in in_turns(steps(cell), repeats, process_time)]
    total = sum(times)
    parts = " | ".join(f"{time:.2f}" for time in times)
    return (
        f"| {count:,} | {len(cell.skeleton.vertices):,} | {parts} | {total:.2f} | "
        f"{total / count * 1e5:.2f} |"
    )


def in_reference(cell: Cell, mesh: trimesh.Trimesh, node_of_vertex: np.ndarray) -> list[dict]:
    """Measure the branches of a cell by the reference."""
    skeleton = cell.skeleton
    columns = (cell.coverage.mitochondrion, cell.coverage.node, cell.coverage.vertices)
    return reference.measure_branches(
        0,
        skeleton.vertices,
        skeleton.edges,
        skeleton.labels,
        KIND,
        roots=[skeleton.root],
        mesh=mesh,
        node_of_vertex=node_of_vertex,
        diameters=np.ones(len(skeleton.vertices)),
        coverage=np.column_stack(columns).tolist(),
        mitochondria_um3=cell.mitochondria_um3.tolist(),
        synapse_nodes=cell.synapse_nodes.tolist(),
    )


def compare(cell: Cell, repeats: int) -> list[str]:
    """Time both, check that they agree; return lines of the table."""
    skeleton, ones = cell.skeleton, np.ones(len(cell.skeleton.vertices))
    assigned, _ = assign_vertices(cell.mesh, skeleton)
    node_of_vertex = assigned.node_of_vertex
    closed = trimesh.Trimesh(cell.mesh.vertices, cell.mesh.faces, process=False)
    assert np.array_equal(node_of_vertex, reference.assign(closed, skeleton.vertices))
    measured: list[pa.Table] = []
    expected: list[list[dict]] = []

    def fresh() -> trimesh.Trimesh:
        return trimesh.Trimesh(cell.mesh.vertices, cell.mesh.faces, process=False)

    slow = [
        lambda: reference.assign(fresh(), skeleton.vertices),
        lambda: expected.append(in_reference(cell, fresh(), node_of_vertex)),
    ]
    quick = [
        lambda: assign_vertices(cell.fresh_mesh(), skeleton),
        lambda: measured.append(measure(cell, assigned, ones)),
    ]
    turns = in_turns([*slow, *quick], repeats, process_time)
    own = measured[0].to_pylist()
    for row, other in zip(own, expected[0], strict=True):
        known = {name: value for name, value in row.items() if value is not None}
        assert {n for n, value in other.items() if value is not None} == set(known)
        for name, value in known.items():
            np.testing.assert_allclose(value, other[name], 1e-9, 1e-9, err_msg=name)
    slow_s, quick_s = turns[:2], turns[2:]
    slow_s.append([sum(pair) for pair in zip(*slow_s, strict=True)])
    quick_s.append([sum(pair) for pair in zip(*quick_s, strict=True)])
    names = ("association", "measuring the branches", "both")
    return [
        f"| {len(cell.mesh.vertices):,} | {len(own)} | {name} | {median(a):.2f} | "
        f"{median(b):.3f} | {median(x / y for x, y in zip(a, b, strict=True)):.1f} |"
        for name, a, b in zip(names, slow_s, quick_s, strict=True)
    ]


def associate_file(path: Path) -> str:
    """Associate a mesh in this process, which has done nothing else; say what it took."""
    with np.load(path) as arrays:
        mesh = CellMesh(arrays["vertices"], arrays["faces"])
        skeleton = Skeleton(arrays["nodes"], arrays["edges"], arrays["labels"], 0)
    before = peak_mb()
    time = seconds(lambda: assign_vertices(mesh, skeleton), 1)
    return (
        f"The association of {len(mesh.vertices):,} vertices in a process of its own: "
        f"{time:.1f} s, peak {peak_mb():.0f} MB ({before:.0f} MB before it, for the mesh and "
        "what is imported)."
    )


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    # The resource usage would begin with the size of the process that started this one.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1e3 if found else float("nan")


def associate_apart(cell: Cell) -> str:
    """Associate a cell's mesh in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cell.npz"
        arrays = {
            "vertices": cell.mesh.vertices,
            "faces": cell.mesh.faces,
            "nodes": cell.skeleton.vertices,
            "edges": cell.skeleton.edges,
            "labels": cell.skeleton.labels,
        }
        np.savez(path, allow_pickle=False, **arrays)
        command = [sys.executable, __file__, "--associate", str(path)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Measure, print and keep the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dendrites", type=int, nargs="+", default=[2, 4, 8, 19])
    parser.add_argument("--compare", type=int, nargs="+", default=[4, 19])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--associate", type=Path, help="of a file, and nothing else")
    arguments = parser.parse_args()
    if arguments.associate:
        print(associate_file(arguments.associate))
        return
    cells = {n: make_cell(n) for n in {*arguments.dendrites, *arguments.compare}}
    grown = [growth(cells[n], arguments.repeats) for n in arguments.dendrites]
    compared = [line for n in arguments.compare for line in compare(cells[n], arguments.repeats)]
    text = "\n".join(
        [
            "# The branch analysis",
            "",
            f"`python benchmarks/branches.py --repeats {arguments.repeats}`: medians of the CPU "
            f"time of {arguments.repeats} turns on one of {machine()}. Branch type `{KIND}`.",
            "",
            "Growth with the mesh, in seconds:",
            "",
            "| vertices | nodes | association | radii | measuring | in all | a 100,000 vertices |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *grown,
            "",
            associate_apart(cells[max(cells)]),
            "",
            "Against the reference, on the same meshes:",
            "",
            "| vertices | branches | what | reference, s | workflow, s | times faster |",
            "| --- | --- | --- | --- | --- | --- |",
            *compared,
            "",
        ]
    )
    print(text)
    (ROOT / "benchmarks" / "branches.md").write_text(text)


if __name__ == "__main__":
    main()
