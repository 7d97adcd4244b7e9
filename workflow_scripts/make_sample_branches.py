"""Generate what the branch analysis reads of the embedded dataset, in the published formats."""

from pathlib import Path
from typing import TYPE_CHECKING

from mitosyn.jobs import run
from mitosyn.synthetic.branch_inputs import make_branch_inputs

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
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
