"""The page about public datasets: what it shows passes the check, and its sources are named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from mitosyn.config import locate_inputs, read_config
from snakemake.utils import update_config
from workflow import ROOT

PAGE = (ROOT / "docs" / "public-datasets.md").read_text()
SKETCHES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
HERE = "precomputed://file://"


def make(path: str) -> None:
    """Put something where a sketch has a file, a folder or a layer of one's own."""
    if path.startswith(HERE):
        layer = Path(path.removeprefix(HERE))
        (layer / "mesh").mkdir(parents=True)
        (layer / "info").write_text('{"type": "segmentation", "mesh": "mesh"}')
    elif "://" not in path and Path(path).suffix:
        Path(path).touch()
    elif "://" not in path:
        Path(path).mkdir()


@pytest.mark.parametrize("sketch", SKETCHES, ids=lambda sketch: sketch["dataset"])
def test_a_sketch_passes_the_check(sketch: dict[str, Any], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = sketch["dataset"]
    for source in sketch["datasets"][name].values():
        if isinstance(source, str):
            make(source)
        elif isinstance(source, dict):
            make(source["path"])
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    update_config(config, sketch)
    inputs = locate_inputs(read_config(config), f"resources/{name}")
    assert {"cells", "mitochondria", "synapses"} <= set(inputs.tables)


def test_each_dataset_has_a_sketch_and_says_that_it_was_not_run() -> None:
    assert [s["dataset"] for s in SKETCHES] == ["minnie65", "hemibrain", "flywire", "h01"]
    assert "**Not run here**" in PAGE


def test_each_source_has_an_address_and_is_used() -> None:
    addresses = re.findall(r"^\[([\w-]+)\]: https://\S+$", PAGE, re.MULTILINE)
    assert addresses == sorted(set(re.findall(r"\]\[([\w-]+)\]", PAGE)))
