"""What a digest of code depends on, and what it does not."""

from __future__ import annotations

import ast
import runpy
import shutil
import sys
from pathlib import Path
from types import FrameType, SimpleNamespace

import numpy as np
import pytest
from mitosyn.meshes.bundle import Mesh, bundle_meshes, write_bundle
from mitosyn.support.code import CodeBase
from workflow import ROOT

SCRIPT = '''"""Measure."""
from package.a import measure
from package import units

if __name__ == "__main__":
    measure(units.NM)
'''
FILES = {
    "package/__init__.py": '"""A package."""\n',
    "package/a.py": '''"""Measures."""
from __future__ import annotations
from dataclasses import dataclass
from .b import FACTOR as factor, scale
from package import late

FEW, MANY = 1, 2
"""How many."""

@dataclass
class Result:
    """A result."""

    value: float

def measure(value: float) -> Result:
    """Measure."""
    # twice
    return Result(scale(value) * factor + FEW)

def other(value):
    return value + MANY
''',
    "package/b.py": """
FACTOR = 2
UNUSED = 3

def scale(value):
    from package.c import helper

    return helper(value)
""",
    "package/c.py": "def helper(value):\n    return value\n",
    "package/late.py": "REGISTRY = {}\n\ndef register(f):\n    REGISTRY[f.__name__] = f\n",
    "package/units.py": "NM = 1\n",
    "package/apart.py": "X = 1\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "package").mkdir()
    (tmp_path / "script.py").write_text(SCRIPT)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def digest(root: Path, **options) -> str:
    return CodeBase(root, **options).digest(root / "script.py")


def edit(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("package/a.py", '"""Measures."""', '"""Measures, said otherwise."""'),
        ("package/a.py", '    """Measure."""\n', ""),
        ("package/a.py", '    """A result."""\n', '    """What was measured."""\n'),
        ("package/a.py", '"""How many."""', '"""Numbers."""'),
        ("package/a.py", "# twice", "# three times"),
        ("package/a.py", "value: float) -> Result", "value: int | float) -> object"),
        (
            "package/a.py",
            "(scale(value) * factor + FEW)",
            "(\n        scale(value) * factor + FEW\n    )",
        ),
        ("package/a.py", "return value + MANY", "return value"),
        ("package/b.py", "UNUSED = 3", "UNUSED = 4"),
        ("package/c.py", "def helper", "# a comment\n\n\ndef helper"),
        ("package/apart.py", "X = 1", "X = 2"),
        ("package/late.py", "REGISTRY[f.__name__] = f", "pass"),
        ("script.py", '"""Measure."""', ""),
    ],
)
def test_what_no_result_depends_on(root: Path, file: str, old: str, new: str) -> None:
    before = digest(root)
    edit(root, file, old, new)
    assert digest(root) == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("script.py", "measure(units.NM)", "measure(2 * units.NM)"),
        ("package/a.py", "factor + FEW", "factor - FEW"),
        ("package/a.py", "FEW, MANY = 1, 2", "FEW, MANY = 2, 2"),
        ("package/a.py", "    value: float\n", "    value: float = 0.0\n"),
        ("package/a.py", "@dataclass\n", "@dataclass(frozen=True)\n"),
        ("package/b.py", "FACTOR = 2", "FACTOR = 3"),
        # Imported inside a function, as a module, by a package, for what it does.
        ("package/c.py", "return value", "return -value"),
        ("package/units.py", "NM = 1", "NM = 2"),
        ("package/__init__.py", '"""A package."""', "import os\nos.environ['X'] = '1'"),
        ("package/late.py", "REGISTRY = {}", "REGISTRY = {}\nREGISTRY['a'] = 1"),
        ("package/c.py", "def helper(value):", "@register\ndef helper(value):"),
    ],
)
def test_what_a_result_may_depend_on(root: Path, file: str, old: str, new: str) -> None:
    before = digest(root)
    edit(root, file, old, new)
    assert digest(root) != before


def test_a_decorator_that_registers_and_a_name_that_is_not_found_take_all(root: Path) -> None:
    edit(root, "package/c.py", "def helper", "@register\ndef plot():\n    return 1\n\n\ndef helper")
    before = digest(root)
    edit(root, "package/c.py", "return 1", "return 2")
    assert digest(root) != before
    edit(root, "package/c.py", "def helper", "def __getattr__(name):\n    return 1\n\n\ndef other")
    before = digest(root)
    edit(root, "package/c.py", "    return value", "    return -value")
    assert digest(root) != before


@pytest.mark.parametrize("how", ["from package.b import *\n", "import package.b\n"])
def test_whole_modules(root: Path, how: str) -> None:
    (root / "script.py").write_text(
        how + ("package.b.scale(1)\n" if "*" not in how else "scale(1)\n")
    )
    before = digest(root)
    edit(root, "package/c.py", "return value", "return -value")
    assert digest(root) != before


def test_what_is_harmless_is_not_followed(root: Path) -> None:
    harmless = [(root / "package" / "b.py", "scale")]
    before = digest(root, harmless=harmless)
    edit(root, "package/b.py", "return helper(value)", "return None")
    edit(root, "package/c.py", "return value", "return -value")
    assert digest(root, harmless=harmless) == before


def test_what_a_job_calls_is_among_what_its_script_reaches(tmp_path: Path) -> None:
    """Names are followed by their text; the interpreter says what is really called."""
    scripts = ROOT / "workflow_scripts"
    modules = str(scripts / "mitosyn")
    script = scripts / "measure_morphometrics.py"
    base = CodeBase(scripts)
    reached = {
        (str(file), node.name)
        for file, number in base.reach(script)
        for node in ast.parse(base._module(file).texts[number]).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    corners = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]], np.float32)
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.uint32)
    write_bundle(tmp_path / "in.npz", bundle_meshes(np.array([1, 2]), {1: Mesh(corners, faces)}))
    job = SimpleNamespace(
        input=SimpleNamespace(meshes=tmp_path / "in.npz"),
        output=SimpleNamespace(morphometrics=tmp_path / "out.arrow"),
        params=SimpleNamespace(voxel_size_nm=(1, 1, 1), mesh_voxel_size_nm=(1, 1, 1)),
    )
    main = runpy.run_path(str(script))["main"]
    called = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(modules):
            called.add((frame.f_code.co_filename, frame.f_code.co_qualname.split(".")[0]))

    sys.setprofile(note)
    try:
        main(job)
    finally:
        sys.setprofile(None)
    called = {(file, name) for file, name in called if not name.startswith("<")}
    assert len(called) > 10
    assert called <= reached


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A copy of the package and the scripts, to be edited."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "workflow_scripts", tmp_path / "scripts", ignore=ignored)
    return tmp_path / "scripts"


def editable(file: Path) -> tuple[str, str]:
    """Return the head of a file's first function, and what changes the function."""
    function = next(n for n in ast.parse(file.read_text()).body if isinstance(n, ast.FunctionDef))
    line = file.read_text().splitlines(keepends=True)[function.body[-1].lineno - 1]
    return line, f"{line[: len(line) - len(line.lstrip())]}print()\n{line}"


@pytest.mark.parametrize(
    ("module", "matters"),
    [
        ("meshes/morphometrics.py", True),
        ("meshes/surfaces.py", True),
        ("meshes/cell_mesh.py", False),
        ("meshes/layers.py", False),
        ("support/seals.py", False),
        ("retrieval/archives.py", False),
        ("support/hdf5.py", False),
    ],
)
def test_a_door_leads_to_what_it_needs_and_not_to_its_room(
    scripts: Path, module: str, matters: bool
) -> None:
    script, file = scripts / "measure_morphometrics.py", f"mitosyn/{module}"
    harmless = [(scripts / "mitosyn" / "support" / "jobs.py", "run")]
    before = CodeBase(scripts, harmless).digest(script)
    old, new = editable(scripts / file)
    edit(scripts, file, old, new)
    assert (CodeBase(scripts, harmless).digest(script) != before) == matters


def test_what_is_imported_for_types_alone_is_not_followed(root: Path) -> None:
    edit(
        root,
        "package/a.py",
        "FEW, MANY",
        "if TYPE_CHECKING:\n    import package.apart\n\nFEW, MANY",
    )
    before = digest(root)
    edit(root, "package/apart.py", "X = 1", "print(1)")
    assert digest(root) == before


def test_a_package_is_not_taken_with_its_module(root: Path) -> None:
    edit(root, "package/__init__.py", '"""A package."""\n', "from package.apart import X\nY = X\n")
    before = digest(root)
    edit(root, "package/apart.py", "X = 1", "X = 2")
    edit(root, "package/__init__.py", "Y = X", "Y = X + 1")
    assert digest(root) == before
