"""Draw the picture that explains the branch types in the documentation."""

from typing import TYPE_CHECKING

from mitosyn.branch_illustrations import draw_branch_types
from mitosyn.files import whole_file
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Draw a made-up cell, divided in each of the ways."""
    with whole_file(snakemake.output.picture) as temporary:
        draw_branch_types().savefig(
            temporary, format="png", bbox_inches="tight", metadata={"Software": None}
        )


if __name__ == "__main__":
    run(main, snakemake)
