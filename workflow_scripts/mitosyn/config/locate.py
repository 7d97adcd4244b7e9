"""Where each input of the chosen dataset lies, or will lie once retrieved, unpacked or made."""

from __future__ import annotations

from dataclasses import dataclass

from mitosyn.catalogue import CELL_MESHES, MESH_LAYER, PUBLISHED_BRANCH_FILES, PUBLISHED_FILES
from mitosyn.config.dataset import BRANCH_TABLES, FOLDERS, Dataset
from mitosyn.config.settings import Config
from mitosyn.config.values import ArchiveMember, Download, Source, is_url
from mitosyn.meshes import FILE_LAYER, LAYER

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
    skeletons: str | None
    """A folder, or where retrieval, unpacking or fetching puts one; None if there are none."""
    skeleton_layer: str | None
    """``precomputed://…`` path of the skeletons that are fetched into that folder, if they are."""
    mesh_layer: str | None
    """``precomputed://…`` path, that of meshes to be made of a segmentation too; None if there are
    neither."""
    segmentation: str | None
    """``precomputed://…`` path of the segmentation that is meshed, if one is."""
    generated: bool
    """Whether the inputs are made by this workflow."""
    branch_tables: dict[str, str]
    """Further tables, by key, that the branch analysis reads; empty if nothing reads them."""
    cell_meshes: str | None
    """A folder, or where retrieval, unpacking or generation puts one; None if nothing reads it, or
    cells' meshes are of a layer."""
    cell_mesh_layer: str | None
    """``precomputed://…`` path of the meshes of cells, if they are of a layer."""
    folder_archives: dict[str, str]
    """The archives of folders, by the name of the folder that they are unpacked into."""

    @property
    def skeletons_are_files(self) -> bool:
        """Whether each skeleton is an input file that exists before the run."""
        made = self.generated or self.skeleton_layer or "skeletons" in self.folder_archives
        return self.skeletons is not None and not made

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
    folders = [n for n in FOLDERS if n != CELL_MESHES or config.needs_cell_meshes]
    layers = {n: layer for n in folders if (layer := _layer(dataset, n))}
    placed = {
        name: local_folder(dataset, name, resources)
        for name in dataset.given(folders)
        if name not in layers
    }
    if "skeletons" in layers:
        placed["skeletons"] = f"{resources}/skeletons{config.subset}", None
    named = (*dataset.tables, *branch_tables, *placed)
    sources = [*(dataset.source(n) for n in named if n not in layers), *dataset.archives.values()]
    segmentation = dataset.mitochondria_segmentation
    # Those of the analysed cells only.
    made_meshes = f"{FILE_LAYER}{resources}{config.subset}/segmentation_meshes"
    return Inputs(
        tables={name: local_path(dataset.source(name), resources) for name in dataset.tables},
        downloads={d.name: d for d in map(as_download, sources) if d is not None},
        archives={name: local_path(a, resources) for name, a in dataset.archives.items()},
        skeletons=placed.get("skeletons", (None,))[0],
        skeleton_layer=layers.get("skeletons"),
        mesh_layer=made_meshes if segmentation else dataset.mesh_layer,
        segmentation=segmentation,
        generated=generated,
        branch_tables={n: local_path(dataset.source(n), resources) for n in branch_tables},
        cell_meshes=placed.get(CELL_MESHES, (None,))[0],
        cell_mesh_layer=layers.get(CELL_MESHES),
        folder_archives={name: archive for name, (_, archive) in placed.items() if archive},
    )


def _layer(dataset: Dataset, name: str) -> str | None:
    """Return the layer that is the source of skeletons or of cells' meshes, if one is."""
    source = dataset.source(name)
    return source if isinstance(source, str) and source.startswith(LAYER) else None


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
    source = dataset.source(name)
    if isinstance(source, ArchiveMember):
        source = dataset.archives[source.archive]
    return local_path(source, resources)


def as_download(source: Source | None) -> Download | None:
    """Return what is to be retrieved for a source.

    None for what is local, in an archive or a layer.
    """
    if isinstance(source, str) and is_url(source) and not source.startswith(LAYER):
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
