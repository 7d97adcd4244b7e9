"""Execute the demonstration notebook on the published files that lie beside it."""

from pathlib import Path

from mitosyn.report import run_template, write_notebook
from mitosyn.support import run


def main(snakemake) -> None:
    """Build the notebook from its percent script, execute it in the folder of the results."""
    path = Path(snakemake.output.notebook)
    template = Path(__file__).with_name("demonstration.py")
    labels = snakemake.params.pyramidal_labels
    names = sorted(labels, key=labels.get)
    write_notebook(path, run_template(template, path.parent, {"PYRAMIDAL_NAMES": names}))


if __name__ == "__main__":
    run(main, snakemake)
