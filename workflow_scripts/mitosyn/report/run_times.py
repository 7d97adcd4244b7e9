"""What the jobs of each rule cost, after the last lines of their logs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from mitosyn.support import COST_LINE
from mitosyn.tables import write_csv


@dataclass
class RuleCost:
    """What the jobs of a rule cost together.

    CPU seconds of starting (the interpreter, imports) and of working, with those of child
    processes, and the largest memory of a process of the jobs.
    """

    jobs: int = 0
    start_s: float = 0.0
    work_s: float = 0.0
    peak_mb: float = 0.0


def costs_by_rule(logs: str | Path) -> dict[str, RuleCost]:
    """Sum by rule what the jobs say at the end of their logs; those that failed say nothing.

    Parameters
    ----------
    logs : str or Path
        The folder of all logs of a dataset: ``<rule>.log``, or ``<rule>/….log`` for a rule
        with many jobs.
    """
    costs: dict[str, RuleCost] = defaultdict(RuleCost)
    for log in sorted(Path(logs).rglob("*.log")):
        lines = log.read_text(errors="replace").splitlines()
        found = COST_LINE.fullmatch(lines[-1]) if lines else None
        if found:
            rule = costs[log.relative_to(logs).parts[0].removesuffix(".log")]
            rule.jobs += 1
            rule.start_s += float(found[1])
            rule.work_s += float(found[2])
            rule.peak_mb = max(rule.peak_mb, float(found[3]))
    return dict(costs)


def write_run_times(path: str | Path, costs: dict[str, RuleCost]) -> None:
    """Write the costs as CSV, a row for each rule."""
    header = ["rule", *(field.name for field in fields(RuleCost))]
    rows = [[rule, *(round(value, 2) for value in astuple(cost))] for rule, cost in costs.items()]
    write_csv(path, header, rows)
