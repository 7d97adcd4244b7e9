"""A real SLURM on this machine for the tests: a controller and two nodes on loopback."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from debian import SYSTEM_PATH, has_apt, install, missing
from guardian import guarded

PACKAGES = ("slurm-wlm", "munge")
COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue")
NODES = ("node1", "node2")
CPUS_PER_NODE = 4
MEMORY_MB_PER_NODE = 8000
POLICY = Path("/usr/sbin/policy-rc.d")
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0

# Nodes declare more than the machine has: what counts here is what jobs ask for. Finished jobs
# stay known to squeue, which is what tells Snakemake of their end as nothing is accounted.
SLURM_CONF = """\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
{loopback_only}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdSpoolDir={folder}/spool/%n
SlurmdLogFile={folder}/log/%n.log
SlurmdPidFile={folder}/%n.pid
ReturnToService=2
CompleteWait=0
KillWait=2
MinJobAge=3600
{nodes}
PartitionName=main Nodes=ALL Default=YES State=UP MaxTime=INFINITE DefMemPerCPU=1000
"""
NODE = "NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs={cpus} \
RealMemory={memory} State=UNKNOWN"
# Daemons then bind to what the host's name means, and otherwise to every address; munge's key
# keeps others out in either case.
LOOPBACK_ONLY = "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny"


class SlurmError(RuntimeError):
    """SLURM cannot be installed or does not start."""


@cache
def unavailable() -> str | None:
    """Say in a line why SLURM cannot be had here, or give None.

    Its packages are installed if they are not there yet: no other answer is sure.
    """
    if os.geteuid() != 0:
        return "SLURM's daemons need root"
    if not missing(COMMANDS):
        return None
    if not has_apt():
        return f"SLURM is not installed ({', '.join(missing(COMMANDS))}) and there is no apt-get"
    try:
        _install()
    except SlurmError as error:
        return str(error)
    still = ", ".join(missing(COMMANDS))
    return f"{still} did not come with the packages" if still else None


@contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """Run munged, slurmctld and the nodes' slurmd until the block ends.

    Everything they write goes under ``folder``, whose path has to be short (munged's socket).
    When the block ends, jobs that still run are ended too; so are they if this process is killed.

    Yields
    ------
    dict
        The environment variables that clients such as sbatch need, to be put over the caller's.
    """
    reason = unavailable()
    if reason is not None:
        raise SlurmError(reason)
    folder = folder.resolve()
    config = _write_config(folder)
    path = [str(_write_srun(folder, config)), os.environ.get("PATH", ""), SYSTEM_PATH]
    env = {"SLURM_CONF": str(config), "PATH": ":".join(filter(None, path))}
    with ExitStack() as stack:
        _start_munged(folder, stack, env)
        controller = _start("slurmctld", ["-D", "-c"], folder, stack, env)
        _wait(lambda: _answers(["scontrol", "ping"], env), "slurmctld", [controller], folder)
        nodes = [_start("slurmd", ["-D", "-N", name], folder, stack, env, name) for name in NODES]
        _wait(lambda: _nodes_idle(env), "idle nodes", [controller, *nodes], folder)
        stack.callback(_cancel_jobs, env)
        yield env


# Installing ----------------------------------------------------------------------------------


def _install() -> None:
    """Install the packages; their services are not started."""
    with _no_services():
        error = install(PACKAGES)
    if error is not None:
        raise SlurmError(error)


@contextmanager
def _no_services() -> Iterator[None]:
    """Keep packages from starting their services; a policy that is there already stays."""
    try:
        with POLICY.open("x") as file:
            file.write("#!/bin/sh\nexit 101\n")
    except FileExistsError:
        yield
        return
    try:
        POLICY.chmod(0o755)
        yield
    finally:
        POLICY.unlink()


# Configuring ---------------------------------------------------------------------------------


def _write_config(folder: Path) -> Path:
    """Write slurm.conf, what belongs next to it, and munge's key."""
    for name in ("state", "log", "munge", *(f"spool/{node}" for node in NODES)):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "munge").chmod(0o711)
    key = folder / "munge" / "key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    # slurmd sets up a cgroup plugin even if nothing uses it: the one that then does nothing.
    plugin = "disabled" if _version() >= (23, 11) else "cgroup/v1"
    (folder / "cgroup.conf").write_text(f"CgroupPlugin={plugin}\n")
    controller_port, *ports = _free_ports(1 + len(NODES))
    nodes = [
        NODE.format(name=name, port=port, cpus=CPUS_PER_NODE, memory=MEMORY_MB_PER_NODE)
        for name, port in zip(NODES, ports, strict=True)
    ]
    config = folder / "slurm.conf"
    config.write_text(
        SLURM_CONF.format(
            folder=folder,
            controller_port=controller_port,
            loopback_only=LOOPBACK_ONLY if _host_is_loopback() else "",
            nodes="\n".join(nodes),
        )
    )
    return config


def _write_srun(folder: Path, config: Path) -> Path:
    """Write an srun that knows the configuration; give its folder.

    Snakemake's jobs call srun without any SLURM_CONF: elsewhere that is in a place of the system.
    """
    srun = shutil.which("srun", path=SYSTEM_PATH)
    wrapper = folder / "bin" / "srun"
    wrapper.parent.mkdir(exist_ok=True)
    wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={shlex.quote(str(config))} exec {srun} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper.parent


def _host_is_loopback() -> bool:
    try:
        return socket.gethostbyname(socket.gethostname()) == "127.0.0.1"
    except OSError:
        return False


def _version() -> tuple[int, int]:
    """Give SLURM's version, as in "slurm-wlm 22.05.8"."""
    printed = _ask(["slurmctld", "-V"], {"PATH": SYSTEM_PATH}) or ""
    year, month, *_ = printed.split()[-1].split(".")
    return int(year), int(month)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for bound in sockets:
            bound.bind(("127.0.0.1", 0))
        return [bound.getsockname()[1] for bound in sockets]


# Starting ------------------------------------------------------------------------------------

Daemon = subprocess.Popen[bytes]


def _start_munged(folder: Path, stack: ExitStack, env: dict[str, str]) -> None:
    files = {
        "key-file": "key",
        "socket": "socket",
        "pid-file": "pid",
        "log-file": "log",
        "seed-file": "seed",
    }
    at = folder / "munge"
    arguments = [f"--{option}={at / name}" for option, name in files.items()]
    # Forced: other users cannot enter the folders of a test, and need not.
    daemon = _start("munged", ["--foreground", "--force", *arguments], folder, stack, env)
    works = ["munge", "--no-input", "--output=/dev/null", f"--socket={at / 'socket'}"]
    _wait(lambda: _answers(works, env), "munged", [daemon], folder)


def _start(
    command: str,
    arguments: list[str],
    folder: Path,
    stack: ExitStack,
    env: dict[str, str],
    name: str | None = None,
) -> Daemon:
    """Start a daemon that the stack ends, or the end of this process, with all that it started."""
    # Of a session of its own: Ctrl-C is for the tests, which then end the daemons in turn.
    with (folder / "log" / f"{name or command}.out").open("wb") as output:
        daemon = subprocess.Popen(
            guarded(command, *arguments),
            env={**os.environ, **env},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    stack.callback(_stop, daemon)
    return daemon


def _answers(command: list[str], env: dict[str, str]) -> bool:
    return _ask(command, env) is not None


def _ask(command: list[str], env: dict[str, str]) -> str | None:
    """Give what a client prints, or None if it fails."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STOP_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None


def _nodes_idle(env: dict[str, str]) -> bool:
    states = _ask(["sinfo", "--noheader", "--Node", "--format=%N %T"], env) or ""
    return sorted(states.splitlines()) == [f"{name} idle" for name in NODES]


def _wait(ready: Callable[[], bool], what: str, daemons: list[Daemon], folder: Path) -> None:
    """Wait until it is ready; fail when a daemon ended or after the timeout."""
    end = time.monotonic() + START_TIMEOUT_S
    while not ready():
        ended = any(daemon.poll() is not None for daemon in daemons)
        if ended or time.monotonic() > end:
            why = "a daemon ended" if ended else f"nothing within {START_TIMEOUT_S:.0f} s"
            raise SlurmError(f"no {what}: {why}\n{_log_ends(folder)}")
        time.sleep(0.2)


def _log_ends(folder: Path, lines: int = 15) -> str:
    """Give the last lines that each daemon wrote."""
    logs = sorted((folder / "log").glob("*.out"))
    ends = [(log, log.read_text(errors="replace").splitlines()[-lines:]) for log in logs]
    return "\n".join("\n".join([f"--- {log}", *end]) for log, end in ends)


# Ending --------------------------------------------------------------------------------------


def _cancel_jobs(env: dict[str, str]) -> None:
    """Cancel the jobs that wait or run, and give them a moment to end."""
    active = ["squeue", "--noheader", "--format=%i"]
    end = time.monotonic() + STOP_TIMEOUT_S
    if _ask(active, env):
        _ask(["scancel", "--user=root"], env)
        while _ask(active, env) and time.monotonic() < end:
            time.sleep(0.2)


def _stop(daemon: Daemon) -> None:
    """End a daemon, and with it what outlives it by itself: slurmstepd, srun and jobs."""
    daemon.terminate()
    daemon.wait()
