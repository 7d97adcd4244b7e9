"""Draw where synapses are: on which neurons, how densely, how far from the soma."""

import pyarrow.parquet as pq
from mitosyn.report import (
    CELL_COLUMNS,
    NODE_COLUMNS,
    Neurites,
    add_cell_types,
    draw_densities,
    draw_numbers_by_kind,
    draw_soma_distances,
    locate_synapses,
    save_figures,
    synapse_densities,
)
from mitosyn.support import run

END_COLUMNS = ["cell_id", "synapse_type", "x", "y", "z"]


def main(snakemake) -> None:
    """Put each end of a synapse on the skeleton of its neuron, write the figures."""
    source = snakemake.input
    cells = pq.read_table(source.cells, columns=CELL_COLUMNS)
    neurites = Neurites.from_table(pq.read_table(source.nodes, columns=NODE_COLUMNS))
    located = locate_synapses(neurites, pq.read_table(source.synapses, columns=END_COLUMNS))
    distances = neurites.soma_distances_um()[located["row"]]
    figures = {
        "synapses_per_cell": draw_numbers_by_kind(cells.to_pandas()),
        "synapse_density": draw_densities(
            add_cell_types(synapse_densities(neurites, located), cells)
        ),
        "synapse_soma_distance": draw_soma_distances(
            add_cell_types(located.assign(distance_um=distances), cells)
        ),
    }
    save_figures(figures, snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
