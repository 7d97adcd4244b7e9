"""The comparison of result folders, with which changes of the code are tested."""

from __future__ import annotations

from pathlib import Path

from compare_results import differences


def folder(path: Path, **files: str) -> Path:
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    return path


def test_equal_folders_have_no_differences(tmp_path: Path) -> None:
    before = folder(tmp_path / "before", cells="a", synapses="b")
    after = folder(tmp_path / "after", cells="a", synapses="b")
    assert differences(before, after) == []


def test_each_difference_is_named(tmp_path: Path) -> None:
    before = folder(tmp_path / "before", cells="a", synapses="b", gone="c")
    after = folder(tmp_path / "after", cells="a", synapses="B", new="d")
    assert differences(before, after) == [
        "only before: gone",
        "only after: new",
        "differs: synapses",
    ]


def test_times_of_the_run_are_passed_over(tmp_path: Path) -> None:
    before, after = folder(tmp_path / "before"), folder(tmp_path / "after")
    (before / "run_times.csv").write_text("1")
    (after / "run_times.csv").write_text("2")
    assert differences(before, after) == []
