"""Seals tell a file that a job wrote from one that somebody changed, replaced or put there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mitosyn.support.errors import InputError
from mitosyn.support.seals import broken_seals, refuse_broken_seals, remove_strays, seal_outputs

CSV = r"(pyramidal|glia)_\d+\.csv"


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "results" / "sample" / "microns_cells"


def test_a_file_is_held_to_the_bytes_that_its_job_wrote(folder: Path) -> None:
    path = put(folder / "pyramidal_1.csv", "a\n")
    times = path.stat()
    assert broken_seals([path]) == [str(path)]
    seal_outputs([path])
    assert broken_seals([path]) == []
    # Times tell nothing, in either direction.
    path.touch()
    assert broken_seals([path]) == []
    path.write_text("b\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(InputError, match=r"pyramidal_1.csv: not as a job of this workflow wrote"):
        refuse_broken_seals([path])
    path.unlink()
    assert broken_seals([path]) == [str(path)]
    # Nothing but the files of the cells in a folder that programs list.
    assert list(folder.iterdir()) == []


def test_inputs_and_intermediate_files_and_folders_have_no_seals(tmp_path: Path) -> None:
    paths = [
        put(tmp_path / "resources" / "sample" / "a.csv", ""),
        put(tmp_path / "results" / "sample" / "per_cell" / "meshes" / "1.npz", ""),
    ]
    folder = tmp_path / "results" / "sample" / "neuroglancer"
    folder.mkdir(parents=True)
    seal_outputs([*paths, folder])
    assert not list(tmp_path.rglob(".made"))


def test_strays_that_a_job_made_are_removed_and_nothing_else(folder: Path) -> None:
    made = [
        put(folder / name, name) for name in ("pyramidal_1.csv", "pyramidal_2.csv", "glia_2.csv")
    ]
    seal_outputs(made)
    others = [
        put(folder / name, "mine") for name in ("notes.txt", "pyramidal_2.csv.bak", "my_2.csv")
    ]
    removed = remove_strays(CSV, made[:1], folder)
    assert removed == [str(folder / "glia_2.csv"), str(folder / "pyramidal_2.csv")]
    assert made[0].exists() and all(path.exists() for path in others)
    seals = folder.parent / ".made" / "microns_cells"
    assert [path.name for path in seals.iterdir()] == ["pyramidal_1.csv"]
    assert remove_strays(CSV, made[:1], folder) == []
    assert remove_strays(CSV, [], folder / "not there") == []


def test_a_stray_that_no_job_made_is_named_and_left(folder: Path) -> None:
    made = [put(folder / name, name) for name in ("pyramidal_1.csv", "pyramidal_2.csv")]
    seal_outputs(made)
    foreign = put(folder / "pyramidal_3.csv", "from elsewhere")
    with pytest.raises(InputError, match=r"pyramidal_3.csv: belongs to no cell of this run"):
        remove_strays(CSV, made[:1], folder)
    assert made[1].exists() and foreign.exists()
    foreign.unlink()
    made[1].write_text("edited")
    with pytest.raises(InputError, match=r"pyramidal_2.csv: belongs to no cell"):
        remove_strays(CSV, made[:1], folder)
