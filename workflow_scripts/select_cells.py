"""Select the pyramidal cells, interneurons and astrocytes to analyse."""

import logging
from collections import Counter

from mitosyn.support import run
from mitosyn.tables import (
    CELL_TYPE_COLUMNS,
    ID,
    SOMA_COLUMNS,
    Sources,
    leave_out_without_skeleton,
    read_ids,
    read_somas,
    read_table,
    select_cells,
    write_cells,
    write_left_out,
)


def main(snakemake) -> None:
    """Read the tables, write who is in and who is left out."""
    source, voxel_size_nm = snakemake.input, snakemake.params.voxel_size_nm
    neurons = read_table(source.neuron_mitochondria, {"cellid": ID})
    somas = read_table(source.somas, SOMA_COLUMNS)
    selected, left_out = select_cells(
        Sources(
            cell_types=read_table(source.cell_types, CELL_TYPE_COLUMNS),
            cell_types_path=source.cell_types,
            somas=read_somas(source.somas, somas, voxel_size_nm),
            pyramidal_ids=read_ids(source.pyramidal_ids),
            neuron_ids=set(neurons["cellid"].unique().to_pylist()),
            voxel_size_nm=voxel_size_nm,
        )
    )
    selected, without = leave_out_without_skeleton(selected, snakemake.params.skeletons)
    left_out += without
    logging.info("selected: %s", dict(Counter(cell.cell_type for cell in selected)))
    for cell in left_out:
        logging.info("left out %s (%s): %s", cell.cell_id, cell.cell_subtype, cell.reason)
    write_left_out(snakemake.output.left_out, left_out)
    write_cells(snakemake.output.cells, selected)


if __name__ == "__main__":
    run(main, snakemake)
