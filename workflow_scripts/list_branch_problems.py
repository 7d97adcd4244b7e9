"""List what the branch analysis or the measured radii lack, and why."""

import logging
from typing import TYPE_CHECKING

from mitosyn.branch_problems import read_problems
from mitosyn.columns import BRANCH_PROBLEM_COLUMNS
from mitosyn.jobs import run
from mitosyn.tables import write_csv

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Read the problems of all jobs, write each once."""
    problems = read_problems(snakemake.input)
    logging.info("%d problems", len(problems))
    write_csv(snakemake.output.problems, list(BRANCH_PROBLEM_COLUMNS), problems)


if __name__ == "__main__":
    run(main, snakemake)
