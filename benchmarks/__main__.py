"""All benchmarks, each of which writes its table beside it: python benchmarks."""

import branches
import fetch_meshes
import full_run
import growth
import measures
import mesh_formats
import overhead
import positions
import preflight


def main() -> None:
    """Run them one after the other; takes about an hour and 8 GB of disk."""
    reading = (fetch_meshes, mesh_formats)
    for benchmark in (
        preflight,
        measures,
        branches,
        positions,
        *reading,
        full_run,
        overhead,
        growth,
    ):
        benchmark.main()


if __name__ == "__main__":
    main()
