"""Measure the ways from a neuron's soma to its tips."""

from mitosyn.branches import soma_distances, tip_lengths, tip_problems, tips, write_problems
from mitosyn.skeletons import read_skeleton, swc_tree
from mitosyn.support import run
from mitosyn.tables import write_arrow


def main(snakemake) -> None:
    """Read the skeleton and its labels, write its tips."""
    skeleton = read_skeleton(snakemake.params.skeleton, snakemake.params.labels)
    table = tip_lengths(
        tips(skeleton), skeleton, soma_distances(skeleton), swc_tree(skeleton).swc_ids()
    )
    cell_id = int(snakemake.wildcards.cell_id)
    write_arrow(snakemake.output.tips, table)
    write_problems(
        snakemake.output.problems, [(cell_id, *problem) for problem in tip_problems(table)]
    )


if __name__ == "__main__":
    run(main, snakemake)
