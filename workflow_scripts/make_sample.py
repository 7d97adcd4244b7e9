"""Generate the embedded dataset in the published formats."""

from pathlib import Path

from mitosyn.sample import make_dataset
from mitosyn.support import run


def main(snakemake) -> None:
    """Write every input beside the cell type table."""
    make_dataset(
        Path(snakemake.output.cell_types).parent,
        voxel_size_nm=snakemake.params.voxel_size_nm,
        mesh_voxel_size_nm=snakemake.params.mesh_voxel_size_nm,
        **snakemake.params.sizes,
    )


if __name__ == "__main__":
    run(main, snakemake)
