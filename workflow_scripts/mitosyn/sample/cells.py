"""The cells of the made-up dataset: those that are analysed, and those that are not.

Dirt made here, as in the published tables:

- an id that repeats over many endothelial rows and, besides, over an
  ``OPC (pericyte type)`` row whose centroid is in other units;
- an astrocyte with two soma rows (a merge of two cells) and mitochondria;
- astrocytes without a soma row, one of them the one that the subtype
  ``microglia (merged with nucleus of astrocyte 648518346349536799)`` names; that
  microglia has two soma rows;
- a pyramidal and an inhibitory cell without a skeleton;
- microglia, OPC, oligodendrocyte, pericyte and endothelial cells, not analysed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from mitosyn.sample.space import VOLUME_NM, Floats, Purpose, anywhere, distinct_integers, stream

NAMED_ASTROCYTE_ID = 648518346349536799
"""The astrocyte that a subtype text of the published cell type table names."""

ENDOTHELIAL_ROWS = 12
"""Rows of the one blood vessel that every endothelial row names."""

_ID_BASE = 648518346349500000
_ID_SPAN = 36_000  # ends below NAMED_ASTROCYTE_ID, which is taken
_SOMA_SPACING_NM = 18_000.0
_MARGIN_NM = np.array([30_000.0, 15_000.0, 9_000.0])
_CENTRE_NM = VOLUME_NM.mean(axis=0)
_HALF_NM = (VOLUME_NM[1] - VOLUME_NM[0]) / 2
# Low in the volume, so that the apical dendrite has room towards the pia.
_PYRAMIDAL_LAYER_NM = _CENTRE_NM + np.array([0.0, 18_000.0, 0.0])
MERGED_NUCLEUS_NM = np.array([9_000.0, -6_000.0, 3_000.0])
"""From one nucleus of a merge to the other."""


@dataclass(frozen=True)
class Role:
    """What a cell is, wherever it lies."""

    cell_type: str  # this and the next one as in the cell type table
    cell_subtype: str
    soma_rows: int = 1  # in the soma table; 2 for a merge of two cells
    soma_class: str = "g"  # ``cell_type`` in the soma table: e, i, g or uncertain


@dataclass(frozen=True)
class Cell:
    """One cell, or one piece of the blood vessel."""

    cell_id: int  # as in the segmentation; above 2^53
    soma_nm: Floats  # (3,), centre of the soma
    role: Role


@dataclass(frozen=True)
class Cast:
    """All cells: the three analysed kinds, the others, and the blood vessel's rows."""

    pyramidal: list[Cell]
    inhibitory: list[Cell]
    astrocytes: list[Cell]
    bystanders: list[Cell]
    vessel: list[Cell]

    @property
    def neurons(self) -> list[Cell]:
        """The analysed cells that have a skeleton."""
        return self.pyramidal + self.inhibitory


_PYRAMIDAL = Role("pyramidal", "pyramidal cell", soma_class="e")
_SUBTYPES = ("basket", "bipolar", "chandelier", "martinotti", "neurogliaform", "unknown_type")
_INTERNEURONS = [Role("inhibitory", subtype, soma_class="i") for subtype in _SUBTYPES]
_ASTROCYTE = Role("glia", "astrocyte")
_BYSTANDERS = (
    _PYRAMIDAL,
    _INTERNEURONS[-1],
    Role("glia", "astrocyte", soma_rows=2),
    Role("glia", "astrocyte", soma_rows=0),
    Role("glia", "astrocyte", soma_rows=0),
    Role("glia", f"microglia (merged with nucleus of astrocyte {NAMED_ASTROCYTE_ID})", soma_rows=2),
    Role("glia", "microglia"),
    Role("glia", "microglia (perivascular)", soma_rows=0),
    Role("glia", "OPC"),
    Role("glia", "oligodendrocyte"),
    Role("glia", "unknown (at edge of volume)", soma_class="uncertain"),
    Role("vasculature", "pericyte", soma_rows=0),
    Role("vasculature", "endothelial", soma_rows=0),
)
_NAMED_ASTROCYTE = 3  # position among the bystanders


def make_cast(seed: int, pyramidal: int, inhibitory: int, astrocytes: int) -> Cast:
    """Return so many analysed cells of each kind and all others, with ids and places."""
    somas: list[Floats] = []
    for index in range(pyramidal):
        _settle(somas, seed, 0, index, _PYRAMIDAL_LAYER_NM, _HALF_NM * [0.75, 0.3, 0.35])
    for index in range(inhibitory):
        # Beside a pyramidal cell: their axons are to meet its dendrites.
        neighbour = somas[index % pyramidal]
        _settle(somas, seed, 1, index, neighbour, np.array([35_000.0, 25_000.0, 12_000.0]))
    for index in range(astrocytes):
        _settle(somas, seed, 2, index, _CENTRE_NM, _HALF_NM * 0.7)
    for index in range(len(_BYSTANDERS)):
        _settle(somas, seed, 3, index, _CENTRE_NM, _HALF_NM * 0.9)

    interneurons = list(islice(cycle(_INTERNEURONS), inhibitory))
    kinds = [_PYRAMIDAL] * pyramidal, interneurons, [_ASTROCYTE] * astrocytes, _BYSTANDERS
    ids, places = iter(_cell_ids(seed, list(map(len, kinds)))), iter(somas)
    cells = [[Cell(next(ids), next(places), role) for role in kind] for kind in kinds]
    cells.append(_vessel(seed))
    return Cast(*cells)


def _cell_ids(seed: int, counts: Sequence[int]) -> list[int]:
    """Return different ids for pyramidal, inhibitory, astrocytes and bystanders, in that order."""
    # Ranges of their own: one more cell of one kind leaves the ids of the others as they are.
    span = _ID_SPAN // len(counts)
    ids: list[int] = []
    for kind, count in enumerate(counts):
        low = _ID_BASE + kind * span
        rng = stream(seed, Purpose.CELL_IDS, kind)
        ids += distinct_integers(rng, low, low + span, count).tolist()
    ids[sum(counts[:3]) + _NAMED_ASTROCYTE] = NAMED_ASTROCYTE_ID
    return ids


def _settle(
    somas: list[Floats], seed: int, kind: int, index: int, around: Floats, half_range: Floats
) -> None:
    """Append a place to ``somas`` that is clear of the ones taken, or the clearest found."""
    rng = stream(seed, Purpose.SOMAS, kind, index)
    candidates = around + half_range * rng.uniform(-1, 1, (200, 3))
    candidates = np.clip(candidates, VOLUME_NM[0] + _MARGIN_NM, VOLUME_NM[1] - _MARGIN_NM)
    if not somas:
        somas.append(candidates[0])
        return
    gaps = np.linalg.norm(candidates[:, None] - np.array(somas)[None], axis=2).min(axis=1)
    clear = gaps > _SOMA_SPACING_NM
    somas.append(candidates[np.argmax(clear) if clear.any() else np.argmax(gaps)])


def _vessel(seed: int) -> list[Cell]:
    """Return the rows of the blood vessel: one id, many places, and one labelled OPC."""
    rng = stream(seed, Purpose.SOMAS, 4)
    vessel_id = _ID_BASE - 1 - int(rng.integers(100_000))
    places = anywhere(rng, ENDOTHELIAL_ROWS + 1)
    opc = Role("glia", "OPC (pericyte type)", soma_rows=0)
    endothelial = Role("vasculature", "endothelial", soma_rows=0)
    return [
        Cell(vessel_id, places[0] * [256, 256, 1], opc),
        *(Cell(vessel_id, place, endothelial) for place in places[1:]),
    ]
