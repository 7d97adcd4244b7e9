"""What to type: the commands that people need, with paths of their own dataset."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mitosyn.cells import Cell

PAGES = {
    "README.md": "what comes out, and how to run it",
    "docs/configuration.md": "the config, and your own dataset",
    "docs/retrieval.md": "the published data, mirrors, files you have",
    "docs/running.md": "clusters, interruptions, large volumes",
    "docs/definitions.md": "what each column means",
    "docs/swc.md": "skeletons, and what reads them",
}


@dataclass(frozen=True)
class Call:
    """How the workflow was called, to call it in the same way again.

    Attributes
    ----------
    words : sequence of str
        Options that say which workflow and where.
    configfiles : sequence of str
    config : mapping from key to value
        What ``--config`` said, as it was typed.
    root : str
        Put before the paths of files that belong to the workflow.
    """

    words: Sequence[str] = ()
    configfiles: Sequence[str] = ()
    config: Mapping[str, str] = field(default_factory=dict)
    root: str = ""

    def command(self, *words: str, **config: str) -> str:
        """Write a command with the config that was given, some keys of it changed.

        Config comes last: Snakemake takes all words behind these options for their values.
        """
        files = ["--configfile", *self.configfiles] if self.configfiles else []
        pairs = [f"{key}={value}" for key, value in {**self.config, **config}.items()]
        options = ["--config", *pairs] if pairs else []
        return shlex.join(["snakemake", *self.words, *words, *files, *options])


def guide(
    dataset: str, described: Sequence[str], results: str, cell: Cell | None, call: Call
) -> str:
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
    call : Call
        How the guide was asked for.
    """
    cores = ("--cores", "2")
    commands = {
        "see what would run": call.command("-n"),
        "make everything": call.command(*cores),
        "go on past cells that fail": call.command(
            *cores, "--profile", f"{call.root}profiles/local"
        ),
        "run on a SLURM cluster": call.command("--profile", f"{call.root}profiles/slurm"),
        "retrieve its inputs only": call.command(*cores, "retrieve_all"),
    }
    for other in described:
        if other != dataset:
            commands[f"run {other}"] = call.command(*cores, dataset=other)
    if cell is None:
        commands["learn the cells' ids"] = call.command(
            "--cores", "1", f"{results}/tables/selected_cells.csv"
        )
    else:
        csv = f"{results}/microns_cells/{cell.cell_type}_{cell.cell_id}.csv"
        swc = f"{results}/cell_morphologies/{cell.cell_id}.swc"
        commands["make one cell only"] = call.command("--cores", "1", csv)
        commands["redo one file"] = call.command("--cores", "1", "--force", swc)
    commands["go on after a crash"] = f"{call.command('--unlock')}, then the same command again"
    commands["list the rules"] = call.command("--list")
    pages = {f"{call.root}{page}": what for page, what in PAGES.items()}
    lines = [f"Dataset {dataset}; described: {', '.join(described)}.", ""]
    lines += [*_columns(commands), "", "More in:", *_columns(pages)]
    return "\n".join(lines) + "\n"


def _columns(pairs: dict[str, str]) -> list[str]:
    width = max(map(len, pairs))
    return [f"  {left:<{width}}  {right}" for left, right in pairs.items()]
