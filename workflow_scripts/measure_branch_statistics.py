"""Measure the statistics of compartments and branches, beside the published ones."""

import pyarrow.parquet as pq
from mitosyn.catalogue import QUESTIONS, SEGMENT_COLUMNS
from mitosyn.report import bin_gradients, branch_statistics, measure_mitochondria, name_branches
from mitosyn.sources import STUDIED_TYPE
from mitosyn.support import run, write_text

# U of the published data has nine digits.
DIGITS = ".10g"


def write_number(value: float) -> str:
    """Return a real number as Python writes it, rounded."""
    return repr(float(f"{value:{DIGITS}}"))


def main(snakemake) -> None:
    """Read the tables, write the statistics and what the gradients are made of."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    cells = pq.read_table(source.cells, columns=["cell_id", "cell_type"])
    table = pq.read_table(source.branches, columns=list(SEGMENT_COLUMNS))
    branches = name_branches(table, cells, params.compartment_names)
    columns = list(QUESTIONS["compartments"].tables["mitochondria"])
    table = pq.read_table(source.mitochondria, columns=columns).to_pandas()
    mitochondria = measure_mitochondria(table, STUDIED_TYPE, params.voxel_size_nm)
    studied = branches[branches["cell_type"] == STUDIED_TYPE]
    tables = {output.gradients: bin_gradients(branches, params.compartment_names)}
    if output.statistics:
        statistics = branch_statistics(mitochondria, studied, params.published_here)
        tables[output.statistics] = statistics
    for path, rows in tables.items():
        text = rows.to_csv(index=False, float_format=write_number, lineterminator="\n")
        write_text(path, text)


if __name__ == "__main__":
    run(main, snakemake)
