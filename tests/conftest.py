"""Fixtures: the shared data where they are, and runs of the workflow."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from guardian import end_politely
from workflow import ROOT, Run, em_block_config, run_snakemake, small_sample_config


def pytest_configure() -> None:
    end_politely()


CORES = ("--cores", "2")
# The files that take longest, first: no worker is to begin one when the others are done.
LONGEST = ("cluster", "operation", "workflow", "branch_run", "retrieved_workflow", "commands")
SHARED = ROOT.parent / "shared" / "data"


def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: the tests on a cluster mostly wait for it."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else os.cpu_count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {f"test_{name}.py": rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))


def shared_folder(name: str) -> Path:
    """Give a folder of the shared data, or skip the test."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there; these data are not part of the project")
    return folder


@pytest.fixture(scope="session")
def em_block() -> Path:
    return shared_folder("em_block")


@pytest.fixture(scope="session")
def em_modern() -> Path:
    return shared_folder("em_modern")


@pytest.fixture(scope="session")
def microns_l23() -> Path:
    return shared_folder("microns_l23")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Run]) -> Run:
    """Make a run for all workers of pytest-xdist: the first that wants it makes it, others wait.

    No test may change its folder.
    """
    own = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    kept = shared / f"{name}.json"
    with FileLock(shared / f"{name}.lock"):
        if not kept.exists():
            (shared / name).mkdir()
            run = make(shared / name)
            kept.write_text(json.dumps([str(run.folder), run.code, run.text]))
    folder, code, text = json.loads(kept.read_text())
    return Run(Path(folder), code, text)


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The embedded dataset, from nothing to the notebook."""
    return made_once(tmp_path_factory, "sample", lambda folder: run_snakemake(folder, *CORES))


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The embedded dataset with few cells."""

    def make(folder: Path) -> Run:
        small_sample_config(folder / "config.yaml")
        return run_snakemake(folder, *CORES, "--configfile", "config.yaml")

    run = made_once(tmp_path_factory, "small", make)
    assert run.code == 0, run.text
    return run


@pytest.fixture(scope="session")
def recomputed_run(small_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The small dataset with its pyramidal cells recomputed, up to the comparison."""

    def make(folder: Path) -> Run:
        shutil.copytree(small_run.folder, folder, symlinks=True, dirs_exist_ok=True)
        results = "results/sample"
        return run_snakemake(
            folder,
            *(*CORES, f"{results}/microns.tar.gz", f"{results}/recomputed_agreement.csv"),
            *(f"{results}/figures/recomputed_{what}.png" for what in ("labels", "lengths")),
            *("--configfile", "config.yaml", "--config", "recompute_pyramidal=true"),
        )

    return made_once(tmp_path_factory, "recomputed", make)


@pytest.fixture(scope="session")
def em_block_run(em_block: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The EM block, from the published formats to the checks."""

    def make(folder: Path) -> Run:
        config = em_block_config(folder / "config.yaml", em_block)
        return run_snakemake(folder, *CORES, "--configfile", str(config))

    return made_once(tmp_path_factory, "em_block", make)


@pytest.fixture
def em_block_copy(em_block: Path, tmp_path: Path) -> Path:
    """A copy of the EM block that a test may spoil."""
    copy = tmp_path / "em_block"
    shutil.copytree(em_block, copy, copy_function=shutil.copyfile)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy
