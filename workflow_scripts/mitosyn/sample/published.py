"""What the published analysis would have found of a mitochondrion: by plain counting.

Not with :mod:`mitosyn.skeletons.coverage`, so that recomputing the
made-up dataset compares two ways.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mitosyn.sample.mitochondria import OTHER_SKELETON, Mitochondrion
from mitosyn.sample.neurites import Label, Skeleton


def compartment_and_length(
    mitochondrion: Mitochondrion,
    vertices: NDArray[np.float64],
    skeleton: Skeleton,
    tree: cKDTree,
) -> tuple[Label, float]:
    """Find the compartment of a mitochondrion and its length along the skeleton.

    Parameters
    ----------
    mitochondrion : Mitochondrion
        A mesh that the source no longer has was there when this was published; another
        skeleton gave another compartment and another length.
    vertices : ndarray (n, 3) float64
        Its mesh's as they are delivered, repeated ones too, in true nm.
    skeleton : Skeleton
        Of its cell.
    tree : cKDTree
        Of the skeleton's nodes.

    Returns
    -------
    Label
        That of the node nearest to most vertices.
    float
        Sum of the edges of which both nodes are nearest to some vertex, nm.
    """
    nearest = tree.query(vertices)[1]
    label = Label(int(np.bincount(skeleton.labels[nearest]).argmax()))
    covered = set(nearest.tolist())
    length = sum(
        float(np.linalg.norm(skeleton.nodes[node] - skeleton.nodes[parent]))
        for node in sorted(covered)
        if (parent := int(skeleton.parents[node])) in covered
    )
    if mitochondrion.defect == OTHER_SKELETON:
        return Label.APICAL if label != Label.APICAL else Label.BASAL, 0.8 * length
    return label, length
