"""The tables that figures are drawn from, and the way from a question to its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import pandas as pd
import pyarrow as pa
from matplotlib import rc_context
from matplotlib.figure import Figure

from mitosyn.catalogue import COMPARTMENTS, compartment_colours, type_colours
from mitosyn.report.figures.style import QUIET, STYLE
from mitosyn.report.neurites import add_cell_types, read_neurons
from mitosyn.skeletons import Skeleton
from mitosyn.tables import name_by_label


@dataclass(frozen=True)
class Collected:
    """The collected tables of a question.

    Attributes
    ----------
    tables : mapping from name to pyarrow.Table
        With the columns that :data:`mitosyn.catalogue.QUESTIONS` lists.
    voxel_size_nm : (x, y, z)
    types, compartment_names : sequences of str
        The dataset's cell types in their order, without which they stand as in the table of cells,
        and its compartments by label.
    towards_pia : str or None
        The way to the pia, such as ``-y``; None where it is not known.
    generated : bool
        Whether the dataset is no reconstruction.
    """

    tables: Mapping[str, pa.Table]
    voxel_size_nm: tuple[float, float, float]
    types: Sequence[str] = ()
    compartment_names: Sequence[str] = COMPARTMENTS
    towards_pia: str | None = None
    generated: bool = False

    @cached_property
    def cells(self) -> pd.DataFrame:
        """The analysed cells."""
        return self.tables["cells"].to_pandas()

    @cached_property
    def colours(self) -> dict[str, str]:
        """The colour of each cell type with cells, in the order in which types are shown."""
        found = list(dict.fromkeys(self.cells["cell_type"]))
        colours = type_colours(self.types or found)
        return {name: colour for name, colour in colours.items() if name in found}

    @cached_property
    def compartment_colours(self) -> dict[str, str]:
        """The colour of each compartment, in the order in which compartments are shown."""
        return compartment_colours(self.compartment_names)

    @cached_property
    def mitochondria(self) -> pd.DataFrame:
        """The mitochondria, with the compartment names that skeletons have."""
        return name_by_label(self.tables["mitochondria"].to_pandas())

    @cached_property
    def neurons(self) -> dict[int, Skeleton]:
        """The skeleton of each neuron."""
        return read_neurons(self.tables["skeleton_nodes"])

    def typed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Add the ``cell_type`` of each row's ``cell_id``."""
        return add_cell_types(table, self.tables["cells"])

    def marked(self, figure: Figure) -> Figure:
        """Write into a figure that its dataset is generated, if it is."""
        if self.generated:
            place: dict[str, Any] = {"ha": "right", "va": "top"}
            figure.text(0.995, 0.99, "generated data", **place, size=7, color=QUIET)
        return figure


def draw_question(question: str, collected: Collected) -> dict[str, Figure]:
    """Draw the figures of a question, by name: what the module of its name does."""
    with rc_context(STYLE):
        return import_module(f"mitosyn.report.figures.{question}").draw(collected)
