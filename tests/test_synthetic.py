"""The embedded dataset: published formats, one and the same every time, and its dirt."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import meshparty.skeleton_io
import numpy as np
import pandas as pd
import pytest
import trimesh
from cloudvolume import CloudVolume
from mitosyn.catalogue.names import COMPARTMENTS, PUBLISHED_LABELS
from mitosyn.meshes.bundle import Mesh, MeshBundle, bundle_meshes
from mitosyn.sample.dataset import make_dataset
from mitosyn.sample.layer import CHUNK_VOXELS
from mitosyn.skeletons.coverage import (
    Coverage,
    associate,
    covered_lengths,
    covering_mitochondria,
    majority_labels,
)
from mitosyn.skeletons.skeleton import Skeleton
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

VOXEL = (3.58, 3.58, 40.0)
MESH_VOXEL = (4.0, 4.0, 40.0)
MERGED_TEXT = "microglia (merged with nucleus of astrocyte 648518346349536799)"

MITO_HEADER = (
    "mito_id,mito_vx,ctr_pos_x_vx,ctr_pos_y_vx,ctr_pos_z_vx,"
    "bbox_beg_x_vx,bbox_beg_y_vx,bbox_beg_z_vx,bbox_end_x_vx,bbox_end_y_vx,bbox_end_z_vx,"
    "cellid,ctr_pos_x_nm,ctr_pos_y_nm,ctr_pos_z_nm"
)
HEADERS = {
    "220309_cell_type_classification.csv": (
        ",centroid_x,centroid_y,centroid_z,cell_segid,cell_type,cell_subtype"
    ),
    "soma_valence_v185.csv": ("id,cell_type,pt_position,pt_root_id,soma_x_nm,soma_y_nm,soma_z_nm"),
    "211019_mitochondria_info.csv": MITO_HEADER,
    "pni_mito_cellswskel_v185.csv": MITO_HEADER,
    "pni_mito_analysisids_fullstats.csv": (
        f"{MITO_HEADER},surface_area,complexityindex,compartment,pathlength"
    ),
    "pni_synapses_v185.csv": (
        ",id,pre_root_id,post_root_id,cleft_vx,ctr_pos_x_vx,ctr_pos_y_vx,ctr_pos_z_vx"
    ),
}


@dataclass(frozen=True)
class Made:
    """A made dataset, its files read back."""

    folder: Path

    @cached_property
    def types(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "220309_cell_type_classification.csv")

    @cached_property
    def somas(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "soma_valence_v185.csv")

    @cached_property
    def mitochondria(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "211019_mitochondria_info.csv")

    @cached_property
    def of_neurons(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "pni_mito_cellswskel_v185.csv")

    @cached_property
    def of_pyramidal(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "pni_mito_analysisids_fullstats.csv")

    @cached_property
    def synapses(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "pni_synapses_v185.csv")

    @cached_property
    def pyramidal(self) -> set[int]:
        text = (self.folder / "pyc_analysis_ids.csv").read_text()
        return {int(line) for line in text.splitlines()}

    @cached_property
    def inhibitory(self) -> set[int]:
        cells = set(self.of_neurons.cellid)
        return cells & set(self.types.cell_segid[self.types.cell_type == "inhibitory"])

    @cached_property
    def astrocytes(self) -> set[int]:
        rows = self.somas.pt_root_id.value_counts()
        listed = self.types.cell_segid[self.types.cell_subtype == "astrocyte"]
        return {cell for cell in listed if rows.get(cell, 0) == 1}

    @property
    def neurons(self) -> set[int]:
        return self.pyramidal | self.inhibitory

    @cached_property
    def meshed(self) -> set[int]:
        manifests = (self.folder / "mito_meshes/mesh").glob("*:0")
        return {int(path.name.split(":")[0]) for path in manifests}

    @cached_property
    def meshes(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Vertices (true nm) and triangles by mitochondrion, chunks put together."""
        return {mito_id: self._mesh(mito_id) for mito_id in self.meshed}

    def fragments(self, mito_id: int) -> list[Path]:
        folder = self.folder / "mito_meshes/mesh"
        return [folder / f for f in json.loads((folder / f"{mito_id}:0").read_text())["fragments"]]

    def _mesh(self, mito_id: int) -> tuple[np.ndarray, np.ndarray]:
        vertices, triangles, first = [], [], 0
        for path in self.fragments(mito_id):
            data = path.read_bytes()
            count = int(np.frombuffer(data, "<u4", 1)[0])
            vertices.append(np.frombuffer(data, "<f4", 3 * count, 4).reshape(-1, 3))
            triangles.append(np.frombuffer(data, "<u4", offset=4 + 12 * count) + first)
            first += count
        scale = np.array(VOXEL) / MESH_VOXEL
        return np.concatenate(vertices) * scale, np.concatenate(triangles).reshape(-1, 3)

    @cached_property
    def closed(self) -> dict[int, trimesh.Trimesh]:
        """Meshes with their repeated vertices merged."""
        return {
            mito_id: trimesh.Trimesh(vertices, triangles, process=True)
            for mito_id, (vertices, triangles) in self.meshes.items()
        }

    def skeleton(self, cell: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Nodes, edges and labels."""
        path = self.folder / f"skeletons/{cell}_skeleton.h5"
        nodes, edges, *_ = meshparty.skeleton_io.read_skeleton_h5_by_part(path)
        return nodes, edges, np.load(self.folder / f"skeletons/{cell}_skeleton_label.npy")

    def pieces(self, cell: int) -> int:
        nodes, edges, _ = self.skeleton(cell)
        graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(nodes),) * 2)
        return connected_components(graph, directed=False)[0]


def make(folder: Path, seed: int, cells: tuple[int, int, int], mitos: int, synapses: int) -> Made:
    make_dataset(
        folder,
        seed=seed,
        pyramidal_cells=cells[0],
        inhibitory_cells=cells[1],
        astrocytes=cells[2],
        mitochondria_per_cell=mitos,
        synapses=synapses,
        voxel_size_nm=VOXEL,
        mesh_voxel_size_nm=MESH_VOXEL,
    )
    return Made(folder)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("sample"), 20220309, (6, 3, 3), 40, 3000)


@pytest.fixture(scope="module")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("smallest"), 7, (1, 1, 1), 8, 40)


@pytest.fixture(params=["sample", "smallest"])
def made(request: pytest.FixtureRequest) -> Made:
    return request.getfixturevalue(request.param)


def ordinary(made: Made) -> set[int]:
    """Meshes that nothing is wrong with but, perhaps, their sense."""
    return {
        i
        for i, mesh in made.closed.items()
        if mesh.is_watertight and len(mesh.faces) > 4 and np.ptp(mesh.vertices[:, 2]) > 0
    }


# --- the same every time -----------------------------------------------------------------


def test_same_seed_same_bytes(smallest: Made, tmp_path: Path) -> None:
    again = make(tmp_path / "again", 7, (1, 1, 1), 8, 40)
    assert digests(again.folder) == digests(smallest.folder)


def test_other_seed_other_dataset(smallest: Made, tmp_path: Path) -> None:
    other = make(tmp_path / "other", 8, (1, 1, 1), 8, 40)
    same = set(digests(other.folder).items()) & set(digests(smallest.folder).items())
    assert {name for name, _ in same} == {"mito_meshes/info"}


def test_more_cells_leave_the_first_ones_as_they_are(smallest: Made, tmp_path: Path) -> None:
    larger = make(tmp_path / "larger", 7, (2, 1, 1), 8, 50)
    (first,) = smallest.pyramidal
    name = f"{first}_skeleton.h5"
    grown = (larger.folder / "skeletons" / name).read_bytes()
    assert grown == (smallest.folder / "skeletons" / name).read_bytes()


def test_old_meshes_and_skeletons_go(tmp_path: Path) -> None:
    make(tmp_path, 7, (1, 1, 1), 8, 40)
    made = make(tmp_path, 8, (1, 1, 1), 8, 40)
    assert made.meshed <= set(made.mitochondria.mito_id)
    assert len(list((tmp_path / "skeletons").iterdir())) == 4


@pytest.mark.parametrize(
    "sizes", [((0, 1, 1), 8, 40), ((1, 0, 1), 8, 40), ((1, 1, 1), 7, 40), ((1, 1, 1), 8, 39)]
)
def test_too_small_is_refused(tmp_path: Path, sizes: tuple[tuple[int, int, int], int, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        make(tmp_path, 7, *sizes)
    assert not list(tmp_path.iterdir())


# --- formats -----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "header"), HEADERS.items())
def test_headers(made: Made, name: str, header: str) -> None:
    data = (made.folder / name).read_bytes()
    assert data.decode().splitlines()[0] == header
    assert data.endswith(b"\n")
    assert b"\r" not in data


def test_files(made: Made) -> None:
    names = {path.name for path in made.folder.iterdir()}
    assert names == {*HEADERS, "pyc_analysis_ids.csv", "skeletons", "mito_meshes"}
    expected = {f"{c}_skeleton{end}" for c in made.neurons for end in (".h5", "_label.npy")}
    assert {path.name for path in (made.folder / "skeletons").iterdir()} == expected


def test_columns_are_integers(made: Made) -> None:
    for table in (made.mitochondria, made.of_neurons, made.synapses):
        assert set(table.dtypes.astype(str)) == {"int64"}
        assert (table >= 0).all().all()
    places = made.of_pyramidal.drop(columns="compartment").select_dtypes("float").columns
    assert list(places) == ["surface_area", "complexityindex", "pathlength"]


def test_ids(made: Made) -> None:
    cells = made.neurons | made.astrocytes
    assert min(cells) > 2**53
    assert all(str(cell).startswith("6485183463495") and len(str(cell)) == 18 for cell in cells)
    assert made.mitochondria.mito_id.is_unique
    assert made.mitochondria.mito_id.between(1_000_000, 99_999_999).all()
    assert made.synapses.id.is_unique
    assert made.synapses.id.max() < 10**9
    assert list(made.synapses.iloc[:, 0]) == list(range(len(made.synapses)))


def test_soma_positions_are_numpy_text(made: Made) -> None:
    for text in made.somas.pt_position:
        voxel = np.array(text.strip("[]").split(), dtype=int)
        assert str(voxel) == text
    assert made.somas.pt_position.str.contains("  ").any()


def test_soma_nm_columns_come_from_x(made: Made) -> None:
    x = made.somas.pt_position.str.strip("[] ").str.split(expand=True)[0].astype(int)
    for column, edge in zip(("soma_x_nm", "soma_y_nm", "soma_z_nm"), (4, 4, 40), strict=True):
        assert (made.somas[column] == x * edge).all()


def test_mitochondrion_nm_columns_come_from_mesh_voxels(made: Made) -> None:
    for axis, edge in zip("xyz", (4, 4, 40), strict=True):
        voxels = made.mitochondria[f"ctr_pos_{axis}_vx"]
        assert (made.mitochondria[f"ctr_pos_{axis}_nm"] == voxels * edge).all()


def test_boxes_hold_the_meshes(made: Made) -> None:
    table = made.mitochondria.set_index("mito_id")
    for mito_id in ordinary(made):
        voxels = made.meshes[mito_id][0] / VOXEL
        row = table.loc[mito_id]
        begin, end, centre = (
            row[[f"{what}_{axis}_vx" for axis in "xyz"]].to_numpy()
            for what in ("bbox_beg", "bbox_end", "ctr_pos")
        )
        assert np.allclose(begin, voxels.min(axis=0), atol=1.001)
        assert np.allclose(end, voxels.max(axis=0), atol=1.001)
        assert np.all((begin <= centre) & (centre < end))


def test_tables_are_parts_of_the_whole_in_its_order(made: Made) -> None:
    columns = MITO_HEADER.split(",")
    whole = made.mitochondria
    neurons = whole[whole.cellid.isin(made.neurons)].reset_index(drop=True)
    pyramidal = whole[whole.cellid.isin(made.pyramidal)].reset_index(drop=True)
    pd.testing.assert_frame_equal(made.of_neurons, neurons)
    pd.testing.assert_frame_equal(made.of_pyramidal[columns], pyramidal)
    runs = (neurons.cellid.diff() != 0).sum()
    assert runs > neurons.cellid.nunique()


def test_published_results_are_those_of_the_meshes(made: Made) -> None:
    table = made.of_pyramidal.set_index("mito_id")
    voxel_um3 = np.prod(VOXEL) / 1e9
    index = table.surface_area**3 / (16 * np.pi**2 * (table.mito_vx * voxel_um3) ** 2)
    assert np.allclose(index, table.complexityindex, rtol=1e-5, atol=1e-6)
    for mito_id in made.meshed & set(table.index):
        vertices, triangles = made.meshes[mito_id]
        area = trimesh.Trimesh(vertices, triangles, process=False).area / 1e6
        assert area == pytest.approx(table.surface_area[mito_id], abs=1e-6)


def test_index_of_cell_types_restarts(made: Made) -> None:
    index = made.types.iloc[:, 0]
    assert (index.diff() < 0).sum() >= 1
    assert index.duplicated().any()
    assert not made.types.index.equals(pd.Index(index))


# --- numbers and shapes ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cells", "mitos", "synapses"),
    [("sample", (6, 3, 3), 40, 3000), ("smallest", (1, 1, 1), 8, 40)],
)
def test_counts(
    request: pytest.FixtureRequest,
    name: str,
    cells: tuple[int, int, int],
    mitos: int,
    synapses: int,
) -> None:
    made: Made = request.getfixturevalue(name)
    assert (len(made.pyramidal), len(made.inhibitory), len(made.astrocytes)) == cells
    analysed = made.neurons | made.astrocytes
    counts = made.mitochondria.cellid.value_counts()
    assert min(counts[cell] for cell in analysed) >= 8
    assert np.mean([counts[cell] for cell in analysed]) == pytest.approx(mitos, rel=0.2)
    assert len(made.synapses) == synapses


def test_other_sizes(tmp_path: Path) -> None:
    made = make(tmp_path, 3, (12, 5, 4), 10, 500)
    assert (len(made.pyramidal), len(made.inhibitory), len(made.astrocytes)) == (12, 5, 4)
    assert len(set(made.types.cell_subtype[made.types.cell_segid.isin(made.inhibitory)])) == 5


def test_skeletons_are_trees(made: Made) -> None:
    for cell in made.neurons:
        nodes, edges, labels = made.skeleton(cell)
        assert nodes.dtype == np.float64
        assert edges.dtype == np.int64
        assert labels.dtype == np.uint8
        assert len(labels) == len(nodes)
        # With no node unused and one edge less than nodes per piece there is no ring.
        assert len(edges) == len(nodes) - made.pieces(cell)
        steps = np.linalg.norm(nodes[edges[:, 0]] - nodes[edges[:, 1]], axis=1)
        assert steps.min() > 400
        assert steps.max() < 1000


def test_meshparty_reads_the_skeletons(made: Made) -> None:
    for cell in made.neurons:
        path = made.folder / f"skeletons/{cell}_skeleton.h5"
        skeleton = meshparty.skeleton_io.read_skeleton_h5(path)
        nodes, edges, labels = made.skeleton(cell)
        assert np.array_equal(skeleton.vertices, nodes)
        assert len(skeleton.edges) == len(edges)
        assert labels[skeleton.root] == 0
        assert skeleton.root != 0


def test_meshes_enclose_the_volume_of_the_tables(made: Made) -> None:
    voxels = made.mitochondria.set_index("mito_id").mito_vx
    for mito_id in ordinary(made):
        volume = abs(made.closed[mito_id].volume)
        assert volume == pytest.approx(voxels[mito_id] * np.prod(VOXEL), rel=0.02)


def test_pyramidal_mitochondria_lie_in_every_compartment(sample: Made) -> None:
    assert set(sample.of_pyramidal.compartment) == set(COMPARTMENTS)


@dataclass(frozen=True)
class Association:
    """Which skeleton nodes a cell's mitochondria cover, after the code of the workflow."""

    skeleton: Skeleton
    bundle: MeshBundle
    coverage: Coverage

    @classmethod
    def of(cls, made: Made, cell: int) -> Association:
        nodes, edges, labels = made.skeleton(cell)
        skeleton = Skeleton(nodes, edges, labels.astype(np.int64), 0)
        ids = made.mitochondria.mito_id[made.mitochondria.cellid == cell].to_numpy()
        meshes = {
            mito_id: Mesh(vertices.astype(np.float64), triangles)
            for mito_id, (vertices, triangles) in made.meshes.items()
            if mito_id in set(ids.tolist())
        }
        bundle = bundle_meshes(ids, meshes)
        return cls(skeleton, bundle, associate(bundle, np.ones(3), skeleton))


def test_published_compartments_and_lengths_are_those_of_the_meshes(made: Made) -> None:
    """But for two: one has lost its mesh, one was measured on another skeleton."""
    table = made.of_pyramidal.set_index("mito_id")
    differ = set()
    for cell in made.pyramidal:
        found = Association.of(made, cell)
        count = len(found.bundle.mito_ids)
        labels = majority_labels(found.coverage, found.skeleton, count)
        lengths = covered_lengths(found.coverage, found.skeleton, count)
        own = table.loc[found.bundle.mito_ids]
        same = (own.compartment.map(PUBLISHED_LABELS) == labels) & np.isclose(
            own.pathlength, lengths, rtol=0, atol=0.01
        )
        differ |= set(own.index[~same])
    assert len(differ) == 2
    assert len(differ - made.meshed) == 1
    assert table.cellid[list(differ)].nunique() == 1
    assert (table.pathlength[list(differ)] > 0).all()


def test_some_nodes_have_two_mitochondria_that_lie_side_by_side(sample: Made) -> None:
    for cell in sample.neurons:
        found = Association.of(sample, cell)
        times = covering_mitochondria(found.coverage, found.skeleton)
        outside = (found.skeleton.labels[found.skeleton.edges] > 0).all(axis=1)
        assert (times[outside] == 2).sum() >= 3
        assert times[outside].max() <= 3


def test_cloudvolume_reads_the_meshes(sample: Made) -> None:
    source = CloudVolume(f"precomputed://file://{sample.folder / 'mito_meshes'}", progress=False)
    chunked = sorted(sample.meshed, key=lambda i: -len(sample.fragments(i)))[:3]
    got = source.mesh.get(chunked, remove_duplicate_vertices=False, fuse=False)
    for mito_id in chunked:
        vertices, triangles = sample.meshes[mito_id]
        scale = np.array(VOXEL) / MESH_VOXEL
        # The fragments may come in another order.
        corners = (got[mito_id].vertices * scale)[got[mito_id].faces]
        assert len(got[mito_id].vertices) == len(vertices)
        assert np.allclose(
            np.sort(corners.reshape(-1, 9), axis=0),
            np.sort(vertices[triangles].reshape(-1, 9), axis=0),
        )


# --- dirt --------------------------------------------------------------------------------


def test_dirt_one_vessel_in_many_rows_and_taken_for_an_opc(made: Made) -> None:
    vessel = made.types[made.types.cell_segid.duplicated(keep=False)]
    assert vessel.cell_segid.nunique() == 1
    assert (vessel.cell_subtype == "endothelial").sum() > 10
    opc = vessel[vessel.cell_type == "glia"]
    assert list(opc.cell_subtype) == ["OPC (pericyte type)"]
    assert (opc.centroid_x > 1_000_000).all()


def test_dirt_a_merged_astrocyte(made: Made) -> None:
    counts = made.somas.pt_root_id.value_counts()
    astrocytes = made.types.cell_segid[made.types.cell_subtype == "astrocyte"]
    merged = [cell for cell in astrocytes if counts.get(cell, 0) == 2]
    assert len(merged) == 1
    assert merged[0] not in made.astrocytes
    assert (made.mitochondria.cellid == merged[0]).sum() >= 8


def test_dirt_astrocytes_without_a_soma(made: Made) -> None:
    astrocytes = set(made.types.cell_segid[made.types.cell_subtype == "astrocyte"])
    homeless = astrocytes - set(made.somas.pt_root_id)
    assert len(homeless) == 2
    assert homeless <= set(made.mitochondria.cellid)


def test_dirt_odd_subtype(made: Made) -> None:
    merged = made.types.cell_segid[made.types.cell_subtype == MERGED_TEXT]
    assert len(merged) == 1
    assert (made.somas.pt_root_id == merged.iloc[0]).sum() == 2
    named = made.types[made.types.cell_segid == 648518346349536799]
    assert list(named.cell_subtype) == ["astrocyte"]


def test_dirt_cells_of_no_interest(made: Made) -> None:
    assert {"microglia", "OPC", "oligodendrocyte", "pericyte", "endothelial"} <= set(
        made.types.cell_subtype
    )
    assert set(made.somas.cell_type) == {"e", "i", "g", "uncertain"}


@pytest.mark.parametrize("kind", ["pyramidal", "inhibitory"])
def test_dirt_neurons_without_a_skeleton(made: Made, kind: str) -> None:
    listed = set(made.types.cell_segid[made.types.cell_type == kind])
    (bare,) = listed - made.neurons
    assert bare not in set(made.of_neurons.cellid)
    assert bare in set(made.mitochondria.cellid)
    assert bare in set(made.somas.pt_root_id)
    assert not (made.folder / f"skeletons/{bare}_skeleton.h5").exists()


def test_dirt_mitochondria_of_other_cells(made: Made) -> None:
    cells = set(made.mitochondria.cellid)
    assert len(cells - made.neurons - made.astrocytes) > 10
    assert len(cells - set(made.types.cell_segid)) == 3


def test_dirt_mitochondria_without_a_mesh(made: Made) -> None:
    table = made.mitochondria.set_index("mito_id")
    bare = set(table.index) - made.meshed
    cells = set(table.cellid[list(bare)])
    assert len(bare) == 2
    assert len(cells & made.pyramidal) == 1
    assert len(cells & made.inhibitory) == 1
    (pyramidal,) = bare & set(made.of_pyramidal.mito_id)
    named = made.of_pyramidal.set_index("mito_id").compartment[pyramidal]
    assert named not in ("Somatic", "Unknown")


def test_dirt_meshes_in_chunks_repeat_border_vertices(made: Made) -> None:
    chunked = {i for i in made.meshed if len(made.fragments(i)) > 1}
    assert len(chunked) > len(made.meshed) / 4
    for mito_id in chunked:
        vertices, triangles = made.meshes[mito_id]
        assert len(np.unique(vertices, axis=0)) < len(vertices)
        assert np.array_equal(np.unique(triangles), np.arange(len(vertices)))
        for path in made.fragments(mito_id):
            corner = [int(edge) for edge in path.name.split(":")[2].split("-")]
            assert all(edge % CHUNK_VOXELS == 0 for edge in corner)


def test_dirt_meshes_inside_out(made: Made) -> None:
    table = made.mitochondria.set_index("mito_id")
    turned = [i for i in ordinary(made) if made.closed[i].volume < 0]
    cells = set(table.cellid[turned])
    assert len(turned) == 4
    assert len(cells) == 3
    assert cells & made.pyramidal
    assert cells & made.inhibitory
    assert cells & made.astrocytes


def test_dirt_a_mesh_with_a_hole(made: Made) -> None:
    open_meshes = {i for i, mesh in made.closed.items() if not mesh.is_watertight}
    assert len(open_meshes) == 1
    assert open_meshes <= set(made.of_pyramidal.mito_id)


def test_dirt_a_mesh_of_two_pieces(made: Made) -> None:
    (mito_id,) = (i for i in ordinary(made) if made.closed[i].body_count == 2)
    assert made.mitochondria.set_index("mito_id").cellid[mito_id] in made.inhibitory


def test_dirt_a_flat_mesh(made: Made) -> None:
    flat = [i for i, (vertices, _) in made.meshes.items() if np.ptp(vertices[:, 2]) == 0]
    assert len(flat) == 1
    assert made.mitochondria.set_index("mito_id").cellid[flat[0]] in made.inhibitory


def test_dirt_a_tiny_mesh(made: Made) -> None:
    tiny = [i for i, mesh in made.closed.items() if len(mesh.faces) == 4]
    assert len(tiny) == 1
    assert made.closed[tiny[0]].is_watertight
    assert made.closed[tiny[0]].volume > 0
    assert tiny[0] in set(made.of_pyramidal.mito_id)


def test_dirt_skeletons_in_two_pieces(made: Made) -> None:
    for cells in (made.pyramidal, made.inhibitory):
        broken = [cell for cell in cells if made.pieces(cell) > 1]
        assert [made.pieces(cell) for cell in broken] == [2]
        nodes, edges, labels = made.skeleton(broken[0])
        graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(nodes),) * 2)
        _, member = connected_components(graph, directed=False)
        loose = member == np.bincount(member).argmin()
        assert loose.sum() > 10
        assert set(labels[loose]) <= {1, 5}


def test_dirt_autapses(made: Made) -> None:
    own = made.synapses[made.synapses.pre_root_id == made.synapses.post_root_id]
    assert (own.pre_root_id.isin(made.neurons)).sum() == 4


def test_dirt_partners_outside(made: Made) -> None:
    pre = made.synapses.pre_root_id.isin(made.neurons)
    post = made.synapses.post_root_id.isin(made.neurons)
    assert (~pre & post).mean() > 0.5
    assert (pre & ~post).any()
    assert (~pre & ~post).any()


def test_synapses_between_analysed_neurons(made: Made) -> None:
    pairs = made.synapses.groupby(["pre_root_id", "post_root_id"]).size()
    assert (
        max(
            count
            for (pre, post), count in pairs.items()
            if pre in made.inhibitory and post in made.pyramidal
        )
        >= 8
    )


def places(made: Made) -> np.ndarray:
    return made.synapses[[f"ctr_pos_{axis}_vx" for axis in "xyz"]].to_numpy() * VOXEL


def test_some_synapses_are_axo_axonic(sample: Made) -> None:
    found = 0
    for cell in sample.neurons:
        nodes, _, labels = sample.skeleton(cell)
        own = (sample.synapses.post_root_id == cell) & sample.synapses.pre_root_id.isin(
            sample.neurons - {cell}
        )
        nearest = cKDTree(nodes).query(places(sample)[own.to_numpy()])[1]
        found += (labels[nearest] == 1).sum()
    assert found >= 5


def test_astrocyte_mitochondria_near_between_and_far(made: Made) -> None:
    places = made.somas.set_index("pt_root_id").pt_position
    columns = [f"ctr_pos_{axis}_vx" for axis in "xyz"]
    for cell in made.astrocytes:
        soma = np.array(places[cell].strip("[]").split(), dtype=int) * VOXEL
        own = made.mitochondria.loc[made.mitochondria.cellid == cell, columns].to_numpy() * VOXEL
        distance = np.linalg.norm(own - soma, axis=1)
        assert (distance < 7_000).any()
        assert (distance > 70_000).any()
        assert ((distance > 7_000) & (distance < 70_000)).mean() > 0.6
