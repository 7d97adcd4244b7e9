"""How the work of a per-cell job divides into input, computing and output."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import yaml
from mitosyn.tables.cells import Cell, read_cells
from snakemake.iocontainers import InputFiles

READERS = ("read_bundle", "read_arrow", "read_skeleton", "read_cells", "mitochondria_of_cell")
WRITERS = ("write_arrow", "write_swc", "write_cell_csv", "write_associated_nodes")
SAMPLED_CELLS = 12


@dataclass
class Shares:
    """CPU seconds of a rule's sampled jobs."""

    input_s: float = 0.0
    output_s: float = 0.0
    whole_s: float = 0.0

    def parts(self) -> list[float]:
        """Give the shares of input, computing and output."""
        shares = self.input_s / self.whole_s, self.output_s / self.whole_s
        return [shares[0], 1 - sum(shares), shares[1]]


def shares_of_work(run: Path, config: Path) -> dict[str, Shares]:
    """Run some jobs of the finished per-cell rules again, in this process, under a clock.

    Parameters
    ----------
    run : Path
        The working directory of a finished run of the dataset ``generated``.
    config : Path
    """
    description = yaml.safe_load(config.read_text())["datasets"]["generated"]
    cells = list(read_cells(run / "results/generated/tables/cells.arrow").values())
    neurons = [cell for cell in cells if cell.skeleton][:SAMPLED_CELLS]
    rules = ["measure_morphometrics", "associate_skeleton", "export_swc", "write_cell_csv"]
    found = {}
    for rule in rules:
        found[rule] = Shares()
        module = importlib.import_module(rule)
        _clock(module, found[rule])
        for cell in neurons:
            start = time.process_time()
            module.main(_job(run, description, cell))
            found[rule].whole_s += time.process_time() - start
    return found


def _clock(module: ModuleType, shares: Shares) -> None:
    """Let a script's readers and writers add their time to the shares."""
    for names, part in ((READERS, "input_s"), (WRITERS, "output_s")):
        for name in names:
            if hasattr(module, name):
                setattr(module, name, _clocked(getattr(module, name), shares, part))


def _clocked(call: Callable, shares: Shares, part: str) -> Callable:
    def clocked(*arguments: Any) -> Any:
        start = time.process_time()
        result = call(*arguments)
        setattr(shares, part, getattr(shares, part) + time.process_time() - start)
        return result

    return clocked


def _job(run: Path, description: dict, cell: Cell) -> SimpleNamespace:
    """Give what Snakemake gives to the script of a per-cell rule, writing to another folder."""
    results, i = run / "results/generated", cell.cell_id
    again = run / "again"
    again.mkdir(exist_ok=True)
    skeleton = Path(description["skeletons"]) / f"{i}_skeleton"
    per_cell = results / "per_cell"
    return SimpleNamespace(
        wildcards=SimpleNamespace(cell_id=str(i), cell_type=cell.cell_type),
        input=InputFiles(
            fromdict={
                "cells": results / "tables/cells.arrow",
                "mitochondria": results / "tables/mitochondria.arrow",
                "meshes": per_cell / f"meshes/{i}.npz",
                "morphometrics": per_cell / f"morphometrics/{i}.arrow",
                "compartments": per_cell / f"compartments/{i}.arrow",
            }
        ),
        output=SimpleNamespace(
            morphometrics=again / "morphometrics.arrow",
            coverage=again / "nodes.arrow",
            compartments=again / "compartments.arrow",
            nodes=again / "nodes.json",
            swc=again / "cell.swc",
            csv=again / "cell.csv",
        ),
        params=SimpleNamespace(
            voxel_size_nm=description["voxel_size_nm"],
            mesh_voxel_size_nm=description["mesh_voxel_size_nm"],
            recompute_pyramidal=False,
            skeleton=skeleton.with_suffix(".h5"),
            labels=f"{skeleton}_label.npy",
        ),
    )
