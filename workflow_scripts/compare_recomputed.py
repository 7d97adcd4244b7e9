"""Compare recomputed compartments and lengths of pyramidal cells with the published ones."""

import logging

import pandas as pd
import pyarrow.parquet as pq
from mitosyn.catalogue import QUESTIONS, columns_of
from mitosyn.report import (
    add_links,
    confusion,
    describe_differences,
    largest_differences,
    pair_values,
    summarise_agreement,
)
from mitosyn.support import InputError, run, write_text
from mitosyn.tables import read_arrow, read_cells, write_csv


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
    unpublished = int(pairs["published_length_nm"].isna().sum())
    logging.info("%d mitochondria, %d without published values", len(pairs), unpublished)
    if unpublished == len(pairs):
        logging.warning("no published values: there is nothing to compare")
    write_csv(output.agreement, columns_of("recomputed_agreement.csv"), summarise_agreement(pairs))
    write_frame(output.labels, confusion(pairs))
    differences = largest_differences(pairs)
    mito_ids, cell_ids = (differences[n].unique().tolist() for n in ("mito_id", "cell_id"))
    differences = describe_differences(
        differences,
        pq.read_table(source.coverage, filters=[("mito_id", "in", mito_ids)]),
        pq.read_table(
            source.nodes,
            columns=["cell_id", "node_id", "compartment"],
            filters=[("cell_id", "in", cell_ids)],
        ),
        params.links["voxel_sizes_nm"][0],
    )
    differences = add_links(differences, read_cells(source.cells), **params.links)
    write_frame(output.differences, differences[columns_of("recomputed_differences.csv")])


def write_frame(path: str, table: pd.DataFrame) -> None:
    """Write a table, empty where values are missing; columns keep their types, ids are exact."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


if __name__ == "__main__":
    run(main, snakemake)
