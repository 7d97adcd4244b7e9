"""The mitochondrial meshes of one cell, in one file.

A bundle keeps every mesh as the source delivers it (float32 vertices in the
source's nm, vertices repeated at chunk borders) and, for a mitochondrion without
a usable mesh, the reason why it has none.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mitosyn.support import FARTHEST_NM, InputError, whole_file

NO_MESH = "no mesh"
NOT_DESCRIBED = "no meshes are described"
# Of mitochondria without a mesh, good or bad.
WITHOUT_MESH = (NO_MESH, NOT_DESCRIBED)


class MeshError(ValueError):
    """One mesh cannot be used; the text says why. It costs its mitochondrion only."""


@dataclass(frozen=True)
class Mesh:
    """One triangle mesh."""

    vertices: np.ndarray  # (V, 3) float32 or float64, positions in nm
    faces: np.ndarray  # (F, 3) integer, vertex numbers of each triangle


@dataclass(frozen=True)
class MeshBundle:
    """The meshes of one cell's mitochondria, end to end in common arrays.

    Mesh ``i`` holds the rows from ``offsets[i]`` to ``offsets[i + 1]``.
    """

    mito_ids: np.ndarray  # (M,) int64, in the order of the mitochondria table
    problems: np.ndarray  # (M,) str, empty for a usable mesh, else why there is none
    vertices: np.ndarray  # (V, 3) float32, in the nm of the mesh source
    faces: np.ndarray  # (F, 3) uint32, by the vertex numbers of their own mesh
    vertex_offsets: np.ndarray  # (M + 1,) int64
    face_offsets: np.ndarray  # (M + 1,) int64

    def __iter__(self) -> Iterator[Mesh]:
        """Yield each mesh in turn, an empty one where there is none."""
        for i in range(len(self.mito_ids)):
            yield Mesh(
                self.vertices[self.vertex_offsets[i] : self.vertex_offsets[i + 1]],
                self.faces[self.face_offsets[i] : self.face_offsets[i + 1]],
            )

    @property
    def has_mesh(self) -> np.ndarray:
        """(M,) bool array: which mitochondria have a usable mesh."""
        return np.diff(self.vertex_offsets) > 0


def check_mesh(mesh: Mesh) -> None:
    """Refuse a mesh whose numbers cannot be a surface.

    Raises
    ------
    MeshError
        No vertex or triangle, a vertex that is not finite or more than a metre off, a
        triangle that names a vertex that is not there.
    """
    count = len(mesh.vertices)
    if count == 0 or len(mesh.faces) == 0:
        raise MeshError(f"empty mesh ({count} vertices, {len(mesh.faces)} triangles)")
    near = (np.abs(mesh.vertices) < FARTHEST_NM).all(axis=1)
    if not near.all():
        first = int(np.argmin(near))
        raise MeshError(
            f"{count - int(near.sum())} vertices not at a place in nm, first vertex {first} at "
            f"{mesh.vertices[first].tolist()}"
        )
    _check_faces(mesh)


def _check_faces(mesh: Mesh) -> None:
    count = len(mesh.vertices)
    outside = (mesh.faces >= count).any(axis=1)
    if outside.any():
        first = int(np.argmax(outside))
        raise MeshError(
            f"face {first} names vertex {int(mesh.faces[first].max())}, mesh has {count} vertices"
        )


def concatenate(fragments: list[Mesh]) -> Mesh:
    """Put fragments together, keeping vertices that repeat at their borders.

    Raises
    ------
    MeshError
        A triangle names a vertex that its fragment does not hold.
    """
    for fragment in fragments:
        # Afterwards the number could be another fragment's vertex.
        _check_faces(fragment)
    starts = np.cumsum([0, *(len(f.vertices) for f in fragments)])
    return Mesh(
        np.concatenate([f.vertices for f in fragments]),
        np.concatenate([f.faces + start for f, start in zip(fragments, starts, strict=False)]),
    )


def bundle_meshes(mito_ids: np.ndarray, meshes: Mapping[int, Mesh | MeshError]) -> MeshBundle:
    """Bundle the meshes of a cell, or what is wrong with each, in the order of ``mito_ids`` (M,).

    An id that is missing in ``meshes`` has no mesh.
    """
    nothing = Mesh(np.empty((0, 3), np.float32), np.empty((0, 3), np.uint32))
    found = [meshes.get(int(i), MeshError(NO_MESH)) for i in mito_ids]
    problems = [str(m) if isinstance(m, MeshError) else "" for m in found]
    usable = [nothing if isinstance(m, MeshError) else m for m in found]
    return MeshBundle(
        mito_ids=np.asarray(mito_ids, np.int64),
        problems=np.array(problems, dtype=np.str_),
        vertices=np.concatenate([nothing.vertices, *(m.vertices for m in usable)]),
        faces=np.concatenate([nothing.faces, *(m.faces for m in usable)]).astype(np.uint32),
        vertex_offsets=np.cumsum([0, *(len(m.vertices) for m in usable)], dtype=np.int64),
        face_offsets=np.cumsum([0, *(len(m.faces) for m in usable)], dtype=np.int64),
    )


def write_bundle(path: str | Path, bundle: MeshBundle, layer: str = "") -> None:
    """Write ``bundle`` as a NumPy ``.npz`` file (arrays named as its attributes, and ``layer``)."""
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, layer=np.array(layer), **vars(bundle))


def read_bundle(path: str | Path) -> MeshBundle:
    """Read what :func:`write_bundle` wrote.

    Raises
    ------
    InputError
        The file is not a bundle.
    """
    return _read(path)[0]


def _read(path: str | Path) -> tuple[MeshBundle, str]:
    """Read a bundle, and the layer that its meshes are of."""
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            bundle = MeshBundle(**{name: arrays[name] for name in MeshBundle.__annotations__})
            return bundle, str(arrays.get("layer"))
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            path, f"not a bundle of mitochondrial meshes ({error})", "Delete it and run again."
        ) from error


def _settled_meshes(path: str | Path, layer: str = "") -> dict[int, Mesh | MeshError]:
    """Return the meshes of a bundle that need not be fetched again: whole, or not in the layer.

    The file need not exist or be whole; one of another layer settles nothing.
    """
    try:
        bundle, written_for = _read(path)
    except (OSError, InputError):
        return {}
    rows = zip(bundle.mito_ids.tolist(), bundle, bundle.problems.tolist(), strict=True)
    return {
        mito_id: MeshError(problem) if problem else mesh
        for mito_id, mesh, problem in rows
        if written_for == layer and problem in ("", NO_MESH)
    }


class MeshStore:
    """Meshes of a cell that need not be fetched again, while the others are.

    Parameters
    ----------
    folder : str or Path
        Holds one bundle for each batch of meshes; need not exist yet.
    finished : str or Path, optional
        The cell's bundle as it was last written, if it was.
    layer : str
        The layer that ``finished`` must be of to be of use.
    """

    def __init__(
        self, folder: str | Path, finished: str | Path | None = None, layer: str = ""
    ) -> None:
        self.folder, self.finished, self.layer = Path(folder), finished, layer

    def read(self) -> dict[int, Mesh | MeshError]:
        """Return the mitochondria that need not be fetched again, with mesh or without."""
        found = _settled_meshes(self.finished, self.layer) if self.finished else {}
        for part in sorted(self.folder.glob("*.npz")):
            found |= _settled_meshes(part)
        return found

    def add(self, meshes: Mapping[int, Mesh | MeshError]) -> None:
        """Store a batch; a bad mesh is not stored, it may be better next time."""
        settled = [i for i, m in meshes.items() if isinstance(m, Mesh) or str(m) == NO_MESH]
        number = len(list(self.folder.glob("*.npz")))
        bundle = bundle_meshes(np.array(settled, np.int64), meshes)
        write_bundle(self.folder / f"{number:06d}.npz", bundle)

    def clear(self) -> None:
        """Remove the store."""
        shutil.rmtree(self.folder, ignore_errors=True)


def source_scale(
    voxel_size_nm: tuple[float, float, float], mesh_voxel_size_nm: tuple[float, float, float]
) -> np.ndarray:
    """Return the (3,) float64 factors from the mesh source's nm to true nm."""
    return np.asarray(voxel_size_nm, float) / np.asarray(mesh_voxel_size_nm, float)
