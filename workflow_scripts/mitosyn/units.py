"""Factors between units."""

from __future__ import annotations

NM_PER_UM = 1e3
NM2_PER_UM2 = 1e6
NM3_PER_UM3 = 1e9
