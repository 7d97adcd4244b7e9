"""Where each input of the chosen dataset lies, or will lie once retrieved, unpacked or made."""

from __future__ import annotations

from dataclasses import dataclass

from mitosyn.catalogue import CELL_MESHES, MESH_LAYER, PUBLISHED_BRANCH_FILES, PUBLISHED_FILES
from mitosyn.config.dataset import BRANCH_TABLES, FOLDERS, Dataset
from mitosyn.config.settings import Config
from mitosyn.config.values import ArchiveMember, Download, Source, is_url
from mitosyn.meshes import FILE_LAYER

ARCHIVE_ENDINGS = (".tgz", ".tar.gz")


@dataclass(frozen=True)
class Inputs:
    """Where the inputs of the chosen dataset lie on this machine."""

    tables: dict[str, str]
    """Paths by key: local, or where retrieval puts them."""
    downloads: dict[str, Download]
    """What retrieval puts into the resources folder, by file name."""
    archives: dict[str, str]
    """Paths by name of the archives whose members are inputs."""
    skeletons: str
    """A folder, or where retrieval or unpacking puts one."""
    mesh_layer: str
    """``precomputed://…`` path."""
    generated: bool
    """Whether the inputs are made by this workflow."""
    branch_tables: dict[str, str]
    """Further tables, by key, that the branch analysis reads; empty if nothing reads them."""
    cell_meshes: str | None
    """A folder, or where retrieval, unpacking or generation puts one; None if nothing reads it."""
    folder_archives: dict[str, str]
    """The archives of folders, by the name of the folder that they are unpacked into."""

    @property
    def skeletons_are_files(self) -> bool:
        """Whether each skeleton is an input file that exists before the run."""
        return not self.generated and "skeletons" not in self.folder_archives

    @property
    def cell_meshes_are_files(self) -> bool:
        """Whether each cell mesh is an input file that exists, if at all, before the run."""
        return not self.generated and CELL_MESHES not in self.folder_archives


def locate_inputs(config: Config, resources: str) -> Inputs:
    """Return where each input of the chosen dataset is, or will be in the folder ``resources``."""
    dataset = config.chosen
    generated = dataset.synthetic is not None
    if generated:
        dataset = _as_made(dataset, resources)
    # One job makes all that a generated dataset has for them.
    with_tables = bool(config.branches) or (generated and config.needs_cell_meshes)
    branch_tables = BRANCH_TABLES if with_tables else ()
    folders = FOLDERS if config.needs_cell_meshes else FOLDERS[:1]
    placed = {name: local_folder(dataset, name, resources) for name in folders}
    named = (*dataset.tables, "skeletons", *branch_tables, *folders)
    sources = [*map(dataset.source, named), *dataset.archives.values()]
    return Inputs(
        tables={name: local_path(dataset.source(name), resources) for name in dataset.tables},
        downloads={d.name: d for d in map(as_download, sources) if d is not None},
        archives={name: local_path(a, resources) for name, a in dataset.archives.items()},
        skeletons=placed["skeletons"][0],
        mesh_layer=str(dataset.mitochondria_meshes),
        generated=generated,
        branch_tables={n: local_path(dataset.source(n), resources) for n in branch_tables},
        cell_meshes=placed[CELL_MESHES][0] if CELL_MESHES in placed else None,
        folder_archives={name: archive for name, (_, archive) in placed.items() if archive},
    )


def _as_made(dataset: Dataset, resources: str) -> Dataset:
    """Describe a generated dataset by the files that are made for it."""
    files = PUBLISHED_FILES | PUBLISHED_BRANCH_FILES
    made = {name: f"{resources}/{file}" for name, file in files.items()}
    made[MESH_LAYER] = f"{FILE_LAYER}{made[MESH_LAYER]}"
    return dataset.model_copy(update={**made, "archives": {}})


def local_folder(dataset: Dataset, name: str, resources: str) -> tuple[str, str | None]:
    """Return where a folder is, or will be, and from which archive it is to be unpacked."""
    path = folder_source(dataset, name, resources)
    return (f"{resources}/{name}", path) if path.endswith(ARCHIVE_ENDINGS) else (path, None)


def folder_source(dataset: Dataset, name: str, resources: str) -> str:
    """Return where the source of a folder is: the folder, or the archive that holds it."""
    source = getattr(dataset, name)
    if isinstance(source, ArchiveMember):
        source = dataset.archives[source.archive]
    return local_path(source, resources)


def as_download(source: Source | None) -> Download | None:
    """Return what is to be retrieved for a source, None for what is local or in an archive."""
    if isinstance(source, str) and is_url(source):
        return Download(url=source)
    return source if isinstance(source, Download) else None


def local_path(source: Source | None, resources: str) -> str:
    """Return where a source is on this machine, or will be."""
    download = as_download(source)
    if download is not None:
        return f"{resources}/{download.name}"
    if isinstance(source, ArchiveMember):
        return f"{resources}/{source.archive}/{source.member}"
    return str(source)
