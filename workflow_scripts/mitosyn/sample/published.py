"""What the published analysis would have found of a mitochondrion: by plain counting.

Not with :mod:`mitosyn.skeletons.coverage`, so that recomputing the
made-up dataset compares two ways.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from mitosyn.sample.mitochondria import OTHER_SKELETON, Mitochondrion
from mitosyn.sample.skeleton import Label, Skeleton
from mitosyn.sample.space import Floats


def compartment_and_length(
    mitochondrion: Mitochondrion, vertices: Floats, skeleton: Skeleton, tree: cKDTree
) -> tuple[Label, float]:
    """Return the compartment of a mitochondrion and its length along the skeleton, nm.

    ``vertices`` (n, 3), true nm, are those of its mesh as delivered, repeated ones too;
    ``tree`` is that of the skeleton's nodes. A mesh that the source no longer has was there
    when this was published; another skeleton gave another compartment and another length.
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
