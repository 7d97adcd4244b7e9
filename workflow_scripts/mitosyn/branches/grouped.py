"""Least, greatest, mean and median values of many groups at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Grouped:
    """Values by group, for G groups; NaN where a group has none.

    Attributes
    ----------
    least, mean, median, greatest : (G,) float64 arrays
    """

    least: np.ndarray
    mean: np.ndarray
    median: np.ndarray
    greatest: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, groups: np.ndarray, count: int) -> Grouped:
        """Describe (P,) values by their groups, 0 to ``count`` - 1; NaN ones are passed over."""
        known = ~np.isnan(values)
        values, groups = values[known], groups[known]
        values = values[np.lexsort((values, groups))]
        sizes = np.bincount(groups, minlength=count)
        some = sizes > 0
        starts = (np.cumsum(sizes) - sizes)[some]
        sizes = sizes[some]
        lower, upper = values[starts + (sizes - 1) // 2], values[starts + sizes // 2]
        found = {
            "least": values[starts],
            "mean": np.add.reduceat(values, starts) / sizes if len(starts) else values,
            "median": (lower + upper) / 2,
            "greatest": values[starts + sizes - 1],
        }
        described = {name: np.full(count, np.nan) for name in found}
        for name, of_groups in found.items():
            described[name][some] = of_groups
        return cls(**described)
