"""Every published file, once: where it is, what it holds, when it is made, and its columns.

Rule ``all``, the checksums, the dataset's page, the schemas and headers of tables, the data
dictionary and docs/columns.md are made from this; the README's table is tested against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import mitosyn.catalogue.analysis_tables as analysis
import mitosyn.catalogue.position_tables as positions
import mitosyn.catalogue.tables as tables
from mitosyn.catalogue.tables import Columns
from mitosyn.catalogue.words import PUBLISHED_WORDS

BRANCH_TYPE, PER_CELL = "<type>", "<cell_id>"
CELL_CSV, SWC = "microns_cells/<cell_type>_<cell_id>.csv", "cell_morphologies/<cell_id>.swc"

# The options that say what a dataset of one's own has; why it can be without.
OPTIONAL = {
    "synapses": ("synapses", "not described"),
    "skeletons": ("skeletons", "no type of cells has compartments from them"),
    "meshes": ("meshes of mitochondria", "not described"),
    "published": ("published compartments and lengths", "no type of cells has them"),
}


@dataclass(frozen=True)
class Published:
    """A published file, or files that are alike.

    Attributes
    ----------
    path : str
        Under the dataset's results; ``<cell_id>`` and others stand for what differs.
    about : str
        What it holds.
    columns : dict from column name to Column
        In the order of the file; empty for what is no table.
    when : tuple of str
        The options without any of which it is not made.
    checksummed, listed : bool
        Whether its checksum is published, whether the dataset's page lists it.
    """

    path: str
    about: str
    columns: Columns = field(default_factory=dict)
    when: tuple[str, ...] = ()
    checksummed: bool = True
    listed: bool = True


_TEMPLATES = (
    Published("microns.tar.gz", "The mitochondria: a table for each cell (CSV)."),
    Published(
        "morphologies.tar.gz",
        "The skeletons of the neurons (SWC).",
        when=("skeletons",),
    ),
    Published(
        "nodes.tar.gz",
        "The skeleton nodes that each mitochondrion covers (JSON).",
        when=("skeletons", "meshes"),
    ),
    Published(
        CELL_CSV,
        "The mitochondria of a cell, packed as `microns.tar.gz`.",
        tables.ROW | tables.CELL_MITOCHONDRIA,
        checksummed=False,
        listed=False,
    ),
    Published(
        SWC,
        "The skeleton of a neuron, a parent before its children, packed as "
        "`morphologies.tar.gz`. Blanks between the columns, no header.",
        tables.SWC_NODES,
        when=("skeletons",),
        checksummed=False,
        listed=False,
    ),
    Published(
        "associated_nodes/<cell_id>_associated_nodes.json",
        "The skeleton nodes that the mitochondria of a neuron cover outside the soma, packed as"
        " `nodes.tar.gz`: one JSON object. The suffix is a setting.",
        tables.ASSOCIATED_NODES,
        when=("skeletons", "meshes"),
        checksummed=False,
        listed=False,
    ),
    Published(
        "cell_type_classification_filtered.csv",
        "The neurons with position and type, in the order of the {cell_table}.",
        tables.NEURONS,
        when=("skeletons",),
    ),
    Published(
        "cells.csv",
        "All analysed cells{astrocytes_too}, with what is known of each.",
        tables.CELLS,
    ),
    Published(
        "synapse_filtered.csv",
        "The synapses of the neurons, a row for each end of a synapse on a neuron; an autapse "
        "has one row. The second rows of synapses between two neurons, their `pre` ends, stand "
        "at the end.",
        tables.ROW | tables.SYNAPSES,
        when=("synapses",),
    ),
    Published(
        "incomplete_mitochondria.csv",
        "The mitochondria without a mesh, with a bad one, or with a measure missing.",
        tables.INCOMPLETE,
        checksummed=False,
    ),
    Published(
        "recomputed_agreement.csv",
        "With `recompute_pyramidal`: how recomputed compartments and lengths of pyramidal "
        "mitochondria agree with the published ones.",
        analysis.AGREEMENT,
        when=("recompute_pyramidal",),
        checksummed=False,
    ),
    Published(
        "recomputed_labels.csv",
        "With `recompute_pyramidal`: the pyramidal mitochondria by published and by recomputed "
        "compartment.",
        analysis.CONFUSION,
        when=("recompute_pyramidal",),
        checksummed=False,
    ),
    Published(
        "recomputed_differences.csv",
        "With `recompute_pyramidal`: the pyramidal mitochondria that differ most from what is "
        "published, the largest difference of length first; at most 200 with another "
        "compartment and 200 with another length.",
        analysis.DIFFERENCES,
        when=("recompute_pyramidal",),
        checksummed=False,
    ),
    Published(
        "tables/left_out_cells.csv",
        "Cells that one could expect but that are not analysed.",
        tables.LEFT_OUT,
        checksummed=False,
    ),
    Published(
        "tables/position_checks.csv",
        "How well the positions of each cell's mitochondria fit its meshes and its skeleton.",
        tables.POSITION_CHECKS,
        checksummed=False,
    ),
    Published(
        "run_times.csv",
        "What the jobs of each rule cost when they last ran; differs from run to run.",
        tables.RUN_TIMES,
        checksummed=False,
    ),
    Published(
        "cells.parquet",
        "All analysed cells{astrocytes_too}, with what is known of each: as cells.csv.",
        tables.CELLS,
    ),
    Published(
        "mitochondria.parquet",
        "The mitochondria of all cells, in the order of the cells and of their CSV files.",
        tables.MITOCHONDRIA | positions.MITOCHONDRIA,
    ),
    Published(
        "synapses.parquet",
        "The synapses of the neurons, a row for each end of a synapse on a neuron: as "
        "synapse_filtered.csv, with where it is on the skeleton.",
        tables.SYNAPSES | positions.SITES,
        when=("synapses",),
    ),
    Published(
        "skeleton_nodes.parquet",
        "The skeleton nodes of all neurons, in the order of the cells and of their SWC files.",
        tables.SKELETON_NODES,
        when=("skeletons",),
    ),
    Published(
        "mitochondrion_nodes.parquet",
        "The skeleton nodes that each mitochondrion of a neuron covers, those in the soma too: "
        "the nodes that are nearest to a vertex of its mesh.",
        tables.MITOCHONDRION_NODES,
        when=("skeletons", "meshes"),
    ),
    Published(
        "mitochondrion_positions.parquet",
        "Where each mitochondrion of a neuron is on the skeleton and what is near it, and the same "
        "of mitochondria that were placed anew at random.",
        positions.POSITIONS,
        when=("skeletons", "meshes"),
    ),
    Published(
        "site_distances.parquet",
        "How many synaptic sites of each neuron have a mitochondrion within some distances along "
        "the skeleton, and how many have one that was placed anew at random.",
        positions.SITE_DISTANCES,
        when=("synapses", "skeletons", "meshes"),
    ),
    Published(
        "branches_<type>.parquet",
        "The branches of all neurons by one of the types that the setting `branches` lists.",
        analysis.BRANCHES,
        when=("branches",),
    ),
    Published(
        "branches_<type>.csv", "The same branches as CSV.", analysis.BRANCHES, when=("branches",)
    ),
    Published(
        "branch_compartments.parquet",
        "Sums over the branches of each neuron by compartment, with the setting `branches`.",
        analysis.BRANCH_COMPARTMENTS,
        when=("branches",),
    ),
    Published(
        "branch_compartments.csv",
        "The same sums over branches as CSV.",
        analysis.BRANCH_COMPARTMENTS,
        when=("branches",),
    ),
    Published(
        "neurite_lengths.csv",
        "The length of each neuron's skeleton by compartment, with the setting `branches`.",
        analysis.NEURITE_LENGTHS,
        when=("branches",),
    ),
    Published(
        "tip_lengths.csv",
        "The tips of each neuron's skeleton, with the setting `branches`.",
        analysis.TIP_LENGTHS,
        when=("branches",),
    ),
    Published(
        "branch_problems.csv",
        "What the branch analysis or measured radii lack, neuron by neuron, and why.",
        analysis.BRANCH_PROBLEMS,
        when=("cell_meshes",),
    ),
    Published(
        "branch_statistics.csv",
        "Statistics of compartments and branches beside the published ones, with `distancebins`.",
        analysis.STATISTICS,
        when=("distancebins", "studied"),
    ),
    Published(
        "branch_gradients.csv",
        "Branches by 10 µm of distance from the soma, with `distancebins`.",
        analysis.GRADIENTS,
        when=("distancebins",),
    ),
    Published("data_dictionary.md", "What each column of each table means."),
    Published(
        "demonstration_meshes.tar.gz",
        "The mitochondrial meshes of a neuron in 3D (PLY).",
        when=("skeletons", "meshes"),
    ),
    Published(
        "smo_microns_demonstration.ipynb",
        "A notebook that shows the dataset.",
        checksummed=False,
    ),
    Published(
        "smo_microns_demonstration_3d.html",
        "One neuron with its mitochondria in 3D.",
        checksummed=False,
        when=("skeletons",),
    ),
    Published(
        "neuroglancer_links.csv",
        "A link into Neuroglancer for each cell.",
        when=("links",),
        checksummed=False,
    ),
    Published(
        "neuroglancer/skeletons",
        "The skeletons as a source for Neuroglancer.",
        when=("views", "skeletons"),
        checksummed=False,
        listed=False,
    ),
    Published(
        "neuroglancer/mitochondria",
        "The mitochondria as points.",
        when=("views",),
        checksummed=False,
        listed=False,
    ),
    Published(
        "neuroglancer/synapses",
        "The ends of synapses as points.",
        when=("views", "synapses"),
        checksummed=False,
        listed=False,
    ),
    Published(
        "neuroglancer/state.json",
        "The state with which Neuroglancer opens these.",
        when=("views",),
        checksummed=False,
        listed=False,
    ),
    Published(
        "inputs.json",
        "What was found in the inputs, first of all: cells, formats, whether they fit, warnings.",
        checksummed=False,
    ),
    Published("check.json", "All counts.", checksummed=False),
    Published(
        "provenance.json",
        "Where the inputs came from, and what made the outputs.",
        checksummed=False,
    ),
    Published("checksums.sha256", "Checksums of the published files.", checksummed=False),
    Published("dataset.html", "The dataset in one page.", checksummed=False, listed=False),
)


def _worded(entry: Published, words: Mapping[str, str]) -> Published:
    """Fill in what stands in braces."""
    columns = {
        name: replace(
            column,
            meaning=column.meaning.format_map(words),
            missing=column.missing.format_map(words),
        )
        for name, column in entry.columns.items()
    }
    return replace(entry, about=entry.about.format_map(words), columns=columns)


@cache
def _in_words(words: tuple[tuple[str, str], ...]) -> tuple[Published, ...]:
    return tuple(_worded(entry, dict(words)) for entry in _TEMPLATES)


def catalogue(words: Mapping[str, str] | None = None) -> tuple[Published, ...]:
    """Return all files, in the words of :func:`~mitosyn.catalogue.own_words` or the published."""
    return _in_words(tuple((words or PUBLISHED_WORDS).items()))


CATALOGUE = catalogue()


def published(path: str, words: Mapping[str, str] | None = None) -> Published:
    """Look up a file of the :func:`catalogue` by its path there.

    Raises
    ------
    KeyError
        The catalogue has no such file.
    """
    for entry in catalogue(words):
        if entry.path == path:
            return entry
    raise KeyError(f"{path} is not in the catalogue of published files")


def columns_of(path: str) -> list[str]:
    """Return the names of the columns of a published table, without that of the row number."""
    return [name for name in published(path).columns if name]


def made_files(
    options: Mapping[str, Any], words: Mapping[str, str] | None = None
) -> dict[str, Published]:
    """Return what a run makes beside the files of each cell, by path.

    Parameters
    ----------
    options : mapping
        By the names that :attr:`Published.when` has, whether each is on; ``branches`` lists the
        types.
    words : mapping, optional
        As :func:`catalogue` takes them.
    """
    made: dict[str, Published] = {}
    for entry in catalogue(words):
        if PER_CELL not in entry.path and is_made(entry, options):
            kinds = options["branches"] if BRANCH_TYPE in entry.path else [""]
            made |= {entry.path.replace(BRANCH_TYPE, kind): entry for kind in kinds}
    return made


def absent(options: Mapping[str, Any]) -> list[str]:
    """Return what of the inputs a dataset has not, each with the reason."""
    return [f"{what} ({why})" for name, (what, why) in OPTIONAL.items() if not options.get(name)]


def is_made(entry: Published, options: Mapping[str, Any]) -> bool:
    """Whether a run with some options makes a file."""
    return all(options.get(name) for name in entry.when)
