"""Sum each neuron's branches by compartment; lengths of neurites and to their tips."""

import logging
from pathlib import Path

from mitosyn.branches import (
    Nuclei,
    Problem,
    neurite_lengths,
    nucleus_of,
    read_nuclei,
    soma_problems,
    sum_compartments,
    tip_rows,
    write_problems,
)
from mitosyn.catalogue import (
    BRANCH_COMPARTMENT_COLUMNS,
    BRANCH_COMPARTMENTS,
    NEURITE_LENGTH_COLUMNS,
    TIP_LENGTH_COLUMNS,
)
from mitosyn.dataset import tabulate, write_csv_table, write_table
from mitosyn.support import run
from mitosyn.tables import read_arrow, write_csv


def main(snakemake) -> None:
    """Read the branches, tips and nuclei of all neurons, write their sums."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    nuclei = read_nuclei(source.nuclei, source.nuclei_of_cells, params.nucleus_voxel_size_nm)
    compartments: list[dict] = []
    problems: list[Problem] = []
    for path in source.branches:
        cell_id = int(Path(path).stem)
        nucleus_um3, found = nucleus_of(cell_id, nuclei.get(cell_id, Nuclei()))
        compartments += sum_compartments(read_arrow(path), nucleus_um3)
        problems += found
    problems += soma_problems(compartments)
    for problem in problems:
        logging.warning("cell %d: %s: %s", *problem)
    table = tabulate(BRANCH_COMPARTMENTS, compartments)
    write_table(output.table, BRANCH_COMPARTMENTS, params.dataset, [table])
    write_csv_table(output.csv, BRANCH_COMPARTMENT_COLUMNS, [table])
    write_csv(output.neurites, list(NEURITE_LENGTH_COLUMNS), neurite_lengths(compartments))
    tips = [row for path in source.tips for row in tip_rows(int(Path(path).stem), read_arrow(path))]
    write_csv(output.tips, list(TIP_LENGTH_COLUMNS), tips)
    write_problems(output.problems, problems)


if __name__ == "__main__":
    run(main, snakemake)
