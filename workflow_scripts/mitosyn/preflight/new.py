"""A description and empty tables to begin a dataset of one's own with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from mitosyn.config import Name
from mitosyn.sources import CELLS_COLUMNS, MITOCHONDRIA_COLUMNS, SYNAPSES_COLUMNS
from mitosyn.support import CONFIGURATION, InputError, write_text

# What of positions one site has, and what only few tables have.
_LEFT_OUT = ("centroid", "pre_position", "post_position", "published_compartment")
_POINTS = {"position": "", "soma": "soma_"}
TABLES = {
    "cells": CELLS_COLUMNS,
    "mitochondria": MITOCHONDRIA_COLUMNS,
    "synapses": SYNAPSES_COLUMNS,
}


def write_new_dataset(folder: str | Path, name: str, template: str | Path) -> list[Path]:
    """Write ``<name>.yaml`` and tables with headers alone into a folder of that name in another.

    Raises
    ------
    InputError
        The name is none, or one of the files is there already; nothing is written.
    """
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError as error:
        problem = f"{name!r} is no name ({error.errors()[0]['msg']})"
        raise InputError("name", problem, "Say --config name=mine.", CONFIGURATION) from None
    folder = Path(folder) / name
    description = Path(template).read_text(encoding="utf-8").replace("NAME", name)
    files = {folder / f"{name}.yaml": description}
    files |= {folder / f"{table}.csv": _header(columns) for table, columns in TABLES.items()}
    for path in files:
        if path.exists():
            remedy = "Take another name, or move what is there."
            raise InputError(path, "is there already, and is not overwritten", remedy)
    for path, text in files.items():
        write_text(path, text)
    return list(files)


def _header(columns: Sequence[str]) -> str:
    names = [name for name in columns if name not in (*_LEFT_OUT, "published_length")]
    flat = [
        f"{_POINTS[name]}{axis}" if name in _POINTS else name
        for name in names
        for axis in ("xyz" if name in _POINTS else "-")
    ]
    return ",".join(flat) + "\n"
