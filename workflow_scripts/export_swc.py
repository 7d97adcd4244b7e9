"""Write a neuron's skeleton as SWC."""

from mitosyn.skeletons import read_diameters, read_skeleton, write_swc
from mitosyn.support import run


def main(snakemake) -> None:
    """Read the skeleton and its labels, perhaps its radii, write the SWC file."""
    skeleton = read_skeleton(snakemake.params.skeleton, snakemake.params.labels)
    assigned = snakemake.input.get("assigned")
    radii = read_diameters(assigned) / 2 if assigned else None
    write_swc(snakemake.output.swc, skeleton, radii)


if __name__ == "__main__":
    run(main, snakemake)
