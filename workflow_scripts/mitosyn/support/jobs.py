"""What every job of the workflow has in common: its log, its cost, one line for bad input."""

from __future__ import annotations

import errno
import logging
import re
import resource
import sys
import time
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn

from mitosyn.support.errors import RUNNING, InputError
from mitosyn.support.seals import seal_outputs

BAD_INPUT = 1
COST = "%.2f s of CPU to start, %.2f s at work; %.0f MB at most"
COST_LINE = re.compile(r"INFO ([\d.]+) s of CPU to start, ([\d.]+) s at work; (\d+) MB at most")
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def run(main: Callable[[Any], None], job: Any) -> None:
    """Run a rule's script for a job, and seal what it wrote.

    Messages go to the job's log file, at the end what the job cost. Bad input and a full
    disk end the job with one line there and on the terminal; any other error with its
    traceback in both.
    """
    # force: libraries may have set up a log of their own while they were imported.
    logging.basicConfig(
        filename=job.log[0],
        filemode="w",
        level=logging.INFO,
        format="%(levelname)s %(message)s",
        force=True,
    )
    start_up_s = _cpu_s()
    try:
        main(job)
        seal_outputs(job.output)
        work_s = _cpu_s() - start_up_s
        logging.info(COST, start_up_s, work_s, _peak_mb())
    except InputError as error:
        _give_up(error)
    except OSError as error:
        if error.errno not in DISK_FULL:
            logging.exception("unexpected error")
            raise
        place = error.filename or job.output[0]
        _give_up(InputError(place, "the disk is full", "Make room and run again.", RUNNING))
    except Exception:
        logging.exception("unexpected error")
        raise


def _give_up(error: InputError) -> NoReturn:
    """End the job with one line in its log and on the terminal."""
    logging.error("%s", error)
    print(f"Error: {error}", file=sys.stderr)
    raise SystemExit(BAD_INPUT) from None


def failed_jobs(logs: str | Path, since: float) -> list[str]:
    """Return a line for each job that failed: one whose log does not end with what it cost.

    Logs from before ``since``, in seconds since the epoch, are of other runs.
    """
    lines = []
    for log in sorted(Path(logs).rglob("*.log")):
        if log.stat().st_mtime >= since:
            text = log.read_text(errors="replace").splitlines()
            if not text or not COST_LINE.fullmatch(text[-1]):
                first = next((n for n, line in enumerate(text) if line.startswith("ERROR ")), None)
                if first is None:
                    lines.append(f"{log}: ended without an error, killed?")
                    continue
                # Several problems stand below each other.
                more = list(takewhile(lambda line: line.startswith("  - "), text[first + 1 :]))
                lines += [f"{log}: {text[first].removeprefix('ERROR ')}", *more]
    return lines


def _cpu_s() -> float:
    """Return the CPU seconds of this process and of the child processes that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _peak_mb() -> float:
    """Return the largest resident size so far of this process, or of an ended child, in MB."""
    # In kB on Linux, in bytes on macOS. A child begins with the size of this process.
    unit = 1e6 if sys.platform == "darwin" else 1e3
    own, child = (
        resource.getrusage(who).ru_maxrss / unit
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    status = Path("/proc/self/status")
    if status.exists():
        # Unlike the resource usage, it does not begin with the size of the parent process.
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        own = int(line.split()[1]) / 1e3
    return max(own, child)
