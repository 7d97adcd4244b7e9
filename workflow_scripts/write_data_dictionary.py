"""Write the type, unit and meaning of each column of each published file."""

from mitosyn.catalogue import data_dictionary
from mitosyn.support import run, write_text


def main(snakemake) -> None:
    """Write the dictionary as Markdown."""
    params = snakemake.params
    write_text(snakemake.output.dictionary, data_dictionary(params.words, params.made))


if __name__ == "__main__":
    run(main, snakemake)
