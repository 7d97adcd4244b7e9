"""Write a state of Neuroglancer and a link for each cell in the dataset's public layers."""

import logging
from collections import Counter

from mitosyn.support import InputError, run, whole_folder, write_text
from mitosyn.tables import read_cells, write_csv
from mitosyn.views import (
    LINK_COLUMNS,
    NO_SYNAPSES,
    Layers,
    cell_views,
    read_mitochondria,
    read_synapses,
)


def main(snakemake) -> None:
    """Make the views of each cell from its CSV and its synapses."""
    source, target, params = snakemake.input, snakemake.output, snakemake.params
    if params.layers is None:
        raise InputError(
            "config",
            "the dataset names no public layers to link to",
            "Add neuroglancer: {cells: …, mitochondria: …} to its description.",
        )
    layers = Layers(
        cells=params.layers["cells"],
        mitochondria=params.layers["mitochondria"],
        image=params.layers["image"],
        voxel_size_nm=params.voxel_size_nm,
        layer_voxel_size_nm=params.mesh_voxel_size_nm,
    )
    cells, synapses = read_cells(source.cells), read_synapses(source.synapses)
    rows = []
    with whole_folder(target.states) as folder:
        for cell, path in zip(cells.values(), source.csvs, strict=True):
            views = cell_views(
                cell,
                read_mitochondria([path], params.pyramidal_labels)[0],
                synapses.get(cell.cell_id, NO_SYNAPSES),
                layers,
                params.layers["viewer"],
            )
            write_text(folder / f"{cell.cell_id}.json", views.state)
            rows.append([cell.cell_id, cell.cell_type, views.shown, views.url])
    write_csv(target.links, list(LINK_COLUMNS), rows)
    logging.info("links by what they show: %s", dict(Counter(row[2] for row in rows)))


if __name__ == "__main__":
    run(main, snakemake)
