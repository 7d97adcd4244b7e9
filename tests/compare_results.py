"""Compare two result folders byte by byte: python tests/compare_results.py BEFORE AFTER.

For changes of the code that are to change no result. What tells of the run itself (times, the
notebook, the page about the dataset) is passed over, and so are the files between the stages.
"""

from __future__ import annotations

import argparse
import hashlib
from fnmatch import fnmatch
from pathlib import Path

# Under results/<dataset>/: what may differ from run to run, or may move with the stages.
PASSED_OVER = (
    "smo_microns_demonstration*",
    "dataset.html",
    "run_times.csv",
    "provenance.json",
    ".made/*",
    "per_cell/*",
    "tables/*.arrow",
)


def digests(folder: Path, passed_over: tuple[str, ...] = PASSED_OVER) -> dict[str, str]:
    """Return the SHA-256 of each file of a result folder by its path there."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in files}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in names.items()
        if not any(fnmatch(name, pattern) for pattern in passed_over)
    }


def differences(before: Path, after: Path) -> list[str]:
    """Return a line for each file that is on one side only or has other bytes there."""
    old, new = digests(before), digests(after)
    return [
        *(f"only before: {name}" for name in sorted(old.keys() - new.keys())),
        *(f"only after: {name}" for name in sorted(new.keys() - old.keys())),
        *(f"differs: {name}" for name in sorted(old.keys() & new.keys()) if old[name] != new[name]),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="a folder results/<dataset>")
    parser.add_argument("after", type=Path, help="another one")
    arguments = parser.parse_args()
    found = differences(arguments.before, arguments.after)
    print(*found, f"{len(digests(arguments.after))} files, {len(found)} differ", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
