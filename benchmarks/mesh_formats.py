"""Reading meshes of each format from the disk, and what a level of detail costs.

    python benchmarks/mesh_formats.py [--data ../shared/data/em_modern] [--repeats 5]

The same mitochondria of a block of real EM as legacy meshes, as multi-resolution Draco meshes in
files and in shards, and as a segmentation that is meshed first. Each is read as the workflow does,
in one process whose libraries are loaded. Volumes (of the tetrahedra about the centre of the
surface) and areas are compared with those of the mesh of the whole segmentation. Prints a table
and writes it to benchmarks/mesh_formats.md with its machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "tests")]

from mitosyn.meshes.bundle import Mesh, bundle_meshes  # noqa: E402
from mitosyn.meshes.morphometrics import measure_bundle  # noqa: E402
from mitosyn.meshes.segmentation import mesh_segmentation  # noqa: E402
from mitosyn.meshes.surfaces import describe_surfaces  # noqa: E402
from mitosyn.retrieval.fetch import MeshLayer, Transfer  # noqa: E402
from timing import machine, seconds  # noqa: E402

LAYERS = {
    "legacy": ("mitochondria_legacy", 1),
    "Draco, a file each": ("mitochondria_multilod_unsharded", 3),
    "Draco, in shards": ("mitochondria_multilod", 3),
}
COLUMNS = ("meshes", "ms/mesh", "triangles", "closed", "volume off", "at most", "area off")


def off(values: np.ndarray, truths: np.ndarray) -> np.ndarray:
    """Return how far values are from the truth, as a share."""
    return np.abs(values / truths - 1)


def row(folder: Path, lod: int, truth: dict[int, dict], repeats: int) -> list[str]:
    """Read a layer at a level of detail; give the cells of its row."""

    def read() -> dict[int, object]:
        layer = MeshLayer(f"precomputed://file://{folder}", Transfer(), lod=lod)
        return layer.fetch(ids)

    ids = list(truth)
    ids = [mito_id for mito_id, mesh in read().items() if isinstance(mesh, Mesh)]
    took = seconds(read, repeats)
    bundle = bundle_meshes(np.array(ids), read())
    measures = measure_bundle(bundle, np.ones(3))
    expected = {k: np.array([truth[i][k] for i in ids]) for k in next(iter(truth.values()))}
    volumes = off(measures["mito size"], expected["volume_nm3"])
    areas = off(measures["mito SA"], expected["surface_area_nm2"])
    return [
        str(len(ids)),
        f"{1000 * took / len(ids):.2f}",
        f"{np.median(np.diff(bundle.face_offsets)):.0f}",
        f"{describe_surfaces(bundle).closed.mean():.0%}",
        *(f"{share:.2%}" for share in (np.median(volumes), volumes.max(), np.median(areas))),
    ]


def measure(data: Path, repeats: int) -> str:
    """Measure all layers and give the table."""
    mitochondria = json.loads((data / "expected.json").read_text())["mitochondria"]
    keys = ("volume_nm3", "surface_area_nm2")
    truth = {int(i): {k: m["full_mesh"][k] for k in keys} for i, m in mitochondria.items()}
    rows = [f"| format | level | {' | '.join(COLUMNS)} |", f"|{' --- |' * (2 + len(COLUMNS))}"]
    for name, (folder, levels) in LAYERS.items():
        for lod in range(levels):
            cells = row(data / folder, lod, truth, repeats)
            rows.append(f"| {name} | {lod} | {' | '.join(cells)} |")
    with tempfile.TemporaryDirectory() as made:
        path, layer = f"precomputed://file://{data / 'mitochondria_seg'}", Path(made) / "layer"
        took = seconds(lambda: mesh_segmentation(path, truth, layer), repeats)
        cells = row(layer, 0, truth, repeats)
    rows.append(f"| segmentation, once meshed | 0 | {' | '.join(cells)} |")
    return (
        "\n".join(rows) + f"\n\nMeshing the segmentation, 512 voxels along each edge: {took:.1f} s."
    )


def main() -> None:
    """Measure, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/em_modern")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    table = measure(arguments.data.resolve(), arguments.repeats)
    text = (
        "# Reading meshes of each format\n\n"
        f"`python benchmarks/mesh_formats.py --repeats {arguments.repeats}`: median of "
        f"{arguments.repeats} runs on {machine()}. `volume off` and `area off`: how far the median "
        f"mesh is from that of the whole segmentation.\n\n{table}\n"
    )
    print(text)
    (ROOT / "benchmarks" / "mesh_formats.md").write_text(text)


if __name__ == "__main__":
    main()
