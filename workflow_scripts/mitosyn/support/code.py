"""Digests of what the code behind a result means, so that a change redoes what it changes."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Decorators that do nothing but change what they decorate: such a definition runs when called.
PURE_DECORATORS = {"dataclass", "contextmanager", "cache"}
# Of a file: all of it, or no more than what it does when it is imported.
ALL, AT_IMPORT = "(all)", "(at import)"
Name = tuple[Path, str]


@dataclass
class _Module:
    """The statements of a file, by number, and its imports."""

    # What each statement means, and what it mentions.
    texts: list[str] = field(default_factory=list)
    needs: list[set[Name]] = field(default_factory=list)
    # The statements that bind a name, and what a name is an import of.
    binding: dict[str, list[int]] = field(default_factory=dict)
    imported: dict[str, set[Name]] = field(default_factory=dict)
    # The statements that do something when the file is imported, and what is imported with it.
    always: list[int] = field(default_factory=list)
    at_import: set[Name] = field(default_factory=set)

    def behind(self, name: str) -> tuple[Iterable[int], set[Name]]:
        """Return the statements and the imports that a name stands for, all for one not known."""
        if name in self.binding or name in self.imported or name == AT_IMPORT:
            return self.binding.get(name, []), self.imported.get(name, set())
        return range(len(self.texts)), set().union(*self.imported.values())


class CodeBase:
    """The Python files of ``root``, the folder from which modules are imported, read once.

    ``harmless`` are definitions under it that change no result: they are not followed.
    """

    def __init__(self, root: Path, harmless: Iterable[Name] = ()) -> None:
        self.root, self.harmless = root, frozenset(harmless)
        self._modules: dict[Path, _Module] = {}

    def digest(self, script: Path) -> str:
        """Return 16 hexadecimal digits of a script and the definitions that it can reach.

        Names are followed from the script through the modules under the root that it imports, by
        name alone: too much may be followed, not too little. Comments, docstrings, layout and the
        annotations of functions mean nothing, nor do definitions that are not reached.
        """
        texts = (self._module(file).texts[number] for file, number in self.reach(script))
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]

    def reach(self, script: Path) -> list[tuple[Path, int]]:
        """Return the statements that a script can reach: file and number, in order."""
        seen = set(self.harmless)
        reached: set[tuple[Path, int]] = set()
        waiting: list[Name] = [(script, ALL)]
        while waiting:
            file, name = waiting.pop()
            if (file, name) in seen:
                continue
            seen.add((file, name))
            module = self._module(file)
            numbers, imports = module.behind(name)
            waiting += imports | module.at_import
            for number in (*numbers, *module.always):
                if (file, number) not in reached:
                    reached.add((file, number))
                    waiting += module.needs[number]
        return sorted(reached)

    def _module(self, file: Path) -> _Module:
        if file not in self._modules:
            self._modules[file] = self._read(file)
        return self._modules[file]

    def _read(self, file: Path) -> _Module:
        module, plain = _Module(), []
        statements = _Plain().visit(ast.parse(file.read_bytes())).body
        for statement in (s for s in statements if not _is_for_types_alone(s)):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                for name, targets in self._imports(statement, file):
                    module.imported.setdefault(name, set()).update(targets)
                    module.at_import.update((target, AT_IMPORT) for target, _ in targets)
            else:
                plain.append(statement)
        for number, statement in enumerate(plain):
            bound = _bound_names(statement)
            if not bound:
                module.always.append(number)
            for name in bound or _names(statement):
                module.binding.setdefault(name, []).append(number)
        known = {*module.binding, *module.imported}
        for statement in plain:
            module.texts.append(ast.unparse(statement))
            needs = {(file, name) for name in _names(statement) & known}
            for node in ast.walk(statement):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    needs = needs.union(*(targets for _, targets in self._imports(node, file)))
            module.needs.append(needs | module.imported.get("*", set()))
        return module

    def _imports(
        self, statement: ast.Import | ast.ImportFrom, file: Path
    ) -> Iterator[tuple[str, set[Name]]]:
        """Yield each name that an import binds, with what is behind it under the root."""
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                module, packages = self._files(alias.name.split("."))
                # What it binds is the outermost package, through which all are reached.
                targets = {(found, ALL) for found in (*module, *packages)}
                yield alias.asname or alias.name.split(".")[0], targets
                continue
            package = statement.module.split(".") if statement.module else []
            if statement.level:
                package = [*file.relative_to(self.root).parts[: -statement.level], *package]
            wanted = ALL
            module, packages = self._files([*package, alias.name])
            if not module:
                wanted = ALL if alias.name == "*" else alias.name
                module, packages = self._files(package)
            # Its packages are imported with a module, but nothing is taken from them.
            targets = {(found, wanted) for found in module} | {(p, AT_IMPORT) for p in packages}
            yield alias.asname or alias.name, targets

    def _files(self, module: Sequence[str]) -> tuple[list[Path], list[Path]]:
        """Return the file of a module under the root, and those of its packages, if there."""
        path = self.root.joinpath(*module)
        found = [f for f in (path.with_suffix(".py"), path / "__init__.py") if f.is_file()]
        packages = [self.root.joinpath(*module[:n], "__init__.py") for n in range(1, len(module))]
        return found, [file for file in packages if found and file.is_file()]


class _Plain(ast.NodeTransformer):
    """Removes docstrings, other strings that stand alone, and annotations of functions."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Visit a node; its body keeps at least one statement."""
        body = getattr(node, "body", None)
        if isinstance(body, list):
            plain = [s for s in body if not _is_text(s)]
            node.body = plain or [ast.Pass()]  # type: ignore[attr-defined]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        return super().generic_visit(node)


def _is_text(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _is_for_types_alone(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"
    )


def _bound_names(statement: ast.stmt) -> list[str]:
    """Return the names that a statement binds, if that is all it does when it is run."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        decorators = set().union(*map(_names, statement.decorator_list))
        return [statement.name] if decorators <= PURE_DECORATORS else []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return []
    parts = [p for t in targets for p in (t.elts if isinstance(t, ast.Tuple) else [t])]
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    return names if len(names) == len(parts) else []


def _names(code: ast.AST) -> set[str]:
    """Return every name in a piece of code, bound or used, wherever it stands."""
    found = set()
    for node in ast.walk(code):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Global):
            found.update(node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
    return found
