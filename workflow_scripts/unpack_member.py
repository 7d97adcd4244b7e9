"""Unpack one input from an archive."""

from mitosyn.retrieval import unpack_member
from mitosyn.support import run


def main(snakemake) -> None:
    """Find the member that is named like the input."""
    unpack_member(snakemake.input.archive, snakemake.wildcards.member, snakemake.output.file)


if __name__ == "__main__":
    run(main, snakemake)
