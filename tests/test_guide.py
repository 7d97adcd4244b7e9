"""help_me: the commands that people need."""

from __future__ import annotations

import re

import pytest
from mitosyn.cells import read_cells
from mitosyn.guide import Call, guide
from workflow import ROOT, Run, run_snakemake


@pytest.mark.workflow
def test_help_stands_alone_and_names_files_of_the_dataset(small_run: Run) -> None:
    command = ("--configfile", "config.yaml", "--cores", "1", "help_me")
    run = run_snakemake(small_run.folder, *command)
    assert run.code == 0, run.text
    cells = read_cells(small_run.folder / "results/sample/tables/selected_cells.csv")
    neuron = next(cell for cell in cells.values() if cell.cell_type == "pyramidal")
    call = Call(
        words=["-s", str(ROOT / "Snakefile"), "--directory", str(small_run.folder)],
        configfiles=[str(small_run.folder / "config.yaml")],
        root=f"{ROOT}/",
    )
    text = guide("sample", ["sample", "microns_l23"], "results/sample", neuron, call)
    assert run.text.endswith(f"\n{text}")
    # What Snakemake says before it reads the rules: profile and config.
    assert len(run.text.splitlines()) == len(text.splitlines()) + 2
    paths = re.findall(r" (results/sample/\S+)", text)
    assert len(paths) == 2 and all((small_run.folder / path).is_file() for path in paths)
