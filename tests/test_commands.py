"""Every command that README, docs and profiles show is one that Snakemake understands."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from guardian import guarded
from mitosyn.catalogue.names import PUBLISHED_FILES
from snakemake.cli import get_argument_parser
from workflow import ROOT, Run, run_snakemake

PAGES_WITH_COMMANDS = [
    ROOT / "README.md",
    ROOT / "config.yaml",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*.*")),
    *sorted((ROOT / "profiles").glob("*/config.yaml")),
]
# What stands for a name of the reader's own, and a value that it could have here.
NAMES = {
    "dataset=NAME": "dataset=microns_l23",
    "dataset=part_7": "dataset=microns_l23",
    "pyramidal_….csv": "pyramidal_648518346349502358.csv",
    "--cores N": "--cores 4",
    " …": "",
}
# Said in words, or tested where a run is finished.
# Or of what another run has written.
NO_DRY_RUN = ("examples/own_tables.yaml", "--list", "--unlock", "--report", "new_dataset")
RULES = {
    rule
    for path in (ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk"))
    for rule in re.findall(r"^ *(?:rule|checkpoint) (\w+):$", path.read_text(), re.MULTILINE)
}
# Forked, as importing Snakemake takes longer than most dry runs.
DRY_RUNS = """
import json, os, sys
from snakemake.cli import main

commands, codes = json.loads(sys.argv[1]), []
for number, command in enumerate(commands):
    child = os.fork()
    if child == 0:
        with open(f"{number}.out", "w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        main(command)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(codes))
"""


def commands_in(text: str) -> list[str]:
    """Find commands of Snakemake: in backticks, as a line of their own, or behind a comment."""
    quoted = re.findall(r"`(snakemake [^`]+)`", text)
    lines = re.findall(
        r"^(?: {4}|#(?: .*:)? +)(?:.* )?(?:\S*/)?(snakemake -.*)$", text, re.MULTILINE
    )
    return [" ".join(command.split()) for command in (*quoted, *lines)]


def words(command: str) -> list[str]:
    """Return the words behind ``snakemake``, names replaced by those of something that is here."""
    for name, value in NAMES.items():
        command = command.replace(name, value)
    return shlex.split(command, comments=True)[1:]


DOCUMENTED = sorted({(c, p.name) for p in PAGES_WITH_COMMANDS for c in commands_in(p.read_text())})


def assert_understood(command: str) -> None:
    """Parse a command as Snakemake does: no target may be taken for an option's value."""
    parsed = get_argument_parser().parse_args(words(command))
    assert all(re.fullmatch(r"\w+=\S+", pair) for pair in parsed.config or []), command
    assert all(str(file).endswith(".yaml") for file in parsed.configfile or []), command
    for target in parsed.targets:
        assert target in RULES or target.startswith("results/"), command
    for rule in (*(parsed.until or []), *(parsed.forcerun or [])):
        assert rule in RULES, command


def test_commands_are_found() -> None:
    text = """
        `snakemake -n` and `snakemake --cores 2
        all`, or

        snakemake --cores 8

        python3 -m venv .venv && .venv/bin/snakemake --cores 2
    # mine.yaml: snakemake --cores 1 --configfile mine.yaml
    """
    text = re.sub("^    ", "", text, flags=re.MULTILINE)
    assert commands_in(text) == [
        *("snakemake -n", "snakemake --cores 2 all", "snakemake --cores 8"),
        *("snakemake --cores 2", "snakemake --cores 1 --configfile mine.yaml"),
    ]
    with pytest.raises(AssertionError):
        assert_understood("snakemake --cores 2 --config dataset=microns_l23 retrieve_all")
    with pytest.raises(AssertionError):
        assert_understood("snakemake --cores 2 --configfile mine.yaml archives")


@pytest.mark.parametrize(("command", "page"), DOCUMENTED)
def test_every_command_of_the_docs_is_understood(command: str, page: str) -> None:
    assert_understood(command)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which nothing has run but the inputs of the sample are there."""
    folder = tmp_path_factory.mktemp("clone") / "mitosyn"
    ignore = shutil.ignore_patterns(".*", "results", "resources", "logs", "tests", "__pycache__")
    shutil.copytree(ROOT, folder, ignore=ignore)
    made = run_snakemake(folder, "-s", "Snakefile", "--cores", "2", "retrieve_all")
    assert made.code == 0, made.text
    # What the docs let the reader write: a description of files, and one with a mirror.
    (folder / "mine").mkdir()
    for written in ("mine.yaml", "mine/mine.yaml"):
        shutil.copyfile(folder / "examples" / "published_formats.yaml", folder / written)
    (mirror,) = re.findall(
        r"```yaml\n(# mirror.yaml.*?)```", (folder / "docs" / "retrieval.md").read_text(), re.DOTALL
    )
    (folder / "mirror.yaml").write_text(mirror.replace("/data/microns", str(folder / "microns")))
    (folder / "microns").mkdir()
    for name in (PUBLISHED_FILES["synapses"], "vignette_mito_analysis_data.tgz"):
        (folder / "microns" / name).touch()
    shutil.copytree(
        folder / "resources" / "sample" / "mito_meshes", folder / "microns" / "mito_meshes"
    )
    return folder


@pytest.mark.workflow
def test_every_command_of_the_docs_gives_a_plan(clone: Path) -> None:
    commands: dict[str, list[str]] = {}
    for command, _ in DOCUMENTED:
        arguments = [
            str(clone / "Snakefile") if word == "/opt/mitosyn/Snakefile" else word
            for word in words(command)
        ]
        if not {*arguments} & {*NO_DRY_RUN}:
            # How many cores makes no difference to a plan.
            key = re.sub(r"--cores \d+", "", " ".join(arguments))
            commands[key] = ["-n", *arguments] if "-n" not in arguments else arguments
    arguments = [[w.replace("~/run", str(clone / "run")) for w in c] for c in commands.values()]
    finished = subprocess.run(
        guarded(sys.executable, "-c", DRY_RUNS, json.dumps(arguments)),
        cwd=clone,
        capture_output=True,
        text=True,
        check=True,
    )
    for number, code in enumerate(json.loads(finished.stdout.splitlines()[-1])):
        text = (clone / f"{number}.out").read_text()
        assert code == 0, (arguments[number], text)
        assert "Job stats:" in text or "Nothing to be done" in text, text
    assert len(arguments) > 15


def test_the_example_of_a_dataset_names_the_files_of_the_sample() -> None:
    config = yaml.safe_load((ROOT / "examples" / "published_formats.yaml").read_text())
    described = config["datasets"][config["dataset"]]
    for key, name in PUBLISHED_FILES.items():
        if key in described:
            path = described[key].removeprefix("precomputed://file://")
            assert path == f"resources/sample/{name}"


@pytest.mark.workflow
def test_the_readme_reads_the_published_files(
    small_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snippet,) = re.findall(
        r"```python\n(import pandas.*?)```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    results = small_run.folder / "results" / "sample"
    for archive in ("microns", "morphologies", "nodes"):
        shutil.unpack_archive(results / f"{archive}.tar.gz", tmp_path, filter="data")
    shutil.copy(results / "synapse_filtered.csv", tmp_path)
    cell_id = next((tmp_path / "microns_cells").glob("pyramidal_*")).stem.split("_")[1]
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(snippet.replace("648518346349502358", cell_id), names)
    assert isinstance(names["mitochondria"], pd.DataFrame) and len(names["synapses"]) > 0
    assert set(names["mitochondria"]["cellid"]) == {int(cell_id)}
    assert names["neuron"].n_nodes > max(max(n, default=0) for n in names["nodes"])
