"""Fixtures: the shared data where they are, and runs of the workflow."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from guardian import end_politely
from workflow import ROOT, Run, em_block_config, run_snakemake, small_sample_config


def pytest_configure() -> None:
    end_politely()


SHARED = ROOT.parent / "shared" / "data"


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
def microns_l23() -> Path:
    return shared_folder("microns_l23")


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The embedded dataset, from nothing to the notebook."""
    folder = tmp_path_factory.mktemp("sample")
    return run_snakemake(folder, "--cores", "2")


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The embedded dataset with few cells."""
    folder = tmp_path_factory.mktemp("small")
    small_sample_config(folder / "config.yaml")
    run = run_snakemake(folder, "--cores", "2", "--configfile", "config.yaml")
    assert run.code == 0, run.text
    return run


@pytest.fixture(scope="session")
def recomputed_run(small_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The small dataset with its pyramidal cells recomputed, up to the comparison."""
    folder = tmp_path_factory.mktemp("recomputed") / "small"
    shutil.copytree(small_run.folder, folder, symlinks=True)
    results = "results/sample"
    return run_snakemake(
        folder,
        *("--cores", "2", f"{results}/recomputed_agreement.csv"),
        *(f"{results}/figures/recomputed_{what}.png" for what in ("labels", "lengths")),
        *("--configfile", "config.yaml", "--config", "recompute_pyramidal=true"),
    )


@pytest.fixture(scope="session")
def em_block_run(em_block: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The EM block, from the published formats to the checks."""
    folder = tmp_path_factory.mktemp("em_block")
    config = em_block_config(folder / "config.yaml", em_block)
    return run_snakemake(folder, "--cores", "2", "--configfile", str(config))


@pytest.fixture
def em_block_copy(em_block: Path, tmp_path: Path) -> Path:
    """A copy of the EM block that a test may spoil."""
    copy = tmp_path / "em_block"
    shutil.copytree(em_block, copy, copy_function=shutil.copyfile)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy
