"""Check that every mitochondrion and synapse end is there once, and what each file holds."""

import json
import logging
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from mitosyn.cells import DOUBTFUL
from mitosyn.dataset import (
    CELL_CSV,
    Written,
    compare_contents,
    compare_expectations,
    compare_mitochondria,
    compare_synapses,
    count_outputs,
    read_synapse_rows,
    refuse_differences,
    refuse_other_contents,
    summarise,
)
from mitosyn.sources import READS, Source, listed_ends, listed_mitochondria
from mitosyn.support import refuse_broken_seals, run, write_text
from mitosyn.tables import listed_cells, read_cells, read_csv_rows, read_table


def main(snakemake) -> None:
    """Count both sides, open what was made of the counted files, fail with the difference."""
    source, params = snakemake.input, snakemake.params
    cells = read_cells(source.cells)
    neurons = [i for i, cell in cells.items() if cell.skeleton]
    swc, nodes = source.morphologies, source.nodes
    per_cell = {"microns_cells": source.csvs, "cell_morphologies": swc, "associated_nodes": nodes}
    archives = zip(params.folders, source.archives, strict=True)
    written = Written(
        {folder: (archive, per_cell[folder]) for folder, archive in archives},
        {Path(path).stem: path for path in source.tables},
        {Path(path).stem: path for path in source.csv_tables},
        dict(zip(cells, source.csvs, strict=True)),
        dict(zip(neurons, swc, strict=True)),
        dict(zip(neurons if nodes else [], nodes, strict=True)),
    )
    together = (*source.archives, *source.tables, *source.csv_tables)
    refuse_broken_seals([*(path for paths in per_cell.values() for path in paths), *together])
    folder = Path(snakemake.output.report).parent.as_posix()
    csvs = {i: read_table(path, CELL_CSV) for i, path in written.csvs.items()}
    tables = Source(**params.source)
    listed = {name: source[name] for name in READS[tables.adapter]["mitochondria"]}
    rows, table = written.csv_tables.get("synapse_filtered"), source.published_synapses
    synapses = read_synapse_rows(rows) if rows else {}
    with_ends = listed_cells(cells.values(), params.skeletons)
    counts = count_outputs(cells.values(), csvs, synapses, len(swc), len(nodes))
    refuse_differences(
        folder,
        [
            *compare_mitochondria(
                listed_mitochondria(tables, listed, cells.values()),
                {i: table["mito_id"].to_pylist() for i, table in csvs.items()},
            ),
            *compare_synapses(listed_ends(tables, table, with_ends) if rows else {}, synapses),
            *compare_expectations(asdict(counts), params.expectations),
        ],
    )
    contents = compare_contents(written, csvs, counts.synapses, params.compartment_names)
    refuse_other_contents(folder, contents)
    incomplete = Counter(row["kind"] for row in read_csv_rows(source.incomplete))
    checks = read_csv_rows(source.positions)
    doubtful = {row["cell_id"] for row in checks if row["verdict"] == DOUBTFUL}
    archives = [Path(path).name for path in source.archives]
    summary = summarise(Path(folder).name, counts, incomplete, len(doubtful), folder, archives)
    logging.info(summary)
    report = {"summary": summary, "incomplete": incomplete, **asdict(counts)}
    write_text(snakemake.output.report, json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    run(main, snakemake)
