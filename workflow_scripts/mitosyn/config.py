"""The configuration: its schema, and where each input of the chosen dataset lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from mitosyn.columns import (
    BRANCH_TYPES,
    CELL_MESHES,
    MESH_LAYER,
    PUBLISHED_BRANCH_FILES,
    PUBLISHED_FILES,
    PYRAMIDAL,
)
from mitosyn.errors import CONFIGURATION
from mitosyn.layers import FILE_LAYER, local_layer

PUBLIC_VIEWER = "https://neuroglancer-demo.appspot.com/"
TABLES = (
    "cell_types",
    "somas",
    "mitochondria",
    "neuron_mitochondria",
    "pyramidal_ids",
    "pyramidal_mitochondria",
    "synapses",
)
BRANCH_TABLES = ("mitochondrion_cell_overlaps", "nucleus_segments", "nucleus_cell_overlaps")
FOLDERS = ("skeletons", CELL_MESHES)
ARCHIVE_ENDINGS = (".tgz", ".tar.gz")

# What a source can be, by the name that the schema has for it.
SOURCE_FORMS = {
    "str": "a path or URL",
    "Download": "{url, filename, size, checksum}",
    "ArchiveMember": "{archive, member}",
}

CHECKSUM = r"^(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})$"
PositiveInt = Annotated[int, Field(strict=True, gt=0)]
Count = Annotated[int, Field(strict=True, ge=0)]
Size = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
VoxelSize = tuple[Size, Size, Size]
PublicLayer = Annotated[str, Field(pattern="^precomputed://(https?|gs|s3)://")]
CellType = Literal["pyramidal", "inhibitory", "glia"]
BranchType = Literal[BRANCH_TYPES]  # type: ignore[valid-type]

NUCLEUS_VOXEL_SIZE_NM = (57.28, 57.28, 40.0)
"""Voxel size of the published nucleus segmentation."""


class ConfigError(ValueError):
    """The configuration cannot be used; the text names the key or the path."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"config: {problem} ({CONFIGURATION})")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Download(_Strict):
    """A remote file of which more is to be said than its URL."""

    url: Annotated[str, Field(pattern="^https?://")]
    filename: str | None = None
    size: PositiveInt | None = None
    checksum: Annotated[str, Field(pattern=CHECKSUM)] | None = None

    @property
    def name(self) -> str:
        """The file's name: the one given, or the end of the URL."""
        return self.filename or PurePosixPath(urlsplit(self.url).path).name


class ArchiveMember(_Strict):
    """A file or folder inside one of the dataset's archives."""

    archive: str
    member: str


Source = str | Download | ArchiveMember


class Expectations(_Strict):
    """Published counts that a run is compared with; what is not given is not compared."""

    cells: dict[CellType, Count] = {}
    mitochondria: dict[CellType, Count] = {}
    compartments: dict[CellType, dict[str, Count]] = {}
    synapses: dict[Literal["post", "pre", "autapse"], Count] = {}
    morphologies: Count | None = None
    associated_nodes: Count | None = None


class Synthetic(_Strict):
    """Sizes of a generated dataset; the least that holds every sort of untidiness."""

    seed: Count
    pyramidal_cells: PositiveInt
    inhibitory_cells: PositiveInt
    astrocytes: PositiveInt
    mitochondria_per_cell: Annotated[int, Field(strict=True, ge=8)]
    synapses: Annotated[int, Field(strict=True, ge=40)]


class Neuroglancer(_Strict):
    """The dataset's public layers, and the Neuroglancer that links open them in."""

    image: PublicLayer | None = None
    cells: PublicLayer
    mitochondria: PublicLayer
    viewer: Annotated[str, Field(pattern="^https?://")] = PUBLIC_VIEWER


class Dataset(_Strict):
    """One dataset: either generated, or described by where its inputs lie."""

    description: str = ""
    voxel_size_nm: VoxelSize
    mesh_voxel_size_nm: VoxelSize
    synthetic: Synthetic | None = None
    disk_gb: Size | None = None
    archives: dict[Name, str | Download] = {}
    cell_types: Source | None = None
    somas: Source | None = None
    mitochondria: Source | None = None
    neuron_mitochondria: Source | None = None
    pyramidal_ids: Source | None = None
    pyramidal_mitochondria: Source | None = None
    synapses: Source | None = None
    skeletons: Source | None = None
    mitochondria_meshes: str | None = None
    cell_meshes: Source | None = None
    mitochondrion_cell_overlaps: Source | None = None
    nucleus_segments: Source | None = None
    nucleus_cell_overlaps: Source | None = None
    nucleus_voxel_size_nm: VoxelSize | None = None
    neuroglancer: Neuroglancer | None = None
    precomputed_views: bool | None = None
    expectations: Expectations = Expectations()
    published_statistics: bool | None = None

    @model_validator(mode="after")
    def _has_its_inputs(self) -> Dataset:
        required = (*TABLES, "skeletons", MESH_LAYER)
        given = self.given((*required, *BRANCH_TABLES, CELL_MESHES))
        if self.synthetic is not None and given:
            raise ValueError(f"a synthetic dataset makes its inputs; remove {', '.join(given)}")
        missing = [name for name in required if name not in given]
        if self.synthetic is None and missing:
            raise ValueError(f"missing key {', '.join(missing)}")
        if self.mitochondria_meshes and not self.mitochondria_meshes.startswith("precomputed://"):
            raise ValueError(
                "mitochondria_meshes must be a CloudVolume path, precomputed://file://… or "
                "precomputed://https://…"
            )
        for name in (*TABLES, *BRANCH_TABLES, *FOLDERS):
            source = getattr(self, name)
            if isinstance(source, ArchiveMember) and source.archive not in self.archives:
                raise ValueError(f"{name} names the archive {source.archive!r}, not described here")
        return self

    def given(self, names: Iterable[str]) -> list[str]:
        """Give those of some keys that the description has."""
        return [name for name in names if getattr(self, name) is not None]

    @property
    def nucleus_voxel_nm(self) -> VoxelSize:
        """Voxel size in which the table of nuclei counts, in nm."""
        return self.nucleus_voxel_size_nm or NUCLEUS_VOXEL_SIZE_NM

    @property
    def writes_precomputed_views(self) -> bool:
        """Whether a run writes sources for Neuroglancer: by default where the meshes are local."""
        if self.precomputed_views is None:
            return self.synthetic is not None or local_layer(self.mitochondria_meshes) is not None
        return self.precomputed_views


class Retrieval(_Strict):
    """How patient and how polite retrieval is; see :class:`mitosyn.transfer.Policy`."""

    attempts: PositiveInt = 6
    backoff_s: Size = 1.0
    timeout_s: Size = 60.0
    connections_per_job: PositiveInt = 32
    connections: PositiveInt = 64


class Config(_Strict):
    """The whole configuration."""

    dataset: str
    recompute_pyramidal: bool = False
    associated_nodes_suffix: Name = "associated_nodes"
    standard_swc: bool = False
    swc_radii: Literal["published", "measured"] = "published"
    branches: tuple[BranchType, ...] = ()
    offline: bool = False
    retrieval: Retrieval = Retrieval()
    datasets: dict[Name, Dataset]

    @field_validator("branches")
    @classmethod
    def _each_once(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        """Put the types into one order, so that the order in which they are given is no matter."""
        return tuple(name for name in BRANCH_TYPES if name in types)

    @property
    def chosen(self) -> Dataset:
        """The dataset to run."""
        return self.datasets[self.dataset]

    @property
    def needs_cell_meshes(self) -> bool:
        """Whether anything that is to be made is measured on the meshes of cells."""
        return bool(self.branches) or self.swc_radii == "measured"

    @property
    def expected_counts(self) -> Expectations:
        """The counts to compare a run with: without published ones of what is recomputed."""
        expected = self.chosen.expectations
        if not self.recompute_pyramidal:
            return expected
        others = {k: counts for k, counts in expected.compartments.items() if k != PYRAMIDAL}
        return expected.model_copy(update={"compartments": others})


@dataclass(frozen=True)
class Inputs:
    """Where the inputs of the chosen dataset lie on this machine.

    Attributes
    ----------
    tables : dict from key to path
        Local, or where retrieval puts them.
    downloads : dict from file name to Download
        What retrieval puts into the resources folder.
    archives : dict from name to path
        The archives whose members are inputs.
    skeletons : str
        A folder, or where retrieval or unpacking puts one.
    skeleton_archive : str or None
        The archive to unpack into ``skeletons``.
    mesh_layer : str
        ``precomputed://…`` path.
    generated : bool
        The inputs are made by this workflow.
    branch_tables : dict from key to path
        Further tables that the branch analysis reads; empty if nothing reads them.
    cell_meshes : str or None
        A folder, or where retrieval, unpacking or generation puts one; None if nothing
        reads it.
    cell_mesh_archive : str or None
        The archive to unpack into ``cell_meshes``.
    """

    tables: dict[str, str]
    downloads: dict[str, Download]
    archives: dict[str, str]
    skeletons: str
    skeleton_archive: str | None
    mesh_layer: str
    generated: bool
    branch_tables: dict[str, str]
    cell_meshes: str | None
    cell_mesh_archive: str | None

    @property
    def skeletons_are_files(self) -> bool:
        """Whether each skeleton is an input file that exists before the run."""
        return not self.generated and self.skeleton_archive is None

    @property
    def cell_meshes_are_files(self) -> bool:
        """Whether each cell mesh is an input file that exists, if at all, before the run."""
        return not self.generated and self.cell_mesh_archive is None


def read_config(raw: Mapping[str, Any]) -> Config:
    """Check a configuration.

    Raises
    ------
    ConfigError
        A key is missing, unknown or of the wrong type, the dataset to run is not
        described or lacks an input of what is asked for, or a local path of it does not
        exist.
    """
    try:
        config = Config.model_validate(dict(raw))
    except ValidationError as error:
        raise ConfigError(_one_message(error)) from error
    if config.dataset not in config.datasets:
        described = ", ".join(config.datasets)
        raise ConfigError(
            f"dataset is {config.dataset!r}, which is not described under datasets "
            f"(described: {described})"
        )
    _check_branch_inputs(config)
    _check_paths(config)
    return config


def _one_message(error: ValidationError) -> str:
    problems = dict.fromkeys(_problem(detail) for detail in error.errors())
    return "; ".join(problems)


def _problem(detail: Any) -> str:
    keys = [str(part) for part in detail["loc"]]
    tags = [i for i, key in enumerate(keys) if key in SOURCE_FORMS]
    if tags:
        return f"{'.'.join(keys[: tags[0]])}: expected {' or '.join(SOURCE_FORMS.values())}"
    key = ".".join(keys) or "config"
    if detail["type"] == "extra_forbidden":
        return f"unknown key {key}"
    if detail["type"] == "missing":
        return f"missing key {key}"
    if detail["type"] == "value_error":
        return f"{key}: {detail['msg'].removeprefix('Value error, ')}"
    return f"{key}: {detail['msg']} (found {detail['input']!r})"


def _check_branch_inputs(config: Config) -> None:
    """Refuse an analysis for which the dataset to run has not all inputs."""
    wanted: dict[str, tuple[str, ...]] = {}
    if config.branches:
        wanted["branches"] = (CELL_MESHES, *BRANCH_TABLES)
    if config.swc_radii == "measured":
        wanted["swc_radii: measured"] = (CELL_MESHES,)
    for key, names in wanted.items():
        missing = [n for n in names if n not in config.chosen.given(names)]
        if missing and config.chosen.synthetic is None:
            raise ConfigError(
                f"datasets.{config.dataset}: missing key {', '.join(missing)}, needed for {key}"
            )


def _check_paths(config: Config) -> None:
    dataset = config.chosen
    sources = {name: getattr(dataset, name) for name in (*TABLES, *BRANCH_TABLES, *FOLDERS)}
    sources |= {f"archives.{name}": archive for name, archive in dataset.archives.items()}
    for name, source in sources.items():
        if isinstance(source, str) and not is_url(source) and not Path(source).exists():
            raise ConfigError(
                f"datasets.{config.dataset}.{name} is {source!r}, which does not exist"
            )
    layer = local_layer(dataset.mitochondria_meshes)
    if layer is not None and not (layer / "info").exists():
        raise ConfigError(
            f"datasets.{config.dataset}.{MESH_LAYER} is {dataset.mitochondria_meshes!r}, "
            f"but {layer / 'info'} does not exist"
        )


def is_url(source: str) -> bool:
    """Tell whether a source is a URL rather than a local path."""
    return "://" in source


def locate_inputs(config: Config, resources: str) -> Inputs:
    """Say where each input of the chosen dataset is, or will be once retrieved.

    Parameters
    ----------
    config : Config
    resources : str
        The folder for what is retrieved, unpacked or generated.
    """
    dataset = config.chosen
    if dataset.synthetic is not None:
        published = PUBLISHED_FILES | PUBLISHED_BRANCH_FILES
        made = {name: f"{resources}/{file}" for name, file in published.items()}
        return Inputs(
            tables={name: made[name] for name in TABLES},
            downloads={},
            archives={},
            skeletons=made["skeletons"],
            skeleton_archive=None,
            mesh_layer=f"{FILE_LAYER}{made[MESH_LAYER]}",
            generated=True,
            # One job makes all of them.
            branch_tables={n: made[n] for n in BRANCH_TABLES} if config.needs_cell_meshes else {},
            cell_meshes=made[CELL_MESHES] if config.needs_cell_meshes else None,
            cell_mesh_archive=None,
        )
    archives = {name: _local_path(a, resources) for name, a in dataset.archives.items()}
    tables = {name: _local_path(getattr(dataset, name), resources) for name in TABLES}
    branch_tables = {
        name: _local_path(getattr(dataset, name), resources) for name in _branch_tables(config)
    }
    skeletons, skeleton_archive = _local_folder(dataset, "skeletons", resources)
    cell_meshes, cell_mesh_archive = (
        _local_folder(dataset, CELL_MESHES, resources) if config.needs_cell_meshes else (None, None)
    )
    return Inputs(
        tables=tables,
        downloads=_downloads(config),
        archives=archives,
        skeletons=skeletons,
        skeleton_archive=skeleton_archive,
        mesh_layer=str(dataset.mitochondria_meshes),
        generated=False,
        branch_tables=branch_tables,
        cell_meshes=cell_meshes,
        cell_mesh_archive=cell_mesh_archive,
    )


def _branch_tables(config: Config) -> tuple[str, ...]:
    """Name the tables of the branch analysis, if there is one."""
    return BRANCH_TABLES if config.branches else ()


def _local_folder(dataset: Dataset, name: str, resources: str) -> tuple[str, str | None]:
    """Say where a folder is, or will be, and from which archive it is to be unpacked."""
    source = getattr(dataset, name)
    if isinstance(source, ArchiveMember):
        path = _local_path(dataset.archives[source.archive], resources)
    else:
        path = _local_path(source, resources)
    return (f"{resources}/{name}", path) if path.endswith(ARCHIVE_ENDINGS) else (path, None)


def _downloads(config: Config) -> dict[str, Download]:
    """Collect what is to be retrieved, by file name."""
    dataset = config.chosen
    names = [*TABLES, "skeletons", *_branch_tables(config)]
    names += [CELL_MESHES] if config.needs_cell_meshes else []
    sources = [getattr(dataset, name) for name in names]
    sources += dataset.archives.values()
    downloads = [_as_download(source) for source in sources]
    return {download.name: download for download in downloads if download is not None}


def _as_download(source: Source | None) -> Download | None:
    if isinstance(source, str) and is_url(source):
        return Download(url=source)
    return source if isinstance(source, Download) else None


def _local_path(source: Source | None, resources: str) -> str:
    """Say where a source is on this machine, or will be."""
    download = _as_download(source)
    if download is not None:
        return f"{resources}/{download.name}"
    if isinstance(source, ArchiveMember):
        return f"{resources}/{source.archive}/{source.member}"
    return str(source)
