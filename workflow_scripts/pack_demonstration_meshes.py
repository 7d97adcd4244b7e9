"""Pack the mitochondrial meshes of the cell that the demonstration notebook shows in 3D."""

import logging
from pathlib import Path

from mitosyn.meshes import read_bundle, source_scale
from mitosyn.report import COUNTED_COLUMNS, FOLDER, SYNAPSE_COLUMNS, pack_meshes, rank_cells
from mitosyn.support import pack, run
from mitosyn.tables import read_table


def main(snakemake) -> None:
    """Pack the meshes of the first suitable neuron that has any; without one, an empty folder."""
    archive, params = snakemake.output.archive, snakemake.params
    ranked = rank_cells(
        read_table(snakemake.input.cells, COUNTED_COLUMNS),
        read_table(snakemake.input.synapses, SYNAPSE_COLUMNS),
    )
    paths = {int(Path(path).stem): path for path in snakemake.input.meshes}
    scale = source_scale(params.voxel_size_nm, params.mesh_voxel_size_nm)
    for cell_id in ranked:
        bundle = read_bundle(paths[cell_id])
        if bundle.has_mesh.any():
            packed = pack_meshes(archive, cell_id, bundle, scale)
            logging.info("cell %d: %d meshes", cell_id, packed)
            return
    pack(archive, FOLDER, [])
    logging.info("no neuron has a mesh")


if __name__ == "__main__":
    run(main, snakemake)
