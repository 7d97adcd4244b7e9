"""Digests of the code behind a result, so that a change redoes just what depends on it."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path


def code_digest(script: Path, root: Path) -> str:
    """Digest a script and all modules under ``root`` that it imports, directly or not.

    Snakemake sees a changed script, but not a changed module.

    Parameters
    ----------
    script : Path
        A Python file.
    root : Path
        The folder from which modules are imported.

    Returns
    -------
    str
        16 hexadecimal digits that depend on the files' content alone.
    """
    seen: set[Path] = set()
    waiting = [script]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += _imported_files(file, root)
    digest = hashlib.sha256()
    for file in sorted(seen):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _imported_files(file: Path, root: Path) -> tuple[Path, ...]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
            modules.update(f"{node.module}.{alias.name}" for alias in node.names)
    paths = (root / Path(*module.split(".")) for module in sorted(modules))
    candidates = (c for path in paths for c in (path.with_suffix(".py"), path / "__init__.py"))
    return tuple(candidate for candidate in candidates if candidate.is_file())
