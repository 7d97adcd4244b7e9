"""Where the made-up cells live, and the random streams that everything draws from."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

VOLUME_NM: NDArray[np.float64] = np.array(
    [[126_000.0, 118_000.0, 400.0], [436_000.0, 286_000.0, 87_200.0]]
)
"""Lower and upper corner (2, 3) of the imaged volume, nm; y grows away from the pia."""


class Purpose(IntEnum):
    """What a random stream is for; one stream per purpose and cell.

    A dataset of another size then still grows the same first neurons.
    """

    CELL_IDS = 1
    SOMAS = 2
    SKELETONS = 3
    MITOCHONDRIA = 4
    MITO_IDS = 5
    SYNAPSES = 6
    SOMA_TABLE = 7
    CELL_TYPE_TABLE = 8
    MITO_TABLE = 9


def stream(seed: int, purpose: Purpose, *index: int) -> np.random.Generator:
    """Random generator of one purpose, further told apart by ``index``."""
    return np.random.default_rng([seed, int(purpose), *index])


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors (…, 3) scaled to length one."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def inside(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the points (n, 3), nm, lie in the imaged volume; (n,) bool."""
    return np.all((points > VOLUME_NM[0]) & (points < VOLUME_NM[1]), axis=1)


def distinct_integers(
    rng: np.random.Generator, low: int, high: int, count: int
) -> NDArray[np.int64]:
    """Different random integers in [low, high), int64, in random order (count,).

    One after the other, so that asking for more of them keeps the first ones.
    """
    seen: dict[int, None] = {}
    while len(seen) < count:
        seen.setdefault(int(rng.integers(low, high)))
    return np.fromiter(seen, dtype=np.int64, count=count)
