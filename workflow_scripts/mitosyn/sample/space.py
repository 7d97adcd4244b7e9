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
    NUCLEI = 10


def stream(seed: int, purpose: Purpose, *index: int) -> np.random.Generator:
    """Make the random generator of one purpose, further told apart by ``index``."""
    return np.random.default_rng([seed, int(purpose), *index])


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale vectors (…, 3) to length one."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def inside(points: NDArray[np.float64], margin_nm: float = 0.0) -> NDArray[np.bool_]:
    """Tell which points (n, 3), nm, lie in the volume, a margin from its faces; (n,) bool."""
    low, high = VOLUME_NM[0] + margin_nm, VOLUME_NM[1] - margin_nm
    return np.all((points > low) & (points < high), axis=1)


def anywhere(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Random points (count, 3), nm, of the imaged volume."""
    return rng.uniform(VOLUME_NM[0], VOLUME_NM[1], (count, 3))


def distinct_integers(
    rng: np.random.Generator, low: int, high: int, count: int
) -> NDArray[np.int64]:
    """Draw different random integers in [low, high), int64, in random order (count,).

    One after the other, so that asking for more of them keeps the first ones.
    """
    seen: dict[int, None] = {}
    while len(seen) < count:
        seen.setdefault(int(rng.integers(low, high)))
    return np.fromiter(seen, dtype=np.int64, count=count)
