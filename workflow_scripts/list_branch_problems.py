"""List what the branch analysis or the measured radii lack, and why."""

import logging

from mitosyn.branches import read_problems
from mitosyn.catalogue import BRANCH_PROBLEM_COLUMNS
from mitosyn.support import run
from mitosyn.tables import write_csv


def main(snakemake) -> None:
    """Read the problems of all jobs, write each once."""
    problems = read_problems(snakemake.input)
    logging.info("%d problems", len(problems))
    write_csv(snakemake.output.problems, list(BRANCH_PROBLEM_COLUMNS), problems)


if __name__ == "__main__":
    run(main, snakemake)
