"""Write a neuron's skeleton as standard SWC: µm, standard types, the soma as one point."""

from typing import TYPE_CHECKING

from mitosyn.assigned_meshes import read_assigned
from mitosyn.jobs import run
from mitosyn.skeletons import read_skeleton
from mitosyn.standard_swc import CALIBRES, read_calibres, write_standard_swc

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the skeleton, its labels and calibres, write the SWC file."""
    skeleton = read_skeleton(snakemake.params.skeleton, snakemake.params.labels)
    calibres, source = read_calibres(snakemake.params.skeleton, len(skeleton.vertices)), CALIBRES
    assigned = snakemake.input.get("assigned")
    if assigned and calibres is None:
        calibres, source = read_assigned(assigned).diameters, "measured on the cell's mesh"
    write_standard_swc(
        snakemake.output.swc, snakemake.wildcards.cell_id, skeleton, calibres, source
    )


if __name__ == "__main__":
    run(main, snakemake)
