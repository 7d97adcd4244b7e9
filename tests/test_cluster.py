"""The workflow on a real SLURM, started here, through its profile."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import slurm
from workflow import ROOT, Run, done, em_block_config, run_snakemake, small_sample_config

ARCHIVES = ["microns.tar.gz", "morphologies.tar.gz", "nodes.tar.gz"]
PER_CELL = {"fetch_meshes", "measure_morphometrics", "associate_skeleton", "write_cell_csv"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """A controller and two nodes on loopback."""
    reason = slurm.unavailable()
    if reason is not None:
        pytest.skip(reason)
    # munged's socket needs a short path, shorter than pytest's.
    with tempfile.TemporaryDirectory(prefix="slurm") as folder, slurm.cluster(Path(folder)) as env:
        yield env


def run_on_cluster(folder: Path, env: dict[str, str], *arguments: str) -> Run:
    # This cluster keeps no accounts, and its jobs are done in seconds.
    quick = ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3"]
    return run_snakemake(
        *(folder, *arguments, "--profile", str(ROOT / "profiles/slurm"), *quick),
        *("--latency-wait", "5", "--configfile", "config.yaml"),
        env=env,
    )


def submissions(env: dict[str, str]) -> dict[int, dict[str, str]]:
    """Read what each SLURM job asked for, by its number."""
    text = subprocess.run(
        ["scontrol", "show", "job", "--oneliner"],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    jobs = [
        dict(re.findall(r"(\S+?)=(\S*)", line)) for line in text.splitlines() if "JobId=" in line
    ]
    return {int(job["JobId"]): job for job in jobs if "JobId" in job}


def test_the_same_bytes_in_few_well_sized_submissions(
    small_run: Run, cluster: dict[str, str], tmp_path: Path
) -> None:
    small_sample_config(tmp_path / "config.yaml")
    targets = [f"results/sample/{name}" for name in ARCHIVES]
    run = run_on_cluster(tmp_path, cluster, *targets)
    assert run.code == 0, run.text
    for target in targets:
        assert (tmp_path / target).read_bytes() == (small_run.folder / target).read_bytes()
    asked = submissions(cluster)
    jobs = done(run)
    assert sum(jobs[rule] for rule in PER_CELL) == 4 + 4 + 3 + 4
    # Four cells, four to a submission; three morphologies; the tables, a check, the archives.
    tables = ["make_sample", "check_inputs", "select_cells", "partition_mitochondria"]
    alone = [*tables, "filter_synapses", "list_synapse_ends", "check_positions"]
    assert len(asked) == 1 + 1 + len(alone) + len(ARCHIVES)
    assert {job["NumCPUs"] for job in asked.values()} == {"1"}
    memory = {job["MinMemoryNode"] for job in asked.values()}
    assert memory <= {"500M", "1000M", "1500M"}


def test_a_single_cell(small_run: Run, cluster: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(small_run.folder, folder)
    csv = next((folder / "results/sample/microns_cells").glob("pyramidal_*.csv"))
    expected = csv.read_bytes()
    csv.unlink()
    before = set(submissions(cluster))
    run = run_on_cluster(folder, cluster, str(csv.relative_to(folder)))
    assert run.code == 0, run.text
    assert csv.read_bytes() == expected
    assert len(set(submissions(cluster)) - before) == 1


def test_a_bad_cell_is_listed_and_costs_its_submission_only(
    em_block_run: Run, em_block_copy: Path, cluster: dict[str, str], tmp_path: Path
) -> None:
    bad, good = "648518346349533867", "648518346349537404"
    path = em_block_copy / "skeletons" / f"{bad}_skeleton.h5"
    path.write_bytes(path.read_bytes()[:1000])
    em_block_config(tmp_path / "config.yaml", em_block_copy)
    files = [f"results/em_block/cell_morphologies/{cell}.swc" for cell in (bad, good)]
    run = run_on_cluster(tmp_path, cluster, *files, "--group-components", "morphology=1")
    assert run.code != 0
    assert not (tmp_path / files[0]).exists()
    assert (tmp_path / files[1]).read_bytes() == (em_block_run.folder / files[1]).read_bytes()
    (line,) = re.findall(r"1 failed:\n  (.*)", run.text)
    assert line.startswith(f"logs/em_block/export_swc/{bad}.log: ")
    assert "not a readable skeleton file" in line
