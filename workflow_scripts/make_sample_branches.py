"""Generate what the branch analysis reads of the embedded dataset, in the published formats."""

from pathlib import Path

from mitosyn.sample import make_branch_inputs
from mitosyn.support import run


def main(snakemake) -> None:
    """Write cell meshes and tables beside the other inputs."""
    make_branch_inputs(
        Path(snakemake.output.cell_meshes).parent,
        mitochondria=snakemake.input.mitochondria,
        sizes=snakemake.params.sizes,
        voxel_size_nm=snakemake.params.voxel_size_nm,
        mesh_voxel_size_nm=snakemake.params.mesh_voxel_size_nm,
        nucleus_voxel_size_nm=snakemake.params.nucleus_voxel_size_nm,
    )


if __name__ == "__main__":
    run(main, snakemake)
