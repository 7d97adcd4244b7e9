"""What the benchmarks share: the clock, and the name of the machine."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence


def seconds(
    call: Callable[[], object], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Give the median time of some calls, in seconds; wall time, unless by another clock."""
    times = []
    for _ in range(repeats):
        start = clock()
        call()
        times.append(clock() - start)
    return statistics.median(times)


def in_turns(
    calls: Sequence[Callable[[], object]],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[float]]:
    """Time some calls one after the other, again and again, so that all share the machine's moods.

    Returns
    -------
    list of lists of float
        For each call its times, in seconds; wall times, unless by another clock.
    """
    turns = [[seconds(call, 1, clock) for call in calls] for _ in range(repeats)]
    return [list(times) for times in zip(*turns, strict=True)]


def machine() -> str:
    """Say what the figures were measured on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
