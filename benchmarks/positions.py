"""Where mitochondria and synapses sit, against a reference of plain loops, and at full size.

    python benchmarks/positions.py [--shares 0.125 0.25 0.5 1] [--repeats 5]

On made neurons with shares of the mitochondria, synaptic sites and skeleton nodes of a published
one. The reference (tests/positions_reference.py) takes one pair at a time, and the way of each
to the root. Both run on one core, in turns, on the same neuron, and must agree to 1e-9. Prints
tables and writes them to benchmarks/positions.md with their machine. Times are CPU time.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import process_time

# Before NumPy is imported: on one core, and sums in one order.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "tests")]

import numpy as np  # noqa: E402
import positions_reference as reference  # noqa: E402
import pyarrow as pa  # noqa: E402
from mitosyn.catalogue.names import COMPARTMENTS  # noqa: E402
from mitosyn.meshes.bundle import MeshBundle  # noqa: E402
from mitosyn.positions.neuron import neuron_of  # noqa: E402
from mitosyn.positions.relations import position_tables  # noqa: E402
from mitosyn.positions.sites import site_table  # noqa: E402
from mitosyn.skeletons.coverage import Coverage  # noqa: E402
from mitosyn.skeletons.skeleton import Skeleton  # noqa: E402
from mitosyn.tables.synapses import ENDS_SCHEMA  # noqa: E402
from timing import in_turns, machine, seconds  # noqa: E402

# Of a neuron of the published dataset, the mesh vertices those of one mitochondrion.
MITOCHONDRIA, SITES, NODES, VERTICES = 540, 2400, 5000, 770
NEURITE_NODES, STEP_NM = 80, 600.0
PRESYNAPTIC_SHARE = 0.1
CELL, OTHER = 648518346349538426, 648518346349537404
SHUFFLES = 10


@dataclass(frozen=True)
class Made:
    """A made neuron, as the jobs of a cell have it."""

    skeleton: Skeleton
    coverage: Coverage
    bundle: MeshBundle
    labels: np.ndarray
    ends: pa.Table


def make_skeleton(rng: np.random.Generator, count: int) -> tuple[Skeleton, np.ndarray]:
    """Make a soma with neurites that fork at random places; return the nodes' parents too."""
    parents, directions = np.full(count, -1), np.zeros((count, 3))
    positions, labels = np.zeros((count, 3)), np.zeros(count, np.int64)
    for node in range(1, count):
        fork = node % NEURITE_NODES == 1
        parent = int(rng.integers(0, node)) if fork else node - 1
        direction = rng.normal(size=3) if fork else directions[parent] + rng.normal(0, 0.2, 3)
        directions[node] = direction / np.linalg.norm(direction)
        step = STEP_NM * rng.uniform(0.5, 1.5)
        positions[node] = positions[parent] + step * directions[node]
        labels[node] = labels[parent] or rng.integers(1, 4)
        parents[node] = parent
    edges = np.column_stack([parents[1:], np.arange(1, count)])
    return Skeleton(positions, edges, labels, 0), parents


def make_neuron(share: float) -> Made:
    """Make a neuron with mitochondria of one to seven nodes."""
    rng = np.random.default_rng(1)
    mitochondria, sites, nodes = (int(n * share) for n in (MITOCHONDRIA, SITES, NODES))
    skeleton, parents = make_skeleton(rng, nodes)
    pairs = []
    for row in range(mitochondria):
        node, own = int(rng.integers(1, nodes)), []
        for _ in range(rng.integers(1, 8)):
            own += [node] if node > 0 else []
            node = parents[node] if node > 0 else node
        pairs += [(row, node) for node in sorted(own)]
    row, node = np.array(pairs).T
    first = node[np.searchsorted(row, np.arange(mitochondria))]
    at = np.repeat(skeleton.vertices[first], VERTICES, axis=0)
    offsets = VERTICES * np.arange(mitochondria + 1)
    bundle = MeshBundle(
        mito_ids=rng.permutation(10**6)[:mitochondria],
        problems=np.full(mitochondria, ""),
        vertices=(at + rng.normal(0, 400, at.shape)).astype(np.float32),
        faces=np.empty((0, 3), np.uint32),
        vertex_offsets=offsets,
        face_offsets=np.zeros_like(offsets),
    )
    coverage = Coverage(row, node, np.full(len(row), VERTICES))
    positions = skeleton.vertices[rng.integers(1, nodes, sites)] + rng.normal(0, 300, (sites, 3))
    pre = rng.random(sites) < PRESYNAPTIC_SHARE
    kinds = np.where(pre, "pre", "post")
    partners = np.where(pre, CELL, OTHER), np.where(pre, OTHER, CELL)
    columns = [np.arange(sites), np.full(sites, CELL), kinds, *positions.T, *partners]
    ends = pa.table(columns, schema=ENDS_SCHEMA)
    return Made(skeleton, coverage, bundle, skeleton.labels[first], ends)


def relate(made: Made, shuffles: int = 0) -> tuple[pa.Table, pa.Table]:
    """Relate a neuron, of which only the order of the SWC file has been asked before."""
    skeleton, bundle = replace(made.skeleton), made.bundle
    # The job that finds the covered nodes has the tree.
    skeleton.__dict__["tree"] = made.skeleton.tree
    neuron = neuron_of(CELL, skeleton, made.coverage, bundle.mito_ids, made.labels, made.ends)
    sites = site_table(neuron, bundle, np.ones(3), COMPARTMENTS)
    return sites, position_tables(neuron, shuffles=shuffles, seed=1)[0]


def in_reference(made: Made) -> tuple[list[dict], dict[int, dict]]:
    """Relate a neuron by the reference."""
    forest = made.skeleton.tree
    swc_ids = forest.swc_ids()
    tree = reference.Tree(
        made.skeleton.vertices[forest.nodes].tolist(),
        forest.parents.tolist(),
        made.skeleton.labels[forest.nodes].tolist(),
        int(swc_ids[made.skeleton.root]),
    )
    mitochondria = {
        mito_id: reference.Mitochondrion(
            int(made.labels[row]),
            set(swc_ids[made.coverage.node[made.coverage.mitochondrion == row]].tolist()),
            mesh.vertices,
        )
        for row, (mito_id, mesh) in enumerate(
            zip(made.bundle.mito_ids.tolist(), made.bundle, strict=True)
        )
    }
    sites = [
        reference.Site((end["x"], end["y"], end["z"]), kind == "pre", kind == "post")
        for end in made.ends.to_pylist()
        for kind in [end["synapse_type"]]
    ]
    return reference.relate(tree, reference.Climbed(tree), mitochondria, sites)


def check(own: list[dict], expected: list[dict]) -> None:
    """Check that rows agree to 1e-9."""
    for row, other in zip(own, expected, strict=True):
        for name, value in other.items():
            if name == "compartment":
                assert row[name] == COMPARTMENTS[value]
            elif isinstance(value, float):
                np.testing.assert_allclose(row[name], value, 1e-9, 1e-6, err_msg=name)
            else:
                assert row[name] == value, name


def compare(share: float, repeats: int) -> str:
    """Time both, check that they agree; return a line of the table."""
    made = make_neuron(share)
    expected: list[tuple[list[dict], dict[int, dict]]] = []
    slow = [seconds(lambda: expected.append(in_reference(made)), 1, process_time)]
    quick = in_turns([lambda: relate(made)], repeats, process_time)[0]
    sites, positions = relate(made)
    check(sites.to_pylist(), expected[0][0])
    check(positions.to_pylist(), list(expected[0][1].values()))
    sizes = len(made.labels), len(made.ends), len(made.skeleton.vertices)
    return (
        f"| {' | '.join(f'{n:,}' for n in sizes)} | {slow[0]:.1f} | {median(quick) * 1e3:.1f} | "
        f"{slow[0] / median(quick):,.0f} |"
    )


def full_size(repeats: int) -> str:
    """Time a neuron of published size."""
    made = make_neuron(1)
    alone, shuffled = in_turns(
        [lambda: relate(made), lambda: relate(made, SHUFFLES)], repeats, process_time
    )
    return (
        f"A neuron of {len(made.labels)} mitochondria, {len(made.ends):,} sites and "
        f"{len(made.skeleton.vertices):,} nodes takes {median(alone) * 1e3:.0f} ms, and "
        f"{(median(shuffled) - median(alone)) * 1e3:.0f} ms more for {SHUFFLES} shuffles."
    )


def main() -> None:
    """Measure, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.125, 0.25, 0.5, 1.0])
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    lines = [compare(share, arguments.repeats) for share in arguments.shares]
    text = "\n".join(
        [
            "# Where mitochondria and synapses sit",
            "",
            f"`python benchmarks/positions.py --repeats {arguments.repeats}`: CPU time on one of "
            f"{machine()}; of the workflow the median of {arguments.repeats} turns, of the "
            "reference of plain loops one. Both write a row for each site and each mitochondrion, "
            "with the counts by distance.",
            "",
            "| mitochondria | sites | nodes | reference, s | workflow, ms | times faster |",
            "| --- | --- | --- | --- | --- | --- |",
            *lines,
            "",
            full_size(arguments.repeats),
            "",
        ]
    )
    print(text)
    (ROOT / "benchmarks" / "positions.md").write_text(text)


if __name__ == "__main__":
    main()
