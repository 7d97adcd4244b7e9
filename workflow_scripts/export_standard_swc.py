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
    params, cell_id = snakemake.params, snakemake.wildcards.cell_id
    skeleton = read_skeleton(params.skeleton, params.skeleton_form)
    count = len(skeleton.vertices)
    calibres, source = read_calibres(params.skeleton, count, params.skeleton_form), CALIBRES
    assigned = snakemake.input.get("assigned")
    if calibres is None and assigned:
        calibres, source = read_diameters(assigned), "measured on the cell's mesh"
    elif calibres is None and skeleton.radii is not None:
        calibres, source = 2 * skeleton.radii, "those of the skeleton file"
    path, names = snakemake.output.swc, params.compartment_names
    write_standard_swc(path, cell_id, skeleton, calibres, source, names)


if __name__ == "__main__":
    run(main, snakemake)
