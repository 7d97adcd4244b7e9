"""What a test starts ends with it, however the tests end."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import slurm
from guardian import descendants, guarded

TESTS = Path(__file__).parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")

# A daemon as daemons are made, in a session of its own and left by its parent.
DAEMON = "setsid sh -c 'sleep 321 & sleep 321' & sleep 0.3; echo ready; {then}"
ASK = """
import signal, subprocess, sys
sys.path.insert(0, {tests!r})
from guardian import end_politely, guarded
end_politely()
# Ignored where a shell runs the tests in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)
subprocess.run(guarded("sh", "-c", sys.argv[1]))
"""
ASK_SLURM = """
import subprocess, sys, time, os
from pathlib import Path
sys.path.insert(0, {tests!r})
import slurm
from guardian import end_politely
end_politely()
with slurm.cluster(Path(sys.argv[1])) as env:
    env = {{**os.environ, **env}}
    subprocess.run(["sbatch", "--wrap", "srun sleep 321"], env=env, check=True, cwd=sys.argv[1])
    show = ["scontrol", "show", "step"]
    while b"StepId=1.0" not in subprocess.run(show, env=env, capture_output=True).stdout:
        time.sleep(0.2)
    print("ready", flush=True)
    time.sleep(321)
"""


@dataclass(frozen=True)
class Started:
    """A process that stands for the tests, and the ids of all that it has started."""

    process: subprocess.Popen[str]
    started: list[int]

    def commands(self) -> str:
        """Return the command lines of what still runs; a zombie has none."""
        found = []
        for pid in self.started:
            with suppress(OSError):
                found.append(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
        return "\n".join(filter(None, found))

    def end_all(self) -> str:
        """Wait until they and all that they started have ended; return what has not."""
        self.process.communicate()
        end = time.monotonic() + 30
        while self.commands() and time.monotonic() < end:
            time.sleep(0.1)
        return self.commands()


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    """A way to start such a process, which is killed in the end."""
    with ExitStack() as stack:
        yield partial(start_one, stack)


def start_one(stack: ExitStack, script: str, *arguments: str) -> Started:
    """Start such a process, and wait until it has started what it starts."""
    process = subprocess.Popen(
        [sys.executable, "-c", script.format(tests=str(TESTS)), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    stack.callback(process.kill)
    assert process.stdout
    while (line := process.stdout.readline()) != "ready\n":
        assert line, "it ended before it was ready"
    return Started(process, descendants(process.pid))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_all_that_was_started_ends_with_the_tests(start, number: signal.Signals) -> None:
    tests = start(ASK, DAEMON.format(then="sleep 321"))
    assert tests.commands().count("sleep 321") >= 3
    tests.process.send_signal(number)
    assert tests.end_all() == ""


def test_all_that_was_started_ends_with_the_command(start) -> None:
    tests = start(ASK, DAEMON.format(then="sleep 0.5; exit 3"))
    assert "sleep 321" in tests.commands()
    assert tests.end_all() == ""


def test_a_guarded_command_gives_its_output_its_code_and_its_signals() -> None:
    done = subprocess.run(guarded("sh", "-c", "echo out; exit 3"), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "out\n")
    killed = subprocess.run(guarded("sh", "-c", "kill -9 $$"), check=False)
    assert killed.returncode == 128 + signal.SIGKILL
    with subprocess.Popen(
        guarded("sh", "-c", "trap 'echo told; exit 4' TERM; echo ready; sleep 321 & wait"),
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout and running.stdout.readline() == "ready\n"
        running.terminate()
        assert running.stdout.read() == "told\n"
    assert running.returncode == 4


@pytest.mark.workflow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_slurm_and_its_jobs_end_with_the_tests(start, number: signal.Signals) -> None:
    reason = slurm.unavailable()
    if reason is not None:
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="slurm") as folder:
        tests = start(ASK_SLURM, folder)
        running = tests.commands()
        assert all(name in running for name in ("munged", "slurmctld", "slurmstepd", "srun"))
        tests.process.send_signal(number)
        assert tests.end_all() == ""
