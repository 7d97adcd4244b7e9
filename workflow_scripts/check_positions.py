"""Check that there are meshes, and that positions of most cells fit them and the skeletons."""

import logging

from mitosyn.catalogue import columns_of
from mitosyn.cells import DOUBTFUL, check_all_cells, fit_row, read_fits, refuse_without_meshes
from mitosyn.support import run
from mitosyn.tables import write_csv


def main(snakemake) -> None:
    """Read how each cell fits, write a row for each comparison, or refuse them all."""
    params = snakemake.params
    cells = [read_fits(path) for path in snakemake.input.fits]
    fits = [fit for _, fits in cells for fit in fits]
    if params.mesh_layer is not None:
        refuse_without_meshes(params.mesh_layer, fits)
    check_all_cells(snakemake.output.checks, fits, params.voxel_size_nm, params.mesh_voxel_size_nm)
    logging.info("%d doubtful", sum(fit.verdict == DOUBTFUL for fit in fits))
    rows = [fit_row(cell_id, fit) for cell_id, fits in cells for fit in fits]
    write_csv(snakemake.output.checks, columns_of("tables/position_checks.csv"), rows)


if __name__ == "__main__":
    run(main, snakemake)
