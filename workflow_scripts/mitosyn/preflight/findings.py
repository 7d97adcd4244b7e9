"""What a look at the inputs brings: what is wrong, what is odd, and what is there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mitosyn.support import BadInputsError, InputError, write_text

# How many ids a message names.
NAMED = 5


@dataclass
class Findings:
    """All that was found, each thing once."""

    errors: list[InputError] = field(default_factory=list)
    """What a run cannot go on with."""
    warnings: list[str] = field(default_factory=list)
    """What is odd, and said again at the end of a run."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What is there, as JSON."""

    def refuse(self, errors: Iterable[InputError]) -> None:
        """Add what is wrong."""
        known = {str(error) for error in self.errors}
        for error in errors:
            if str(error) not in known:
                self.errors.append(error)
                known.add(str(error))

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Add the first thing that is wrong in the block, which ends with it."""
        try:
            yield
        except InputError as error:
            self.refuse([error])

    def write(self, path: str | Path) -> None:
        """Write what is there and what is odd as JSON.

        Raises
        ------
        InputError
            Something is wrong; it lists all that is.
        """
        if len(self.errors) == 1 and not self.warnings:
            raise self.errors[0]
        if self.errors:
            raise BadInputsError(self.errors, self.warnings)
        content = {"warnings": self.warnings, **self.facts}
        write_text(path, json.dumps(content, indent=2) + "\n")


def named(ids: Iterable[int]) -> str:
    """Return the first of some ids, and how many more there are."""
    ids = list(ids)
    more = f" and {len(ids) - NAMED:,} more" if len(ids) > NAMED else ""
    return ", ".join(map(str, ids[:NAMED])) + more


def counted(number: int, what: str) -> str:
    """Return a number of things, ``what`` is one: ``1 cell``, ``1,200 cells``."""
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def warnings_of(path: str | Path) -> list[str]:
    """Return lines that say again what was odd, after what :meth:`Findings.write` wrote, if it did.

    There are none where nothing was.
    """
    path = Path(path)
    warnings = json.loads(path.read_text())["warnings"] if path.exists() else []
    if not warnings:
        return []
    return [f"{counted(len(warnings), 'warning')} about the inputs ({path}):"] + [
        f"  - {warning}" for warning in warnings
    ]
