"""The walls: rooms with doors, imports without a circle, files and rules of a size to read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from workflow import ROOT

PACKAGE = ROOT / "workflow_scripts" / "mitosyn"
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
RULES = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]
LONGEST_FILE, LONGEST_RULE = 400, 25


def room_of(path: Path) -> str:
    """Return the room of a file; empty for scripts, rules, and what is no room's."""
    return path.relative_to(PACKAGE).parts[0] if PACKAGE in path.parents else ""


def imports(text: str) -> Iterator[tuple[str, str]]:
    """Yield the module and the name of each import of the package, wherever it stands."""
    for module, names in re.findall(
        r"^ *from (mitosyn[\w.]*) import (\([^)]*\)|.*)$", text, re.MULTILINE
    ):
        yield from ((module, name) for name in re.findall(r"\w+", re.sub(r" as \w+", "", names)))


def product_files() -> list[Path]:
    return [*RULES, *sorted((ROOT / "workflow_scripts").rglob("*.py"))]


def doors(room: str) -> dict[str, str]:
    """Return the names that a room's ``__init__`` lists, with the modules that have them."""
    text = (PACKAGE / room / "__init__.py").read_text()
    return {name: module for module, name in imports(text)}


def test_rooms_are_used_through_their_doors_and_have_none_too_many() -> None:
    used: dict[str, set[str]] = {room: set() for room in ROOMS}
    for path in (*product_files(), *(ROOT / "docs" / "make").glob("*.py")):
        for module, name in imports(path.read_text()):
            room = module.split(".")[1]
            if room != room_of(path) and path.parent.name != "make":
                assert module == f"mitosyn.{room}", f"{path} goes past the door: {module}"
                used[room].add(name)
            elif module == f"mitosyn.{room}":
                used[room].add(name)
    for room in ROOMS:
        assert used[room] == set(doors(room)), room


def test_rooms_and_modules_import_each_other_without_a_circle() -> None:
    needs: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for module, _ in imports(path.read_text()):
            mine, other = room_of(path), module.split(".")[1]
            if mine != other:
                needs.setdefault(mine, set()).add(other)
            elif path.name != "__init__.py":
                name = ".".join(("mitosyn", *path.relative_to(PACKAGE).with_suffix("").parts))
                needs.setdefault(name, set()).add(module)
    while needs:
        free = {name for name, needed in needs.items() if not needed & set(needs)}
        assert free, f"a circle among {needs}"
        needs = {name: needed for name, needed in needs.items() if name not in free}


@pytest.mark.parametrize("path", product_files(), ids=lambda path: path.name)
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    # The notebook has conditions and lines for datasets that lack something, too.
    longest = 650 if path.name == "demonstration.py" else LONGEST_FILE
    assert len(path.read_text().splitlines()) <= longest


def test_a_rule_fits_on_a_screen() -> None:
    for path in RULES:
        starts = r"^(?= *(?:rule|checkpoint)(?: \w+)?:$)"
        for rule in re.split(starts, path.read_text(), flags=re.MULTILINE)[1:]:
            lines = re.split(r"\n\n\n|\n(?=\S)", rule)[0].strip().splitlines()
            assert len(lines) <= LONGEST_RULE, "\n".join(lines)


def test_scripts_are_thin() -> None:
    for path in sorted((ROOT / "workflow_scripts").glob("*.py")):
        text = path.read_text()
        if path.name != "demonstration.py":
            functions = {n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}
            assert "main" in functions and len(text.splitlines()) <= 80, path.name
