"""What is wrong with a configuration, in the words of its keys."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from mitosyn.support import CONFIGURATION

# The forms of a source: texts, and models by name. No key can be named so.
SOURCE_TAGS = (
    *("<path>", "<Download>", "<ArchiveMember>", "<layer>"),
    *("<OwnTable>", "<OwnMitochondria>", "<OwnSynapses>", "<Skeletons>", "<MeshSource>"),
    "<CellMeshes>",
)
SOURCE_FORMS = "a path or URL, {url, filename, size, checksum} or {archive, member}"
LONGEST = 120
MOST_LINES = 20
MOST_KEYS = 3
FOUND = " (found "

# What is expected where pydantic says that a value is not of a type.
EXPECTED = {
    "bool": "true or false",
    "int": "a whole number",
    "string": "a text",
    "tuple": "a list",
    "list": "a list",
    "dict": "keys with values",
    "model": "keys with values",
    "union": SOURCE_FORMS,
}
BOUNDS = {
    "greater_than": "above",
    "greater_than_equal": "not below",
    "less_than_equal": "not above",
}


class ConfigError(ValueError):
    """The configuration cannot be used: a line for each problem names the keys or paths."""

    def __init__(self, *problems: str) -> None:
        shown = problems[:MOST_LINES]
        if len(problems) > MOST_LINES:
            shown = (*shown, f"… and {len(problems) - MOST_LINES} more problems")
        if len(problems) == 1:
            super().__init__(f"config: {shown[0]} ({CONFIGURATION})")
        else:
            lines = "".join(f"\n  {line}" for line in shown)
            super().__init__(f"config: {len(problems)} problems ({CONFIGURATION}){lines}")


def quoted(value: object) -> str:
    """Return a value as Python writes it, without its middle where it is long."""
    text = repr(value)
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]}…{text[-half:]}"


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """Return ``: did you mean …?`` with the name that looks most like another, if one does."""
    close = difflib.get_close_matches(str(name).strip().lower(), list(names), 1)
    return f": did you mean {close[0]}?" if close else ""


def key_of(location: Sequence[object]) -> str:
    """Return the full name of a key, parts that are no plain word in quotes."""
    parts = [str(part) for part in location if part not in SOURCE_TAGS]
    plain = re.compile(r"[\w.-]{1,60}")
    return ".".join(p if plain.fullmatch(p) else quoted(p) for p in parts) or "config"


def validation_problems(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return what pydantic refuses in a ``model``, a line for each kind of problem."""
    return in_lines(
        problem
        for detail in error.errors(include_url=False)
        for problem in _problems(detail, model)
    )


def in_lines(problems: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line for each problem of (key, problem), in order; one for many keys alike."""
    places: dict[str, list[tuple[str, str]]] = {}
    for key, problem in problems:
        what, _, _ = problem.partition(FOUND)
        # What names no key of its own begins with it.
        places.setdefault(what, []).append((key, f"{key}: {problem}" if key else problem))
    return [first[1] + _more([key for key, _ in others]) for first, *others in places.values()]


def _more(keys: list[str]) -> str:
    if not keys:
        return ""
    named = ", ".join(keys[:MOST_KEYS]) + (", …" if len(keys) > MOST_KEYS else "")
    return f" … and {len(keys)} more ({named})"


def _problems(detail: Any, model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield the key and the problem; a validator of ours may have several lines for it."""
    kind, location, value = detail["type"], detail["loc"], detail["input"]
    if location and location[-1] == "[key]":
        # Of a mapping whose keys are not free; what is wrong is the key itself.
        location = location[:-2]
    key = key_of(location)
    if kind in ("extra_forbidden", "invalid_key"):
        # The key is part of the problem, as others may look like it.
        yield "", f"unknown key {key}{did_you_mean(location[-1], _keys_at(model, location[:-1]))}"
    elif kind == "missing":
        yield "", f"missing key {key}"
    elif kind == "default_factory_not_called":
        # What it follows from is a problem of its own.
        return
    elif kind == "value_error":
        for line in str(detail["ctx"]["error"]).splitlines():
            yield key, line
    elif kind == "literal_error":
        names = re.findall("'([^']*)'", detail["ctx"]["expected"])
        hint = did_you_mean(value, names)
        yield key, f"expected one of {', '.join(names)}{FOUND}{quoted(value)}){hint}"
    else:
        yield key, f"expected {_expected(kind, detail.get('ctx', {}))}{FOUND}{quoted(value)})"


def _expected(kind: str, context: dict[str, Any]) -> str:
    if kind in BOUNDS:
        (bound,) = context.values()
        return f"a whole number {BOUNDS[kind]} {bound}"
    return EXPECTED.get(kind.split("_")[0], "another value")


def _keys_at(kind: Any, location: Sequence[object]) -> list[str]:
    """List the keys that there can be at a place of the configuration."""
    models = [k for k in _alternatives(kind) if isinstance(k, type) and issubclass(k, BaseModel)]
    if not location:
        return [name for model in models for name in model.model_fields]
    part, *rest = location
    if part in SOURCE_TAGS:
        return [n for m in models if f"<{m.__name__}>" == part for n in m.model_fields]
    inner = [m.model_fields[part].annotation for m in models if part in m.model_fields]
    inner += [get_args(k)[1] for k in _alternatives(kind) if get_origin(k) is dict]
    return [name for found in inner for name in _keys_at(found, rest)]


def _alternatives(kind: Any) -> list[Any]:
    """List the types of a union or behind an annotation."""
    if isinstance(kind, type) or get_origin(kind) is dict:
        return [kind]
    return [found for part in get_args(kind) for found in _alternatives(part)]


def duplicate_keys(path: str | Path) -> list[str]:
    """Return a line for each key that a YAML file has twice: the last alone would count."""
    try:
        tree = yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        # Snakemake has read it, so it is JSON.
        return []
    return list(_duplicates(path, tree, ())) if tree is not None else []


def _duplicates(path: str | Path, node: yaml.Node, location: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _duplicates(path, item, (*location, str(number)))
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for name, value in node.value:
            line, text = name.start_mark.line + 1, str(name.value)
            inside = (*location, text)
            # << merges other mappings, of which there may be several.
            if text in lines and text != "<<":
                key = key_of(inside)
                yield f"{path}: {key} is there twice, in lines {lines[text]} and {line}"
            lines[text] = line
            yield from _duplicates(path, value, inside)
