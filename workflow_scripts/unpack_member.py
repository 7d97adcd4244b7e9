"""Unpack one input from an archive."""

from mitosyn.support import run, unpack_member


def main(snakemake) -> None:
    """Find the member that is named like the input."""
    unpack_member(snakemake.input.archive, snakemake.wildcards.member, snakemake.output.file)


if __name__ == "__main__":
    run(main, snakemake)
