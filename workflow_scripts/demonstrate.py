"""Execute the demonstration notebook on the published files that lie beside it."""

from pathlib import Path

from mitosyn.catalogue import COMPARTMENT_COLOURS, compartment_colours
from mitosyn.report import run_template, write_notebook
from mitosyn.support import run


def main(snakemake) -> None:
    """Build the notebook from its percent script, execute it in the folder of the results."""
    path = Path(snakemake.output.notebook)
    template = Path(__file__).with_name("demonstration.py")
    params = snakemake.params
    labels, there = params.pyramidal_labels, params.there
    colours = compartment_colours(params.compartment_names)
    values = {
        "SKELETON_LABELS": list(params.compartment_names),
        "TYPES": params.types,
        "UP": params.towards_pia or "-y",
        "OWN_COLOURS": {n: c for n, c in colours.items() if n not in COMPARTMENT_COLOURS},
    }
    if there["published"]:
        values["PYRAMIDAL_NAMES"] = sorted(labels, key=labels.get)
    write_notebook(path, run_template(template, path.parent, values, there))


if __name__ == "__main__":
    run(main, snakemake)
