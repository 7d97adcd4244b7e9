"""What the workflow reaches into Snakemake for, tried on a few tiny jobs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from workflow import ROOT

SNAKEFILE = f"""
include: "{ROOT}/rules/engine.smk"

rule all:
    input: expand("{{n}}.txt", n=range(4))

rule one:
    output: "{{n}}.txt"
    params:
        kept=1,
        free=without_redoing(config.get("free")),
    script: "one.py"

set_environment("env.yaml")

onstart:
    print("limited:", workflow.scheduler.job_rate_limiter is not None)
    lift_rate_limit()
    specs = {{job.rule.name: job.conda_env_spec for job in workflow.dag.jobs}}
    print("environments:", {{name: spec and spec.file.path for name, spec in specs.items()}})
"""
SCRIPT = "open(snakemake.output[0], 'w').write(repr(snakemake.params.free))\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine")
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "one.py").write_text(SCRIPT)
    (folder / "env.yaml").write_text("dependencies: [python]\n")
    return folder


def snakemake(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    run = subprocess.run(
        command, cwd=folder, timeout=60, check=False, text=True, capture_output=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


@pytest.fixture(scope="module")
def output(folder: Path) -> str:
    # One job in five minutes: without the limit lifted, the second one comes too late.
    return snakemake(folder, "--max-jobs-per-timespan", "1/5m")


PLANNED = f"""
include: "{ROOT}/rules/engine.smk"
if config.get("patched", True):
    forget_what_was_not_redone()
    look_behind_ancient()

checkpoint look:
    input: "source.txt"
    output: "looked.txt"
    shell: "cp {{input}} {{output}}"

checkpoint choose:
    input: "source.txt", looked=ancient("looked.txt")
    output: "chosen.txt"
    shell: "echo chosen > {{output}}"

rule use:
    input: "chosen.txt"
    output: "used.txt"
    params: config.get("how")
    shell: "cp {{input}} {{output}}"
"""


def test_what_is_behind_a_look_is_planned_with_it(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(PLANNED)
    (tmp_path / "source.txt").write_text("1")
    snakemake(tmp_path, "used.txt")
    (tmp_path / "source.txt").write_text("2")
    assert "checkpoint look:" in snakemake(tmp_path, "used.txt", "-n", "--config", "patched=")
    assert "checkpoint choose:" not in snakemake(tmp_path, "used.txt", "-n", "--config", "patched=")
    assert "checkpoint choose:" in snakemake(tmp_path, "used.txt", "-n")


def test_what_is_looked_at_again_redoes_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(PLANNED)
    (tmp_path / "source.txt").write_text("1")

    def rules(*arguments: str) -> list[str]:
        text = snakemake(tmp_path, "used.txt", "looked.txt", *arguments)
        return re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", text)

    assert rules() == ["look", "choose", "use"]
    assert rules() == []
    (tmp_path / "looked.txt").unlink()
    assert rules() == ["look"]
    assert rules("--config", "how=2") == ["use"]
    (tmp_path / "looked.txt").unlink()
    assert rules("--config", "how=3") == ["look", "use"]
    (tmp_path / "source.txt").write_text("2")
    # What is chosen stays the same, byte for byte.
    assert rules("--config", "how=3") == ["look", "choose"]
    (tmp_path / "looked.txt").unlink()
    # Once Snakemake does without, this can go.
    assert rules("--config", "how=3", "patched=") == ["look", "use"]


def test_a_limit_on_jobs_a_second_is_lifted(folder: Path, output: str) -> None:
    assert "limited: True" in output
    assert len(list(folder.glob("*.txt"))) == 4


def test_every_script_has_the_one_environment(folder: Path, output: str) -> None:
    (line,) = (line for line in output.splitlines() if line.startswith("environments:"))
    assert "'all': None" in line and f"'one': '{folder}/env.yaml'" in line


def test_a_parameter_without_redoing_redoes_nothing_and_others_do(
    folder: Path, output: str
) -> None:
    triggers = ("--rerun-triggers", "mtime", "params", "input")
    assert (folder / "0.txt").read_text() == "None"
    assert "Nothing to be done" in snakemake(folder, *triggers, "--config", "free=2")
    (folder / "Snakefile").write_text(SNAKEFILE.replace("kept=1", "kept=2"))
    again = snakemake(folder, *triggers, "--config", "free=2")
    assert "Nothing to be done" not in again
    assert (folder / "0.txt").read_text() == "2"


GROUPED = f"""
include: "{ROOT}/rules/engine.smk"

if config.get("anew"):
    make_groups_anew()

checkpoint choose:
    output: "chosen"
    shell: "touch {{output}}"

rule first:
    output: "first/{{n}}"
    group: "cell"
    shell: "touch {{output}}"

rule second:
    input: "first/{{n}}"
    output: "second/{{n}}"
    group: "cell"
    shell: "touch {{output}}"

rule last:
    input: "second/{{n}}", lambda wildcards: checkpoints.choose.get().output
    output: "last/{{n}}"
    group: "cell"
    shell: "touch {{output}}"
"""
# Snakemake takes jobs in the order of their addresses, which any change of the code moves.
IN_ORDER = """
import itertools, sys
from snakemake.cli import main
from snakemake.jobs import Job

order, arguments = sys.argv[1].split(","), sys.argv[2:]
ids, count = {}, itertools.count()
Job.__hash__ = lambda job: ids.setdefault(
    id(job), order.index(job.rule.name) + 4 * next(count) * 2**20
)
main(arguments)
"""


def test_groups_hold_their_own_jobs_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(GROUPED)
    (tmp_path / "in_order.py").write_text(IN_ORDER)

    def failures(*config: str) -> set[str]:
        failed = set()
        for order in ("first,second,last,choose", "last,second,first,choose"):
            command = [sys.executable, "in_order.py", order, "-n", "last/1", *config]
            run = subprocess.run(
                command, cwd=tmp_path, timeout=60, check=False, text=True, capture_output=True
            )
            if run.returncode:
                failed.add(run.stdout + run.stderr)
        return failed

    assert any("KeyError: last" in each for each in failures()), "Snakemake has mended it"
    assert failures("--config", "anew=1") == set()
