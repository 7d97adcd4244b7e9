"""Sum each neuron's branches by compartment; lengths of neurites and to their tips."""

import logging
from pathlib import Path

from mitosyn.branches import (
    Problem,
    nucleus_of,
    soma_problems,
    sum_compartments,
    tip_rows,
    write_problems,
)
from mitosyn.catalogue import columns_of
from mitosyn.dataset import tabulate, write_csv_table, write_table
from mitosyn.sources import Nuclei, read_nuclei
from mitosyn.support import run
from mitosyn.tables import read_arrow, write_csv


def main(snakemake) -> None:
    """Read the branches, tips and nuclei of all neurons, write their sums."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    nuclei = read_nuclei(source.nuclei, source.nuclei_of_cells, params.nucleus_voxel_size_nm)
    names, compartments = params.compartment_names, []
    problems: list[Problem] = []
    for path in source.branches:
        cell_id = int(Path(path).stem)
        nucleus_um3, found = nucleus_of(cell_id, nuclei.get(cell_id, Nuclei()))
        compartments += sum_compartments(read_arrow(path), nucleus_um3, names)
        problems += found
    problems += soma_problems(compartments)
    for problem in problems:
        logging.warning("cell %d: %s: %s", *problem)
    table = tabulate("branch_compartments.parquet", compartments)
    write_table(output.table, "branch_compartments.parquet", params.dataset, [table])
    write_csv_table(output.csv, columns_of("branch_compartments.csv"), [table])
    lengths = [[row["cell_id"], row["compartment"], row["pathlength"]] for row in compartments]
    write_csv(output.neurites, columns_of("neurite_lengths.csv"), lengths)
    tips = [
        row
        for path in source.tips
        for row in tip_rows(int(Path(path).stem), read_arrow(path), names)
    ]
    write_csv(output.tips, columns_of("tip_lengths.csv"), tips)
    write_problems(output.problems, problems)


if __name__ == "__main__":
    run(main, snakemake)
