"""What to type: the commands that people need, with paths of their own dataset."""

from __future__ import annotations

from collections.abc import Sequence

from mitosyn.cells import Cell

PAGES = {
    "README.md": "what comes out, and how to run it",
    "docs/configuration.md": "the config, and your own dataset",
    "docs/retrieval.md": "the published data, mirrors, files you have",
    "docs/running.md": "clusters, interruptions, large volumes",
    "docs/definitions.md": "what each column means",
    "docs/swc.md": "skeletons, and what reads them",
}


def guide(dataset: str, described: Sequence[str], results: str, cell: Cell | None) -> str:
    """Write the commands that people need, and where the documentation is.

    Parameters
    ----------
    dataset : str
        The one that the config names.
    described : sequence of str
        All that it describes.
    results : str
        Folder of the dataset's results.
    cell : Cell or None
        Any neuron, if the cells are known yet.
    """
    kind, cell_id = (cell.cell_type, cell.cell_id) if cell else ("CELL_TYPE", "CELL_ID")
    other = next((name for name in described if name != dataset), "NAME")
    commands = {
        "see what would run": "snakemake -n",
        "make everything": "snakemake --cores 2",
        "go on past cells that fail": "snakemake --cores 2 --profile profiles/local",
        "run on a SLURM cluster": "snakemake --profile profiles/slurm",
        "run another dataset": f"snakemake --cores 2 --config dataset={other}",
        "retrieve its inputs only": f"snakemake --cores 2 --config dataset={other} retrieve_all",
        "make one cell only": f"snakemake --cores 1 {results}/microns_cells/{kind}_{cell_id}.csv",
        "redo one file": f"snakemake --cores 1 --force {results}/cell_morphologies/{cell_id}.swc",
        "go on after a crash": "snakemake --unlock, then the same command again",
        "list the rules": "snakemake --list",
    }
    lines = [f"Dataset {dataset}; described: {', '.join(described)}.", ""]
    lines += [*_columns(commands), "", "More in:", *_columns(PAGES)]
    return "\n".join(lines) + "\n"


def _columns(pairs: dict[str, str]) -> list[str]:
    width = max(map(len, pairs))
    return [f"  {left:<{width}}  {right}" for left, right in pairs.items()]
