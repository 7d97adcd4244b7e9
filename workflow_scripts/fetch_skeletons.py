"""Fetch the skeletons of a dataset's cells from their layer, each into a file of its own."""

import logging
import sys
from pathlib import Path

from mitosyn.meshes import is_web_layer
from mitosyn.retrieval import Transfer, fetch_skeletons, policy_from, refuse_offline
from mitosyn.sources import Source, select_cells
from mitosyn.support import link_files, run, whole_folder
from mitosyn.tables import subset_of


def main(snakemake) -> None:
    """Read which cells have skeletons, fetch those that are not there yet."""
    params, output = snakemake.params, snakemake.output
    selected, left_out = select_cells(
        Source(**params.source), snakemake.input, params.types, params.types_in_table, True
    )
    cells = subset_of(selected, left_out, params.only_cells, params.first_cells)
    names = {f"{cell.cell_id}.npz": cell.cell_id for cell in cells if cell.skeleton}
    connections = params.patience["connections_per_job"]
    transfer = Transfer(policy_from(params.patience), connections, sys.stderr.isatty())
    with whole_folder(output.folder) as folder:
        # What has come over the network stays, for other cells of the same layer too.
        kept = Path(params.kept) if is_web_layer(params.layer) else folder
        there = {path.name for path in kept.glob("*.npz")}
        if kept != folder and params.offline and names.keys() - there:
            raise refuse_offline(output.folder, params.layer)
        fetch_skeletons(params.layer, names.values(), transfer, kept)
        found = [path for path in sorted(kept.glob("*.npz")) if path.name in names]
        if kept != folder:
            link_files(found, folder)
    logging.info("%d of %d skeletons", len(found), len(names))


if __name__ == "__main__":
    run(main, snakemake)
