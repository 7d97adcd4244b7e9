"""Write a neuron's skeleton as SWC, and as a typed table of its nodes."""

from mitosyn.skeletons import node_table, read_diameters, read_skeleton, write_swc
from mitosyn.support import run
from mitosyn.tables import write_arrow


def main(snakemake) -> None:
    """Read the skeleton and its labels, perhaps its radii, write its nodes."""
    skeleton = read_skeleton(snakemake.params.skeleton, snakemake.params.labels)
    nodes = node_table(int(snakemake.wildcards.cell_id), skeleton)
    write_arrow(snakemake.output.nodes, nodes)
    assigned = snakemake.input.get("assigned")
    radii = read_diameters(assigned)[skeleton.tree.nodes] / 2 if assigned else None
    write_swc(snakemake.output.swc, nodes, radii)


if __name__ == "__main__":
    run(main, snakemake)
