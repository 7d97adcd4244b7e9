"""Measure the meshes of a cell's mitochondria."""

from mitosyn.meshes import (
    describe_surfaces,
    measure_bundle,
    morphometrics_table,
    read_bundle,
    source_scale,
)
from mitosyn.support import run
from mitosyn.tables import write_arrow


def main(snakemake) -> None:
    """Read the cell's meshes, write a row for each mitochondrion."""
    scale = source_scale(snakemake.params.voxel_size_nm, snakemake.params.mesh_voxel_size_nm)
    bundle = read_bundle(snakemake.input.meshes)
    table = morphometrics_table(bundle, measure_bundle(bundle, scale), describe_surfaces(bundle))
    write_arrow(snakemake.output.morphometrics, table)


if __name__ == "__main__":
    run(main, snakemake)
