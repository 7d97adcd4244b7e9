"""Draw the picture that explains the definitions in the documentation."""

from typing import TYPE_CHECKING

from mitosyn.files import whole_file
from mitosyn.illustrations import draw_definitions
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Draw a made-up mitochondrion, its axes, a section and the nodes that it covers."""
    with whole_file(snakemake.output.picture) as temporary:
        draw_definitions().savefig(
            temporary, format="png", bbox_inches="tight", metadata={"Software": None}
        )


if __name__ == "__main__":
    run(main, snakemake)
