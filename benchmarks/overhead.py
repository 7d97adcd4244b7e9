"""What a job costs beside its work: Snakemake, the interpreter, imports.

    python benchmarks/overhead.py [--cells 30] [--repeats 3]

Against a workflow of as many jobs that only import NumPy, in the same run. Both are run once with
everything to do and once with nothing to do; the difference in CPU time, less what the jobs say
they worked, is the overhead. Prints a table and writes it to benchmarks/overhead.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from full_run import PRODUCTS, children_cpu, run_generated, run_workflow
from generated import PUBLISHED, make_templates
from measures import ROOT
from mitosyn.report.run_times import costs_by_rule
from timing import machine

PER_CELL = ("measure_morphometrics", "associate_skeleton", "export_swc", "write_cell_csv")
ONLY_NUMPY = '''"""Import NumPy and write a file."""

from pathlib import Path

import numpy as np

Path(snakemake.output[0]).write_text(np.__version__)
'''
SNAKEFILE = """rule all:
    input:
        expand("out/{{i}}.txt", i=range({jobs})),


rule only_numpy:
    output:
        "out/{{i}}.txt",
    script:
        "only_numpy.py"
"""


def numpy_overhead(folder: Path, jobs: int) -> float:
    """Give the CPU seconds of a Snakemake job that only imports NumPy."""
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE.format(jobs=jobs))
    (folder / "only_numpy.py").write_text(ONLY_NUMPY)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all"]
    clock = []
    for _ in ("everything", "nothing"):
        before = children_cpu()
        subprocess.run(command, check=True, cwd=folder, stderr=subprocess.DEVNULL)
        clock.append(children_cpu() - before)
    return (clock[0] - clock[1]) / jobs


def workflow_overhead(scratch: Path, templates: Path, cells: int) -> dict[str, float]:
    """Give the CPU seconds that a per-cell job costs beside its work, and parts of that."""
    finished = run_generated(scratch, templates, PUBLISHED.of_cells(cells), 1)
    nothing = run_workflow(finished.folder, finished.config, PRODUCTS, 1)
    costs = costs_by_rule(finished.folder / "logs/generated")
    for rule in ("select_cells", "partition_mitochondria"):
        del costs[rule]  # of the first run
    jobs = sum(cost.jobs for cost in costs.values())
    worked = sum(cost.work_s for cost in costs.values())
    started = sum(cost.start_s for cost in costs.values())
    overhead = (finished.products.cpu_s - nothing.cpu_s - worked) / jobs
    per_rule = {rule: costs[rule].start_s / costs[rule].jobs for rule in PER_CELL}
    snakemake = overhead - started / jobs
    return {"all jobs": overhead} | {rule: snakemake + start for rule, start in per_rule.items()}


def main() -> None:
    """Measure, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    reference, own = [], []
    with tempfile.TemporaryDirectory() as name:
        templates = Path(name) / "templates"
        make_templates(templates)
        for turn in range(arguments.repeats):
            jobs = arguments.cells * len(PER_CELL)
            reference.append(numpy_overhead(Path(name) / f"numpy_{turn}", jobs))
            own.append(workflow_overhead(Path(name) / f"turn_{turn}", templates, arguments.cells))
    lines = ["| job | CPU beside its work, s | times the NumPy job |", "| --- | --- | --- |"]
    lines.append(f"| only imports NumPy | {median(reference):.2f} | 1.0 |")
    for what in own[0]:
        ratio = median(turn[what] / base for turn, base in zip(own, reference, strict=True))
        lines.append(f"| {what} | {median(turn[what] for turn in own):.2f} | {ratio:.1f} |")
    text = (
        "# What a job costs beside its work\n\n"
        f"`python benchmarks/overhead.py --cells {arguments.cells} --repeats {arguments.repeats}`: "
        f"medians of {arguments.repeats} turns on one of {machine()}. CPU of Snakemake, of the "
        "interpreter and of imports; Snakemake's part is the same for all rules.\n\n"
        + "\n".join(lines)
        + "\n"
    )
    print(text)
    (ROOT / "benchmarks" / "overhead.md").write_text(text)


if __name__ == "__main__":
    main()
