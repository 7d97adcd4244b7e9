"""Write a neuron's skeleton as standard SWC: µm, standard types, the soma as one point."""

from typing import TYPE_CHECKING

from mitosyn.assigned_meshes import read_assigned
from mitosyn.jobs import run
from mitosyn.skeletons import read_skeleton
from mitosyn.standard_swc import read_calibres, write_standard_swc

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the skeleton, its labels and calibres, write the SWC file."""
    skeleton = read_skeleton(snakemake.params.skeleton, snakemake.params.labels)
    assigned = snakemake.input.get("assigned")
    if assigned:
        calibres = read_assigned(assigned).diameters
    else:
        calibres = read_calibres(snakemake.params.skeleton, len(skeleton.vertices))
    write_standard_swc(snakemake.output.swc, snakemake.wildcards.cell_id, skeleton, calibres)


if __name__ == "__main__":
    run(main, snakemake)
