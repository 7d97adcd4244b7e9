"""What every job of the workflow has in common: its log, its cost, one line for bad input."""

from __future__ import annotations

import logging
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mitosyn.errors import InputError

BAD_INPUT = 1
COST = "%.2f s of CPU to start, %.2f s at work; %.0f MB at most"


def run(main: Callable[[Any], None], job: Any) -> None:
    """Run a rule's script.

    Messages go to the job's log file, at the end what the job cost. Bad input ends the job
    with one line there and on the terminal; any other error with its traceback in both.

    Parameters
    ----------
    main : callable
        Takes ``job``.
    job : object
        With ``log``, a sequence whose first item is the path of the log file.
    """
    logging.basicConfig(
        filename=job.log[0], filemode="w", level=logging.INFO, format="%(levelname)s %(message)s"
    )
    start_up_s = time.process_time()
    try:
        main(job)
        work_s = time.process_time() - start_up_s
        logging.info(COST, start_up_s, work_s, _peak_mb())
    except InputError as error:
        logging.error("%s", error)
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(BAD_INPUT) from None
    except Exception:
        logging.exception("unexpected error")
        raise


def _peak_mb() -> float:
    """Give the largest resident size of this process so far, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # Unlike the resource usage, it does not begin with the size of the parent process.
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
