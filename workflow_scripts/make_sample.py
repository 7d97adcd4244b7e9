"""Generate the embedded dataset in the published formats."""

from pathlib import Path
from typing import TYPE_CHECKING

from mitosyn.jobs import run
from mitosyn.synthetic.dataset import make_dataset

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Write every input beside the cell type table."""
    make_dataset(
        Path(snakemake.output.cell_types).parent,
        voxel_size_nm=snakemake.params.voxel_size_nm,
        mesh_voxel_size_nm=snakemake.params.mesh_voxel_size_nm,
        **snakemake.params.sizes,
    )


if __name__ == "__main__":
    run(main, snakemake)
