"""Pack the mitochondrial meshes of the cell that the demonstration notebook shows in 3D."""

import logging
from pathlib import Path

import pyarrow.parquet as pq
from mitosyn.meshes import read_bundle, source_scale
from mitosyn.report import FOLDER, pack_meshes, rank_cells
from mitosyn.retrieval import pack
from mitosyn.support import run

CELL_COLUMNS = ["cell_id", "cell_type", "mitochondria", "skeleton_nodes"]
SYNAPSE_COLUMNS = ["synapse_type", "pre_root_id", "post_root_id"]


def main(snakemake) -> None:
    """Pack the meshes of the first suitable neuron that has any; without one, an empty folder."""
    source, archive, params = snakemake.input, snakemake.output.archive, snakemake.params
    ranked = rank_cells(
        pq.read_table(source.cells, columns=CELL_COLUMNS),
        pq.read_table(source.synapses, columns=SYNAPSE_COLUMNS) if source.synapses else None,
        params.connected,
    )
    paths = {int(Path(path).stem): path for path in source.meshes}
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
