"""Sections of a dataset of one's own: what there is of tables, skeletons and meshes, in any format.

Published tables of layer 2/3 need none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema, field_validator, model_validator

from mitosyn.config.problems import did_you_mean, quoted
from mitosyn.config.values import (
    Count,
    Layer,
    Name,
    Section,
    Size,
    Source,
    SourceOrLayer,
    StoredLabel,
)
from mitosyn.sources import CELLS_COLUMNS, MITOCHONDRIA_COLUMNS, SYNAPSES_COLUMNS

Column = Annotated[str, Field(min_length=1)]
Columns = (
    Column
    | Annotated[
        tuple[Column, Column, Column],
        WithJsonSchema(
            {"type": "array", "items": {"type": "string"}, "minItems": 3, "maxItems": 3}
        ),
    ]
)
TableUnit = Literal["nm", "voxel"]
Unit = Literal["nm", "um", "voxel"]


def _check_columns(
    columns: dict[str, Columns], known: Iterable[str], places: Iterable[str]
) -> None:
    """Refuse a column that no canonical table has, and three where one value is meant."""
    for name, source in columns.items():
        if name not in known:
            raise ValueError(
                f"{quoted(name)} is no column here, expected {', '.join(known)}"
                f"{did_you_mean(name, known)}"
            )
        if name not in places and not isinstance(source, str):
            raise ValueError(f"{name} is one column, expected its name (found {quoted(source)})")


class OwnTable(Section):
    """A table of one's own: what its columns are called, and what its positions count in."""

    path: Source
    """A CSV (`.csv`, `.csv.gz`, `.csv.zst`), Parquet (`.parquet`) or Feather or Arrow file
    (`.feather`, `.arrow`)."""
    columns: dict[str, Columns] = {}
    """What its columns are called, by the names that they have here. A position is one column, of
    lists of three numbers or of texts like `[1, 2, 3]`, or three columns: `[x, y, z]`, or `name`
    for `name_x`, `name_y` and `name_z`."""
    unit: TableUnit = "nm"
    """What positions and sizes count in, `nm` or `voxel`: those of `voxel_size_nm`."""


class CellType(Section):
    """A type of cells in a dataset of one's own."""

    of: tuple[str, ...] = ()
    """The types in the table that it is made of; without it, the type of its own name."""
    compartments: Literal["skeleton", "soma_distance", "published", "none"]
    """Where the compartments of its mitochondria come from: the labels of the cell's skeleton,
    the distance from its soma, the table of mitochondria, or nowhere."""
    within_um: Size = 7.0
    """For `soma_distance`: nearer to the soma, a mitochondrion is `Somatic`, in µm."""
    far_um: Size = 70.0
    """For `soma_distance`: farther from it, it is `Far`, likely a merge error, in µm; between the
    two it is `Branch`."""

    @model_validator(mode="after")
    def _ascending(self) -> CellType:
        if self.within_um >= self.far_um:
            raise ValueError(f"within_um {self.within_um:g} is not below far_um {self.far_um:g}")
        return self


class OwnCells(OwnTable):
    """The table of cells, and the types that are analysed."""

    types: dict[Name, CellType] = Field(min_length=1)
    """The types by names of your own, in the order of the outputs. Cells of other types are left
    out and listed."""

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, Columns]) -> dict[str, Columns]:
        _check_columns(columns, CELLS_COLUMNS, ("centroid", "soma"))
        return columns

    @field_validator("types")
    @classmethod
    def _one_type_each(cls, types: dict[str, CellType]) -> dict[str, CellType]:
        taken: dict[str, str] = {}
        for name, described in types.items():
            for source in described.of or (name,):
                other = taken.setdefault(source, name)
                if other != name:
                    raise ValueError(f"{quoted(source)} is in {other} and in {name}")
        return types


class OwnMitochondria(OwnTable):
    """The table of mitochondria."""

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, Columns]) -> dict[str, Columns]:
        _check_columns(columns, MITOCHONDRIA_COLUMNS, ("position",))
        return columns


class OwnSynapses(OwnTable):
    """The table of synapses."""

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, Columns]) -> dict[str, Columns]:
        _check_columns(columns, SYNAPSES_COLUMNS, ("position", "pre_position", "post_position"))
        return columns


class Skeletons(Section):
    """Skeletons of any format, and what their labels mean."""

    path: SourceOrLayer
    """A folder or an archive of files, or a layer, `precomputed://…`."""
    format: Literal["meshparty", "swc", "precomputed"]
    """`meshparty`: `<cell>_skeleton.h5` with `<cell>_skeleton_label.npy`; `swc`: `<cell>.swc`;
    `precomputed`: a layer of skeletons, unsharded or sharded."""
    unit: Unit = "nm"
    """What positions count in, `nm`, `um` or `voxel`: those of `voxel_size_nm`."""
    labels: dict[StoredLabel, str] | None = None
    """The compartment that each label of a node stands for, as in `{1: Somatic, 2: Axonal}`. The
    names of `docs/columns.md` have meanings here; others may be your own. Without it, labels are
    not read and compartments are `Unknown` (`meshparty`: labels are those of
    docs/definitions.md#coverage-and-compartments)."""
    attribute: str = "compartment"
    """The vertex attribute of a `precomputed` layer that holds the labels."""

    @model_validator(mode="after")
    def _has_its_place(self) -> Skeletons:
        is_layer = isinstance(self.path, str) and self.path.startswith("precomputed://")
        if is_layer != (self.format == "precomputed"):
            expected = (
                "precomputed://…" if self.format == "precomputed" else "a folder or an archive"
            )
            raise ValueError(f"format is {self.format}: expected path {expected}")
        return self


class MeshSource(Section):
    """A layer of meshes, at a level of detail."""

    path: Layer
    """`precomputed://…`, with legacy or multi-resolution Draco meshes."""
    lod: Count = 0
    """The level of detail of multi-resolution meshes, 0 the finest. A mesh that has it not is
    missing."""


class CellMeshes(Section):
    """Meshes of cells, of any format."""

    path: SourceOrLayer
    """A folder or an archive of files, or a layer, `precomputed://…`."""
    format: Literal["meshparty", "ply", "obj", "precomputed"]
    """`meshparty`: `<cell>_mesh.h5`; `ply` and `obj`: `<cell>.ply`, `<cell>.obj`; `precomputed`: a
    layer with legacy or multi-resolution Draco meshes."""
    unit: Unit = "nm"
    """What positions count in, `nm`, `um` or `voxel`: those of `voxel_size_nm`."""
    lod: Count = 0
    """The level of detail of a layer of multi-resolution meshes."""
