"""The one error that bad input raises."""

from __future__ import annotations

from pathlib import Path


class InputError(ValueError):
    """Bad input, told in one line: file, place, what is wrong, what to do.

    Parameters
    ----------
    source : str or Path
        The file (or table, or URL) at fault.
    problem : str
        What was found, with the row or the id, and what was expected.
    remedy : str
        What the user can do about it.
    """

    def __init__(self, source: str | Path, problem: str, remedy: str) -> None:
        super().__init__(f"{source}: {problem}. {remedy}")
        self.source = str(source)
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str]]:
        return type(self), (self.source, self.problem, self.remedy)
