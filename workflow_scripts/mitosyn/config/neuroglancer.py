"""The section ``datasets.<name>.neuroglancer``."""

from __future__ import annotations

from mitosyn.config.values import PublicLayer, Section, Url

PUBLIC_VIEWER = "https://neuroglancer-demo.appspot.com/"


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
