"""Run a command so that nothing it starts outlives it, or the process that asked for it.

``python guardian.py PID COMMAND…``, PID being that of the process that starts it: when that one
ends, be it by SIGKILL, and when the command ends, every descendant of the command is killed, also
those that became daemons. SIGTERM is passed on to the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
LOOK_S = 0.2
GRACE_S = 10.0
AWAITED = {signal.SIGCHLD, signal.SIGTERM}


def guarded(*command: str) -> list[str]:
    """Return a command that ends with this process, together with all that it starts."""
    if sys.platform != "linux":
        return [*command]
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def end_politely() -> None:
    """Take SIGTERM for Ctrl-C: fixtures then end what they started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def stand_in(parent: int, command: list[str]) -> int:
    """Stand for a command: wait for the process that watches it, and return its exit code.

    This process may be killed, as :func:`subprocess.run` does after Ctrl-C; the other then sees
    that it is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    me = os.getpid()
    watching = os.fork()
    if watching == 0:
        os._exit(watch(me, command))
    while os.getppid() == parent:
        received = signal.sigtimedwait(AWAITED, LOOK_S)
        if received is not None and received.si_signo == signal.SIGTERM:
            os.kill(watching, signal.SIGTERM)
        ended = reap()
        if watching in ended:
            return os.waitstatus_to_exitcode(ended[watching])
    return 1


def watch(parent: int, command: list[str]) -> int:
    """Run a command to its end or to that of ``parent``; return its exit code."""
    # Daemons become children of this process rather than of init, and can be found.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.posix_spawnp(
        command[0], command, os.environ, setsigmask=(), setsigdef=(signal.SIGINT,)
    )
    ended: dict[int, int] = {}
    patience = float("inf")
    while child not in ended and os.getppid() == parent and time.monotonic() < patience:
        received = signal.sigtimedwait(AWAITED, LOOK_S)
        if received is not None and received.si_signo == signal.SIGTERM:
            os.kill(child, signal.SIGTERM)
            patience = time.monotonic() + GRACE_S
        ended |= reap()
    while left := descendants(os.getpid()):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
        ended |= reap()
    code = os.waitstatus_to_exitcode(ended[child])
    return code if code >= 0 else 128 - code


def reap() -> dict[int, int]:
    """Return the wait status of each child that has ended, by its id."""
    ended = {}
    try:
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = found[1]
    except ChildProcessError:
        pass
    return ended


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes that descend from one, also of those not yet reaped."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            # It ended while this was looking.
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [*children.get(pid, [])]
    for child in found:
        found += children.get(child, [])
    return found


if __name__ == "__main__":
    sys.exit(stand_in(int(sys.argv[1]), sys.argv[2:]))
