"""Write a neuron's skeleton as SWC, and as a typed table of its nodes."""

from mitosyn.skeletons import node_table, read_diameters, read_skeleton, write_swc
from mitosyn.support import run
from mitosyn.tables import write_arrow


def main(snakemake) -> None:
    """Read the skeleton and its labels, perhaps its radii, write its nodes."""
    params = snakemake.params
    skeleton = read_skeleton(params.skeleton, params.skeleton_form)
    assigned = snakemake.input.get("assigned")
    radii = read_diameters(assigned) / 2 if assigned else skeleton.radii
    cell_id = int(snakemake.wildcards.cell_id)
    nodes = node_table(cell_id, skeleton, radii, params.compartment_names)
    write_arrow(snakemake.output.nodes, nodes)
    write_swc(snakemake.output.swc, nodes)


if __name__ == "__main__":
    run(main, snakemake)
