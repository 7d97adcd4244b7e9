"""The inputs of the branch analysis: generated, described in the config, and read."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import meshparty.skeleton_io
import meshparty.trimesh_io
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import trimesh
from mitosyn.branches.neuron import overlap_volumes
from mitosyn.catalogue.names import COMPARTMENTS
from mitosyn.sample.branch_inputs import make_branch_inputs
from mitosyn.sample.cell_meshes import (
    SOMA_SPHERE_NM,
    calibres,
    neurite_chains,
    neurite_tube,
    node_radii,
)
from mitosyn.sample.cells import Cast, make_cast
from mitosyn.sample.dataset import grow_skeletons, make_dataset
from mitosyn.sample.skeleton import RADII_NM, Label, Skeleton
from mitosyn.skeletons.formats.meshparty import read_calibres
from mitosyn.sources.nuclei import Nuclei, read_nuclei
from mitosyn.sources.overlaps import read_overlaps
from mitosyn.support.errors import InputError
from scipy.spatial import cKDTree

VOXEL = (3.58, 3.58, 40.0)
MESH_VOXEL = (4.0, 4.0, 40.0)
NUCLEUS_VOXEL = (57.28, 57.28, 40.0)
SIZES = {"seed": 7, "pyramidal_cells": 2, "inhibitory_cells": 2, "astrocytes": 1}
OVERLAPS = "pni_mito_cell_overlaps_v185.csv"
SEGMENTS = "pni_nucleus_segments.csv"
CELLS = "pni_nucleus_cell_overlaps_v185.csv"


def make_branches(folder: Path, mitochondria: Path) -> None:
    make_branch_inputs(
        folder,
        mitochondria=mitochondria,
        sizes=SIZES,
        voxel_size_nm=VOXEL,
        mesh_voxel_size_nm=MESH_VOXEL,
        nucleus_voxel_size_nm=NUCLEUS_VOXEL,
    )


@dataclass(frozen=True)
class Made:
    folder: Path
    cast: Cast
    skeletons: dict[int, Skeleton]

    @property
    def ids(self) -> list[int]:
        """Neurons in their order."""
        return [cell.cell_id for cell in self.cast.neurons]

    @cached_property
    def meshes(self) -> dict[int, trimesh.Trimesh]:
        """Cell meshes in true nm, vertices as in the file."""
        scale = np.array(VOXEL) / MESH_VOXEL
        return {
            int(path.name.removesuffix("_mesh.h5")): trimesh.Trimesh(
                vertices.astype(np.float64) * scale, faces, process=False
            )
            for path in (self.folder / "cell_meshes").iterdir()
            for vertices, faces, *_ in [meshparty.trimesh_io.read_mesh_h5(path)]
        }

    @cached_property
    def mitochondria(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "211019_mitochondria_info.csv", index_col="mito_id")

    @cached_property
    def overlaps(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / OVERLAPS, index_col=0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    make_dataset(
        folder,
        **SIZES,
        mitochondria_per_cell=12,
        synapses=40,
        voxel_size_nm=VOXEL,
        mesh_voxel_size_nm=MESH_VOXEL,
    )
    make_branches(folder, folder / "211019_mitochondria_info.csv")
    cast = make_cast(7, 2, 2, 1)
    return Made(folder, cast, grow_skeletons(7, cast))


def away_from_soma(skeleton: Skeleton) -> np.ndarray:
    return np.linalg.norm(skeleton.nodes - skeleton.nodes[0], axis=1) > SOMA_SPHERE_NM


# --- meshes of cells ---------------------------------------------------------------------


def test_same_bytes_again(made: Made, tmp_path: Path) -> None:
    make_branches(tmp_path, made.folder / "211019_mitochondria_info.csv")
    made_again = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(made_again) == 6
    for path in made_again:
        first = made.folder / path.relative_to(tmp_path)
        digests = [hashlib.sha256(p.read_bytes()).digest() for p in (path, first)]
        assert digests[0] == digests[1], path


def test_all_neurons_but_the_last_have_a_closed_mesh(made: Made) -> None:
    assert set(made.meshes) == set(made.ids[:-1])
    for mesh in made.meshes.values():
        assert mesh.is_watertight and mesh.is_winding_consistent and mesh.volume > 0
        assert 10_000 < len(mesh.vertices) < 40_000
        # Its vertices are near enough to each other to tell neighbouring nodes apart.
        assert np.quantile(mesh.edges_unique_length, 0.99) < 1_500


def test_mesh_files_are_as_meshparty_writes_them(made: Made) -> None:
    path = made.folder / "cell_meshes" / f"{made.ids[0]}_mesh.h5"
    vertices, faces, normals, links, mask = meshparty.trimesh_io.read_mesh_h5(path)
    assert vertices.dtype == np.float32 and faces.dtype == np.uint32
    assert normals is None and links is None and mask is None


def test_pieces_of_meshes_and_skeletons(made: Made) -> None:
    bodies = {cell: made.meshes[cell].body_count for cell in made.ids[:-1]}
    loose = {c: int((s.parents < 0).sum()) for c, s in made.skeletons.items()}
    first, second, first_inhibitory, _ = made.ids
    assert (bodies[first], loose[first]) == (2, 2)
    assert (bodies[second], loose[second]) == (2, 1)
    assert (bodies[first_inhibitory], loose[first_inhibitory]) == (1, 2)


def test_only_the_scrap_is_near_to_no_node(made: Made) -> None:
    for number, cell in enumerate(made.ids[:-1]):
        mesh = made.meshes[cell]
        seeds = cKDTree(mesh.vertices).query(made.skeletons[cell].nodes)[1]
        components = trimesh.graph.connected_component_labels(
            mesh.face_adjacency, node_count=len(mesh.faces)
        )
        of_vertex = np.empty(len(mesh.vertices), int)
        of_vertex[mesh.faces] = components[:, None]
        unseeded = set(of_vertex.tolist()) - set(of_vertex[seeds].tolist())
        assert len(unseeded) == (number == 1)
        for piece in unseeded:
            assert np.ptp(mesh.vertices[of_vertex == piece], axis=0).max() < 1_100


def test_volume_is_that_of_the_tubes_and_the_soma(made: Made) -> None:
    for cell in made.ids[:-1]:
        skeleton = made.skeletons[cell]
        radii, outside = node_radii(skeleton), away_from_soma(skeleton)
        steps = np.linalg.norm(skeleton.nodes - skeleton.nodes[skeleton.parents], axis=1)
        steps[skeleton.parents < 0] = 0
        expected = 4 / 3 * np.pi * SOMA_SPHERE_NM**3
        expected += (np.pi * radii**2 * steps)[outside].sum()
        assert made.meshes[cell].volume == pytest.approx(expected, rel=0.01)


def test_skeleton_runs_inside_its_mesh(made: Made) -> None:
    for cell in made.ids[:-1]:
        skeleton, mesh = made.skeletons[cell], made.meshes[cell]
        gaps = cKDTree(mesh.vertices).query(skeleton.nodes)[0]
        radii, outside = node_radii(skeleton), away_from_soma(skeleton)
        assert (gaps[outside] < 1.2 * radii[outside] + 150).all()
        assert gaps[0] == pytest.approx(SOMA_SPHERE_NM, rel=0.02)
        for node in np.flatnonzero(outside)[::150]:
            assert winding_number(mesh, skeleton.nodes[node]) == pytest.approx(1, abs=1e-6)


def winding_number(mesh: trimesh.Trimesh, point: np.ndarray) -> float:
    """How often a surface goes round a point (van Oosterom and Strackee 1983)."""
    a, b, c = np.moveaxis(mesh.triangles - point, 1, 0)
    la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
    above = np.einsum("ij,ij->i", a, np.cross(b, c))
    below = la * lb * lc + lc * (a * b).sum(1) + lb * (a * c).sum(1) + la * (b * c).sum(1)
    return float(np.arctan2(above, below).sum() / (2 * np.pi))


def test_radii_by_compartment(made: Made) -> None:
    for skeleton in made.skeletons.values():
        radii = node_radii(skeleton)
        for label, first in RADII_NM.items():
            of_kind = radii[skeleton.labels == label]
            assert (of_kind < 1.07 * first).all() and (of_kind > 0.35 * first).all()
        basal, axonal = (radii[skeleton.labels == kind] for kind in (Label.BASAL, Label.AXONAL))
        assert basal.min() > axonal.max()


def test_each_edge_is_in_one_chain(made: Made) -> None:
    for skeleton in made.skeletons.values():
        edges = np.vstack([np.stack([c[1:], c[:-1]], 1) for c in neurite_chains(skeleton)])
        children = np.flatnonzero(skeleton.parents >= 0)
        expected = np.stack([children, skeleton.parents[children]], 1)
        assert sorted(edges.tolist()) == expected.tolist()


def test_a_node_that_is_joined_to_none_has_no_neurite() -> None:
    nodes = np.array([[0, 0, 0], [7e3, 0, 0], [8e3, 0, 0], [0, 3e4, 0]])
    parents, labels = np.array([-1, 0, 1, -1]), np.array([0, 2, 2, 1], np.uint8)
    skeleton = Skeleton(nodes, parents, labels)
    assert [chain.tolist() for chain in neurite_chains(skeleton)] == [[0, 1, 2]]
    assert len(node_radii(skeleton)) == 4


def test_a_straight_tube_has_the_volume_of_a_cylinder_with_round_ends() -> None:
    axis = np.linspace([0, 0, 0], [20_000, 0, 0], 30)
    tube = trimesh.Trimesh(*neurite_tube(axis, np.full(30, 200.0)), process=False)
    ideal = np.pi * 200**2 * 20_000 + 4 / 3 * np.pi * 200**3
    assert tube.is_watertight
    assert tube.volume == pytest.approx(ideal, rel=0.002)
    assert tube.bounds[:, 0].tolist() == pytest.approx([-200, 20_200])


def test_every_other_skeleton_has_its_calibre(made: Made) -> None:
    for number, cell in enumerate(made.ids):
        path = made.folder / "skeletons" / f"{cell}_skeleton.h5"
        nodes = meshparty.skeleton_io.read_skeleton_h5_by_part(path)[0]
        found = read_calibres(path, len(nodes))
        if number % 2:
            assert found is None
            continue
        assert found is not None
        unknown = np.isnan(found)
        assert 0 < unknown.mean() < 0.02
        skeleton = made.skeletons[cell]
        match = cKDTree(skeleton.nodes).query(nodes)[1]
        expected = calibres(skeleton)[match]
        assert found[~unknown] == pytest.approx(expected[~unknown], abs=1e-3)


# --- overlaps ----------------------------------------------------------------------------


def test_overlaps_are_in_the_published_form(made: Made) -> None:
    header = (made.folder / OVERLAPS).read_text().splitlines()[0]
    assert header == ",row_id,col_id,vals"
    assert (made.overlaps.index == np.arange(len(made.overlaps))).all()
    assert (made.overlaps.vals > 0).all()


def test_overlaps_add_up_to_the_mitochondria(made: Made) -> None:
    total = 4 * made.overlaps.groupby("row_id").vals.sum()
    voxels = made.mitochondria.mito_vx
    assert (total - voxels[total.index]).abs().max() <= 4
    (without,) = set(made.mitochondria.index) - set(total.index)
    first = made.ids[0]
    assert voxels[without] == voxels[made.mitochondria.cellid == first].max()
    assert (made.folder / f"mito_meshes/mesh/{without}:0").exists()


def test_untidy_overlaps(made: Made) -> None:
    cells = made.overlaps.groupby("row_id").col_id.nunique()
    assert (cells == 2).sum() >= 2
    pairs = made.overlaps.groupby(["row_id", "col_id"]).size()
    assert (pairs == 2).sum() == 1
    analysed = {*made.ids, *(cell.cell_id for cell in made.cast.astrocytes)}
    assert set(made.overlaps.col_id) - analysed


def test_read_overlaps(made: Made) -> None:
    table = read_overlaps(made.folder / OVERLAPS)
    expected = 4 * made.overlaps.groupby(["col_id", "row_id"]).vals.sum()
    found = list(zip(*(table[name].to_pylist() for name in ("cell_id", "mito_id")), strict=True))
    assert found == expected.index.to_list()
    assert table["voxels"].to_pylist() == expected.to_list()


def test_overlap_volumes(made: Made) -> None:
    table = read_overlaps(made.folder / OVERLAPS)
    cell = made.ids[0]
    own = made.mitochondria[made.mitochondria.cellid == cell]
    ids = own.index.to_numpy()[::-1]
    volumes = overlap_volumes(table, cell, ids, VOXEL)
    without = ~np.isin(ids, made.overlaps.row_id)
    assert without.sum() == 1
    assert np.isnan(volumes).tolist() == without.tolist()
    whole = own.mito_vx.to_numpy()[::-1] * np.prod(VOXEL) / 1e9
    assert (volumes[~without] <= whole[~without] + 1e-5).all()
    assert np.median(volumes[~without] / whole[~without]) == pytest.approx(1, abs=0.01)
    assert np.isnan(overlap_volumes(table, 1, ids, VOXEL)).all()
    assert overlap_volumes(table, cell, ids[:0], VOXEL).shape == (0,)


def test_overlap_ids_stay_exact(tmp_path: Path) -> None:
    mito, cell = 2**60 + 1, 2**62 + 3
    path = tmp_path / "o.csv"
    path.write_text(f",row_id,col_id,vals\n0,{mito},{cell},5\n1,{mito + 1},{cell},1\n")
    table = read_overlaps(path)
    assert table["mito_id"].to_pylist() == [mito, mito + 1]
    found = overlap_volumes(table, cell, np.array([mito + 1, mito, mito + 2]), (1, 1, 1e9))
    assert found[:2].tolist() == [4, 20] and math.isnan(found[2])
    path.write_text(",row_id,col_id,vals\n")
    empty = read_overlaps(path)
    assert empty.num_rows == 0 and empty.schema.field("mito_id").type == pa.int64()
    assert np.isnan(overlap_volumes(empty, cell, np.array([mito]), VOXEL)).all()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (",row_id,col_id,vals\n0,1,2,3\n1,1.5e3,2,3\n", "row 2 (line 3): row_id is '1.5e3'"),
        (",row_id,col_id,vals\n0,1,2,3\n1,8,2,0\n", "row 2: vals is 0 for mitochondrion 8"),
        (",row_id,col_id,vals\n0,1,2,inf\n", "row 1 (line 2): vals is 'inf', expected a number"),
        (",row_id,col_id\n0,1,2\n", "no column 'vals'"),
    ],
)
def test_overlaps_that_cannot_be_right(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "o.csv").write_text(text)
    with pytest.raises(InputError, match=r"o\.csv") as error:
        read_overlaps(tmp_path / "o.csv")
    assert problem in str(error.value)


# --- nuclei ------------------------------------------------------------------------------


def test_nuclei_of_the_sample(made: Made) -> None:
    nuclei = read_nuclei(made.folder / SEGMENTS, made.folder / CELLS, NUCLEUS_VOXEL)
    first, second, third, fourth = made.ids
    sphere = 4 / 3 * np.pi * np.array([3.6, 4.2]) ** 3
    for cell in (first, fourth, made.cast.astrocytes[0].cell_id):
        assert len(nuclei[cell].ids) == 1 and not nuclei[cell].problem
        assert sphere[0] <= nuclei[cell].volume_um3 <= sphere[1]
    assert len(nuclei[second].ids) == 2 and third not in nuclei
    sizes = pd.read_csv(made.folder / SEGMENTS, index_col=0)["size"]
    both = sizes[list(nuclei[second].ids)].sum() * np.prod(NUCLEUS_VOXEL) / 1e9
    assert nuclei[second].volume_um3 == pytest.approx(both)
    # They fit into the soma, with room for the mitochondria around them.
    assert both < 4 / 3 * np.pi * (SOMA_SPHERE_NM / 1e3) ** 3
    taken = {i for found in nuclei.values() for i in found.ids}
    assert len(set(sizes.index) - taken) == 1


def test_problems_of_nuclei(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("nuc_id,x,size\n5,1,100\n6,1,50.0\n")
    (tmp_path / "c.csv").write_text("11;5\n\n12;6\n12;5\n12;6\n13;7\n")
    nuclei = read_nuclei(tmp_path / "s.csv", tmp_path / "c.csv", (1000, 1000, 10))
    assert nuclei[11] == Nuclei((5,), 1.0)
    assert nuclei[12].ids == (5, 6) and nuclei[12].volume_um3 == 1.5
    assert nuclei[12].problem == "2 nuclei (5, 6)"
    assert math.isnan(nuclei[13].volume_um3) and nuclei[13].problem == (
        "nucleus without a size, of 7"
    )
    assert Nuclei().problem == "no nucleus"


@pytest.mark.parametrize(
    ("segments", "cells", "problem"),
    [
        (",size\n5,1\n", "11;5\n11,6\n", "c.csv: line 2: '11,6', expected cell;nucleus"),
        (",size\n5,1\n5,2\n", "", "s.csv: nucleus 5 stands in 2 rows, 1 and 2"),
        (
            ",size\n5,1\nx,2\n",
            "",
            "s.csv: row 2 (line 3): the first value is 'x', expected an integer",
        ),
        (",size\n5\n", "", "s.csv: row 1 (line 2): 1 values, expected 2"),
        (",size\n5,-1\n", "", "s.csv: row 1: size of nucleus 5 is -1"),
        (",size\n5,1e400\n", "", "s.csv: row 1 (line 2): size is '1e400', expected a number"),
        (",size\n0,1\n", "", "expected an integer from 1"),
        ("id,size\n0x5,1\n", "", "s.csv: row 1 (line 2): id is '0x5', expected an integer"),
        (",volume\n5,1\n", "", "s.csv: no column 'size'"),
        ("", "", "s.csv: no column 'size'"),
        ('id,"size\n', "", "s.csv: not a CSV table: line 1 opens a quote"),
        (",size\n5,1\n", "11;\u0665\n", "c.csv: line 1: '11;\u0665', expected cell;nucleus"),
        (",size\n5,1\n", f"{10**19};5\n", f"c.csv: line 1: '{10**19};5', expected"),
    ],
)
def test_nuclei_that_cannot_be_right(
    tmp_path: Path, segments: str, cells: str, problem: str
) -> None:
    (tmp_path / "s.csv").write_text(segments, encoding="utf-8")
    (tmp_path / "c.csv").write_text(cells, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_nuclei(tmp_path / "s.csv", tmp_path / "c.csv", NUCLEUS_VOXEL)
    assert problem in str(error.value)
    with pytest.raises(InputError, match="no such file"):
        read_nuclei(tmp_path / "none.csv", tmp_path / "c.csv", NUCLEUS_VOXEL)


def test_labels_are_the_compartments() -> None:
    kinds: list[Any] = [Label(number) for number in range(len(COMPARTMENTS))]
    assert set(RADII_NM) == set(kinds) - {Label.SOMATIC}
