"""Where a dataset comes from, as a Frictionless Data Package (https://datapackage.org).

``sources`` are the inputs and ``resources`` the published files, both with size and
checksum; what the standard has no word for (config, commit, packages) are properties of
their own, as it allows.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from mitosyn.retrieval import file_digests, read_receipt

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"


def describe_input(title: str, path: str | Path) -> dict[str, Any]:
    """Describe an input: its path, size and checksum, and if it is as retrieved, from where.

    A folder's checksum is that of its files' names and checksums.
    """
    path = Path(path)
    source: dict[str, Any] = {"title": title, "path": path.as_posix()}
    if path.is_dir():
        digests = [
            (file.relative_to(path).as_posix(), file.stat().st_size, _sha256(file))
            for file in sorted(path.rglob("*"))
            if file.is_file() and not file.name.startswith(".")
        ]
        listing = "\n".join(f"{digest}  {name}" for name, _, digest in digests)
        source["bytes"] = sum(size for _, size, _ in digests)
        source["hash"] = f"sha256:{hashlib.sha256(listing.encode()).hexdigest()}"
        return source
    source |= {"bytes": path.stat().st_size, "hash": f"sha256:{_sha256(path)}"}
    receipt = read_receipt(path)
    # Of another file that was put there since, it says nothing.
    if receipt is not None and source["hash"] == f"sha256:{receipt.sha256}":
        source |= {"path": receipt.url, "retrieved": receipt.retrieved, "md5": receipt.md5}
    return source


def describe_output(path: str | Path) -> dict[str, Any]:
    """Describe a published file, its name as the standard wants names."""
    path = Path(path)
    return {
        "name": path.name.lower().replace(" ", "_"),
        "path": path.name,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{_sha256(path)}",
    }


def _sha256(path: Path) -> str:
    return file_digests(path)["sha256"]


def package_versions(requirements: Iterable[str]) -> dict[str, str | None]:
    """Return the installed versions of the pinned packages, None for one that is not there."""
    names = [line.split("==")[0].strip() for line in requirements if "==" in line]
    return {name: _version(name) for name in sorted(names)}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def git_commit(folder: str | Path) -> str | None:
    """Return the commit of a checkout, ``-dirty`` with changes; None outside of one."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        finished = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return finished.stdout.strip()


def data_package(
    name: str,
    description: str,
    sources: list[dict[str, Any]],
    resources: list[dict[str, Any]],
    workflow: Mapping[str, Any],
) -> dict[str, Any]:
    """Put a package descriptor together.

    ``sources`` and ``resources`` are what :func:`describe_input` and :func:`describe_output`
    return, ``workflow`` what made the resources: config, commit, packages.
    """
    return {
        "$schema": PROFILE,
        "name": name.lower(),
        "description": description,
        "sources": sources,
        "resources": resources,
        "workflow": dict(workflow),
    }


def checksum_lines(resources: Iterable[Mapping[str, Any]]) -> str:
    """Return lines that ``sha256sum --check`` takes."""
    return "".join(f"{r['hash'].removeprefix('sha256:')}  {r['path']}\n" for r in resources)
