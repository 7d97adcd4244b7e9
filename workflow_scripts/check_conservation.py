"""Check that every mitochondrion and synapse end is there once, and what each file holds."""

import json
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from mitosyn.cells import DOUBTFUL
from mitosyn.dataset import (
    CELL_CSV,
    SHOWN,
    Counts,
    cell_parts,
    compare_archive,
    compare_cells,
    compare_expectations,
    compare_mitochondria,
    compare_nodes,
    compare_synapses,
    compare_table,
    count_outputs,
    mitochondria_by_cell,
    mitochondria_parts,
    read_synapse_rows,
    skeleton_parts,
    summarise,
    synapse_ends,
    synapse_parts,
)
from mitosyn.support import CHECKS, InputError, refuse_broken_seals, run, write_text
from mitosyn.tables import ID, read_cells, read_csv_rows, read_table


def main(snakemake) -> None:
    """Count both sides, open what was made of the counted files, fail with the difference."""
    source, params = snakemake.input, snakemake.params
    per_cell = (source.csvs, source.morphologies, source.nodes)
    made = (*source.archives, *source.tables, source.all_cells, source.neurons, source.synapses)
    refuse_broken_seals([*(path for paths in per_cell for path in paths), *made])
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
    neurons = [i for i, cell in cells.items() if cell.skeleton]
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
    differences = compare_contents(
        source, zip(params.folders, per_cell, strict=True), tables, counts
    )
    if differences:
        raise InputError(
            folder,
            f"{len(differences)} files are not what they were made from: "
            + "; ".join(differences[:SHOWN]),
            "Delete the file named first of each, and run again.",
            CHECKS,
        )
    incomplete = Counter(row["kind"] for row in read_csv_rows(source.incomplete))
    checks = read_csv_rows(source.positions)
    doubtful = {row["cell_id"] for row in checks if row["verdict"] == DOUBTFUL}
    summary = summarise(params.dataset, counts, incomplete, len(doubtful), folder)
    logging.info(summary)
    report = {"summary": summary, "incomplete": incomplete, **asdict(counts)}
    write_text(snakemake.output.report, json.dumps(report, indent=2) + "\n")


def compare_contents(
    source: Any, packed: Iterable[tuple], tables: dict[int, pa.Table], counts: Counts
) -> list[str]:
    """Tell how archives and tables of all cells differ from the files of the cells."""
    by_name = {Path(path).stem: path for path in source.tables}
    neurons = [i for i, cell in read_cells(source.cells).items() if cell.skeleton]
    node_counts = {
        cell_id: Path(path).read_bytes().count(b"\n")
        for cell_id, path in zip(neurons, source.morphologies, strict=True)
    }
    rows = read_csv_rows(source.all_cells)
    listed = {int(row["cell_id"]) for row in read_csv_rows(source.neurons)}
    return [
        *(
            difference
            for archive, (folder, files) in zip(source.archives, packed, strict=True)
            for difference in compare_archive(archive, folder, files)
        ),
        *compare_table(by_name["mitochondria"], mitochondria_parts(source.csvs)),
        *compare_table(by_name["synapses"], synapse_parts(source.synapses)),
        *compare_table(by_name["skeleton_nodes"], skeleton_parts(neurons, source.morphologies)),
        *compare_table(by_name["cells"], cell_parts(source.all_cells)),
        *compare_nodes(
            by_name["mitochondrion_nodes"],
            dict(zip(neurons, source.nodes, strict=True)),
            tables,
            node_counts,
        ),
        *compare_cells(rows, {i: len(table) for i, table in tables.items()}, counts.synapses),
        *([] if listed == {*neurons} else [f"{Path(source.neurons).name}: not the neurons"]),
    ]


if __name__ == "__main__":
    run(main, snakemake)
