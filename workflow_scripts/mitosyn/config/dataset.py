"""A section of ``datasets``: where the inputs of a dataset come from, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from mitosyn.catalogue import CELL_MESHES, COMPARTMENTS, MESH_LAYER, PUBLISHED_LABELS
from mitosyn.config.own import (
    CellMeshes,
    CellType,
    MeshSource,
    OwnCells,
    OwnMitochondria,
    OwnSynapses,
    OwnTable,
    Skeletons,
)
from mitosyn.config.parts import Expectations, Neuroglancer, Synthetic
from mitosyn.config.problems import did_you_mean, quoted
from mitosyn.config.values import (
    Archive,
    ArchiveMember,
    Layer,
    Name,
    Section,
    Size,
    Source,
    VoxelSize,
    layer_or,
    source_or,
)
from mitosyn.meshes import local_layer
from mitosyn.sources import CANONICAL, MICRONS_L23, MICRONS_L23_TYPES
from mitosyn.support import NM_PER_UM

TABLES = (
    *("cell_types", "somas", "mitochondria", "neuron_mitochondria"),
    *("pyramidal_ids", "pyramidal_mitochondria", "synapses"),
)
OWN_TABLES = ("cells", "mitochondria", "synapses")
SEGMENTATION = "mitochondria_segmentation"
BRANCH_TABLES = ("mitochondrion_cell_overlaps", "nucleus_segments", "nucleus_cell_overlaps")
FOLDERS = ("skeletons", CELL_MESHES)
# What a dataset that is not generated needs, and what one that is cannot have.
_NEEDED = (*TABLES, "skeletons", MESH_LAYER)
_OWN_NEEDED = OWN_TABLES[:2]
_PUBLISHED_ONLY = (*(name for name in TABLES if name not in OWN_TABLES), "published_compartments")
_MADE = (*(*_NEEDED, "cells", *BRANCH_TABLES, CELL_MESHES, SEGMENTATION, "published_compartments"),)

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
    mesh_voxel_size_nm: VoxelSize = Field(
        default_factory=lambda known: known.get("voxel_size_nm", (1.0, 1.0, 1.0))
    )
    """The voxel size in which the mesh source reports nm, if it is another one; its vertices are
    multiplied by `voxel_size_nm / mesh_voxel_size_nm`."""
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
    """Instead of the published tables, your own: `{path, columns, unit, types}`, with `cell_id`,
    `cell_type` and perhaps `cell_subtype`, `centroid` and `soma` (positions)."""
    mitochondria: source_or(OwnMitochondria) | None = None  # type: ignore[valid-type]
    """CSV with `mito_id, mito_vx, cellid, ctr_pos_x_vx, ctr_pos_y_vx, ctr_pos_z_vx`: all
    mitochondria, sizes and centres in voxels. With `cells`: `{path, columns, unit}`, with
    `mito_id`, `cell_id`, `position` and perhaps `voxels`, `published_compartment` and
    `published_length` (nm)."""
    neuron_mitochondria: Source | None = None
    """CSV with the columns of `mitochondria`: those of cells with a soma and a skeleton."""
    pyramidal_ids: Source | None = None
    """Text, one cell id per line."""
    pyramidal_mitochondria: Source | None = None
    """CSV with the columns of `mitochondria` and published results: `surface_area` (µm²),
    `complexityindex`, `compartment`, `pathlength` (nm)."""
    synapses: source_or(OwnSynapses) | None = None  # type: ignore[valid-type]
    """CSV with `id, pre_root_id, post_root_id, ctr_pos_x_vx, ctr_pos_y_vx, ctr_pos_z_vx`, the
    centres in voxels. With `cells`, if there are any: `{path, columns, unit}`, with `pre_id`,
    `post_id`, a `position`, or `pre_position` and `post_position`, and perhaps `id` and `size`."""
    skeletons: source_or(Skeletons) | None = None  # type: ignore[valid-type]
    """Folder or `.tgz` with `<cell>_skeleton.h5` (MeshParty; vertices in nm, true to
    `voxel_size_nm`) and `<cell>_skeleton_label.npy` (one label 0–5 per vertex). Others:
    `{path, format, unit, labels}`."""
    mitochondria_meshes: layer_or(MeshSource) | None = None  # type: ignore[valid-type]
    """A layer, `precomputed://` and `file://…`, `https://…`, `gs://…` or `s3://…`, with legacy
    (unsharded) or multi-resolution Draco meshes; `{path, lod}` for another level of detail than the
    finest."""
    mitochondria_segmentation: Layer | None = None
    """With `cells`, instead of meshes: a layer with the segmentation of the mitochondria, which is
    meshed first."""
    cell_meshes: source_or(CellMeshes) | None = None  # type: ignore[valid-type]
    """For `branches` and `swc_radii: measured` only: folder or `.tgz` with `<cell>_mesh.h5`
    (MeshParty: `vertices` in the nm of `mesh_voxel_size_nm`, `faces`, perhaps `link_edges`).
    Others: `{path, format, unit, lod}`."""
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
    towards_pia: Literal["x", "-x", "y", "-y", "z", "-z"] | None = None
    """The way from white matter to pia, as in `-y`: pictures have the pia at their top. Published
    tables of layer 2/3 need no such key; without it, nothing is said of the pia."""
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
            problems.append(f"cells are a table of your own; remove {', '.join(published)}")
        problems += self._own_problems() if self.cells is not None else self._published_problems()
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

    def _own_problems(self) -> Iterator[str]:
        """Yield what of the description of own tables does not go together."""
        for name in OWN_TABLES[1:]:
            given = getattr(self, name)
            if given is not None and not isinstance(given, OwnTable):
                yield f"{name} has another form with cells: {{path, columns, unit}}"
        wanting = self.types_from("skeleton")
        if wanting and self.skeletons is None:
            yield f"missing key skeletons, from which {', '.join(wanting)} have their compartments"
        if self.mitochondria_meshes is not None and self.mitochondria_segmentation is not None:
            yield f"{MESH_LAYER} and {SEGMENTATION} exclude each other; remove one"

    def _published_problems(self) -> Iterator[str]:
        for name in ("mitochondria", "synapses"):
            if isinstance(getattr(self, name), OwnTable):
                yield f"{name} is a table of your own; describe cells in this form too"
        if self.mitochondria_segmentation is not None:
            yield f"{SEGMENTATION} is for tables of your own; describe cells"

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
        """Return the source of an input, that of one with a form of its own too."""
        found = getattr(self, name)
        return found.path if isinstance(found, OwnTable | Skeletons | CellMeshes) else found

    @property
    def tables(self) -> tuple[str, ...]:
        """The keys of the tables that the dataset's adapter reads."""
        return TABLES if self.cells is None else tuple(self.given(OWN_TABLES))

    @property
    def adapter(self) -> str:
        """Which adapter reads the tables."""
        return MICRONS_L23 if self.cells is None else CANONICAL

    @property
    def forms(self) -> dict[str, dict[str, Any]]:
        """What the columns of own tables are called and count in, by table; empty for others."""
        own = {n: getattr(self, n) for n in self.given(OWN_TABLES) if self.cells is not None}
        return {
            name: {"columns": table.columns, "unit_nm": self.unit_nm(table.unit)}
            for name, table in own.items()
        }

    def unit_nm(self, unit: str) -> tuple[float, float, float]:
        """Return the nm along x, y and z in what positions count in."""
        sizes = {"nm": 1.0, "um": NM_PER_UM}
        return self.voxel_size_nm if unit == "voxel" else (sizes[unit],) * 3

    @property
    def types(self) -> dict[str, str]:
        """Where the compartments of each cell type come from, in the order of the outputs."""
        if self.cells is None:
            return MICRONS_L23_TYPES
        return {name: described.compartments for name, described in self.cells.types.items()}

    @property
    def types_in_table(self) -> dict[str, str]:
        """The cell types by their names in a table of one's own."""
        described = self.cells.types if self.cells else {}
        return {source: name for name, kind in described.items() for source in kind.of or (name,)}

    @property
    def soma_limits_um(self) -> dict[str, tuple[float, float]]:
        """Up to where mitochondria are somatic, and from where on far, by cell type, in µm."""
        if self.cells is None:
            within_um, far_um = (CellType.model_fields[n].default for n in ("within_um", "far_um"))
            return dict.fromkeys(self.types, (within_um, far_um))
        return {name: (kind.within_um, kind.far_um) for name, kind in self.cells.types.items()}

    @property
    def skeleton_form(self) -> dict[str, Any]:
        """How skeletons are stored: format, nm in a unit, numbers by stored label, attribute.

        The numbers are places in :attr:`compartment_names`; None where labels are not read.
        """
        described = self.skeletons
        if not isinstance(described, Skeletons):
            numbers = {label: label for label in range(len(COMPARTMENTS))}
            return {"format": "meshparty", "scale_nm": (1.0,) * 3, "labels": numbers}
        names = self.compartment_names
        labels = described.labels
        if labels is None and described.format == "meshparty":
            labels = dict(enumerate(COMPARTMENTS))
        return {
            "format": described.format,
            "scale_nm": self.unit_nm(described.unit),
            "labels": labels and {label: names.index(name) for label, name in labels.items()},
            "attribute": described.attribute,
        }

    @property
    def compartment_names(self) -> tuple[str, ...]:
        """The compartments by their labels here: the published ones, then others of its own."""
        labels = self.skeletons.labels if isinstance(self.skeletons, Skeletons) else None
        return tuple(dict.fromkeys((*COMPARTMENTS, *(labels or {}).values())))

    @property
    def mesh_layer(self) -> str | None:
        """The layer of the meshes of mitochondria, if it is described."""
        described = self.mitochondria_meshes
        return described.path if isinstance(described, MeshSource) else described

    @property
    def mesh_lod(self) -> int:
        """The level of detail of the meshes of mitochondria."""
        described = self.mitochondria_meshes
        return described.lod if isinstance(described, MeshSource) else 0

    @property
    def cell_mesh_form(self) -> dict[str, Any]:
        """The format of cells' meshes, what their positions count in, and the level of detail."""
        described = self.cell_meshes
        if not isinstance(described, CellMeshes):
            return {"format": "meshparty", "unit": "nm", "lod": 0}
        return described.model_dump(exclude={"path"})

    @property
    def pia(self) -> str | None:
        """The way to the pia, that of the published volume too; None where it is not known."""
        return self.towards_pia or ("-y" if self.cells is None else None)

    def types_from(self, *compartments: str) -> tuple[str, ...]:
        """Return the cell types whose compartments come from one of some places."""
        return tuple(n for n, place in self.types.items() if place in compartments)

    @property
    def skeleton_types(self) -> tuple[str, ...]:
        """The cell types that have skeletons."""
        published = ("published",) if self.skeletons is not None or self.synthetic else ()
        return self.types_from("skeleton", *published)

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
        own = (
            PUBLISHED_LABELS
            if self.synthetic
            else {name: n for n, name in enumerate(self.compartment_names)}
        )
        return self.published_compartments or own

    @property
    def writes_precomputed_views(self) -> bool:
        """Whether a run writes sources for Neuroglancer: by default where the meshes are local."""
        if self.precomputed_views is None:
            return self.synthetic is not None or local_layer(self.mesh_layer) is not None
        return self.precomputed_views
