"""The configuration: its schema, and where each input of the chosen dataset lies."""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from mitosyn.columns import (
    BRANCH_TYPES,
    CELL_MESHES,
    COMPARTMENTS,
    MESH_LAYER,
    PUBLISHED_BRANCH_FILES,
    PUBLISHED_FILES,
    PUBLISHED_LABELS,
    PYRAMIDAL,
)
from mitosyn.compartments import OWN_LABELS
from mitosyn.config_problems import (
    FOUND,
    SOURCE_TAGS,
    ConfigError,
    did_you_mean,
    in_lines,
    quoted,
    validation_problems,
)
from mitosyn.errors import InputError
from mitosyn.layers import (
    FILE_LAYER,
    WEB_LAYERS,
    local_layer,
    named_mesh_folder,
    read_info,
    resolution_problem,
)

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

WEB = ("http", "https")
LAYERS = (FILE_LAYER, *WEB_LAYERS)
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")


def _refuse(what: str, value: object) -> ValueError:
    return ValueError(f"expected {what} (found {quoted(value)})")


def _number(value: Any) -> float:
    """Read a number above 0; texts of numbers come from the command line."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 < number < math.inf:
        raise _refuse("a finite number above 0", value)
    return number


def _integer(value: Any) -> Any:
    """Read the text of a whole number, as which the command line gives nested ones."""
    text = isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}", value)
    return int(value) if text else value


def _voxel_size(value: Any) -> tuple[float, float, float]:
    try:
        x, y, z = (_number(size) for size in (value if isinstance(value, list | tuple) else ()))
    except ValueError:
        raise _refuse("three finite numbers above 0, in nm: [x, y, z]", value) from None
    return x, y, z


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise _refuse(
            "a name of letters, digits, '_', '-' and '.' that does not begin with '.' or '-'", value
        )
    return value


def _url(value: str) -> str:
    """Read a web address; others are refused with what to write instead."""
    scheme, colon, _ = value.partition("://")
    if scheme.lower() in ("s3", "gs"):
        raise _refuse("the https:// address of a file in a bucket", value)
    if scheme.lower() == "file":
        raise _refuse("a local path as it is, without file://", value)
    try:
        host = urlsplit(value).hostname
    except ValueError:
        host = None
    if not colon or scheme not in WEB or not host or re.search(r"\s", value):
        raise _refuse("a URL that begins with https:// or http://", value)
    return value


def _end(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name


def _file_url(value: str) -> str:
    """Read a web address that names the file."""
    name = _end(_url(value))
    try:
        _file_name(name)
    except ValueError:
        raise _refuse("a URL that ends in a file's name, or filename beside it", value) from None
    return value


def _path(value: str) -> str:
    """Read a local path or a web address."""
    if is_url(value):
        return _file_url(value)
    if not value.strip() or re.search(r"[\x00-\x1f{}]", value):
        raise _refuse("a path without braces, or a URL", value)
    return value


def _file_name(value: str) -> str:
    if value.strip(". ") == "" or re.search(r"[/\\\x00-\x1f{}]", value):
        raise _refuse("the name of a file, without folders", value)
    return value


def _member(value: str) -> str:
    parts = value.split("/")
    if {"", ".", ".."} & set(parts) or re.search(r"[\\\x00-\x1f{}]", value):
        raise _refuse("a path inside the archive, without '..' and not absolute", value)
    return value


def _checksum(value: str) -> str:
    if not CHECKSUM.fullmatch(value):
        raise _refuse("md5: and 32, or sha256: and 64 digits of 0-9 and a-f", value)
    return value


def _layer(value: str) -> str:
    if not value.startswith(LAYERS) or value in LAYERS or re.search(r"\s", value):
        raise _refuse("a mesh layer, precomputed://file://… or precomputed://https://…", value)
    return value


def _public_layer(value: str) -> str:
    if local_layer(_layer(value)) is not None:
        raise _refuse("a public layer, precomputed://https://… or precomputed://gs://…", value)
    return value


Integer = Annotated[int, Field(strict=True), BeforeValidator(_integer)]
PositiveInt = Annotated[Integer, Field(gt=0)]
Count = Annotated[Integer, Field(ge=0)]
Size = Annotated[float, BeforeValidator(_number)]
Name = Annotated[str, AfterValidator(_name)]
Url = Annotated[str, AfterValidator(_url)]
VoxelSize = Annotated[tuple[float, float, float], BeforeValidator(_voxel_size)]
Layer = Annotated[str, AfterValidator(_layer)]
PublicLayer = Annotated[str, AfterValidator(_public_layer)]
CellType = Literal["pyramidal", "inhibitory", "glia"]
BranchType = Literal[BRANCH_TYPES]  # type: ignore[valid-type]
Compartment = Literal[COMPARTMENTS]  # type: ignore[valid-type]
Label = Annotated[int, Field(strict=True)]

NUCLEUS_VOXEL_SIZE_NM = (57.28, 57.28, 40.0)
"""Voxel size of the published nucleus segmentation."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Download(_Strict):
    """A remote file of which more is to be said than its URL."""

    url: Url
    filename: Annotated[str, AfterValidator(_file_name)] | None = None
    size: PositiveInt | None = None
    checksum: Annotated[str, AfterValidator(_checksum)] | None = None

    @property
    def name(self) -> str:
        """The file's name: the one given, or the end of the URL."""
        return self.filename or _end(self.url)

    @model_validator(mode="after")
    def _has_a_name(self) -> Download:
        if self.filename is None:
            _file_url(self.url)
        return self


class ArchiveMember(_Strict):
    """A file or folder inside one of the dataset's archives."""

    archive: str
    member: Annotated[str, AfterValidator(_member)]


def _form(value: Any) -> str | None:
    """Say which form of a source a value has, so that its problems are those of this form."""
    if isinstance(value, str):
        return SOURCE_TAGS[0]
    if isinstance(value, Mapping):
        return SOURCE_TAGS[2] if {"archive", "member"} & set(value) else SOURCE_TAGS[1]
    return None


_File = (
    Annotated[str, AfterValidator(_path), Tag(SOURCE_TAGS[0])]
    | Annotated[Download, Tag(SOURCE_TAGS[1])]
)
Archive = Annotated[_File, Discriminator(_form)]
Source = Annotated[_File | Annotated[ArchiveMember, Tag(SOURCE_TAGS[2])], Discriminator(_form)]


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
    mitochondria_per_cell: Annotated[Integer, Field(ge=8)]
    synapses: Annotated[Integer, Field(ge=40)]


class Neuroglancer(_Strict):
    """The dataset's public layers, and the Neuroglancer that links open them in."""

    image: PublicLayer | None = None
    cells: PublicLayer
    mitochondria: PublicLayer
    viewer: Url = PUBLIC_VIEWER


class Dataset(_Strict):
    """One dataset: either generated, or described by where its inputs lie."""

    description: str = ""
    voxel_size_nm: VoxelSize
    mesh_voxel_size_nm: VoxelSize
    synthetic: Synthetic | None = None
    disk_gb: Size | None = None
    archives: dict[Name, Archive] = {}
    cell_types: Source | None = None
    somas: Source | None = None
    mitochondria: Source | None = None
    neuron_mitochondria: Source | None = None
    pyramidal_ids: Source | None = None
    pyramidal_mitochondria: Source | None = None
    synapses: Source | None = None
    skeletons: Source | None = None
    mitochondria_meshes: Layer | None = None
    cell_meshes: Source | None = None
    mitochondrion_cell_overlaps: Source | None = None
    nucleus_segments: Source | None = None
    nucleus_cell_overlaps: Source | None = None
    nucleus_voxel_size_nm: VoxelSize | None = None
    published_compartments: dict[Compartment, Label] | None = None
    neuroglancer: Neuroglancer | None = None
    precomputed_views: bool | None = None
    expectations: Expectations = Expectations()
    published_statistics: bool | None = None

    @model_validator(mode="after")
    def _has_its_inputs(self) -> Dataset:
        required = (*TABLES, "skeletons", MESH_LAYER)
        given = self.given((*required, *BRANCH_TABLES, CELL_MESHES, "published_compartments"))
        problems = []
        if self.synthetic is not None and given:
            problems.append(f"a synthetic dataset makes its inputs; remove {', '.join(given)}")
        missing = [name for name in required if name not in given]
        if self.synthetic is None and missing:
            problems.append(f"missing key {', '.join(missing)}")
        for name in (*TABLES, *BRANCH_TABLES, *FOLDERS):
            source = getattr(self, name)
            if isinstance(source, ArchiveMember) and source.archive not in self.archives:
                hint = did_you_mean(source.archive, self.archives)
                problems.append(
                    f"{name} names the archive {quoted(source.archive)}, not described here{hint}"
                )
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @field_validator("published_compartments")
    @classmethod
    def _one_to_one(cls, labels: dict[str, int] | None) -> dict[str, int] | None:
        if labels is not None and sorted(labels.values()) != list(range(len(COMPARTMENTS))):
            last = len(COMPARTMENTS) - 1
            raise ValueError(
                f"each of {', '.join(COMPARTMENTS)} needs a label of its own, 0 to {last}"
            )
        return labels

    def given(self, names: Iterable[str]) -> list[str]:
        """Give those of some keys that the description has."""
        return [name for name in names if getattr(self, name) is not None]

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
    def pyramidal_labels(self) -> dict[str, int]:
        """The labels by their names in the files of pyramidal cells."""
        return OWN_LABELS if self.recompute_pyramidal else self.chosen.published_labels

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
        raise ConfigError(*validation_problems(error, Config)) from None
    if config.dataset not in config.datasets:
        described = ", ".join(config.datasets)
        raise ConfigError(
            f"dataset is {quoted(config.dataset)}, which is not described under datasets "
            f"(described: {described}){did_you_mean(config.dataset, config.datasets)}"
        )
    problems = in_lines(
        (f"datasets.{config.dataset}{key and '.'}{key}", problem)
        for check in (_missing_branch_inputs, _wrong_paths, _clashes)
        for key, problem in check(config)
    )
    if problems:
        raise ConfigError(*problems)
    return config


def _missing_branch_inputs(config: Config) -> Iterator[tuple[str, str]]:
    """Find inputs that an analysis needs and the dataset to run has not."""
    wanted: dict[str, tuple[str, ...]] = {}
    if config.branches:
        wanted["branches"] = (CELL_MESHES, *BRANCH_TABLES)
    if config.swc_radii == "measured":
        wanted["swc_radii: measured"] = (CELL_MESHES,)
    for key, names in wanted.items():
        missing = [n for n in names if n not in config.chosen.given(names)]
        if missing and config.chosen.synthetic is None:
            yield "", f"missing key {', '.join(missing)}, needed for {key}"


def _wrong_paths(config: Config) -> Iterator[tuple[str, str]]:
    """Find local inputs that are not there, or a folder in place of a file or the other way."""
    dataset = config.chosen
    for key, source in _sources(dataset).items():
        local = isinstance(source, str) and not is_url(source)
        if local and not _kind(source):
            yield key, f"is {quoted(source)}, which does not exist{_neighbour(source)}"
        elif local and key not in FOLDERS and _kind(source) == "folder":
            yield key, f"expected a file{FOUND}the folder {quoted(source)})"
        elif key in FOLDERS and source is not None:
            path = _local_path(_archive_of(dataset, source), "")
            if not path.endswith(ARCHIVE_ENDINGS) and _kind(path) != "folder":
                endings = " or ".join(f"*{ending}" for ending in ARCHIVE_ENDINGS)
                yield key, f"expected a folder or an archive, {endings}{FOUND}{quoted(path)})"
    layer = local_layer(dataset.mitochondria_meshes)
    if layer is not None and _kind(layer / "info") != "file":
        found = f"{dataset.mitochondria_meshes!r}, but {layer / 'info'} does not exist"
        yield MESH_LAYER, f"is {found}"
    elif layer is not None:
        yield from _wrong_layer(layer, dataset.mesh_voxel_size_nm)


def _wrong_layer(layer: Path, mesh_voxel_size_nm: VoxelSize) -> Iterator[tuple[str, str]]:
    """Look into the ``info`` of a local layer."""
    try:
        info = read_info(layer)
        folder = layer / named_mesh_folder(info, layer)
    except InputError as error:
        yield MESH_LAYER, error.problem
        return
    if _kind(folder) != "folder":
        yield (
            MESH_LAYER,
            f"the layer's info names a folder of meshes {quoted(str(folder))}, which is not there",
        )
    problem = resolution_problem(info, mesh_voxel_size_nm)
    if problem:
        yield MESH_LAYER, problem


def _kind(path: str | Path) -> str:
    """Say what is at a local path: a file, a folder, or nothing that can be reached."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return ""
    return "folder" if stat.S_ISDIR(mode) else "file"


def _neighbour(path: str) -> str:
    """Name the file that was perhaps meant."""
    folder = Path(path).parent
    names = [p.name for p in folder.iterdir()] if _kind(folder) == "folder" else []
    return did_you_mean(Path(path).name, names)


def _clashes(config: Config) -> Iterator[tuple[str, str]]:
    """Find sources that would be put at one place, or one inside another."""
    # What is put at which place, and the first key that says so.
    placed: dict[str, tuple[str, object]] = {}
    for key, place, what in _places(config.chosen):
        other, found = placed.setdefault(place, (key, what))
        if found != what:
            yield key, f"another file than that of {other} would get the name {quoted(place)}"
    for place, (key, _) in placed.items():
        for folder in map(str, PurePosixPath(place).parents):
            if folder in placed:
                yield key, f"{quoted(place)} would lie in {quoted(folder)} of {placed[folder][0]}"


def _places(dataset: Dataset) -> Iterator[tuple[str, str, object]]:
    """Give what is put into the resources folder: the key, where, and what it is."""
    for key, source in _sources(dataset).items():
        download = _as_download(source)
        if download is not None:
            yield key, download.name, download
        elif isinstance(source, ArchiveMember) and key not in FOLDERS:
            yield key, f"{source.archive}/{source.member}", source
        if key in FOLDERS and source is not None and _local_folder(dataset, key, "")[1]:
            yield key, key, "unpacked"


def _sources(dataset: Dataset) -> dict[str, Any]:
    """Return the sources of a dataset by their keys."""
    sources = {name: getattr(dataset, name) for name in (*TABLES, *BRANCH_TABLES, *FOLDERS)}
    return sources | {f"archives.{name}": source for name, source in dataset.archives.items()}


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
    path = _local_path(_archive_of(dataset, source), resources)
    return (f"{resources}/{name}", path) if path.endswith(ARCHIVE_ENDINGS) else (path, None)


def _archive_of(dataset: Dataset, source: Source | None) -> Source | None:
    """Return the archive that a source is in, or the source."""
    return dataset.archives[source.archive] if isinstance(source, ArchiveMember) else source


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
