"""A section of ``datasets``: where the inputs of a dataset come from, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from mitosyn.catalogue import CELL_MESHES, COMPARTMENTS, MESH_LAYER, PUBLISHED_LABELS
from mitosyn.config.problems import did_you_mean, quoted
from mitosyn.config.values import (
    Archive,
    ArchiveMember,
    Count,
    Integer,
    Layer,
    Name,
    OwnTable,
    PositiveInt,
    PublicLayer,
    Section,
    Size,
    Source,
    TableSource,
    Url,
    VoxelSize,
)
from mitosyn.meshes import local_layer
from mitosyn.sources import CANONICAL, MICRONS_L23, MICRONS_L23_TYPES
from mitosyn.tables import OWN_LABELS

TABLES = (
    *("cell_types", "somas", "mitochondria", "neuron_mitochondria"),
    *("pyramidal_ids", "pyramidal_mitochondria", "synapses"),
)
OWN_TABLES = ("cells", "mitochondria", "synapses")
BRANCH_TABLES = ("mitochondrion_cell_overlaps", "nucleus_segments", "nucleus_cell_overlaps")
FOLDERS = ("skeletons", CELL_MESHES)
# What a dataset that is not generated needs, and what one that is cannot have.
_NEEDED = (*TABLES, "skeletons", MESH_LAYER)
_OWN_NEEDED = (*OWN_TABLES, "skeletons", MESH_LAYER)
_PUBLISHED_ONLY = (*(name for name in TABLES if name not in OWN_TABLES), "published_compartments")
_MADE = (*_NEEDED, "cells", *BRANCH_TABLES, CELL_MESHES, "published_compartments")

PUBLIC_VIEWER = "https://neuroglancer-demo.appspot.com/"
NUCLEUS_VOXEL_SIZE_NM = (57.28, 57.28, 40.0)
"""Voxel size of the published nucleus segmentation."""

# Expected counts by cell type; of the published tables, editors know the types.
_BY_TYPE = ("cells", "mitochondria", "compartments")
_L23_TYPES = {"propertyNames": {"enum": list(MICRONS_L23_TYPES)}}
_L23 = {"expectations": {"properties": dict.fromkeys(_BY_TYPE, _L23_TYPES)}}

_LABELS = list(range(len(COMPARTMENTS)))
Compartment = Literal[COMPARTMENTS]  # type: ignore[valid-type]
Label = Annotated[int, Field(strict=True), WithJsonSchema({"enum": _LABELS})]


def _form(keys: Iterable[str], without: Iterable[str], also: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a description that has some keys, others not, and more to check."""
    has = {key: {"not": {"type": "null"}} for key in keys}
    properties = has | {key: {"type": "null"} for key in without} | also
    return {"properties": properties, "required": list(has)}


class CellType(Section):
    """A type of cells in canonical tables."""

    compartments: Literal["skeleton", "soma_distance", "none"]
    """Where the compartments of its mitochondria come from: the labels of the cell's skeleton,
    which it then has, the distance from its soma, or nowhere."""


class OwnCells(OwnTable):
    """A table of cells that is canonical already, and the types that are analysed."""

    types: dict[Name, CellType] = Field(min_length=1)
    """The types by their names in the table, in the order of the outputs. Cells of other types are
    left out and listed."""


class Synthetic(Section):
    """Sizes of a generated dataset; the least that holds every sort of untidiness."""

    seed: Count
    """Seed of the random numbers: the same seed and sizes give the same files."""
    pyramidal_cells: PositiveInt
    """Number of pyramidal cells."""
    inhibitory_cells: PositiveInt
    """Number of interneurons."""
    astrocytes: PositiveInt
    """Number of astrocytes."""
    mitochondria_per_cell: Annotated[Integer, Field(ge=8)]
    """Mitochondria of each cell, at least 8."""
    synapses: Annotated[Integer, Field(ge=40)]
    """Rows of the synapse table, at least 40."""


class Neuroglancer(Section):
    """The dataset's public layers, and the Neuroglancer that links open them in."""

    image: PublicLayer | None = None
    """The EM images, `precomputed://gs://…` or `precomputed://https://…`."""
    cells: PublicLayer
    """The segmentation of the cells, with meshes."""
    mitochondria: PublicLayer
    """The segmentation of the mitochondria, with meshes."""
    viewer: Url = PUBLIC_VIEWER
    """The Neuroglancer to open the layers in."""


class Expectations(Section):
    """Published counts that a run is compared with; what is not given is not compared."""

    cells: dict[str, Count] = {}
    """Analysed cells by type."""
    mitochondria: dict[str, Count] = {}
    """Mitochondria in these cells, by cell type."""
    compartments: dict[str, dict[str, Count]] = {}
    """Mitochondria by cell type and compartment."""
    synapses: dict[Literal["post", "pre", "autapse"], Count] = {}
    """Rows of synapses by the end that lies on an analysed neuron; of an `autapse`, both do."""
    morphologies: Count | None = None
    """Number of SWC files."""
    associated_nodes: Count | None = None
    """Number of JSON files of skeleton nodes."""


class Dataset(Section):
    """One dataset: either generated, or described by where its inputs lie."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"synthetic": {"type": "object"}}, "required": ["synthetic"]},
            "then": _form((), _MADE, _L23),
            "else": {
                "if": {"properties": {"cells": {"type": "object"}}, "required": ["cells"]},
                "then": _form(_OWN_NEEDED, _PUBLISHED_ONLY, {}),
                "else": _form(_NEEDED, (), _L23),
            },
        }
    )

    description: str = ""
    """Free text."""
    voxel_size_nm: VoxelSize
    """EM voxel size along x, y and z, in nm."""
    mesh_voxel_size_nm: VoxelSize
    """The voxel size in which the mesh source reports nm; its vertices are multiplied by
    `voxel_size_nm / mesh_voxel_size_nm`."""
    synthetic: Synthetic | None = None
    """Instead of all inputs: the sizes of a generated dataset."""
    disk_gb: Size | None = None
    """What inputs and results together need, in GB; checked before the first download."""
    archives: dict[Name, Archive] = {}
    """Archives by name, of which other inputs are members: paths, URLs or `{url, filename}`."""
    cell_types: Source | None = None
    """CSV with `cell_segid, cell_type, cell_subtype, centroid_x, centroid_y, centroid_z` (voxels).
    An id may repeat: its first row of the type looked for counts."""
    somas: Source | None = None
    """CSV with `pt_root_id` and `pt_position`, text `[x y z]` in voxels."""
    cells: OwnCells | None = None
    """Instead of the published tables, canonical ones: `{path, types}`, a table with `cell_id,
    cell_type, cell_subtype, centroid_x, centroid_y, centroid_z, soma_x, soma_y, soma_z` (nm; empty
    where a soma is not known)."""
    mitochondria: TableSource | None = None
    """CSV with `mito_id, mito_vx, cellid, ctr_pos_x_vx, ctr_pos_y_vx, ctr_pos_z_vx`: all
    mitochondria, sizes and centres in voxels. With `cells`: `{path}`, a table with `mito_id,
    cell_id, x, y, z` (nm) and `voxels`."""
    neuron_mitochondria: Source | None = None
    """CSV with the columns of `mitochondria`: those of cells with a soma and a skeleton."""
    pyramidal_ids: Source | None = None
    """Text, one cell id per line."""
    pyramidal_mitochondria: Source | None = None
    """CSV with the columns of `mitochondria` and published results: `surface_area` (µm²),
    `complexityindex`, `compartment`, `pathlength` (nm)."""
    synapses: TableSource | None = None
    """CSV with `id, pre_root_id, post_root_id, ctr_pos_x_vx, ctr_pos_y_vx, ctr_pos_z_vx`, the
    centres in voxels. With `cells`: `{path}`, a table with `id, pre_id, post_id, x, y, z` (nm)."""
    skeletons: Source | None = None
    """Folder or `.tgz` with `<cell>_skeleton.h5` (MeshParty; vertices in nm, true to
    `voxel_size_nm`) and `<cell>_skeleton_label.npy` (one label 0–5 per vertex)."""
    mitochondria_meshes: Layer | None = None
    """CloudVolume path, `precomputed://file://…` or `precomputed://https://…`, with legacy
    (unsharded) meshes."""
    cell_meshes: Source | None = None
    """For `branches` and `swc_radii: measured` only: folder or `.tgz` with `<cell>_mesh.h5`
    (MeshParty: `vertices` in the nm of `mesh_voxel_size_nm`, `faces`, perhaps `link_edges`)."""
    mitochondrion_cell_overlaps: Source | None = None
    """For `branches` only: CSV with `row_id` (mitochondrion), `col_id` (cell), `vals` (shared
    voxels of four EM voxels each)."""
    nucleus_segments: Source | None = None
    """For `branches` only: CSV, the nucleus id in the first column, `size` in voxels of
    `nucleus_voxel_size_nm`."""
    nucleus_cell_overlaps: Source | None = None
    """For `branches` only: text, one `cell;nucleus` per line."""
    nucleus_voxel_size_nm: VoxelSize | None = None
    """Voxel size of the nucleus segmentation along x, y and z, in nm; without it, 57.28, 57.28,
    40."""
    published_compartments: dict[Compartment, Label] | None = Field(
        None,
        json_schema_extra={"required": list(COMPARTMENTS), "examples": [{**PUBLISHED_LABELS}]},
    )
    """Which skeleton label each `compartment` of `pyramidal_mitochondria` stands for, all six
    names with a label of their own, as in `{Somatic: 0, Axonal: 1, Basal: 2, Apical: 3, Unknown: 4,
    Unknown dendritic: 5}` (the published table). Without it, 4 is `Unknown dendritic` and 5
    `Unknown`. See docs/definitions.md#coverage-and-compartments."""
    neuroglancer: Neuroglancer | None = None
    """Public layers that links open. They must report positions in `mesh_voxel_size_nm`. See
    docs/neuroglancer.md."""
    precomputed_views: bool | None = None
    """Whether a run writes sources for Neuroglancer to serve locally; without it, if the mesh
    layer is local or generated."""
    expectations: Expectations = Expectations()
    """Counts that a run must give; what is not given is not compared. The check fails with the
    difference."""
    published_statistics: bool | None = None
    """`true` says that the published values in `branch_statistics.csv` are of this dataset; else a
    note there says that they are not."""

    @model_validator(mode="after")
    def _has_its_inputs(self) -> Dataset:
        given = self.given(_MADE)
        problems = []
        if self.synthetic is not None and given:
            problems.append(f"a synthetic dataset makes its inputs; remove {', '.join(given)}")
        needed = _NEEDED if self.cells is None else _OWN_NEEDED
        missing = [name for name in needed if name not in given]
        if self.synthetic is None and missing:
            problems.append(f"missing key {', '.join(missing)}")
        published = self.given(_PUBLISHED_ONLY)
        if self.cells is not None and published:
            problems.append(f"cells are canonical tables; remove {', '.join(published)}")
        for name in (*self.tables, *BRANCH_TABLES, *FOLDERS):
            source = self.source(name)
            if isinstance(source, ArchiveMember) and source.archive not in self.archives:
                hint = did_you_mean(source.archive, self.archives)
                problems.append(
                    f"{name} names the archive {quoted(source.archive)}, not described here{hint}"
                )
        problems += self._unknown_types()
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _unknown_types(self) -> Iterator[str]:
        """Yield the counts that are expected of cell types that are not analysed."""
        for key in _BY_TYPE:
            for name in getattr(self.expectations, key):
                if name not in self.types:
                    yield (
                        f"expectations.{key} names the cell type {quoted(name)}, expected one of "
                        f"{', '.join(self.types)}{did_you_mean(name, self.types)}"
                    )

    @field_validator("published_compartments")
    @classmethod
    def _one_to_one(cls, labels: dict[str, int] | None) -> dict[str, int] | None:
        if labels is not None and sorted(labels.values()) != _LABELS:
            names, last = ", ".join(COMPARTMENTS), _LABELS[-1]
            raise ValueError(f"each of {names} needs a label of its own, 0 to {last}")
        return labels

    def given(self, names: Iterable[str]) -> list[str]:
        """Return those of some keys that the description has."""
        return [name for name in names if getattr(self, name) is not None]

    def source(self, name: str) -> Any:
        """Return the source of an input, that of a canonical table too."""
        found = getattr(self, name)
        return found.path if isinstance(found, OwnTable) else found

    @property
    def tables(self) -> tuple[str, ...]:
        """The keys of the tables that the dataset's adapter reads."""
        return TABLES if self.cells is None else OWN_TABLES

    @property
    def adapter(self) -> str:
        """Which adapter reads the tables."""
        return MICRONS_L23 if self.cells is None else CANONICAL

    @property
    def types(self) -> dict[str, str]:
        """Where the compartments of each cell type come from, in the order of the outputs."""
        if self.cells is None:
            return MICRONS_L23_TYPES
        return {name: described.compartments for name, described in self.cells.types.items()}

    def types_from(self, *compartments: str) -> tuple[str, ...]:
        """Return the cell types whose compartments come from one of some places."""
        return tuple(n for n, place in self.types.items() if place in compartments)

    @property
    def skeleton_types(self) -> tuple[str, ...]:
        """The cell types that have skeletons."""
        return self.types_from("published", "skeleton")

    def sources(self) -> dict[str, Any]:
        """Return the sources by their keys, those of archives included."""
        sources = {n: self.source(n) for n in (*self.tables, *BRANCH_TABLES, *FOLDERS)}
        return sources | {f"archives.{name}": source for name, source in self.archives.items()}

    @property
    def nucleus_voxel_nm(self) -> VoxelSize:
        """Voxel size in which the table of nuclei counts, in nm."""
        return self.nucleus_voxel_size_nm or NUCLEUS_VOXEL_SIZE_NM

    @property
    def published_labels(self) -> dict[str, int]:
        """The labels by the names that the table of pyramidal mitochondria has for them."""
        return self.published_compartments or (PUBLISHED_LABELS if self.synthetic else OWN_LABELS)

    @property
    def writes_precomputed_views(self) -> bool:
        """Whether a run writes sources for Neuroglancer: by default where the meshes are local."""
        if self.precomputed_views is None:
            return self.synthetic is not None or local_layer(self.mitochondria_meshes) is not None
        return self.precomputed_views
