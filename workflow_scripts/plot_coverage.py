"""Draw how much of the neurites mitochondria cover, and how many there are."""

import pyarrow.parquet as pq
from mitosyn.report import (
    NODE_COLUMNS,
    Neurites,
    add_cell_types,
    add_mitochondria,
    covered_edges,
    draw_covered_shares,
    draw_numbers_per_length,
    neurite_lengths,
    save_figures,
)
from mitosyn.support import run
from mitosyn.tables import name_by_label


def main(snakemake) -> None:
    """Sum the lengths of each neuron by compartment, write the figures."""
    source = snakemake.input
    neurites = Neurites.from_table(pq.read_table(source.nodes, columns=NODE_COLUMNS))
    coverage = pq.read_table(source.coverage, columns=["cell_id", "mito_id", "node_id"])
    lengths = neurite_lengths(neurites, covered_edges(neurites, coverage))
    table = pq.read_table(source.mitochondria, columns=["cell_id", "compartment", "label"])
    cells = pq.read_table(source.cells, columns=["cell_id", "cell_type"])
    lengths = add_cell_types(add_mitochondria(lengths, name_by_label(table.to_pandas())), cells)
    figures = {
        "covered_share": draw_covered_shares(lengths),
        "mitochondria_per_length": draw_numbers_per_length(lengths),
    }
    save_figures(figures, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
