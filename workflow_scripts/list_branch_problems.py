"""List what the branch analysis or the measured radii lack, and why."""

import logging

from mitosyn.branches import read_problems
from mitosyn.catalogue import columns_of
from mitosyn.support import run
from mitosyn.tables import write_csv


def main(snakemake) -> None:
    """Read the problems of all jobs, write each once."""
    problems = read_problems(snakemake.input)
    logging.info("%d problems", len(problems))
    write_csv(snakemake.output.problems, columns_of("branch_problems.csv"), problems)


if __name__ == "__main__":
    run(main, snakemake)
