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
    with_places,
)


def main(snakemake) -> None:
    """Make the views of each cell from its mitochondria and synapses."""
    source, target, params = snakemake.input, snakemake.output, snakemake.params
    if params.layers is None:
        raise InputError(
            "config",
            "the dataset names no public layers to link to",
            "Add neuroglancer: {cells: …, mitochondria: …} to its description.",
        )
    sizes = params.voxel_size_nm, params.mesh_voxel_size_nm
    public = params.layers
    layers = Layers(public["mitochondria"], *sizes, public["cells"], public["image"])
    mitochondria = read_mitochondria(source.mitochondria).set_index("mito_id")
    compartments = dict(iter(mitochondria.groupby("cell_id")["compartment"]))
    ends = read_synapses(source.synapses) if source.synapses else NO_SYNAPSES
    synapses = dict(iter(ends.groupby("cell_id")))
    rows = []
    with whole_folder(target.states) as folder:
        for cell in with_places(read_cells(source.cells).values(), mitochondria):
            views = cell_views(
                cell,
                dict(compartments.get(cell.cell_id, {})),
                synapses.get(cell.cell_id, NO_SYNAPSES),
                layers,
                public["viewer"],
                params.compartment_names,
            )
            write_text(folder / f"{cell.cell_id}.json", views.state)
            rows.append([cell.cell_id, cell.cell_type, views.shown, views.url])
    write_csv(target.links, list(LINK_COLUMNS), rows)
    logging.info("links by what they show: %s", dict(Counter(row[2] for row in rows)))


if __name__ == "__main__":
    run(main, snakemake)
