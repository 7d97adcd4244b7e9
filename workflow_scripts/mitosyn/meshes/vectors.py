"""Products of many vectors in space, one coordinate after the other: (3, N) and not (N, 3)."""

from __future__ import annotations

import numpy as np


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cross products (3, N) of vectors (3, N); np.cross takes several times as long."""
    (ax, ay, az), (bx, by, bz) = a, b
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the dot products (N,) of vectors (3, N)."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
