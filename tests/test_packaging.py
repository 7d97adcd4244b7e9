"""Pins, environments and the README's commands stay in step."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import yaml
from workflow import ROOT

# Where the name to import is not the name to install.
DISTRIBUTIONS = {
    "cloudvolume": "cloud-volume",
    "cloudfiles": "cloud-files",
    "DracoPy": "dracopy",
    "morph_tool": "morph-tool",
    "sklearn": "scikit-learn",
    "jupyter_client": "ipykernel",  # which requires it
    "IPython": "ipykernel",  # which requires it
    "yaml": "snakemake",  # which requires it
    "jsonschema": "snakemake",  # likewise
    "neuroglancer": "nglui",  # which requires it
}
FOLDERS = ("tests", "workflow_scripts", "docs/make")
OWN = {
    "mitosyn",
    *(path.stem for name in FOLDERS for path in (ROOT / name).glob("*.py")),
}


def pins(name: str) -> dict[str, str]:
    """Give the pinned versions in a file by normalised name."""
    lines = (ROOT / name).read_text().splitlines()
    pairs = [line.split("==") for line in lines if "==" in line]
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in pairs}


def conda_pins() -> dict[str, str]:
    found: dict[str, str] = {}
    environment = yaml.safe_load((ROOT / "envs" / "workflow.yaml").read_text())
    for item in environment["dependencies"]:
        for pin in item["pip"] if isinstance(item, dict) else [item]:
            name, _, version = (
                re.split(r"\s*(=+)", pin, maxsplit=1) if "=" in pin else (pin, "", "")
            )
            found[name.removesuffix("-base")] = version
    return found


def test_conda_users_get_the_same_versions() -> None:
    required = pins("requirements.txt")
    found = conda_pins()
    # Conda makes the jobs' environment; Snakemake itself is what calls conda.
    required = {n: version for n, version in required.items() if not n.startswith("snakemake")}
    assert {name: found.get(name) for name in required} == required
    assert set(found) - set(required) == {"python", "pip"}


def test_direct_pins_are_among_all_pins() -> None:
    everything = pins("constraints.txt")
    for name, version in (pins("requirements.txt") | pins("requirements-dev.txt")).items():
        assert everything[name] == version, name


def test_pins_name_no_index_and_no_path_of_a_machine() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        text = (ROOT / name).read_text()
        assert not re.search(r"://|--(extra-)?index|--find-links| @ ", text), name


def imported(folder: Path) -> set[str]:
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - OWN


def test_everything_imported_is_pinned() -> None:
    for folder, files in (
        ("workflow_scripts", ["requirements.txt"]),
        ("tests", ["requirements.txt", "requirements-dev.txt"]),
    ):
        pinned = {name for file in files for name in pins(file)}
        wanted = {DISTRIBUTIONS.get(name, name) for name in imported(ROOT / folder)}
        assert wanted <= pinned, folder


def test_the_notebook_elsewhere_gets_the_pinned_versions() -> None:
    required = pins("requirements.txt")
    text = (ROOT / "docs" / "notebook.md").read_text()
    named = dict(re.findall(r"([\w-]+)==([\d.]+)", text))
    assert named == {name: required[name] for name in named}
    used = {"numpy", "pandas", "matplotlib", "plotly", "seaborn", "trimesh", "navis", "pyarrow"}
    assert set(named) == used


def test_ci_runs_the_readmes_test_command() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = re.findall(r"^    (python3 -m venv .*)$", readme, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith(".venv/bin/snakemake --cores 2")
    assert commands[1] in (ROOT / ".ci" / "run").read_text()


def test_every_rule_says_in_one_line_what_it_makes() -> None:
    for path in (ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))):
        rules = re.split(r"^ *(?:rule|checkpoint) (\w+):$", path.read_text(), flags=re.MULTILINE)
        for name, body in zip(rules[1::2], rules[2::2], strict=True):
            assert re.match(r'\n *"""[A-Z].*\."""\n', body), name


# What these bring does not depend on the code: a change must not bring it again.
BROUGHT = (
    *("retrieve_file", "unpack_member", "unpack_folder"),
    *("fetch_meshes", "fetch_cell_mesh", "fetch_skeletons"),
    # No output: it runs whenever it is asked for.
    "new_dataset",
)


def test_every_rule_has_its_log_and_script() -> None:
    for path in sorted((ROOT / "rules").glob("*.smk")):
        rules = re.split(r"^ *(?:rule|checkpoint) (\w+):$", path.read_text(), flags=re.MULTILINE)
        for name, body in zip(rules[1::2], rules[2::2], strict=True):
            for directive in ("log:", "script:"):
                assert directive in body, (name, directive)
            assert (f'code=code("{name}")' in body) != (name in BROUGHT), name
            assert f"workflow_scripts/{name}.py" in body
            assert (ROOT / "workflow_scripts" / f"{name}.py").is_file()
