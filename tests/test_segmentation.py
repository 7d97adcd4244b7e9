"""A segmentation meshed in blocks: the same surfaces as in one piece, closed at its border."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import trimesh
import zmesh
from cloudvolume import CloudVolume
from conftest import shared_folder
from loopback import Server, serve
from mitosyn.meshes import segmentation
from mitosyn.meshes.bundle import Mesh
from mitosyn.meshes.layers import read_info
from mitosyn.meshes.segmentation import mesh_segmentation
from mitosyn.retrieval.fetch import MeshLayer, Transfer
from mitosyn.support.errors import InputError

RESOLUTION = (3.58, 4.0, 40.0)
OFFSET = (1000, 2000, 30)
BIG = 2**53 + 1


def write_volume(folder: Path, labels: np.ndarray) -> str:
    path = f"precomputed://file://{folder}"
    info = CloudVolume.create_new_info(
        num_channels=1,
        layer_type="segmentation",
        data_type=str(labels.dtype),
        encoding="raw",
        resolution=RESOLUTION,
        voxel_offset=OFFSET,
        chunk_size=(16, 16, 16),
        volume_size=labels.shape,
    )
    volume = CloudVolume(path, info=info, progress=False)
    volume.commit_info()
    volume[:, :, :] = labels[..., None]
    return path


@pytest.fixture
def labels() -> np.ndarray:
    """Two balls that touch the border, a box, a ball of another label that nobody asks for."""
    x, y, z = np.mgrid[:40, :35, :20]
    volume = np.zeros(x.shape, np.uint64)
    volume[(x - 3) ** 2 + (y - 17) ** 2 + (z - 10) ** 2 < 64] = 5
    volume[(x - 30) ** 2 + (y - 30) ** 2 + (z - 18) ** 2 < 80] = BIG
    volume[14:25, 5:12, 4:9] = 7
    volume[(x - 18) ** 2 + (y - 18) ** 2 + (z - 10) ** 2 < 30] = 9
    return volume


def meshed(path: str, layer: Path, *ids: int) -> dict[int, trimesh.Trimesh]:
    assert mesh_segmentation(path, ids, layer) <= len(ids)
    meshes = MeshLayer(f"precomputed://file://{layer}", Transfer(), RESOLUTION).fetch(ids)
    whole = {
        i: trimesh.Trimesh(m.vertices, m.faces) for i, m in meshes.items() if isinstance(m, Mesh)
    }
    return whole | {i: str(m) for i, m in meshes.items() if i not in whole}


@pytest.mark.parametrize("block", [7, 16, 33, 256])
def test_blocks_give_the_surfaces_of_the_whole(
    tmp_path: Path, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(segmentation, "BLOCK", block)
    path = write_volume(tmp_path / "volume", labels)
    meshes = meshed(path, tmp_path / "meshes", 5, BIG, 7, 11)
    assert meshes.pop(11) == "no mesh"
    mesher = zmesh.Mesher((1, 1, 1))
    mesher.mesh(np.pad(labels, 1), close=False)
    for label, mesh in meshes.items():
        expected = mesher.get(label, voxel_centered=True)
        places = (expected.vertices - 1 + OFFSET) * RESOLUTION
        assert mesh.is_watertight and mesh.volume > 0
        assert mesh.faces.shape == expected.faces.shape
        assert np.array_equal(
            np.unique(mesh.vertices, axis=0),
            np.unique(places.astype(np.float32).astype(float), axis=0),
        )
    # Voxel i spans i to i + 1 times its size.
    box = np.array([[14, 5, 4], [25, 12, 9]]) + OFFSET
    assert meshes[7].bounds == pytest.approx(box * RESOLUTION, rel=1e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
def test_labels_of_any_width(tmp_path: Path, labels: np.ndarray, dtype: type) -> None:
    labels[labels > 200] = 0
    path = write_volume(tmp_path / "volume", labels.astype(dtype))
    meshes = meshed(path, tmp_path / "meshes", 5, 261, 7, BIG)
    assert meshes[261] == meshes[BIG] == "no mesh"
    assert meshes[5].is_watertight and meshes[7].is_watertight


def test_the_same_volume_gives_the_same_bytes(tmp_path: Path, labels: np.ndarray) -> None:
    path = write_volume(tmp_path / "volume", labels)
    for name in ("one", "other"):
        mesh_segmentation(path, [5, 7, BIG], tmp_path / name)
    files = sorted(file.relative_to(tmp_path / "one") for file in (tmp_path / "one").rglob("*"))
    assert len(files) == 3 * 2 + 3
    for file in files:
        if (tmp_path / "one" / file).is_file():
            assert (tmp_path / "one" / file).read_bytes() == (
                tmp_path / "other" / file
            ).read_bytes()


def test_missing_chunks_are_background(tmp_path: Path, labels: np.ndarray) -> None:
    path = write_volume(tmp_path / "volume", labels)
    for chunk in (tmp_path / "volume").rglob("1000-1016_*"):
        chunk.unlink()
    meshes = meshed(path, tmp_path / "meshes", 5, 7)
    assert meshes[5] == "no mesh"
    assert meshes[7].bounds[0, 0] == pytest.approx(1016 * RESOLUTION[0])


def test_real_mitochondria_are_those_that_are_expected(tmp_path: Path) -> None:
    modern = shared_folder("em_modern")
    expected = json.loads((modern / "expected.json").read_text())["mitochondria"]
    path = f"precomputed://file://{modern / 'mitochondria_seg'}"
    assert mesh_segmentation(path, map(int, expected), tmp_path / "layer") == 230
    layer = MeshLayer(f"precomputed://file://{tmp_path / 'layer'}", Transfer(), (16, 16, 40))
    legacy = MeshLayer(f"precomputed://file://{modern / 'mitochondria_legacy'}", Transfer())
    stored = legacy.fetch(map(int, expected))
    for mito_id, mesh in layer.fetch(map(int, expected)).items():
        truth = expected[str(mito_id)]["full_mesh"]
        whole = trimesh.Trimesh(mesh.vertices.astype(float), mesh.faces)
        assert (len(whole.vertices), len(whole.faces)) == (truth["vertices"], truth["faces"])
        assert whole.area == pytest.approx(truth["surface_area_nm2"], rel=1e-6)
        assert whole.volume == pytest.approx(truth["volume_nm3"], rel=1e-6)
        assert whole.is_watertight
        if expected[str(mito_id)]["has_mesh"]:
            other = trimesh.Trimesh(stored[mito_id].vertices.astype(float), stored[mito_id].faces)
            assert other.area == pytest.approx(truth["surface_area_nm2"], rel=1e-6)
            assert other.volume == pytest.approx(truth["volume_nm3"], rel=1e-6)
        else:
            assert str(stored[mito_id]) == "no mesh"


# Bad ones ------------------------------------------------------------------------------------


def refused(path: str, tmp_path: Path) -> str:
    with pytest.raises(InputError) as error:
        mesh_segmentation(path, [5, 7], tmp_path / "meshes")
    assert not (tmp_path / "meshes").exists()
    assert "\n" not in str(error.value) and len(str(error.value)) < 500
    return str(error.value)


def test_an_image_is_no_segmentation(tmp_path: Path, labels: np.ndarray) -> None:
    path = write_volume(tmp_path / "volume", labels)
    info = read_info(tmp_path / "volume")
    for wrong, problem in (
        ({"data_type": "float32"}, "1 channels of float32, expected one of unsigned integers"),
        ({"num_channels": 2}, "2 channels of uint64"),
        ({"scales": []}, "not a segmentation that can be read"),
        ({"data_type": 5}, "not a segmentation that can be read"),
    ):
        (tmp_path / "volume" / "info").write_text(json.dumps(info | wrong))
        assert problem in refused(path, tmp_path)
    for text in ("", "[]", "{", "null"):
        (tmp_path / "volume" / "info").write_text(text)
        assert "not a segmentation that can be read" in refused(path, tmp_path)


def test_a_volume_that_is_not_there(tmp_path: Path) -> None:
    assert "not a segmentation that can be read" in refused(
        f"precomputed://file://{tmp_path / 'nowhere'}", tmp_path
    )


def test_a_chunk_cut_short(tmp_path: Path, labels: np.ndarray) -> None:
    path = write_volume(tmp_path / "volume", labels)
    chunk = next((tmp_path / "volume").rglob("1016-1032_2000-2016_30-46*"))
    chunk.write_bytes(chunk.read_bytes()[:100])
    assert "not a segmentation that can be read" in refused(path, tmp_path)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


def test_a_segmentation_over_http(tmp_path: Path, labels: np.ndarray, server: Server) -> None:
    write_volume(tmp_path / "volume", labels)
    # CloudVolume's files are compressed; a server says so, this one does not.
    for chunk in (tmp_path / "volume").rglob("*.gz"):
        chunk.with_suffix("").write_bytes(gzip.decompress(chunk.read_bytes()))
    server.folders["/volume"] = tmp_path / "volume"
    meshes = meshed(f"precomputed://{server.url}/volume", tmp_path / "meshes", 5, 7)
    assert meshes[7].is_watertight
