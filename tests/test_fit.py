"""Whether positions, meshes and skeletons lie at one place, and what it says if not."""

from __future__ import annotations

import csv
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import shared_folder
from mitosyn.cells.fit import (
    CONTRADICTS,
    DOUBTFUL,
    FITS,
    MESHES,
    SKELETON,
    Fit,
    fit_meshes,
    fit_skeleton,
    mesh_centres,
)
from mitosyn.cells.verdicts import (
    all_cells,
    check_all_cells,
    explain,
    read_fits,
    refuse_contradiction,
    refuse_without_meshes,
    write_fits,
)
from mitosyn.meshes.bundle import MeshBundle, bundle_meshes, source_scale
from mitosyn.retrieval.fetch import MeshLayer, Transfer
from mitosyn.sample.dataset import make_dataset
from mitosyn.skeletons.formats.registry import read_skeleton
from mitosyn.skeletons.skeleton import Skeleton
from mitosyn.support.errors import InputError
from workflow import ROOT, em_block_config, run_snakemake

TRUE, MESH = (3.58, 3.58, 40.0), (4.0, 4.0, 40.0)


class Block:
    """The EM block: voxel positions, meshes as they are stored, skeletons."""

    def __init__(self, folder: Path) -> None:
        voxels: dict[int, dict[int, list[float]]] = defaultdict(dict)
        with (folder / "211019_mitochondria_info.csv").open() as file:
            for row in csv.DictReader(file):
                position = [float(row[f"ctr_pos_{axis}_vx"]) for axis in "xyz"]
                voxels[int(row["cellid"])][int(row["mito_id"])] = position
        layer = MeshLayer(f"precomputed://file://{folder / 'mito_meshes'}", Transfer())
        self.voxels = {cell: np.array(list(rows.values())) for cell, rows in voxels.items()}
        self.bundles: dict[int, MeshBundle] = {
            cell: bundle_meshes(np.array(list(rows)), layer.fetch(rows))
            for cell, rows in voxels.items()
        }
        self.skeletons: dict[int, Skeleton] = {
            cell: read_skeleton(path)
            for cell in voxels
            if (path := folder / "skeletons" / f"{cell}_skeleton.h5").exists()
        }

    def fits(self, voxel=TRUE, mesh=MESH, nodes=1.0, columns=(0, 1, 2)) -> Iterator[Fit]:
        """Compare as the jobs do: with sizes that may be wrong, scaled nodes, mixed-up columns."""
        for cell, bundle in self.bundles.items():
            positions = self.voxels[cell][:, columns] * voxel
            yield fit_meshes(positions, mesh_centres(bundle, source_scale(voxel, mesh)))
            if cell in self.skeletons:
                skeleton = self.skeletons[cell]
                yield fit_skeleton(positions, skeleton.vertices * nodes, skeleton.labels == 0)


@pytest.fixture(scope="module")
def block(em_block: Path) -> Block:
    return Block(em_block)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Block:
    folder = tmp_path_factory.mktemp("sample")
    sizes = yaml.safe_load((ROOT / "config.yaml").read_text())["datasets"]["sample"]["synthetic"]
    make_dataset(folder, voxel_size_nm=TRUE, mesh_voxel_size_nm=MESH, **sizes)
    return Block(folder)


def verdicts(fits: list[Fit], compared_with: str) -> set[str]:
    return {fit.verdict for fit in fits if fit.compared_with == compared_with}


def said(fits: list[Fit], voxel=TRUE, mesh=MESH) -> set[str]:
    """Collect what is suggested for the cells that contradict."""
    return {explain(fit, voxel, mesh)[1] for fit in fits if fit.verdict == CONTRADICTS}


def test_a_layer_without_any_mesh_is_refused_and_a_cell_without_is_not() -> None:
    nothing, something = Fit(MESHES, 0, 0.0, 0.0), Fit(MESHES, 1, 9.0, 9.0)
    refuse_without_meshes("precomputed://x", [nothing, something])
    on_skeleton = Fit(SKELETON, 9, 9.0, 9.0)
    with pytest.raises(InputError, match=r"precomputed://x: no mesh .* of the 2 cells\. Check"):
        refuse_without_meshes("precomputed://x", [nothing, on_skeleton, nothing])


def test_a_real_block_and_the_sample_fit(block: Block, sample: Block) -> None:
    for data, meshes in ((block, 239), (sample, 460)):
        fits = list(data.fits())
        assert {fit.verdict for fit in fits} == {FITS}
        assert sum(fit.count for fit in fits if fit.compared_with == MESHES) >= meshes
        check_all_cells("x", fits, TRUE, MESH)


def test_a_block_in_todays_formats_fits() -> None:
    folder = shared_folder("em_modern")
    table = pq.read_table(folder / "tables_cave" / "mitochondria.parquet").to_pydict()
    voxels = np.column_stack([table[f"centroid_{axis}"] for axis in "xyz"])
    layer = MeshLayer(f"precomputed://file://{folder / 'mitochondria_legacy'}", Transfer())
    bundle = bundle_meshes(np.array(table["id"]), layer.fetch(table["id"]))
    fits = [fit_meshes(voxels * MESH, mesh_centres(bundle, np.ones(3)))]
    cells = np.array(table["pt_root_id"])
    for path in (folder / "skeletons_swc").glob("*.swc"):
        swc = np.loadtxt(path)
        own = cells == int(path.stem)
        fits.append(fit_skeleton(voxels[own] * MESH, swc[:, 2:5] * 1e3, swc[:, 1] == 1))
    assert [fit.count for fit in fits if fit.compared_with == MESHES] == [229]
    assert len(fits) == 8 and {fit.verdict for fit in fits} == {FITS}


def test_the_voxel_size_of_the_meshes_for_that_of_the_tables(block: Block, sample: Block) -> None:
    """Once a run ended well without one somatic mitochondrion."""
    voxel = (4.0, 4.0, 40.0)
    fits = list(sample.fits(voxel=voxel))
    assert verdicts(fits, SKELETON) == {CONTRADICTS}
    assert any("[3.58, 3.58, 40.0] meant" in text for text in said(fits, voxel))
    fits = list(block.fits(voxel=voxel))
    # Meshes are scaled by the wrong size too, and tell nothing.
    assert verdicts(fits, MESHES) == {FITS}
    # Cells of a few mitochondria are not stopped by themselves.
    assert verdicts(fits, SKELETON) == {CONTRADICTS, DOUBTFUL}
    largest = max(fits, key=lambda fit: (fit.compared_with == SKELETON, fit.count))
    with pytest.raises(InputError) as error:
        refuse_contradiction("skeleton.h5", [largest], voxel, MESH)
    assert "the positions fit when x and y are multiplied by 0.895. Is voxel_size_nm" in str(
        error.value
    )
    with pytest.raises(InputError, match=r"8 cells: half of the positions of 233 mitochondria"):
        check_all_cells("x", fits, voxel, MESH)


def test_a_wrong_voxel_size_of_meshes(block: Block, sample: Block) -> None:
    for data, mesh in ((block, TRUE), (block, (4.0, 4.0, 44.0)), (sample, TRUE)):
        fits = list(data.fits(mesh=mesh))
        assert verdicts(fits, SKELETON) == {FITS}
        # A z of some µm says less of the factor than a cell's extent does.
        expected = f"Is mesh_voxel_size_nm {list(MESH)} meant? It is {list(mesh)}."
        assert expected in said(fits, TRUE, mesh)
        with pytest.raises(InputError, match=r"\d+ cells: .* meshes fit when") as error:
            check_all_cells("x", fits, TRUE, mesh)
        assert expected in str(error.value)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"voxel": (3.58, 3.58, 50.0)}, r"Is voxel_size_nm \[3.58, 3.58, (39.\d|40.\d)\] meant"),
        ({"voxel": (40.0, 3.58, 3.58)}, r"Is voxel_size_nm \[3.5\d, 3.5\d, (39.\d|40.\d)\]"),
        ({"voxel": (1.0, 1.0, 1.0), "mesh": (1.0, 1.0, 1.0)}, "Is voxel_size_nm"),
        ({"nodes": 1e-3}, "Are the skeleton's vertices in µm"),
        ({"nodes": 1 / np.array(TRUE)}, "Are the skeleton's vertices in voxels"),
        ({"columns": (2, 1, 0)}, ""),
    ],
)
def test_what_is_wrong_is_named(block: Block, sample: Block, change: dict, expected: str) -> None:
    for data in (block, sample):
        fits = list(data.fits(**change))
        sizes = change.get("voxel", TRUE), change.get("mesh", MESH)
        together = all_cells([fit for fit in fits if fit.compared_with == SKELETON])
        assert re.match(expected, explain(together, *sizes)[1]), explain(together, *sizes)
        assert CONTRADICTS in verdicts(fits, SKELETON)
        with pytest.raises(InputError):
            check_all_cells("x", fits, *sizes)


def test_columns_that_are_mixed_up(sample: Block, block: Block) -> None:
    for data in (sample, block):
        meshes = [f for f in data.fits(columns=(2, 0, 1)) if f.compared_with == MESHES]
        together = all_cells(meshes)
        problem, remedy = explain(together, TRUE, MESH)
        assert "they fit when x, y, z are taken from y, z, x" in problem
        assert remedy.startswith("Check the order of the columns")
        assert verdicts(meshes, MESHES) <= {CONTRADICTS, DOUBTFUL}


def test_an_odd_cell_is_doubtful_and_stops_nothing(sample: Block) -> None:
    """A merge of cells, or the skeleton of another one: no voxel size would bring it back."""
    cells = list(sample.skeletons)
    fits = [fit for fit in sample.fits() if fit.compared_with == SKELETON]
    for one, other in itertools.pairwise(cells):
        skeleton = sample.skeletons[one]
        mixed = np.concatenate([sample.voxels[one][:10], sample.voxels[other][:30]]) * TRUE
        for positions in (sample.voxels[other] * TRUE, mixed):
            odd = fit_skeleton(positions, skeleton.vertices, skeleton.labels == 0)
            assert odd.verdict == DOUBTFUL
            refuse_contradiction("x", [odd], TRUE, MESH)
            check_all_cells("x", [*fits, odd, odd], TRUE, MESH)
    meshes = mesh_centres(sample.bundles[cells[0]], source_scale(TRUE, MESH))
    positions = sample.voxels[cells[1]] * TRUE
    count = min(len(positions), len(meshes))
    assert fit_meshes(positions[:count], meshes[:count]).verdict == DOUBTFUL


def test_one_skeleton_in_another_size_is_refused(sample: Block) -> None:
    cell, skeleton = next(iter(sample.skeletons.items()))
    fit = fit_skeleton(
        sample.voxels[cell] * TRUE, skeleton.vertices / TRUE * MESH, skeleton.labels == 0
    )
    with pytest.raises(InputError, match=r"x and y are multiplied by 1\.12"):
        refuse_contradiction("x", [fit], TRUE, MESH)


def test_few_mitochondria_no_mesh_none_at_all(block: Block) -> None:
    for cell, skeleton in block.skeletons.items():
        positions = block.voxels[cell] * TRUE
        somatic = skeleton.labels == 0
        for row in range(len(positions)):
            one = fit_skeleton(positions[row : row + 1], skeleton.vertices, somatic)
            assert (one.verdict, one.count) == (FITS, 1)
        nothing = fit_skeleton(positions[:0], skeleton.vertices, somatic)
        lost = fit_meshes(positions, np.full_like(positions, np.nan))
        assert (nothing.verdict, lost.verdict, nothing.count, lost.count) == (FITS, FITS, 0, 0)
    check_all_cells("x", [nothing, lost], TRUE, MESH)
    check_all_cells("x", [], TRUE, MESH)


def test_factors_near_0_bring_nothing_together() -> None:
    """Around the origin they would put everything at one node."""
    rng = np.random.default_rng(1)
    positions = rng.normal(0, 20_000, (200, 3))
    node = np.zeros((1, 3))
    assert fit_skeleton(positions, node, np.zeros(1, bool)).verdict == DOUBTFUL
    # A soma's mitochondria have one node.
    around = positions * 7_000 / np.linalg.norm(positions, axis=1)[:, None]
    assert fit_skeleton(around, node, np.ones(1, bool)).verdict == FITS
    assert fit_skeleton(around, node, np.zeros(1, bool)).verdict == DOUBTFUL


def test_centres_are_means_of_vertices(block: Block) -> None:
    for bundle in block.bundles.values():
        scale = source_scale(TRUE, MESH)
        for mesh, centre in zip(bundle, mesh_centres(bundle, scale), strict=True):
            if len(mesh.vertices):
                np.testing.assert_allclose(centre, mesh.vertices.astype(float).mean(0) * scale)
            else:
                assert np.isnan(centre).all()


def test_fits_come_back(tmp_path: Path, block: Block) -> None:
    fits = list(block.fits(voxel=(4.0, 4.0, 40.0)))[:4]
    write_fits(tmp_path / "fit.json", 648518346349538426, fits)
    assert read_fits(tmp_path / "fit.json") == (648518346349538426, fits)


@pytest.mark.workflow
def test_a_run_with_a_wrong_voxel_size_ends(em_block: Path, tmp_path: Path) -> None:
    config = em_block_config(tmp_path / "config.yaml", em_block)
    right = "    voxel_size_nm: [3.58, 3.58, 40.0]"
    assert right in config.read_text()
    config.write_text(config.read_text().replace(right, "    voxel_size_nm: [4, 4, 40]"))
    run = run_snakemake(tmp_path, "--cores", "2", "-k", "archives", "--configfile", str(config))
    assert run.code != 0
    (error, *_) = run.errors()
    assert "the positions fit when x and y are multiplied by 0.89" in error
    # Skeletons are in nm whatever the voxel size.
    packed = {path.name for path in tmp_path.glob("results/*/*.tar.gz")}
    assert packed <= {"morphologies.tar.gz"}
