"""Write a neuron's skeleton as SWC."""

from typing import TYPE_CHECKING

from mitosyn.assigned_meshes import read_assigned
from mitosyn.jobs import run
from mitosyn.skeletons import read_skeleton, write_swc

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the skeleton and its labels, perhaps its radii, write the SWC file."""
    skeleton = read_skeleton(snakemake.params.skeleton, snakemake.params.labels)
    assigned = snakemake.input.get("assigned")
    radii = read_assigned(assigned).diameters / 2 if assigned else None
    write_swc(snakemake.output.swc, skeleton, radii)


if __name__ == "__main__":
    run(main, snakemake)
