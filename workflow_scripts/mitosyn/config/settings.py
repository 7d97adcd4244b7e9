"""The top level of a configuration."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import field_validator, model_validator

from mitosyn.catalogue import BRANCH_TYPES
from mitosyn.config.dataset import Dataset
from mitosyn.config.parts import Expectations
from mitosyn.config.values import CellId, Count, Name, PositiveInt, Section, Size

BranchType = Literal[BRANCH_TYPES]  # type: ignore[valid-type]


class Retrieval(Section):
    """How patient and how polite retrieval is."""

    attempts: PositiveInt = 6
    """Tries in a row that may bring nothing before a transfer is given up."""
    backoff_s: Size = 1.0
    """Longest wait before the second try, in s; it doubles with every try."""
    timeout_s: Size = 60.0
    """Longest wait for a connection, an answer or its next bytes, in s."""
    connections_per_job: PositiveInt = 32
    """Requests at once by one job."""
    connections: PositiveInt = 64
    """Requests at once by all jobs together."""


class Positions(Section):
    """How mitochondria are placed anew at random."""

    shuffles: Count = 0
    """How often the mitochondria of each neuron are placed anew at random; `0` does without."""
    seed: Count = 1
    """Another one gives other places; the same one the same, whatever the cores."""


class Config(Section):
    """What to run, and the datasets that can be run."""

    dataset: str
    """The dataset to run, one of `datasets`."""
    only_cells: tuple[CellId, ...] = ()
    """A subset: these cells alone, under a results folder of their own."""
    first_cells: PositiveInt | None = None
    """A subset: so many cells of each type, those that stand first in the table, under a results
    folder of their own."""
    recompute_pyramidal: bool = False
    """`false` keeps the published compartments and lengths of pyramidal mitochondria, `true`
    measures them like those of interneurons and compares them with the published ones. See
    docs/comparison.md#recomputed-pyramidal-cells."""
    associated_nodes_suffix: Name = "associated_nodes"
    """Nodes are written to `<cell_id>_<suffix>.json`; the programs of the paper look for
    `assoc_nodes`."""
    standard_swc: bool = False
    """`true` also writes `standard_swc/<cell_id>.swc`: in µm, with the standard's types and the
    soma as one point. See docs/swc.md."""
    swc_radii: Literal["published", "measured"] = "published"
    """The radius in `cell_morphologies/*.swc`, in nm: `published` writes that of the skeleton
    files, 1.000 where they have none, as the published ones; `measured` that of the neurite, which
    needs `cell_meshes`."""
    branches: tuple[BranchType, ...] = ()
    """The branch analysis: ways to divide each skeleton into branches that are then measured, any
    of `full`, `distancebins`, `distalbranches`, `branchpointsegments`, `coveredornot`; `[]` does
    without it. It needs `cell_meshes` and the three tables for `branches`. See
    docs/branch-types.md."""
    positions: Positions = Positions()
    """The null model that measured positions of mitochondria are compared with."""
    offline: bool = False
    """`true` makes any use of the network an error that names the missing file."""
    retrieval: Retrieval = Retrieval()
    """How patient and how polite the retrieval of files and meshes is."""
    datasets: dict[Name, Dataset]
    """The datasets that can be run, by name. A name is letters, digits, `_`, `-` and `.`, and does
    not begin with `.` or `-`."""

    @field_validator("branches")
    @classmethod
    def _each_once(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        """Put the types into one order, so that the order in which they are given is no matter."""
        return tuple(name for name in BRANCH_TYPES if name in types)

    @model_validator(mode="after")
    def _one_subset(self) -> Config:
        if self.only_cells and self.first_cells:
            raise ValueError("only_cells and first_cells exclude each other; remove one")
        return self

    @property
    def subset(self) -> str:
        """What names the folders of a run of some cells only; empty for all.

        No dataset's name can hold the plus sign.
        """
        if self.first_cells:
            return f"+first{self.first_cells}"
        if not self.only_cells:
            return ""
        ids = sorted(set(self.only_cells))
        digest = hashlib.sha256("\n".join(map(str, ids)).encode()).hexdigest()[:8]
        return f"+{ids[0]}" if len(ids) == 1 else f"+{len(ids)}cells-{digest}"

    @property
    def chosen(self) -> Dataset:
        """The dataset to run."""
        return self.datasets[self.dataset]

    @property
    def needs_cell_meshes(self) -> bool:
        """Whether anything that is to be made is measured on the meshes of cells."""
        return bool(self.branches) or self.swc_radii == "measured"

    @property
    def pyramidal_labels(self) -> dict[str, int]:
        """The labels by their names in the files of pyramidal cells."""
        if not self.recompute_pyramidal:
            return self.chosen.published_labels
        return {name: label for label, name in enumerate(self.chosen.compartment_names)}

    @property
    def expected_counts(self) -> Expectations:
        """The counts to compare a run with.

        Of a subset there are none, nor published ones of what is recomputed.
        """
        if self.subset:
            return Expectations()
        expected = self.chosen.expectations
        if not self.recompute_pyramidal:
            return expected
        published = self.chosen.types_from("published")
        others = {k: v for k, v in expected.compartments.items() if k not in published}
        return expected.model_copy(update={"compartments": others})
