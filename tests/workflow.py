"""Running the workflow from a test, in a folder of the test's own."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guardian import guarded
from mitosyn.catalogue.column import INTEGER, NUMBER
from mitosyn.catalogue.files import CATALOGUE

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Run:
    """A finished call of Snakemake: its folder, its exit code and what it printed."""

    folder: Path
    code: int
    text: str

    def errors(self) -> list[str]:
        """Give the one-line errors of the jobs."""
        return [line for line in self.text.splitlines() if line.startswith("Error: ")]


def run_snakemake(
    folder: Path,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    snakefile: Path = ROOT / "Snakefile",
) -> Run:
    """Run the project's Snakefile, or another, with ``folder`` as working directory.

    ``env`` is put over the environment of the tests.
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile)]
    finished = subprocess.run(
        guarded(*command, "--directory", str(folder), *arguments),
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Run(folder, finished.returncode, finished.stdout)


def copy_of(run: Run, folder: Path) -> Path:
    """Copy the folder of a finished run, for what would change it; return the copy."""
    shutil.copytree(run.folder, folder, symlinks=True)
    return folder


def done(run: Run) -> dict[str, int]:
    """Count the finished jobs by rule."""
    rules = re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)", run.text, re.MULTILINE)
    return {rule: rules.count(rule) for rule in rules}


def numbers_of_another_kind(results: Path) -> list[tuple[str, str, str]]:
    """Find integers in the documented columns of real numbers of the CSV files, and reverse."""
    found = []
    for table in [entry for entry in CATALOGUE if entry.columns]:
        if not table.path.endswith(".csv"):
            continue
        kinds = {name: meaning.kind for name, meaning in table.columns.items()}
        numeric = [name for name, kind in kinds.items() if kind in (NUMBER, INTEGER)]
        for path in results.glob(re.sub(r"<\w+>", "*", table.path)):
            with path.open(newline="") as file:
                for row in csv.DictReader(file):
                    found += [
                        (path.name, name, row[name])
                        for name in numeric
                        if row[name]
                        and bool(re.fullmatch(r"-?\d+", row[name])) != (kinds[name] == INTEGER)
                    ]
    return found


def small_sample_config(path: Path) -> Path:
    """Write a config that makes the sample small, for tests that run it more than once."""
    path.write_text(
        "datasets: {sample: {precomputed_views: false, synthetic: {pyramidal_cells: 2, "
        "inhibitory_cells: 1, astrocytes: 1, mitochondria_per_cell: 12, synapses: 200}}}\n"
    )
    return path


def em_block_config(path: Path, em_block: Path) -> Path:
    """Write the EM block's config with the data at ``em_block``."""
    text = (ROOT / "tests" / "config" / "em_block.yaml").read_text()
    text = text.replace("../shared/data/em_block", str(em_block))
    # Thousands of small files that tests would only copy.
    path.write_text(text.replace("  em_block:\n", "  em_block:\n    precomputed_views: false\n"))
    return path
