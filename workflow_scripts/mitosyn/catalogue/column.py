"""A column of a published table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

INTEGER, NUMBER, TEXT, FLAG = "int64", "float64", "text", "bool"
NM, NM2, NM3, UM, UM2, UM3, PER_UNIT = "nm", "nm²", "nm³", "µm", "µm²", "µm³", "1"


@dataclass(frozen=True)
class Column:
    """What the values of a column are.

    Attributes
    ----------
    kind : {"int64", "float64", "text", "bool"}
        Or words, of what is no table.
    unit : str
        ``1`` for counts and ratios, empty for ids, labels, texts and flags.
    meaning : str
    missing : str
        What it means that a value is missing; empty where none can be.
    needs : str
        What a mesh must have for a measure of it, if it needs more than to be readable.
    """

    kind: str
    unit: str
    meaning: str
    missing: str = ""
    needs: str = ""


def number(unit: str, meaning: str, missing: str = "", needs: str = "") -> Column:
    """Describe a column of real numbers."""
    return Column(NUMBER, unit, meaning, missing, needs)


def count(meaning: str, missing: str = "") -> Column:
    """Describe a column of counts."""
    return Column(INTEGER, PER_UNIT, meaning, missing)


def identifier(meaning: str, missing: str = "") -> Column:
    """Describe a column of ids, or of other integers without a unit."""
    return Column(INTEGER, "", meaning, missing)


def text(meaning: str, missing: str = "") -> Column:
    """Describe a column of texts."""
    return Column(TEXT, "", meaning, missing)


def either(values: Iterable[str]) -> str:
    """List values in Markdown."""
    return ", ".join(f"`{value}`" for value in values)


def tidy_name(name: str) -> str:
    """Return the name of a CSV column in the Parquet tables: ``PC1 CA`` as ``pc1_ca``."""
    return name.lower().replace(" ", "_")
