"""Select the cells to analyse."""

import logging
from collections import Counter

from mitosyn.skeletons import skeleton_endings
from mitosyn.sources import Source, select_cells
from mitosyn.support import run
from mitosyn.tables import (
    leave_out_without_skeleton,
    subset_of,
    write_cells,
    write_left_out,
)


def main(snakemake) -> None:
    """Read the tables, write who is in and who is left out."""
    params, output = snakemake.params, snakemake.output
    selected, left_out = select_cells(
        Source(**params.source),
        snakemake.input,
        params.types,
        params.types_in_table,
        params.skeletons is not None,
    )
    subset = params.only_cells, params.first_cells
    if params.skeleton_layer:
        # Only those of the subset have been fetched.
        selected = subset_of(selected, left_out, *subset)
    if params.skeletons is not None:
        selected, without = leave_out_without_skeleton(
            selected,
            params.skeletons,
            skeleton_endings(params.skeleton_form),
            params.skeleton_layer,
        )
        left_out += without
    selected = subset_of(selected, left_out, *subset)
    logging.info("selected: %s", dict(Counter(cell.cell_type for cell in selected)))
    for cell in left_out:
        logging.info("left out %s (%s): %s", cell.cell_id, cell.cell_subtype, cell.reason)
    write_left_out(output.left_out, output.left_out_csv, left_out)
    write_cells(output.cells, selected)


if __name__ == "__main__":
    run(main, snakemake)
