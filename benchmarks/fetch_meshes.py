"""Fetching meshes over HTTP with 50 ms latency, against one request at a time.

    python benchmarks/fetch_meshes.py [--meshes 40] [--repeats 3]

A server on loopback answers each request after 50 ms. The reference makes one request at a
time. MeshParty's ``download_meshes`` stands beside it, for one mesh a call, as its versions of
the time of the published analysis went through a list, and as its version here does: CloudVolume
fetches 100 meshes together over ten kept connections. All fetch the same meshes of a generated
dataset. Prints a table and writes it to benchmarks/fetch_meshes.md with its machine.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "tests")]

from loopback import serve  # noqa: E402
from meshparty.trimesh_io import download_meshes  # noqa: E402
from mitosyn.meshes.bundle import Mesh  # noqa: E402
from mitosyn.retrieval.fetch import MeshLayer, Transfer  # noqa: E402
from sample import make_sample  # noqa: E402
from timing import machine, seconds  # noqa: E402

LATENCY_S = 0.05


def with_meshparty(path: str, lists: list[list[int]]) -> None:
    """Fetch lists of meshes with MeshParty, one call each, into a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        for mito_ids in lists:
            download_meshes(mito_ids, folder, path, n_threads=1, stitch_mesh_chunks=False)
        assert len(list(Path(folder).iterdir())) == sum(map(len, lists))


def concurrently(path: str, mito_ids: list[int], connections: int) -> None:
    """Fetch as the workflow does."""
    meshes = MeshLayer(path, Transfer(connections=connections)).fetch(mito_ids)
    assert all(isinstance(mesh, Mesh) for mesh in meshes.values())


def measure(count: int, repeats: int) -> str:
    """Measure both and give the table."""
    with tempfile.TemporaryDirectory() as folder, serve() as server:
        make_sample(Path(folder), (1, 1, 1))
        layer = Path(folder) / "mito_meshes"
        names = (file.name for file in (layer / "mesh").iterdir() if file.name.endswith(":0"))
        mito_ids = sorted(int(name.split(":")[0]) for name in names)[:count]
        server.folders["/layer"], server.latency_s = layer, LATENCY_S
        path = f"precomputed://{server.url}/layer"
        ways: dict[str, Callable[[], object]] = {
            "one request at a time": lambda: concurrently(path, mito_ids, 1),
            "MeshParty, one mesh a call": lambda: with_meshparty(path, [[i] for i in mito_ids]),
            "MeshParty, one call": lambda: with_meshparty(path, [mito_ids]),
        }
        for connections in (4, 16, 32, 64):
            name = f"{connections} connections"
            ways[name] = lambda n=connections: concurrently(path, mito_ids, n)
        times = {name: seconds(way, repeats) for name, way in ways.items()}
    reference = next(iter(times.values()))
    rows = ["| way | meshes/s | times the reference |", "| --- | --- | --- |"]
    rows += [
        f"| {name} | {len(mito_ids) / t:.1f} | {reference / t:.1f} |" for name, t in times.items()
    ]
    return "\n".join(rows)


def main() -> None:
    """Measure, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    table = measure(arguments.meshes, arguments.repeats)
    text = (
        "# Fetching meshes over HTTP, 50 ms per request\n\n"
        f"`python benchmarks/fetch_meshes.py --meshes {arguments.meshes} --repeats "
        f"{arguments.repeats}`: median of {arguments.repeats} runs on {machine()}.\n\n{table}\n"
    )
    print(text)
    (ROOT / "benchmarks" / "fetch_meshes.md").write_text(text)


if __name__ == "__main__":
    main()
