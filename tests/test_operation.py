"""Running it for real: interruptions, a full disk, two runs at once, as a part of another."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from guardian import guarded
from workflow import ROOT, Run, done, em_block_config, run_snakemake, small_sample_config

ARCHIVES = ["microns.tar.gz", "morphologies.tar.gz", "nodes.tar.gz"]
PRODUCTS = [*ARCHIVES, "synapse_filtered.csv", "cells.csv", "check.json"]
KILLS = 8


def targets(dataset: str, names: list[str]) -> list[str]:
    return [f"results/{dataset}/{name}" for name in names]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the workflow as the leader of a process group of its own."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    return subprocess.Popen(
        guarded(*command, "--directory", str(folder), *arguments),
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a run and all its jobs at once, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def unlock(folder: Path) -> None:
    """Do what ``--unlock`` does, without a start of Snakemake for each of many kills."""
    shutil.rmtree(folder / ".snakemake" / "locks", ignore_errors=True)


def whole_files(folder: Path) -> dict[str, bytes]:
    """Read what stands under its own name, not what is still being written."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.parts)
    }


# Interruptions -------------------------------------------------------------------------------


def test_killed_again_and_again_a_run_ends_with_the_same_bytes(
    small_run: Run, tmp_path: Path
) -> None:
    expected = whole_files(small_run.folder / "results")
    small_sample_config(tmp_path / "config.yaml")
    command = [*targets("sample", PRODUCTS), "--cores", "2", "--configfile", "config.yaml"]
    results = tmp_path / "results"
    rng, kills, finished = random.Random(5), 0, 0
    while kills < KILLS:
        run = start(tmp_path, *command)
        try:
            run.communicate(timeout=rng.uniform(1.0, 4.0))
            assert run.returncode == 0
            finished += 1
            shutil.rmtree(results)
            shutil.rmtree(tmp_path / "resources")
        except subprocess.TimeoutExpired:
            kill(run)
            kills += 1
            unlock(tmp_path)
        for name, content in whole_files(results).items():
            assert content == expected[name], f"{name} after {kills} kills"
    resumed = run_snakemake(tmp_path, *command)
    assert resumed.code == 0, resumed.text
    found = whole_files(results)
    for name in PRODUCTS:
        assert found[f"sample/{name}"] == expected[f"sample/{name}"], name


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A results folder with little room."""
    results = tmp_path / "results"
    results.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(results)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("a small disk takes the right to mount one: run the tests as root")
    yield results
    subprocess.run(["umount", str(results)], check=True)


def test_a_full_disk_is_named_and_the_run_goes_on_when_there_is_room(
    small_run: Run, small_disk: Path
) -> None:
    folder = small_disk.parent
    small_sample_config(folder / "config.yaml")
    command = [*targets("sample", ARCHIVES), "--cores", "2", "--configfile", "config.yaml"]
    full = run_snakemake(folder, *command)
    assert full.code != 0
    assert full.errors() and all(
        line.endswith("the disk is full. Make room and run again. (docs/running.md)")
        for line in full.errors()
    )
    assert "Traceback" not in full.text
    before = set(done(full))
    subprocess.run(["mount", "-o", "remount,size=100m", str(small_disk)], check=True)
    resumed = run_snakemake(folder, *command)
    assert resumed.code == 0, resumed.text
    assert "make_sample" in before and "make_sample" not in done(resumed)
    for name in ARCHIVES:
        expected = small_run.folder / "results/sample" / name
        assert (small_disk / "sample" / name).read_bytes() == expected.read_bytes()


# Single cells --------------------------------------------------------------------------------


def test_one_rule_of_one_cell_redoes_itself_and_the_archives(small_run: Run, tmp_path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(small_run.folder, folder)
    swc = next((folder / "results/sample/cell_morphologies").iterdir()).relative_to(folder)
    run = run_snakemake(
        *(folder, *targets("sample", ARCHIVES), "--cores", "2"),
        *("--forcerun", str(swc), "--configfile", "config.yaml"),
    )
    assert run.code == 0, run.text
    assert done(run) == {"export_swc": 1, "pack_archive": 1}


# Two runs at once ----------------------------------------------------------------------------


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    small_sample_config(tmp_path / "config.yaml")
    command = [*targets("sample", ARCHIVES), "--cores", "1", "--configfile", "config.yaml"]
    first = start(tmp_path, *command)
    while not list(tmp_path.glob(".snakemake/locks/*")):
        assert first.poll() is None
        time.sleep(0.1)
    second = run_snakemake(tmp_path, *command)
    assert second.code != 0
    assert "Directory cannot be locked" in second.text and "--unlock" in second.text
    text, _ = first.communicate()
    assert first.returncode == 0, text


def test_two_datasets_in_one_folder_do_not_touch_each_other(
    small_run: Run, em_block_run: Run, em_block: Path, tmp_path: Path
) -> None:
    sample = small_sample_config(tmp_path / "sample.yaml")
    block = em_block_config(tmp_path / "block.yaml", em_block)
    configs = {"sample": sample.name, "em_block": block.name}
    runs = [
        start(tmp_path, *targets(dataset, ARCHIVES), "--cores", "1", "--configfile", config)
        for dataset, config in configs.items()
    ]
    for run in runs:
        text, _ = run.communicate()
        assert run.returncode == 0, text
    for dataset, alone in {"sample": small_run, "em_block": em_block_run}.items():
        for path in targets(dataset, ARCHIVES):
            assert (tmp_path / path).read_bytes() == (alone.folder / path).read_bytes()


def test_a_checkout_may_be_read_only(small_run: Run, tmp_path: Path) -> None:
    checkout, folder = tmp_path / "checkout", tmp_path / "elsewhere"
    ignore = shutil.ignore_patterns(".*", "results", "resources", "logs", "tests", "__pycache__")
    shutil.copytree(ROOT, checkout, ignore=ignore)
    before = sorted(checkout.rglob("*"))
    folder.mkdir()
    small_sample_config(folder / "config.yaml")
    for path in [*before, checkout]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    run = run_snakemake(
        *(folder, *targets("sample", ARCHIVES), "--cores", "2"),
        *("-s", str(checkout / "Snakefile"), "--configfile", "config.yaml"),
    )
    assert run.code == 0, run.text
    # Root may write anywhere: nothing may be there that was not there before.
    assert sorted(checkout.rglob("*")) == before
    for path in targets("sample", ARCHIVES):
        assert (folder / path).read_bytes() == (small_run.folder / path).read_bytes()


# As a part of another workflow, and with profiles --------------------------------------------

OTHER_WORKFLOW = """
module mitochondria:
    snakefile: "{root}/Snakefile"
    config: config["mitochondria"]
    prefix: "organelles"


use rule * from mitochondria as mitochondria_*


rule count_cells:
    default_target: True
    input:
        "organelles/results/sample/microns.tar.gz",
    output:
        "cells.txt",
    shell:
        "tar tzf {{input}} | grep -c csv > {{output}}"
"""


def test_another_workflow_can_use_this_one_as_a_module(small_run: Run, tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(OTHER_WORKFLOW.format(root=ROOT))
    description = small_sample_config(tmp_path / "sample.yaml").read_text()
    sizes = re.search(r"synthetic: ({.*?})", description)
    assert sizes
    (tmp_path / "config.yaml").write_text(
        "mitochondria:\n  dataset: sample\n  datasets:\n    sample:\n      description: small\n"
        "      voxel_size_nm: [3.58, 3.58, 40.0]\n      mesh_voxel_size_nm: [4.0, 4.0, 40.0]\n"
        f"      synthetic: {sizes[1].replace('{', '{seed: 20220309, ')}\n"
    )
    run = run_snakemake(
        *(tmp_path, "-s", str(tmp_path / "Snakefile"), "--cores", "2"),
        *("--configfile", "config.yaml"),
    )
    assert run.code == 0, run.text
    assert (tmp_path / "cells.txt").read_text() == "4\n"
    assert done(run)["mitochondria_measure_morphometrics"] == 4
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {
        ".snakemake",
        "organelles",
    }
    expected = small_run.folder / "results/sample/microns.tar.gz"
    assert (tmp_path / "organelles/results/sample/microns.tar.gz").read_bytes() == (
        expected.read_bytes()
    )


def test_the_local_profile_goes_on_past_a_bad_cell_and_lists_it(
    em_block_copy: Path, tmp_path: Path
) -> None:
    cell = "648518346349533867"
    path = em_block_copy / "skeletons" / f"{cell}_skeleton.h5"
    path.write_bytes(path.read_bytes()[:1000])
    em_block_config(tmp_path / "config.yaml", em_block_copy)
    run = run_snakemake(
        *(tmp_path, *targets("em_block", ["morphologies.tar.gz"]), "--cores", "2"),
        *("--profile", str(ROOT / "profiles/local"), "--configfile", "config.yaml"),
    )
    assert run.code != 0
    assert done(run)["export_swc"] == 7
    (line,) = re.findall(r"1 failed:\n  (.*)", run.text)
    assert line.startswith(f"logs/em_block/export_swc/{cell}.log: ")
    assert "not a readable skeleton file" in line
