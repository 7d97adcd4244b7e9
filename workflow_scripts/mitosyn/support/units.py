"""Factors between units, and what a position in nm can be."""

from __future__ import annotations

NM_PER_UM = 1e3
NM2_PER_UM2 = 1e6
NM3_PER_UM3 = 1e9

FARTHEST_NM = 1e9
"""A metre: no tissue lies farther from the origin, but a number with a wrong bit may."""
