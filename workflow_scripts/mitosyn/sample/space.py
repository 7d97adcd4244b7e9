"""Where the made-up cells live, the random streams that everything draws from, and geometry."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

VOLUME_NM: Floats = np.array([[126_000.0, 118_000.0, 400.0], [436_000.0, 286_000.0, 87_200.0]])
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


def stream(seed: int, purpose: Purpose, *index: int) -> Generator:
    """Return the random generator of one purpose and ``index``."""
    return np.random.default_rng([seed, int(purpose), *index])


def unit(vectors: Floats) -> Floats:
    """Return vectors (…, 3) scaled to length one."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def square(vector: Floats, heading: Floats) -> Floats:
    """Return the unit vector (3,) at a right angle to a heading that is nearest to a vector."""
    return unit(vector - heading * (vector @ heading))


def run_lengths(way: Floats) -> Floats:
    """Return the length along a polyline (n, 3) up to each of its points, (n,)."""
    return np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])


def points_along(way: Floats, places: Floats) -> Floats:
    """Return the points (p, 3) of a polyline (n, 3) at lengths (p,) along it."""
    run = run_lengths(way)
    return np.stack([np.interp(places, run, way[:, axis]) for axis in range(3)], axis=1)


def inside(points: Floats, margin_nm: float = 0.0) -> Bools:
    """Whether each point (n, 3), nm, lies in the volume, a margin from its faces."""
    low, high = VOLUME_NM[0] + margin_nm, VOLUME_NM[1] - margin_nm
    return np.all((points > low) & (points < high), axis=1)


def anywhere(rng: Generator, count: int) -> Floats:
    """Return random points (count, 3), nm, of the imaged volume."""
    return rng.uniform(VOLUME_NM[0], VOLUME_NM[1], (count, 3))


def distinct_integers(rng: Generator, low: int, high: int, count: int) -> Ints:
    """Return different random integers in [low, high), in random order (count,).

    They are drawn one after the other, so that asking for more of them keeps the first ones.
    """
    seen: dict[int, None] = {}
    while len(seen) < count:
        seen.setdefault(int(rng.integers(low, high)))
    return np.fromiter(seen, dtype=np.int64, count=count)
