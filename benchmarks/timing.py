"""What the benchmarks share: the clock, and the name of the machine."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable


def seconds(call: Callable[[], object], repeats: int) -> float:
    """Give the median wall time of some calls, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def machine() -> str:
    """Say what the figures were measured on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
