"""The check of a configuration as a whole."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from mitosyn.catalogue import CELL_MESHES, MESH_LAYER
from mitosyn.config.dataset import BRANCH_TABLES, FOLDERS, SEGMENTATION, Dataset
from mitosyn.config.locate import ARCHIVE_ENDINGS, as_download, folder_source, local_folder
from mitosyn.config.problems import (
    FOUND,
    ConfigError,
    did_you_mean,
    in_lines,
    quoted,
    validation_problems,
)
from mitosyn.config.settings import Config
from mitosyn.config.values import ArchiveMember, VoxelSize, is_url
from mitosyn.meshes import LAYER, local_layer, named_mesh_folder, read_info, resolution_problem
from mitosyn.support import InputError


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
        for check in (_missing_branch_inputs, _wrong_paths, _wrong_layers, _clashes)
        for key, problem in check(config)
    )
    if problems:
        raise ConfigError(*problems)
    return config


def _missing_branch_inputs(config: Config) -> Iterator[tuple[str, str]]:
    """Yield inputs that an analysis needs and the dataset to run has not."""
    wanted: dict[str, tuple[str, ...]] = {}
    if config.branches:
        wanted["branches"] = (CELL_MESHES, *BRANCH_TABLES, "synapses", "skeletons")
    if config.swc_radii == "measured":
        wanted["swc_radii: measured"] = (CELL_MESHES, "skeletons")
    for key, names in wanted.items():
        missing = [n for n in names if n not in config.chosen.given(names)]
        if missing and config.chosen.synthetic is None:
            yield "", f"missing key {', '.join(missing)}, needed for {key}"


def _wrong_paths(config: Config) -> Iterator[tuple[str, str]]:
    """Yield local inputs that are not there, or a folder in place of a file or the other way."""
    dataset = config.chosen
    for key, source in dataset.sources().items():
        local = isinstance(source, str) and not is_url(source)
        if isinstance(source, str) and source.startswith(LAYER):
            layer = local_layer(source)
            if layer is not None and _kind(layer) != "folder":
                yield key, f"is {quoted(source)}, which does not exist{_neighbour(str(layer))}"
            continue
        if local and not _kind(source):
            yield key, f"is {quoted(source)}, which does not exist{_neighbour(source)}"
        elif local and key not in FOLDERS and _kind(source) == "folder":
            yield key, f"expected a file{FOUND}the folder {quoted(source)})"
        elif key in FOLDERS and source is not None:
            path = folder_source(dataset, key, "")
            if not path.endswith(ARCHIVE_ENDINGS) and _kind(path) != "folder":
                endings = " or ".join(f"*{ending}" for ending in ARCHIVE_ENDINGS)
                yield key, f"expected a folder or an archive, {endings}{FOUND}{quoted(path)})"


def _wrong_layers(config: Config) -> Iterator[tuple[str, str]]:
    """Yield local layers of mitochondria that are not there, or hold no meshes."""
    dataset = config.chosen
    layers = {MESH_LAYER: dataset.mesh_layer, SEGMENTATION: dataset.mitochondria_segmentation}
    for key, path in layers.items():
        layer = local_layer(path)
        if layer is not None and _kind(layer / "info") != "file":
            yield key, f"is {path!r}, but {layer / 'info'} does not exist"
        elif layer is not None and key == MESH_LAYER:
            yield from _wrong_layer(layer, dataset.mesh_voxel_size_nm)


def _wrong_layer(layer: Path, mesh_voxel_size_nm: VoxelSize) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the ``info`` of a local layer."""
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
    """Return what is at a local path: a file, a folder, or nothing that can be reached."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return ""
    return "folder" if stat.S_ISDIR(mode) else "file"


def _neighbour(path: str) -> str:
    """Return a hint at the file that was perhaps meant."""
    folder = Path(path).parent
    names = [p.name for p in folder.iterdir()] if _kind(folder) == "folder" else []
    return did_you_mean(Path(path).name, names)


def _clashes(config: Config) -> Iterator[tuple[str, str]]:
    """Yield sources that would be put at one place, or one inside another."""
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
    """Yield what is put into the resources folder: the key, where, and what it is."""
    for key, source in dataset.sources().items():
        download = as_download(source)
        if download is not None:
            yield key, download.name, download
        elif isinstance(source, ArchiveMember) and key not in FOLDERS:
            yield key, f"{source.archive}/{source.member}", source
        is_layer = isinstance(source, str) and source.startswith(LAYER)
        if (
            key in FOLDERS
            and source is not None
            and not is_layer
            and local_folder(dataset, key, "")[1]
        ):
            yield key, key, "unpacked"
