"""The table of what was measured on the meshes of a cell."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from mitosyn.catalogue import MORPHOMETRICS
from mitosyn.meshes.bundle import MeshBundle
from mitosyn.meshes.surfaces import Surfaces
from mitosyn.tables import flags, numbers, texts


def morphometrics_table(
    bundle: MeshBundle, morphometrics: dict[str, np.ndarray], surfaces: Surfaces
) -> pa.Table:
    """Tabulate what was measured on a cell's meshes, with what is wrong with missing ones."""
    columns = {name: numbers(morphometrics[name]) for name in MORPHOMETRICS}
    columns = {
        "mito_id": numbers(bundle.mito_ids),
        "problem": texts(bundle.problems.tolist()),
        "mesh_closed": flags(surfaces.closed),
        "mesh_pieces": numbers(surfaces.pieces),
    } | columns
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))
