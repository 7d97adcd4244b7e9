"""Record where the inputs came from, what made the outputs, and their checksums."""

import json
from pathlib import Path

from mitosyn.dataset import (
    checksum_lines,
    data_package,
    describe_input,
    describe_output,
    git_commit,
    package_versions,
)
from mitosyn.support import refuse_broken_seals, run, write_text


def main(snakemake) -> None:
    """Digest the inputs and the archives, write the data package and the checksums."""
    source, params = snakemake.input, snakemake.params
    refuse_broken_seals(source.published)
    inputs = [describe_input(title, path) for title, path in params.inputs.items()]
    if params.mesh_layer is not None:
        inputs.append({"title": "mitochondria_meshes", "path": params.mesh_layer})
    outputs = [describe_output(path) for path in source.published]
    root = Path(__file__).parent.parent
    workflow = {
        "config": params.config,
        "commit": git_commit(root),
        "packages": package_versions((root / "requirements.txt").read_text().splitlines()),
    }
    package = data_package(params.dataset, params.description, inputs, outputs, workflow)
    write_text(snakemake.output.checksums, checksum_lines(outputs))
    write_text(snakemake.output.provenance, json.dumps(package, indent=2) + "\n")


if __name__ == "__main__":
    run(main, snakemake)
