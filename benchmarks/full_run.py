"""A run of the published size: its wall time, its CPU time and where that goes, its memory.

    python benchmarks/full_run.py [--cells 398] [--cores 2] [--scratch FOLDER]

Generates 398 cells with 214,000 mitochondria out of 2.4 million and 3.2 million synapses
(generated.py), runs the workflow from the tables to the archives and the checks, all but the
notebook and retrieval, and extrapolates the reference (tests/reference.py) from a sample of the
same meshes. Prints a table and writes it to benchmarks/full_run.md.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from generated import PUBLISHED, Size, make_tables, make_templates, write_meshes
from job_costs import Shares, shares_of_work
from measures import ROOT, SCALE
from mitosyn.meshes.bundle import read_bundle
from mitosyn.report.run_times import RuleCost, costs_by_rule
from mitosyn.skeletons.formats.registry import read_skeleton
from reference import coverage, morphometrics
from scipy.spatial import KDTree
from timing import machine

TABLES = ["tables/cells.arrow", "tables/mitochondria.arrow"]
PRODUCTS = [
    "microns.tar.gz",
    "morphologies.tar.gz",
    "nodes.tar.gz",
    "cell_type_classification_filtered.csv",
    "synapse_filtered.csv",
    "cells.csv",
    "incomplete_mitochondria.csv",
    "check.json",
]
SAMPLED_MESHES = 60
SAMPLED_CELLS = 5


@dataclass
class Cost:
    """What a run cost."""

    wall_s: float
    cpu_s: float


def run_workflow(folder: Path, config: Path, targets: list[str], cores: int) -> Cost:
    """Run the workflow for some targets of the dataset and clock it with all it starts."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += [f"results/generated/{target}" for target in targets]
    command += ["--directory", str(folder), "--cores", str(cores), "--quiet", "all"]
    before, start = children_cpu(), time.perf_counter()
    subprocess.run([*command, "--configfile", str(config)], check=True, cwd=folder)
    return Cost(time.perf_counter() - start, children_cpu() - before)


@dataclass(frozen=True)
class Finished:
    """A generated dataset that has been run: where, and what its two parts cost."""

    folder: Path
    config: Path
    mesh_bytes: int
    tables: Cost
    products: Cost

    @property
    def cost(self) -> Cost:
        """What both parts cost together."""
        first, second = self.tables, self.products
        return Cost(first.wall_s + second.wall_s, first.cpu_s + second.cpu_s)


def run_generated(scratch: Path, templates: Path, size: Size, cores: int) -> Finished:
    """Generate a dataset and run it: its tables, then all else from the per-cell mesh files."""
    folder = scratch / "run"
    folder.mkdir(parents=True)
    config = make_tables(scratch / "data", templates, size)
    tables = run_workflow(folder, config, TABLES, cores)
    mesh_bytes = write_meshes(folder / "results/generated", templates)
    products = run_workflow(folder, config, PRODUCTS, cores)
    return Finished(folder, config, mesh_bytes, tables, products)


def children_cpu() -> float:
    """Give the CPU seconds of all finished child processes."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def reference_seconds(run: Path, skeletons: Path, size: Size) -> tuple[float, float]:
    """Time the reference on a sample of the meshes and skeletons; extrapolate to all of them.

    Returns
    -------
    tuple of two floats
        CPU seconds of all morphometrics and of all associations.
    """
    rng = np.random.default_rng(2)
    bundles = sorted((run / "results/generated/per_cell/meshes").glob("*.npz"))
    with_skeleton = [b for b in bundles if (skeletons / f"{b.stem}_skeleton.h5").exists()]
    measured = associated = 0.0
    for path in with_skeleton[:SAMPLED_CELLS]:
        base = skeletons / f"{path.stem}_skeleton"
        skeleton = read_skeleton(base.with_suffix(".h5"))
        meshes = list(read_bundle(path))
        tree = KDTree(skeleton.vertices)
        for i in rng.choice(len(meshes), SAMPLED_MESHES // SAMPLED_CELLS, replace=False):
            vertices = meshes[i].vertices.astype(float) * SCALE
            start = time.process_time()
            morphometrics(vertices, meshes[i].faces)
            measured += time.process_time() - start
            start = time.process_time()
            coverage(vertices, skeleton.vertices, skeleton.edges, skeleton.labels, tree)
            associated += time.process_time() - start
    per_mesh = measured / SAMPLED_MESHES, associated / SAMPLED_MESHES
    with_node = size.mitochondria[0] + size.mitochondria[1]
    return per_mesh[0] * sum(size.mitochondria), per_mesh[1] * with_node


def report(run: Cost, rules: dict[str, RuleCost], shares: dict[str, Shares]) -> list[str]:
    """Give the table of where the CPU time went, in Markdown."""
    lines = [
        "| rule | jobs | start, s | input, s | computing, s | output, s | peak, MB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    total = dict.fromkeys(("start", "input", "computing", "output"), 0.0)
    for name, cost in sorted(rules.items(), key=lambda item: -item[1].work_s - item[1].start_s):
        share = shares.get(name)
        split = [cost.work_s * part for part in share.parts()] if share else [0, cost.work_s, 0]
        for key, value in zip(total, [cost.start_s, *split], strict=True):
            total[key] += value
        cells = [f"{value:.1f}" for value in (cost.start_s, *split)]
        if not share:
            cells[1] = cells[3] = ""
        lines.append(f"| {name} | {cost.jobs} | {' | '.join(cells)} | {cost.peak_mb:.0f} |")
    jobs = sum(cost.jobs for cost in rules.values())
    own = run.cpu_s - sum(cost.start_s + cost.work_s for cost in rules.values())
    peak = max(cost.peak_mb for cost in rules.values())
    values = " | ".join(f"{value:.1f}" for value in total.values())
    lines.append(f"| all jobs | {jobs} | {values} | {peak:.0f} |")
    lines.append(f"| Snakemake itself | | {own:.1f} | | | | |")
    return lines


def main() -> None:
    """Generate, run, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=PUBLISHED.cells)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--scratch", type=Path, help="a folder with 8 GB of room")
    arguments = parser.parse_args()
    size = PUBLISHED.of_cells(arguments.cells)
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as name:
        scratch = Path(name)
        text = measure(scratch, size, arguments.cores)
    print(text)
    if arguments.cells == PUBLISHED.cells:
        (ROOT / "benchmarks" / "full_run.md").write_text(text)


def measure(scratch: Path, size: Size, cores: int) -> str:
    """Generate a dataset, run it, and put the figures into words."""
    make_templates(scratch / "templates")
    finished = run_generated(scratch, scratch / "templates", size, cores)
    run = finished.cost
    rules = costs_by_rule(finished.folder / "logs/generated")
    shares = shares_of_work(finished.folder, finished.config)
    skeletons = finished.config.parent / "skeletons"
    measured, associated = reference_seconds(finished.folder, skeletons, size)
    peak = max(cost.peak_mb for cost in rules.values())
    return "\n".join(
        [
            "# A run of the published size",
            "",
            f"`python benchmarks/full_run.py --cells {size.cells} --cores {cores}`: one run on "
            f"{cores} of {machine()}; {size.cells} cells, {sum(size.mitochondria):,} "
            f"mitochondria ({finished.mesh_bytes / 1e9:.1f} GB of meshes), "
            f"{size.synapses:,} synapses.",
            "",
            f"- From the tables to the archives and the checks: {run.wall_s / 60:.1f} minutes, "
            f"{run.cpu_s:.0f} s of CPU; the largest job took {peak:.0f} MB.",
            f"- The reference would take {measured + associated:.0f} s of CPU ({measured:.0f} s of "
            f"morphometrics, {associated:.0f} s of associations; extrapolated from "
            f"{SAMPLED_MESHES} meshes of {SAMPLED_CELLS} cells), "
            f"{(measured + associated) / run.cpu_s:.0f} times as much as the whole run.",
            "",
            "Where the CPU time goes. Start: interpreter and imports. Input, computing and output "
            "of the per-cell rules are split as in a sample of their jobs, run under a clock.",
            "",
            *report(run, rules, shares),
            "",
        ]
    )


if __name__ == "__main__":
    main()
