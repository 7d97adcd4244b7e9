"""Write the type, unit and meaning of each column of each published file."""

from typing import TYPE_CHECKING

from mitosyn.dictionary import data_dictionary
from mitosyn.files import write_text
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Write the dictionary as Markdown."""
    write_text(snakemake.output.dictionary, data_dictionary())


if __name__ == "__main__":
    run(main, snakemake)
