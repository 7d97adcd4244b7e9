"""Damaged inputs: each gives something valid or one line, and costs little, whatever the damage."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mitosyn.meshes.bundle import Mesh, MeshError
from mitosyn.meshes.cell_mesh import CellMesh, read_cell_mesh
from mitosyn.meshes.layers import mesh_folder
from mitosyn.retrieval.fetch import MeshLayer, Transfer
from mitosyn.skeletons.formats.meshparty import read_calibres
from mitosyn.skeletons.formats.registry import read_skeleton
from mitosyn.skeletons.skeleton import Skeleton
from mitosyn.sources.microns_l23 import SYNAPSE_COLUMNS
from mitosyn.support.errors import InputError
from mitosyn.tables.reading import ID, NUMBER, TEXT, read_ids, read_table
from test_fetch import fragment, layer  # noqa: F401 (a fixture)
from test_skeletons import LINE, write_files

LARGEST_BYTES = 64 * 2**20
Reader = Callable[[Path], None]


@st.composite
def damages(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Flips of bits, other bytes, and a cut, at places that are shares of the length."""
    places = st.floats(0, 1, exclude_max=True)
    changed = st.one_of(st.sampled_from([1 << bit for bit in range(8)]), st.integers(1, 255))
    flips = draw(st.lists(st.tuples(places, changed), max_size=4))
    kept = draw(st.one_of(st.just(1.0), places))
    repeated = draw(st.one_of(st.none(), st.tuples(places, st.integers(1, 200))))

    def damage(content: bytes) -> bytes:
        spoiled = bytearray(content)
        for place, bits in flips:
            spoiled[int(place * len(spoiled))] ^= bits
        if repeated is not None:
            start = int(repeated[0] * len(spoiled))
            spoiled[start:start] = spoiled[start : start + repeated[1]]
        return bytes(spoiled[: round(kept * len(spoiled))])

    return damage


def skeleton(path: Path) -> None:
    read = read_skeleton(path / "1_skeleton.h5")
    assert isinstance(read, Skeleton) and np.isfinite(read.edge_lengths()).all()
    assert len(read.labels) == len(read.vertices) and 0 <= read.root < len(read.vertices)
    calibres = read_calibres(path / "1_skeleton.h5", len(read.vertices))
    assert calibres is None or calibres.shape == read.labels.shape


def cell_mesh(path: Path) -> None:
    read = read_cell_mesh(path / "1_mesh.h5", np.ones(3))
    assert isinstance(read, CellMesh) and read.faces.max() < len(read.vertices)


def mesh_layer(path: Path) -> None:
    folder = mesh_folder(path)
    found = MeshLayer(f"precomputed://file://{path}", Transfer()).fetch([1, 2])
    assert folder is not None and set(found) == {1, 2}
    # The damage is to the first one, or to the whole layer.
    for mesh in found.values():
        assert isinstance(mesh, Mesh | MeshError)
        if isinstance(mesh, Mesh):
            assert np.isfinite(mesh.vertices).all() and mesh.faces.max() < len(mesh.vertices)
        else:
            assert "\n" not in str(mesh) and len(str(mesh)) < 500


def table(path: Path) -> None:
    read = read_table(path / "synapses.csv", {**SYNAPSE_COLUMNS, "kind": TEXT})
    for name, kind in {**SYNAPSE_COLUMNS, "kind": TEXT}.items():
        values = read[name].to_pylist()
        assert None not in values
        assert kind != NUMBER or np.isfinite(values).all()
        assert kind != ID or all(-1 <= value < 2**63 for value in values)


def ids(path: Path) -> None:
    assert all(0 < number < 2**63 for number in read_ids(path / "ids.csv"))


@pytest.fixture
def folder(layer: Path) -> Path:  # noqa: F811
    """One of everything that is read."""
    write_files(layer, LINE, [[0, 1], [1, 2], [2, 3]], [0, 1, 2, 3], root=1)
    with h5py.File(layer / "1_skeleton.h5", "r+") as file:
        file["vertex_properties/rs"] = json.dumps([300.0, float("nan"), 12.5, 90])
    with h5py.File(layer / "1_mesh.h5", "w") as file:
        for name, values in (("vertices", LINE), ("faces", [[0, 1, 2], [1, 2, 3]])):
            file.create_dataset(name, data=values, compression="gzip")
    (layer / "mesh" / "2:0").write_text(json.dumps({"fragments": ["2:0:a"]}))
    (layer / "mesh" / "2:0:a").write_bytes(fragment())
    rows = (f"{i},{i + 1},{2**60 + i},{2**60 - i},{i * 0.5},7,3,a" for i in range(20))
    header = "," + ",".join([*SYNAPSE_COLUMNS, "kind"])
    (layer / "synapses.csv").write_text("\n".join([header, *rows]) + "\n")
    (layer / "ids.csv").write_text("\n".join(str(2**60 + i) for i in range(5)) + "\n")
    return layer


FILES: dict[str, Reader] = {
    "1_skeleton.h5": skeleton,
    "1_skeleton_label.npy": skeleton,
    "1_mesh.h5": cell_mesh,
    "info": mesh_layer,
    "mesh/1:0": mesh_layer,
    "mesh/1:0:a": mesh_layer,
    "synapses.csv": table,
    "ids.csv": ids,
}


# The same examples every time: a run of the tests is no hunt.
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.parametrize("name", FILES)
@given(damage=damages())
def test_damage_ends_in_one_line_or_in_something_valid(folder: Path, name: str, damage) -> None:
    check_damaged(folder, name, FILES[name], damage)


def check_damaged(folder: Path, name: str, read: Reader, damage: Callable[[bytes], bytes]) -> None:
    path = folder / name
    content = path.read_bytes()
    tracemalloc.start()
    try:
        path.write_bytes(damage(content))
        read(folder)
    except InputError as error:
        assert "\n" not in str(error) and str(folder) in str(error) and len(str(error)) < 2000
    finally:
        path.write_bytes(content)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < LARGEST_BYTES


@pytest.mark.parametrize("name", FILES)
def test_without_damage_everything_is_read(folder: Path, name: str) -> None:
    FILES[name](folder)


def test_damage_to_one_mesh_is_none_to_the_other(folder: Path) -> None:
    (folder / "mesh" / "1:0:a").write_bytes(b"")
    found = MeshLayer(f"precomputed://file://{folder}", Transfer()).fetch([1, 2])
    assert isinstance(found[1], MeshError) and isinstance(found[2], Mesh)
