"""The one error that bad input raises, and several of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# Pages of the documentation that say more.
CONFIGURATION = "docs/configuration.md"
RETRIEVAL = "docs/retrieval.md"
RUNNING = "docs/running.md"
CHECKS = "docs/checks.md"


class InputError(ValueError):
    """Bad input, described in one line.

    Parameters
    ----------
    source : str or Path
        The file (or table, or URL) at fault.
    problem : str
        What was found, with the row or the id, and what was expected.
    remedy : str
        What the user can do about it.
    page : str
        The page of the documentation that says more, if there is one.
    """

    def __init__(self, source: str | Path, problem: str, remedy: str, page: str = "") -> None:
        more = f" ({page})" if page else ""
        super().__init__(f"{source}: {problem}. {remedy}{more}")
        self.source = str(source)
        self.problem = problem
        self.remedy = remedy
        self.page = page

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str, str]]:
        return type(self), (self.source, self.problem, self.remedy, self.page)


class BadInputsError(InputError):
    """All that is wrong with the inputs, a line each; and what is odd besides."""

    def __init__(self, errors: Sequence[InputError], warnings: Sequence[str] = ()) -> None:
        super().__init__("inputs", "", "")
        self.errors, self.warnings = errors, warnings
        many = f"{len(errors)} problems" if len(errors) > 1 else "a problem"
        lines = [*map(str, errors), *(f"(warning) {warning}" for warning in warnings)]
        self.args = ("\n  - ".join([f"the inputs have {many}:", *lines]),)

    def __reduce__(self) -> tuple:
        return type(self), (self.errors, self.warnings)
