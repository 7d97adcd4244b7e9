"""Unpack one input from an archive."""

from typing import TYPE_CHECKING

from mitosyn.archives import unpack_member
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Find the member that is named like the input."""
    unpack_member(snakemake.input.archive, snakemake.wildcards.member, snakemake.output.file)


if __name__ == "__main__":
    run(main, snakemake)
