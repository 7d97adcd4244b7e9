"""Write a neuron's skeleton as standard SWC: µm, standard types, the soma as one point."""

from mitosyn.skeletons import (
    CALIBRES,
    read_calibres,
    read_diameters,
    read_skeleton,
    write_standard_swc,
)
from mitosyn.support import run


def main(snakemake) -> None:
    """Read the skeleton, its labels and calibres, write the SWC file."""
    skeleton = read_skeleton(snakemake.params.skeleton)
    calibres, source = read_calibres(snakemake.params.skeleton, len(skeleton.vertices)), CALIBRES
    assigned = snakemake.input.get("assigned")
    if assigned and calibres is None:
        calibres, source = read_diameters(assigned), "measured on the cell's mesh"
    write_standard_swc(
        snakemake.output.swc, snakemake.wildcards.cell_id, skeleton, calibres, source
    )


if __name__ == "__main__":
    run(main, snakemake)
