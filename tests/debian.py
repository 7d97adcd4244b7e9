"""Debian packages that some tests need, installed where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing(commands: Sequence[str]) -> list[str]:
    """Give the commands that are not installed."""
    return [name for name in commands if shutil.which(name, path=SYSTEM_PATH) is None]


def has_apt() -> bool:
    """Tell whether there is an apt-get."""
    return not missing(["apt-get"])


def install(packages: Sequence[str]) -> str | None:
    """Install packages without what they only recommend; give None, or why it failed."""
    command = ["install", "--quiet", "--yes", "--no-install-recommends", *packages]
    output = _apt_get(command)
    if output is not None and _apt_get(["update", "--quiet"]) is None:
        output = _apt_get(command)
    if output is None:
        return None
    errors = [line for line in output.splitlines() if line.startswith("E:")]
    why = errors[0] if errors else (output.splitlines() or ["no output"])[-1]
    return f"apt-get cannot install {' and '.join(packages)}: {why}"


def _apt_get(arguments: list[str]) -> str | None:
    """Run apt-get; give None, or what it said if it failed."""
    options = ["DPkg::Lock::Timeout=120", "Acquire::Retries=1", "Acquire::http::Timeout=20"]
    command = ["apt-get", *(f"-o{option}" for option in options), *arguments]
    env = {**os.environ, "PATH": SYSTEM_PATH, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    done = subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return None if done.returncode == 0 else done.stdout
