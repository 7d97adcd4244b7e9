"""Archives: the same bytes from the same files, and no damaged member taken for a good one."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from mitosyn.retrieval.archives import pack, unpack_files, unpack_member
from mitosyn.support.errors import InputError


def test_archives_depend_on_the_files_alone(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("b.csv", "a.csv")]
    for file in files:
        file.write_text(file.name)
    assert pack(tmp_path / "one.tar.gz", "cells", files) == 2
    for file in files:
        file.touch()
        file.chmod(0o600)
    pack(tmp_path / "two.tar.gz", "cells", reversed(files))
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "one.tar.gz") as archive:
        assert archive.getnames() == ["cells", "cells/a.csv", "cells/b.csv"]
        archive.extractall(tmp_path / "out", filter="data")
    assert (tmp_path / "out" / "cells" / "a.csv").read_text() == "a.csv"


def tgz(path: Path, *members: str) -> Path:
    """Pack a file with text ``x`` under some names."""
    (path.parent / "x").write_text("x")
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            archive.add(path.parent / "x", member)
    return path


SKELETON = ("_skeleton.h5",)


def test_skeletons_unpack_into_one_flat_folder(tmp_path: Path) -> None:
    archive = tgz(tmp_path / "s.tgz", "deep/1_skeleton.h5", "2_skeleton.h5", "readme.txt")
    assert unpack_files(archive, tmp_path / "out", SKELETON) == 2
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "1_skeleton.h5",
        "2_skeleton.h5",
    ]
    with pytest.raises(InputError, match=r"no file named \*\.npy"):
        unpack_files(archive, tmp_path / "out2", (".npy",))


def test_a_truncated_archive_leaves_no_half_filled_folder(tmp_path: Path) -> None:
    archive = tgz(tmp_path / "s.tgz", *(f"{i}_skeleton.h5" for i in range(100)))
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"s\.tgz: unreadable or truncated archive"):
        unpack_files(archive, tmp_path / "out", SKELETON)
    assert not list(tmp_path.glob("*out*"))


@pytest.fixture
def skeletons(tmp_path: Path) -> bytes:
    """A tar of skeletons, of which the last one lies deep enough for a long name."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as packed:
        for number in range(4):
            info = tarfile.TarInfo(f"{'deep/' * 10 * number}{number}_skeleton.h5")
            content = np.random.default_rng(number).bytes(700)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def unpacked(path: Path, content: bytes) -> dict[str, bytes] | str:
    """Unpack an archive: its skeletons, or the one line that refuses it."""
    (path / "s.tgz").write_bytes(content)
    try:
        unpack_files(path / "s.tgz", path / "out", SKELETON)
    except InputError as error:
        assert not (path / "out").exists() and "\n" not in str(error)
        return str(error)
    return {file.name: file.read_bytes() for file in (path / "out").iterdir()}


def test_no_flipped_bit_and_no_cut_of_an_archive_changes_a_skeleton(
    skeletons: bytes, tmp_path: Path
) -> None:
    zipped = gzip.compress(skeletons, mtime=0)
    expected = unpacked(tmp_path, zipped)
    assert len(expected) == 4
    rng = np.random.default_rng(4)
    refused = 0
    for bit in rng.choice(8 * len(zipped), 300, replace=False).tolist():
        spoilt = bytearray(zipped)
        spoilt[bit // 8] ^= 1 << bit % 8
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        found = unpacked(tmp_path, bytes(spoilt))
        refused += isinstance(found, str)
        assert isinstance(found, str) or found == expected
    assert refused > 280  # a few bits of a gzip header mean nothing
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    for size in rng.integers(0, len(zipped), 100).tolist():
        assert "unreadable or truncated" in unpacked(tmp_path, zipped[:size])


def test_an_archive_that_was_damaged_before_it_was_compressed(
    skeletons: bytes, tmp_path: Path
) -> None:
    header = skeletons.index(b"ustar", 2000) - 257
    ends = len(skeletons.rstrip(b"\0")) // 512 * 512 + 512
    for spoilt in (
        skeletons[:header] + bytes(range(256)) * 2 + skeletons[header + 512 :],
        skeletons[:header],
        skeletons[: header + 100],
        skeletons[:ends],
        skeletons + b"more",
        skeletons + skeletons,
    ):
        assert "unreadable or truncated" in unpacked(tmp_path, gzip.compress(spoilt))


def test_two_members_of_one_base_name_are_refused(tmp_path: Path) -> None:
    archive = tgz(tmp_path / "s.tgz", "a/1_skeleton.h5", "b/1_skeleton.h5")
    with pytest.raises(
        InputError, match=r"2 files named 1_skeleton\.h5 \(a/1_skeleton\.h5, b/1_skeleton\.h5\)"
    ):
        unpack_files(archive, tmp_path / "out", SKELETON)
    assert not (tmp_path / "out").exists()
    # What macOS puts beside each file, to hold what its own file system knows of it.
    archive = tgz(tmp_path / "s.tgz", "a/1_skeleton.h5", "a/._1_skeleton.h5")
    assert unpack_files(archive, tmp_path / "out", SKELETON) == 1


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_up_to_the_longest_that_there_can_be(tmp_path: Path, format: int) -> None:
    for length, fits in ((255, True), (256, False)):
        name = "1" * (length - len("_skeleton.h5")) + "_skeleton.h5"
        with tarfile.open(tmp_path / "s.tgz", "w:gz", format=format) as packed:
            packed.addfile(tarfile.TarInfo(f"{'deep/' * 60}{name}"))
        if fits:
            assert unpack_files(tmp_path / "s.tgz", tmp_path / "out", SKELETON) == 1
        else:
            with pytest.raises(InputError, match="is too long for this file system"):
                unpack_files(tmp_path / "s.tgz", tmp_path / "other", SKELETON)


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tgz", "w:gz", format=tarfile.PAX_FORMAT) as packed:
        packed.addfile(tarfile.TarInfo("é\0/1_skeleton.h5"))
    with pytest.raises(InputError, match="has no proper name"):
        unpack_files(tmp_path / "s.tgz", tmp_path / "out", SKELETON)


@pytest.mark.parametrize("name", ["../../2_skeleton.h5", "/tmp/2_skeleton.h5"])
def test_a_member_outside_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    archive = tgz(tmp_path / "s.tgz", "1_skeleton.h5")
    with tarfile.open(archive, "w:gz") as packed:
        packed.addfile(tarfile.TarInfo(name))
    with pytest.raises(InputError, match="lies outside the archive"):
        unpack_files(archive, tmp_path / "out", SKELETON)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "s.tgz", "w:gz") as packed:
        info = tarfile.TarInfo("1_skeleton.h5")
        info.type, info.linkname = kind, "/etc/passwd"
        packed.addfile(info)
    with pytest.raises(InputError, match="is a link or a device"):
        unpack_files(tmp_path / "s.tgz", tmp_path / "out", SKELETON)


def test_a_member_is_found_by_the_end_of_its_path(tmp_path: Path) -> None:
    archive = tgz(
        tmp_path / "v.tgz", "vignette/data/ids.csv", "other_ids.csv", "a/t.csv", "b/t.csv"
    )
    unpack_member(archive, "ids.csv", tmp_path / "out" / "ids.csv")
    assert (tmp_path / "out" / "ids.csv").read_text() == "x"
    with pytest.raises(InputError, match=r"v\.tgz: no file named cells\.csv"):
        unpack_member(archive, "cells.csv", tmp_path / "out" / "cells.csv")
    with pytest.raises(InputError, match=r"2 files named t\.csv \(a/t\.csv, b/t\.csv\)"):
        unpack_member(archive, "t.csv", tmp_path / "out" / "t.csv")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["ids.csv"]
