"""The demonstration notebook: built, executed, the same every time, at home with odd datasets."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import shutil
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import demonstrate
import nbformat
import numpy as np
import pack_demonstration_meshes
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import trimesh
from mitosyn.catalogue.files import CELL_CSV, columns_of
from mitosyn.catalogue.names import COMPARTMENTS, PUBLISHED_LABELS
from mitosyn.catalogue.tables import MORPHOMETRICS
from mitosyn.meshes.bundle import Mesh, bundle_meshes, write_bundle
from mitosyn.report.demonstration_meshes import display_mesh, pack_meshes, rank_cells
from mitosyn.report.notebook import (
    EVERYTHING,
    CellError,
    execute_notebook,
    notebook_from_percent,
    run_template,
    write_notebook,
)
from mitosyn.retrieval.archives import pack
from mitosyn.tables.compartments import OWN_LABELS, names_by_label
from nbformat import NotebookNode
from workflow import Run

TEMPLATE = Path(demonstrate.__file__).with_name("demonstration.py")
# Beyond 2^53 and two apart: as floats they would be one and the same cell.
INTERNEURON, PYRAMIDAL, LONELY, ASTROCYTE = (648518346349537404 + 2 * k for k in range(4))
PNG = b"\x89PNG\r\n\x1a\n"


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]


def figures(notebook: NotebookNode) -> list[bytes]:
    images = (o.get("data", {}).get("image/png") for o in outputs(notebook))
    return [base64.b64decode(image) for image in images if image]


def printed(notebook: NotebookNode) -> str:
    return "".join(o.text for o in outputs(notebook) if o.output_type == "stream")


def rows(notebook: NotebookNode) -> list[list[str]]:
    """The rows of all tables, without their numbers."""
    tables = (o.get("data", {}).get("text/html", "") for o in outputs(notebook))
    found = (re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL) for table in tables)
    return [re.findall(r"<td>(.*?)</td>", row) for table in found for row in table]


PLOTLY = "application/vnd.plotly.v1+json"
PAGE = "smo_microns_demonstration_3d.html"


def views(notebook: NotebookNode) -> list[Any]:
    return [o.data for o in outputs(notebook) if PLOTLY in o.get("data", {})]


def shown_meshes(view: Any) -> dict[int, list[int]]:
    """The mitochondria with a mesh in a 3D view, and the triangles of each."""
    found: dict[int, list[int]] = {}
    for trace in view[PLOTLY]["data"]:
        if trace["type"] == "mesh3d":
            for face, corner in enumerate(trace["i"]):
                found.setdefault(trace["customdata"][corner], []).append(face)
    return found


class TestConverter:
    def test_cells_in_order(self) -> None:
        notebook = notebook_from_percent(
            '"""Not a cell."""\n\n# %% [markdown]\n# # Title\n#\n# Text.\n\n'
            "# %%\nx = 1\n\n\nprint(x)  # %% is no marker here\n\n# %%\n"
        )
        assert [(c.cell_type, c.source) for c in notebook.cells] == [
            ("markdown", "# Title\n\nText."),
            ("code", "x = 1\n\n\nprint(x)  # %% is no marker here"),
            ("code", ""),
        ]
        assert [c.id for c in notebook.cells] == ["cell-01", "cell-02", "cell-03"]
        nbformat.validate(notebook)

    def test_text_that_is_no_comment(self) -> None:
        with pytest.raises(ValueError, match=r"cell-01.*not a comment: 'text'"):
            notebook_from_percent("# %% [markdown]\ntext\n")

    def test_no_cell(self) -> None:
        with pytest.raises(ValueError, match="no cell"):
            notebook_from_percent("x = 1\n")

    def test_template_becomes_a_valid_notebook(self) -> None:
        nbformat.validate(notebook_from_percent(TEMPLATE.read_text(encoding="utf-8")))


class TestExecution:
    SOURCE = """# %%
import sys, warnings
from pathlib import Path
import matplotlib.pyplot as plt
print(Path("here.txt").read_text(), {"set", "of", "words"})
warnings.warn(f"from {__file__ if '__file__' in globals() else id(sys)}")
# %%
plt.plot([1, 2])
plt.show()
"""

    def test_same_bytes_twice(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "here.txt").write_text("found")
        for name, backend in (("a.ipynb", "agg"), ("b.ipynb", "pdf")):
            monkeypatch.setenv("MPLBACKEND", backend)
            notebook = notebook_from_percent(self.SOURCE)
            execute_notebook(notebook, tmp_path)
            write_notebook(tmp_path / name, notebook)
        assert (tmp_path / "a.ipynb").read_bytes() == (tmp_path / "b.ipynb").read_bytes()
        assert printed(notebook).startswith("found")
        assert "warn" not in printed(notebook).lower()
        (figure,) = figures(notebook)
        assert figure.startswith(PNG)

    def test_failing_cell_is_named(self, tmp_path: Path) -> None:
        notebook = notebook_from_percent(
            "# %% [markdown]\n# Text\n# %%\nx = {}\n# %%\n# Look it up.\nx['missing']\n# %%\n1\n"
        )
        with pytest.raises(CellError) as caught:
            execute_notebook(notebook, tmp_path)
        assert str(caught.value) == "cell-03 ('# Look it up.', …) failed: KeyError: 'missing'"

    def test_slow_cell_is_named(self, tmp_path: Path) -> None:
        notebook = notebook_from_percent("# %%\nimport time\ntime.sleep(60)\n")
        with pytest.raises(CellError, match=r"cell-01 .*took longer than 2 s"):
            execute_notebook(notebook, tmp_path, cell_seconds=2)

    def test_a_value_that_the_template_does_not_set_is_an_error(self, tmp_path: Path) -> None:
        template = tmp_path / "template.py"
        template.write_text("# %%\nSIZE = 1\nOTHER_SIZE = 2\nprint(SIZE, OTHER_SIZE)\n")
        notebook = run_template(template, tmp_path, {"SIZE": [3]})
        assert printed(notebook) == "[3] 2\n"
        with pytest.raises(ValueError, match=r"0 lines of .* set LENGTH, expected one"):
            run_template(template, tmp_path, {"LENGTH": 3})

    def test_nothing_is_written_after_a_failure(self, tmp_path: Path) -> None:
        output = tmp_path / "without_results" / "smo.ipynb"
        output.parent.mkdir()
        params = SimpleNamespace(
            pyramidal_labels=OWN_LABELS,
            there=EVERYTHING,
            compartment_names=COMPARTMENTS,
            types=["pyramidal"],
            towards_pia="-y",
        )
        job = SimpleNamespace(output=SimpleNamespace(notebook=str(output)), params=params)
        with pytest.raises(CellError, match=r"^cell-\d+ \('.*…\) failed: ValueError"):
            demonstrate.main(job)
        assert list(output.parent.iterdir()) == []


def cell_table(cell_id: int, cell_type: str, compartments: list[str]) -> pd.DataFrame:
    """A mitochondrion for each compartment; the second has no mesh."""
    rows = []
    for k, compartment in enumerate(compartments):
        row: dict[str, Any] = dict.fromkeys(MORPHOMETRICS, 0.5 if k != 1 else float("nan"))
        row |= {"mito_id": cell_id % 1000 + k, "cellid": cell_id, "compartment": compartment}
        row |= {"x": 200_000.0 + 4000 * k, "y": 210_000.0 + 3000 * k, "z": 40_000.0 + 500 * k}
        row |= {"length along skeleton": 400.0, "cell_type": cell_type, "cell_subtype": "of it"}
        row["mito size"] = 1e8 * (k + 1) if k != 1 else float("nan")
        rows.append(row)
    return pd.DataFrame(rows, columns=columns_of(CELL_CSV))


def swc(label: int, nodes: int = 8) -> str:
    """A neurite from the soma, and a second piece with a root of its own."""
    lines = [f"0 0 200000.000 210000.000 40000.000 1.000 {-1}"]
    for k in range(1, nodes):
        parent = -1 if k == 6 else k - 1
        x, y = 200_000 + 4000 * k, 210_000 + 3000 * k
        lines.append(f"{k} {label} {x}.000 {y}.000 {40_000 + 500 * k}.000 1.000 {parent}")
    return "\n".join(lines) + "\n"


class Dataset:
    """Published files made by hand, with the per-cell files in folders of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts = {
            "microns": folder / "unpacked" / "microns_cells",
            "morphologies": folder / "unpacked" / "cell_morphologies",
            "nodes": folder / "unpacked" / "associated_nodes",
        }
        for part in self.parts.values():
            part.mkdir(parents=True)
        self.neurons: list[tuple[int, str, str]] = []

    def add_mitochondria(self, cell_id: int, cell_type: str, compartments: list[str]) -> None:
        path = self.parts["microns"] / f"{cell_type}_{cell_id}.csv"
        cell_table(cell_id, cell_type, compartments).to_csv(path)

    def add_neuron(
        self, cell_id: int, cell_type: str, subtype: str, morphology: str, nodes: dict
    ) -> None:
        self.neurons.append((cell_id, cell_type, subtype))
        (self.parts["morphologies"] / f"{cell_id}.swc").write_text(morphology)
        path = self.parts["nodes"] / f"{cell_id}_any_suffix.json"
        path.write_text(json.dumps(nodes))

    def finish(self, synapses: list[tuple[int, int, str, int, int]]) -> Path:
        """Write the tables and pack the archives; only those are left."""
        published = self.folder / "published"
        published.mkdir()
        columns = ["id", "cell_id", "synapse_type", "pre_root_id", "post_root_id"]
        table = pd.DataFrame(synapses, columns=columns)
        for place, (axis, start) in enumerate((("x", 204e3), ("y", 213e3), ("z", 40.5e3)), 3):
            table.insert(place, axis, start + 100.0 * table["id"])
        table.to_csv(published / "synapse_filtered.csv")
        neurons = pd.DataFrame(self.neurons, columns=["cell_id", "cell_type", "cell_subtype"])
        for place, axis in enumerate("xyz", 1):
            neurons.insert(place, f"centroid_{axis}", 2e5)
        neurons.to_csv(published / "cell_type_classification_filtered.csv", index=False)
        for archive, part in self.parts.items():
            pack(published / f"{archive}.tar.gz", part.name, sorted(part.iterdir()))
        return published


def boxes(count: int) -> list[Mesh]:
    """Mitochondria along x, 1 µm apart, as two fragments with the vertices between repeated."""
    box = trimesh.creation.box(extents=(800, 300, 300))
    half = len(box.faces) // 2
    vertices = np.concatenate([box.vertices, box.vertices]).astype(np.float32)
    faces = np.concatenate([box.faces[:half], box.faces[half:] + len(box.vertices)])
    where = np.array([200_000, 210_000, 40_000], np.float32)
    return [
        Mesh(vertices + where + np.float32([1000 * k, 0, 0]), faces.astype(np.uint32))
        for k in range(count)
    ]


def add_meshes(folder: Path, cell_id: int, mito_ids: list[int], without: int) -> None:
    meshes = dict(zip(mito_ids, boxes(len(mito_ids)), strict=True))
    del meshes[without]
    bundle = bundle_meshes(np.array(mito_ids), meshes)
    pack_meshes(folder / "demonstration_meshes.tar.gz", cell_id, bundle, np.ones(3))


class TestDemonstrationMeshes:
    def cells(self, *rows: tuple[int, str, int, int | None]) -> pa.Table:
        names = pack_demonstration_meshes.CELL_COLUMNS
        return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))

    def synapses(self, *rows: tuple[str, int, int]) -> pa.Table:
        types = (pa.string(), pa.int64(), pa.int64())
        schema = pa.schema(zip(pack_demonstration_meshes.SYNAPSE_COLUMNS, types, strict=True))
        return pa.Table.from_pylist(
            [dict(zip(schema.names, row, strict=True)) for row in rows], schema
        )

    def test_the_strongest_connection_comes_first(self) -> None:
        other = LONELY + 2000
        cells = self.cells(
            (other, "inhibitory", 5, 20),
            (INTERNEURON, "inhibitory", 7, 20),
            (PYRAMIDAL, "pyramidal", 9, 20),
            (ASTROCYTE, "glia", 99, None),
        )
        onto = [("pre", INTERNEURON, PYRAMIDAL), ("pre", other, PYRAMIDAL)] * 2
        onto += [("post", other, PYRAMIDAL), ("pre", other, 7), ("pre", PYRAMIDAL, INTERNEURON)]
        assert rank_cells(cells, self.synapses(*onto)) == [INTERNEURON, PYRAMIDAL, other]
        onto.append(("pre", other, PYRAMIDAL))
        assert rank_cells(cells, self.synapses(*onto)) == [other, PYRAMIDAL, INTERNEURON]
        assert rank_cells(cells, self.synapses()) == [PYRAMIDAL, INTERNEURON, other]

    def test_repeated_vertices_are_merged_and_the_shape_is_kept(self) -> None:
        (mesh,) = boxes(1)
        scale = np.array([0.895, 0.895, 1])
        merged = display_mesh(mesh, scale)
        assert (len(mesh.vertices), len(merged.vertices)) == (16, 8)
        surface = trimesh.Trimesh(merged.vertices, merged.faces, process=False)
        assert surface.is_watertight
        assert surface.volume == pytest.approx(800 * 300 * 300 * 0.895**2, rel=1e-3)
        assert surface.bounds[0] == pytest.approx((mesh.vertices.min(axis=0)) * scale, rel=1e-6)

    def test_the_archive_reads_back_and_has_the_same_bytes(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            add_meshes(tmp_path / name, INTERNEURON, [404, 405, 406], without=405)
        packed = (tmp_path / "a" / "demonstration_meshes.tar.gz").read_bytes()
        assert packed == (tmp_path / "b" / "demonstration_meshes.tar.gz").read_bytes()
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as archive:
            names = [member.name for member in archive if member.isfile()]
            folder = f"demonstration_meshes/{INTERNEURON}"
            assert names == [f"{folder}/404.ply", f"{folder}/406.ply"]
            content = io.BytesIO(archive.extractfile(names[1]).read())
        mesh = trimesh.load_mesh(content, file_type="ply", process=False)
        assert (len(mesh.vertices), len(mesh.faces)) == (8, 12)
        assert mesh.centroid == pytest.approx([202_000, 210_000, 40_000])

    def test_a_cell_without_meshes_is_passed_over(self, tmp_path: Path) -> None:
        paths = [tmp_path / f"{cell_id}.npz" for cell_id in (INTERNEURON, PYRAMIDAL)]
        for path, meshes in zip(paths, ({}, {407: boxes(1)[0]}), strict=True):
            write_bundle(path, bundle_meshes(np.array([407]), meshes))
        cells, synapses = tmp_path / "cells.parquet", tmp_path / "synapses.parquet"
        neurons = ((INTERNEURON, "inhibitory", 1, 20), (PYRAMIDAL, "pyramidal", 1, 20))
        pq.write_table(self.cells(*neurons), cells)
        pq.write_table(self.synapses(("pre", INTERNEURON, PYRAMIDAL)), synapses)
        archive = tmp_path / "demonstration_meshes.tar.gz"
        size = (4.0, 4.0, 40.0)
        job = SimpleNamespace(
            input=SimpleNamespace(cells=cells, synapses=synapses, meshes=paths),
            output=SimpleNamespace(archive=archive),
            params=SimpleNamespace(
                voxel_size_nm=size, mesh_voxel_size_nm=size, connected=("inhibitory", "pyramidal")
            ),
        )
        pack_demonstration_meshes.main(job)
        with tarfile.open(archive) as packed:
            assert packed.getnames()[-1] == f"demonstration_meshes/{PYRAMIDAL}/407.ply"
        write_bundle(paths[1], bundle_meshes(np.array([407]), {}))
        pack_demonstration_meshes.main(job)
        with tarfile.open(archive) as packed:
            assert packed.getnames() == ["demonstration_meshes"]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    dataset = Dataset(tmp_path)
    dataset.add_mitochondria(INTERNEURON, "inhibitory", ["Somatic", "Axonal", "Basal"])
    dataset.add_neuron(INTERNEURON, "inhibitory", "basket", swc(1), {"405": [1, 2, 3], "406": []})
    dataset.add_mitochondria(PYRAMIDAL, "pyramidal", ["Somatic", "Apical", "Unknown dendritic"])
    dataset.add_neuron(PYRAMIDAL, "pyramidal", "pyramidal cell", swc(3), {"407": [5, 6, 7]})
    dataset.add_mitochondria(ASTROCYTE, "glia", ["Branch", *["Somatic"] * 4, "Far"])
    ends = (INTERNEURON, PYRAMIDAL)
    return dataset.finish(
        [
            (1, PYRAMIDAL, "post", *ends),
            (1, INTERNEURON, "pre", *ends),
            (2, INTERNEURON, "pre", *ends),
            (2, PYRAMIDAL, "post", *ends),
            (3, PYRAMIDAL, "post", 7, PYRAMIDAL),
            (4, PYRAMIDAL, "autapse", PYRAMIDAL, PYRAMIDAL),
        ]
    )


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """No synapse, no astrocyte, a cell of one node without mitochondria, none with a mesh."""
    dataset = Dataset(tmp_path)
    dataset.add_mitochondria(INTERNEURON, "inhibitory", [])
    dataset.add_neuron(INTERNEURON, "inhibitory", "unknown_type", swc(1, nodes=1), {})
    dataset.add_mitochondria(PYRAMIDAL, "pyramidal", ["Basal"])
    dataset.add_neuron(PYRAMIDAL, "pyramidal", "pyramidal cell", swc(0), {"407": []})
    (path,) = dataset.parts["microns"].glob(f"*{PYRAMIDAL}*")
    pd.read_csv(path, index_col=0).assign(**dict.fromkeys(MORPHOMETRICS)).to_csv(path)
    return dataset.finish([])


@pytest.mark.workflow
class TestDemonstration:
    def test_small_dataset_from_archives(self, small: Path) -> None:
        files = sorted(small.iterdir())
        names = names_by_label(PUBLISHED_LABELS)
        notebook = run_template(TEMPLATE, small, {"PYRAMIDAL_NAMES": names})
        assert sorted(small.iterdir()) == sorted([*files, small / PAGE])
        assert all(o.output_type != "error" for o in outputs(notebook))
        # A first neuron, two neurons, the astrocyte, the pair, the distributions, the covered
        # lengths of all neurons and of one, and the picture of the 3D view.
        assert len(figures(notebook)) == 9
        assert all(figure.startswith(PNG) for figure in figures(notebook))
        assert f"basket interneuron {INTERNEURON} to the pyramidal cell {PYRAMIDAL}" in printed(
            notebook
        )
        assert "2 synapses." in printed(notebook)
        assert "without demonstration_meshes.tar.gz" in printed(notebook)
        # Of six edges of 5.02 µm, two lie between nodes of the same mitochondrion.
        assert ["inhibitory", "Axonal", "1", "1", "30.1", "10.0", "33.3"] in [
            [*row[:4], *row[-3:]] for row in rows(notebook)
        ]
        # 0.5³ / (16 π² (1e8)²), a single mitochondrion.
        (somatic,) = [r for r in rows(notebook) if r[:2] == ["inhibitory", "Somatic"]]
        assert somatic[-1] == "7.92e-20 (7.92e-20 – 7.92e-20), n = 1"
        # The pyramidal cell's text is Unknown dendritic, which stands for label 5.
        (unknown,) = [r for r in rows(notebook) if r[:2] == ["pyramidal", "Unknown"]]
        assert unknown[2:4] == ["1", "1"]
        (view,) = views(notebook)
        assert shown_meshes(view) == {}
        names = [trace.get("name") for trace in view[PLOTLY]["data"]]
        assert {name for name in names if name and "no mesh" in name} == {
            "Somatic, no mesh",
            "Axonal, no mesh",
            "Basal, no mesh",
        }

    def test_same_bytes_from_unpacked_archives_elsewhere(self, small: Path, tmp_path: Path) -> None:
        mito_ids = [INTERNEURON % 1000 + k for k in range(3)]
        add_meshes(small, INTERNEURON, mito_ids, without=mito_ids[1])
        notebook = run_template(TEMPLATE, small)
        write_notebook(small / "a.ipynb", notebook)
        page = (small / PAGE).read_bytes()
        # On another machine: the tables, what the archives unpack to, and one archive.
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        for path in (*small.glob("*.csv"), small / "microns.tar.gz"):
            shutil.copy(path, elsewhere)
        for path in small.glob("*.tar.gz"):
            with tarfile.open(path) as archive:
                archive.extractall(elsewhere, filter="data")
        left = elsewhere / "microns_cells" / f"pyramidal_{LONELY}.csv"
        left.write_text("left by an older run\n")
        write_notebook(elsewhere / "b.ipynb", run_template(TEMPLATE, elsewhere))
        assert (small / "a.ipynb").read_bytes() == (elsewhere / "b.ipynb").read_bytes()
        assert str(small).encode() not in (small / "a.ipynb").read_bytes()
        assert (elsewhere / PAGE).read_bytes() == page

        (view,) = views(notebook)
        assert {k: len(faces) for k, faces in shown_meshes(view).items()} == {
            mito_ids[0]: 12,
            mito_ids[2]: 12,
        }
        colours = {t["name"]: t["color"] for t in view[PLOTLY]["data"] if t["type"] == "mesh3d"}
        assert colours == {"Somatic": "rgb(230, 159, 0)", "Basal": "rgb(0, 158, 115)"}
        assert "3 mitochondria, 2 with a mesh." in printed(notebook)
        # The picture for viewers that cannot show it comes just before.
        shown = [o.data for o in outputs(notebook) if o.output_type == "display_data"]
        assert "image/png" in shown[shown.index(view) - 1]

    def test_odd_dataset(self, odd: Path) -> None:
        notebook = run_template(TEMPLATE, odd)
        assert all(o.output_type != "error" for o in outputs(notebook))
        for message in ("No interneuron of this", "No neuron of this"):
            assert message in printed(notebook)

    def test_dataset_of_astrocytes(self, tmp_path: Path) -> None:
        dataset = Dataset(tmp_path)
        dataset.add_mitochondria(ASTROCYTE, "glia", ["Branch"])
        published = dataset.finish([])
        notebook = run_template(TEMPLATE, published)
        assert len(figures(notebook)) == 2
        assert "has no neuron" in (published / PAGE).read_text(encoding="utf-8")

    def test_the_sample_in_3d(self, sample_run: Run) -> None:
        results = sample_run.folder / "results" / "sample"
        with tarfile.open(results / "demonstration_meshes.tar.gz") as archive:
            paths = [Path(member.name) for member in archive if member.isfile()]
        (cell_id,) = {path.parent.name for path in paths}
        notebook = nbformat.read(results / "smo_microns_demonstration.ipynb", as_version=4)
        strongest = re.search(r"the strongest is from the\n.*interneuron (\d+)", printed(notebook))
        assert strongest is not None and strongest[1] == cell_id
        (view,) = views(notebook)
        assert set(shown_meshes(view)) == {int(path.stem) for path in paths}
        table = pd.read_csv(results / "microns_cells" / f"inhibitory_{cell_id}.csv")
        assert set(shown_meshes(view)) <= set(table["mito_id"])
        scene = view[PLOTLY]["layout"]["scene"]
        scales = [np.ptp(scene[f"{a}axis"]["range"]) / scene["aspectratio"][a] for a in "xyz"]
        assert scales == pytest.approx([scales[0]] * 3)
        page = (results / PAGE).read_text(encoding="utf-8")
        assert not re.search(r"<(script|link)[^>]*(src|href)=", page)
        assert 'id="neuron"' in page and len(page) > 4_000_000

    def test_the_sample_says_how_many_synapses_have_a_mitochondrion_near(
        self, sample_run: Run
    ) -> None:
        results = sample_run.folder / "results" / "sample"
        notebook = nbformat.read(results / "smo_microns_demonstration.ipynb", as_version=4)
        ends = pq.read_table(results / "synapses.parquet").to_pylist()
        paths: dict[str, list[float | None]] = {}
        for end in ends:
            if end["compartment"] == "Axonal":
                paths.setdefault(end["synapse_type"], []).append(end["nearest_mito_path"])
        shares = [
            100 * sum(path is not None and path <= 1000 for path in paths[kind]) / len(paths[kind])
            for kind in sorted(paths)
        ]
        assert min(shares) > 0
        assert any(row[-len(shares) :] == [f"{s:.1f}" for s in shares] for row in rows(notebook))
