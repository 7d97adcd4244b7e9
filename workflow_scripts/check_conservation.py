"""Check that every mitochondrion and synapse end is there once, and the expected counts."""

import json
import logging
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mitosyn.cells import read_cells
from mitosyn.checks import (
    CELL_CSV,
    compare_expectations,
    compare_mitochondria,
    compare_synapses,
    count_outputs,
    mitochondria_by_cell,
    read_synapse_rows,
    summarise,
    synapse_ends,
)
from mitosyn.columns import NEURON_TYPES
from mitosyn.errors import InputError
from mitosyn.files import write_text
from mitosyn.fit import DOUBTFUL
from mitosyn.jobs import run
from mitosyn.tables import ID, read_csv_rows, read_table

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Count both sides and fail with the difference."""
    source, params = snakemake.input, snakemake.params
    folder = Path(snakemake.output.report).parent.as_posix()
    cells = read_cells(source.cells)
    tables = dict(zip(cells, (read_table(path, CELL_CSV) for path in source.csvs), strict=True))
    ids = {"mito_id": ID, "cellid": ID}
    expected_mitochondria = mitochondria_by_cell(
        cells.values(),
        read_table(source.mitochondria, ids),
        read_table(source.neuron_mitochondria, ids),
        read_table(source.pyramidal_mitochondria, ids),
    )
    found_mitochondria = {i: table["mito_id"].to_pylist() for i, table in tables.items()}
    neurons = [i for i, cell in cells.items() if cell.cell_type in NEURON_TYPES]
    synapses = read_synapse_rows(source.synapses)
    counts = count_outputs(
        cells.values(), tables, synapses, len(source.morphologies), len(source.nodes)
    )
    differences = [
        *compare_mitochondria(expected_mitochondria, found_mitochondria),
        *compare_synapses(synapse_ends(source.published_synapses, neurons), synapses),
        *compare_expectations(asdict(counts), params.expectations),
    ]
    if differences:
        raise InputError(
            folder,
            f"{len(differences)} counts differ: " + "; ".join(differences),
            "The files stay where they are; check the inputs and the dataset's expectations.",
        )
    incomplete = Counter(row["kind"] for row in read_csv_rows(source.incomplete))
    checks = read_csv_rows(source.positions)
    doubtful = {row["cell_id"] for row in checks if row["verdict"] == DOUBTFUL}
    summary = summarise(params.dataset, counts, incomplete, len(doubtful), folder)
    logging.info(summary)
    report = {"summary": summary, "incomplete": incomplete, **asdict(counts)}
    write_text(snakemake.output.report, json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    run(main, snakemake)
