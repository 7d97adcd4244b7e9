"""What every job of the workflow has in common: its log, and one line for bad input."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

from mitosyn.errors import InputError

BAD_INPUT = 1


def run(main: Callable[[Any], None], job: Any) -> None:
    """Run a rule's script.

    Messages go to the job's log file. Bad input ends the job with one line there and on
    the terminal; any other error with its traceback in both.

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
    try:
        main(job)
    except InputError as error:
        logging.error("%s", error)
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(BAD_INPUT) from None
    except Exception:
        logging.exception("unexpected error")
        raise
