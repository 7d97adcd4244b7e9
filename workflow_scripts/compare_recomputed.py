"""Compare recomputed compartments and lengths of pyramidal cells with the published ones."""

import logging
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from mitosyn.catalogue import QUESTIONS, columns_of
from mitosyn.meshes import local_layer
from mitosyn.report import (
    add_vertex_shares,
    confusion,
    explain,
    largest_differences,
    pair_values,
    summarise_agreement,
)
from mitosyn.support import InputError, run
from mitosyn.tables import Cell, read_arrow, read_cells, write_csv
from mitosyn.views import SERVED_MESHES, Layers, mitochondrion_link

Link = Callable[[Cell, tuple[int, str], list[float]], str]
SHARES = ("vertices_at_published", "vertices_at_recomputed")
LENGTHS = ("published_length_nm", "recomputed_length_nm", "difference_nm")


def main(snakemake) -> None:
    """Pair the values of each mitochondrion, write the three tables."""
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    if not params.recompute_pyramidal:
        raise InputError(
            "config",
            "pyramidal cells keep their published values: there is nothing to compare",
            "Set recompute_pyramidal: true.",
        )
    columns = list(QUESTIONS["recomputed"].tables["mitochondria"])
    pairs = pair_values(
        pq.read_table(source.mitochondria, columns=columns), read_arrow(source.published)
    )
    differences = describe_differences(snakemake, largest_differences(pairs))
    unpublished = int(pairs["published_length_nm"].isna().sum())
    logging.info("%d mitochondria, %d without published values", len(pairs), unpublished)
    if unpublished == len(pairs):
        logging.warning("no published values: there is nothing to compare")
    write_csv(output.agreement, columns_of("recomputed_agreement.csv"), summarise_agreement(pairs))
    write_frame(output.labels, confusion(pairs))
    write_frame(output.differences, differences[columns_of("recomputed_differences.csv")])


def write_frame(path: str, table: pd.DataFrame) -> None:
    """Write a table, empty where values are missing; columns keep their types, ids are exact."""
    columns = [table[name].tolist() for name in table]
    rows = [
        ["" if pd.isna(value) else value for value in row] for row in zip(*columns, strict=True)
    ]
    write_csv(path, list(table), rows)


def describe_differences(snakemake, differences: pd.DataFrame) -> pd.DataFrame:
    """Add to the mitochondria that differ why, where they are, and how to see them."""
    source, size = snakemake.input, snakemake.params.voxel_size_nm
    coverage = pq.read_table(
        source.coverage, filters=[("mito_id", "in", differences["mito_id"].tolist())]
    )
    nodes = pq.read_table(
        source.nodes,
        columns=["cell_id", "node_id", "compartment"],
        filters=[("cell_id", "in", differences["cell_id"].unique().tolist())],
    )
    found = add_vertex_shares(differences, coverage.to_pandas(), nodes.to_pandas())
    found["note"] = explain(found)
    positions = found[list("xyz")].to_numpy()
    for axis, voxels in zip("xyz", np.round(positions / size, 3).T, strict=True):
        found[f"{axis}_vx"] = voxels
    cells, link = read_cells(source.cells), linking(snakemake)
    found["link"] = [
        link(cells[cell_id], (mito_id, compartment), position)
        for cell_id, mito_id, compartment, position in zip(
            found["cell_id"],
            found["mito_id"],
            found["recomputed_compartment"],
            positions.tolist(),
            strict=True,
        )
    ]
    return found.round(dict.fromkeys((*SHARES, *LENGTHS), 6))


def linking(snakemake) -> Link:
    """Return how to link to a mitochondrion: in public layers, in those served locally, or not."""
    params = snakemake.params
    sizes = params.voxel_size_nm, params.mesh_voxel_size_nm
    if params.layers is not None:
        public = params.layers
        layers = Layers(public["mitochondria"], *sizes, public["cells"], public["image"])
    elif params.served:
        local = local_layer(params.mesh_layer) is not None
        layers = Layers(SERVED_MESHES if local else params.mesh_layer, *sizes)
    else:
        return lambda *seen: ""
    return lambda *seen: mitochondrion_link(*seen, layers, params.viewer)


if __name__ == "__main__":
    run(main, snakemake)
