"""Measure the meshes of a cell's mitochondria."""

from typing import TYPE_CHECKING

from mitosyn.export import morphometrics_table
from mitosyn.jobs import run
from mitosyn.meshes import read_bundle, source_scale
from mitosyn.morphometrics import measure_bundle
from mitosyn.surfaces import describe_surfaces
from mitosyn.tables import write_arrow

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the cell's meshes, write a row for each mitochondrion."""
    scale = source_scale(snakemake.params.voxel_size_nm, snakemake.params.mesh_voxel_size_nm)
    bundle = read_bundle(snakemake.input.meshes)
    table = morphometrics_table(bundle, measure_bundle(bundle, scale), describe_surfaces(bundle))
    write_arrow(snakemake.output.morphometrics, table)


if __name__ == "__main__":
    run(main, snakemake)
