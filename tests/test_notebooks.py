"""The demonstration notebook: built, executed, the same every time, at home with odd datasets."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import demonstrate
import nbformat
import pandas as pd
import pytest
from mitosyn.archives import pack
from mitosyn.columns import CELL_CSV_COLUMNS, MORPHOMETRICS
from mitosyn.notebooks import (
    CellError,
    execute_notebook,
    notebook_from_percent,
    run_template,
    write_notebook,
)
from nbformat import NotebookNode

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

    def test_nothing_is_written_after_a_failure(self, tmp_path: Path) -> None:
        output = tmp_path / "without_results" / "smo.ipynb"
        output.parent.mkdir()
        job = SimpleNamespace(output=SimpleNamespace(notebook=str(output)))
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
    return pd.DataFrame(rows, columns=CELL_CSV_COLUMNS)


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


@pytest.fixture
def small(tmp_path: Path) -> Path:
    dataset = Dataset(tmp_path)
    dataset.add_mitochondria(INTERNEURON, "inhibitory", ["Somatic", "Axonal", "Basal"])
    dataset.add_neuron(INTERNEURON, "inhibitory", "basket", swc(1), {"405": [1, 2, 3], "406": []})
    dataset.add_mitochondria(PYRAMIDAL, "pyramidal", ["Somatic", "Apical", "Unknown dendritic"])
    dataset.add_neuron(PYRAMIDAL, "pyramidal", "pyramidal cell", swc(3), {"407": [5, 6, 7]})
    dataset.add_mitochondria(ASTROCYTE, "glia", ["Branch", "Somatic", "Far", "Somatic"])
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
        notebook = run_template(TEMPLATE, small)
        assert sorted(small.iterdir()) == files
        assert all(o.output_type != "error" for o in outputs(notebook))
        # Two neurons, the astrocyte, the pair, the distributions and the coverage.
        assert len(figures(notebook)) == 6
        assert all(figure.startswith(PNG) for figure in figures(notebook))
        assert f"basket interneuron {INTERNEURON} to the pyramidal cell {PYRAMIDAL}" in printed(
            notebook
        )
        assert "2 synapses." in printed(notebook)

    def test_same_bytes_from_folders_whatever_else_they_hold(self, small: Path) -> None:
        write_notebook(small / "a.ipynb", run_template(TEMPLATE, small))
        for folder in (small.parent / "unpacked").iterdir():
            shutil.copytree(folder, small / folder.name)
        (small / "microns_cells" / f"pyramidal_{LONELY}.csv").write_text("left by an older run\n")
        write_notebook(small / "b.ipynb", run_template(TEMPLATE, small))
        assert (small / "a.ipynb").read_bytes() == (small / "b.ipynb").read_bytes()
        assert str(small).encode() not in (small / "a.ipynb").read_bytes()

    def test_odd_dataset(self, odd: Path) -> None:
        notebook = run_template(TEMPLATE, odd)
        assert all(o.output_type != "error" for o in outputs(notebook))
        for message in ("No interneuron of this", "no pair", "no astrocyte", "No neuron of this"):
            assert message in printed(notebook)

    def test_dataset_of_astrocytes(self, tmp_path: Path) -> None:
        dataset = Dataset(tmp_path)
        dataset.add_mitochondria(ASTROCYTE, "glia", ["Branch"])
        notebook = run_template(TEMPLATE, dataset.finish([]))
        assert len(figures(notebook)) == 2
