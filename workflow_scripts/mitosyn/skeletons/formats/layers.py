"""Skeletons as a precomputed layer stores them.

The format is described with Neuroglancer (``datasource/precomputed/skeletons.md``); CloudVolume's
skeleton decodes it. It is imported when a layer is read: by one job, not by those of one cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mitosyn.meshes import stored_transform
from mitosyn.skeletons.formats.fetched import ATTRIBUTE, RADIUS

SKELETON_TYPE = "neuroglancer_skeletons"
DATA_TYPES = ("float32", "int8", "uint8", "int16", "uint16", "int32", "uint32")
# Two numbers of four bytes, then as many per vertex and per edge.
_HEADER, _PER_VERTEX, _PER_EDGE = 8, 12, 8


class SkeletonError(ValueError):
    """A skeleton, or all of a layer, is not as the format wants it."""


@dataclass(frozen=True)
class StoredSkeletons:
    """How the skeletons of a layer are encoded."""

    transform: np.ndarray  # (4, 4) float64, from stored positions to nm
    names: tuple[str, ...]  # of the vertex attributes
    types: tuple[dict[str, Any], ...]  # of these, as CloudVolume has them

    @classmethod
    def from_info(cls, info: dict[str, Any]) -> StoredSkeletons:
        """Read what the ``info`` of a folder of skeletons says.

        Raises
        ------
        SkeletonError or MeshError
            It is no such ``info``.
        """
        attributes, transform = info.get("vertex_attributes", []), stored_transform(info)
        try:
            names = tuple(str(attribute["id"]) for attribute in attributes)
            types = tuple(
                {
                    # Its own name may be that of something else that the decoder has.
                    "id": f"attribute_{number}",
                    "data_type": DATA_TYPES[DATA_TYPES.index(attribute["data_type"])],
                    "num_components": int(attribute["num_components"]),
                }
                for number, attribute in enumerate(attributes)
            )
            return cls(transform, names, types)
        except (ValueError, TypeError, KeyError) as error:
            raise SkeletonError(f"its info has {str(info)[:200]}") from error

    def decode(self, content: bytes) -> dict[str, np.ndarray]:
        """Return what is stored of a skeleton, as :func:`~.fetched.write_fetched` keeps it.

        Raises
        ------
        SkeletonError
            It does not decode, or is longer or shorter than what the ``info`` describes.
        """
        from cloudvolume import Skeleton

        try:
            decoded = Skeleton.from_precomputed(content, vertex_attributes=list(self.types))
        except Exception as error:
            first, *_ = str(error).splitlines() or [type(error).__name__]
            raise SkeletonError(f"its skeleton does not decode ({first})") from error
        count = len(decoded.vertices)
        bare = _HEADER + _PER_VERTEX * count + _PER_EDGE * len(decoded.edges)
        size = bare + count * sum(
            np.dtype(each["data_type"]).itemsize * each["num_components"] for each in self.types
        )
        if len(content) not in (bare, size):
            raise SkeletonError(
                f"its skeleton has {len(content)} bytes, {size} with the vertex attributes "
                f"{', '.join(self.names) or '(none)'} that the layer's info has"
            )
        arrays = {"vertices": decoded.vertices, "edges": decoded.edges}
        if len(content) > bare:
            arrays |= {
                f"{ATTRIBUTE}{name}": getattr(decoded, each["id"])
                for name, each in zip(self.names, self.types, strict=True)
            }
        return self._in_nm(arrays)

    def _in_nm(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Apply the transform to positions, and its scale, which should be one, to radii."""
        if np.array_equal(self.transform, np.eye(4)):
            return arrays
        linear, offset = self.transform[:3, :3], self.transform[:3, 3]
        moved = {"vertices": arrays["vertices"] @ linear.T + offset}
        radius = f"{ATTRIBUTE}{RADIUS}"
        if radius in arrays:
            moved[radius] = arrays[radius] * np.cbrt(abs(np.linalg.det(linear)))
        return arrays | moved
