"""Statistics of mitochondria by compartment, and of branches of some 10 µm along the neurites.

What the branches are, their columns and their units is defined in :mod:`mitosyn.branches.measures`.
Tables of branches here are those of the type ``distancebins``, as :func:`name_branches` returns
them; ids stay integers throughout. But for gradients, all is about cells of one type.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import pandas as pd
import pyarrow as pa

from mitosyn.catalogue import COMPARTMENTS, SEGMENT_COLUMNS, SOMATIC, columns_of, type_colours
from mitosyn.report.neurites import add_cell_types
from mitosyn.sources import ASCENDING, published_value
from mitosyn.support import NM3_PER_UM3, NM_PER_UM
from mitosyn.tables import name_by_label

NEURITES = ("Axonal", "Basal", "Apical")
MEASURES = ("mitochondrion_volume_um3", "complexity_index")
QUARTILES = (25, 50, 75)
GRADIENTS = (
    *("mitovoldensity", "linearmitocoverage", "meandiam", "mediandiam"),
    *("linearsynapsedensity", "surfsynapsedensity"),
)
BIN_UM = 10.0
# Nearer to a tip a branch is what is left over from a bin; smaller ones are gaps of the
# reconstruction.
TIP_UM, SMALLEST_UM3 = 5.0, 0.5
DISTAL_UM = 60.0
# Fewer say nothing about a line or a variance.
FEWEST = 3
# A bin of 10 µm with fewer says nothing about what is in it, as in the published analysis.
FEWEST_IN_BIN = 10
TOO_FEW = "too few values"
NO_SPREAD = "all values are equal"
ELSEWHERE = "the published value is on the published data only"


@dataclass(frozen=True)
class Statistic:
    """One number about a group, of n values, with the p of a test, if any.

    NaN if there is none, and ``note`` says why.
    """

    statistic: str
    group: str
    n: int
    value: float
    p: float = np.nan
    note: str = ""


@dataclass(frozen=True)
class Line:
    """The line of least squares through n points: NaN if there is none, and ``note`` says why.

    ``r`` is Pearson's, ``p`` that of the two-sided test for a slope of 0.
    """

    n: int
    slope: float = np.nan
    intercept: float = np.nan
    r: float = np.nan
    p: float = np.nan
    note: str = ""


@dataclass(frozen=True)
class VarianceSplit:
    """The variance of the coverage of n segments, and the shares of it that add up to 1.

    NaN if there are none, and ``note`` says why; see :func:`split_variance`.
    """

    n: int
    variance: float = np.nan
    gaps: float = np.nan
    overlaps: float = np.nan
    covariance: float = np.nan
    note: str = ""


def name_branches(
    branches: pa.Table, cells: pa.Table, names: Sequence[str] = COMPARTMENTS
) -> pd.DataFrame:
    """Return branches with their cell type and the names of their compartments.

    Parameters
    ----------
    branches : pyarrow.Table
        With :data:`~mitosyn.catalogue.SEGMENT_COLUMNS`.
    cells : pyarrow.Table
        ``cell_id, cell_type``.
    names : sequence of str
        Compartments by their label.

    Returns
    -------
    pandas.DataFrame
        ``cell_id`` for ``cellid``, the compartment's name for its label, ``cell_type``, and
        ``mitovolperlength`` (µm³ to 1 µm of path, so µm²; missing without a path).
    """
    table = branches.select(SEGMENT_COLUMNS).to_pandas().rename(columns={"cellid": "cell_id"})
    named = np.array(names, dtype=object)[table["compartment"].to_numpy(np.int64)]
    per_length = table["mitovol"] / table["pathlength"].where(table["pathlength"] > 0)
    return add_cell_types(table.assign(compartment=named, mitovolperlength=per_length), cells)


def measure_mitochondria(
    mitochondria: pd.DataFrame, cell_type: str, voxel_size_nm: Sequence[float]
) -> pd.DataFrame:
    """Return volume and complexity index of the mitochondria of a cell type.

    Volumes are of voxels, as the published ones: those of meshes differ.

    Parameters
    ----------
    mitochondria : pandas.DataFrame
        ``cell_type, compartment, label, voxels, complexity_index``.

    Returns
    -------
    pandas.DataFrame
        ``compartment``, by the name that skeletons have for it, and :data:`MEASURES`.
    """
    own = name_by_label(mitochondria[mitochondria["cell_type"] == cell_type])
    volumes = own["voxels"] * (math.prod(voxel_size_nm) / NM3_PER_UM3)
    table = own.assign(mitochondrion_volume_um3=volumes)
    return table[["compartment", *MEASURES]].reset_index(drop=True)


def compartment_quartiles(mitochondria: pd.DataFrame) -> Iterator[Statistic]:
    """Yield the quartiles of each measure in each compartment, interpolated linearly."""
    for measure, quartile, name in product(MEASURES, QUARTILES, ASCENDING):
        values = _values(mitochondria, measure, name)
        value = float(np.percentile(values, quartile)) if len(values) else np.nan
        note = "" if len(values) else TOO_FEW
        yield Statistic(f"{measure}_q{quartile}", name, len(values), value, note=note)


def compare_compartments(mitochondria: pd.DataFrame) -> Iterator[Statistic]:
    """Test whether measures are smaller in one compartment than in the next one.

    One-sided Mann–Whitney tests of neighbours in :data:`ASCENDING`. U is that of the first: the
    number of pairs in which its value is the larger one, ties counting half. p is from the normal
    approximation, corrected for ties and continuity, as published; for fewer than some eight
    values it is rough. Every mitochondrion counts as independent of the others.
    """
    from scipy import stats

    for measure, names in product(MEASURES, pairwise(ASCENDING)):
        first, second = (_values(mitochondria, measure, name) for name in names)
        value = p = np.nan
        note = TOO_FEW
        if len(first) and len(second):
            test = stats.mannwhitneyu(first, second, alternative="less", method="asymptotic")
            value, p = float(test.statistic), float(test.pvalue)
            note = f"n = {len(first)} and {len(second)}"
        n = len(first) + len(second)
        yield Statistic(f"{measure}_mann_whitney_u", " < ".join(names), n, value, p, note)


def _values(mitochondria: pd.DataFrame, measure: str, compartment: str) -> np.ndarray:
    own = mitochondria.loc[mitochondria["compartment"] == compartment, measure]
    return own.dropna().to_numpy(float)


def select_segments(branches: pd.DataFrame) -> pd.DataFrame:
    """Return the branches that say something about the neurite where they are.

    Outside the soma with a path to it, more than 5 µm from a tip, and of more than 0.5 µm³
    as far as their volume is known: the published selection, there of basal dendrites.
    """
    return branches[
        (branches["compartment"] != SOMATIC)
        & np.isfinite(branches["mindisttosoma"])
        & (branches["mindisttoleaf"] > TIP_UM)
        & ~(branches["volume"] <= SMALLEST_UM3)
    ]


def select_distal(branches: pd.DataFrame) -> pd.DataFrame:
    """Return the segments that densities are compared on, as the published analysis did.

    Basal ones more than 60 µm from the soma (``mindisttosoma``), of known volume, with a
    synapse density.
    """
    segments = select_segments(branches)
    return segments[
        (segments["compartment"] == "Basal")
        & (segments["mindisttosoma"] > DISTAL_UM)
        & (segments["volume"] > SMALLEST_UM3)
        & np.isfinite(segments["linearsynapsedensity"])
    ]


def bin_gradients(branches: pd.DataFrame, names: Sequence[str] = COMPARTMENTS) -> pd.DataFrame:
    """Sum segments up by their distance from the soma; ``names`` are the compartments in order.

    Returns
    -------
    pandas.DataFrame
        The columns of ``branch_gradients.csv``: for each cell type, compartment and quantity a
        row for each bin of 10 µm of ``meandisttosoma`` that has segments with that quantity.
        ``sd`` is over n, as the published one.
    """
    segments = select_segments(branches)
    starts = segments["meandisttosoma"] // BIN_UM * BIN_UM
    segments = segments.assign(from_um=starts, to_um=starts + BIN_UM)
    keys = ["cell_type", "compartment", "from_um", "to_um"]
    parts = []
    for quantity in GRADIENTS:
        groups = segments.dropna(subset=[quantity]).groupby(keys, sort=False)
        values = groups[quantity]
        columns = {"segments": values.size(), "cells": groups["cell_id"].nunique()}
        columns |= {"mean": values.mean(), "sd": values.std(ddof=0)}
        columns |= {f"q{q}": values.quantile(q / 100) for q in QUARTILES}
        parts.append(pd.DataFrame(columns).reset_index().assign(quantity=quantity))
    table = pd.concat(parts, ignore_index=True)[columns_of("branch_gradients.csv")]
    table = table.astype(dict.fromkeys(("from_um", "to_um"), np.int64))
    # Types, compartments and quantities in their usual order, then bins.
    types = [*type_colours(table["cell_type"])]
    orders = {"cell_type": types, "compartment": list(names), "quantity": GRADIENTS}
    return table.sort_values(
        [*orders, "from_um"],
        key=lambda column: (
            column.map(orders[column.name].index) if column.name in orders else column
        ),
        ignore_index=True,
    )


def fit_line(x: pd.Series, y: pd.Series) -> Line:
    """Fit y = slope · x + intercept by least squares, to the points that have both."""
    from scipy import stats

    both = np.isfinite(x) & np.isfinite(y)
    n = int(both.sum())
    if n < FEWEST:
        return Line(n, note=TOO_FEW)
    if np.ptp(x[both]) == 0 or np.ptp(y[both]) == 0:
        return Line(n, note=NO_SPREAD)
    fit = stats.linregress(x[both], y[both])
    return Line(n, float(fit.slope), float(fit.intercept), float(fit.rvalue), float(fit.pvalue))


def density_residuals(segments: pd.DataFrame) -> pd.Series:
    """Return what the median diameter leaves unexplained of the linear synapse density, per µm.

    Regressed on the mitochondrial volume per length, these residuals show whether mitochondria go
    with synapses beyond both being more in thick dendrites. This is the published "residual of
    density on diameter": as residuals have mean 0, −intercept/slope is the mean of what they are
    regressed on, and the published 0.2445/7.9135 = 0.031 can be a volume per length in µm², but
    neither a density nor a diameter.
    """
    line = fit_line(segments["mediandiam"], segments["linearsynapsedensity"])
    expected = line.slope * segments["mediandiam"] + line.intercept
    return segments["linearsynapsedensity"] - expected


def relations(segments: pd.DataFrame) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Return what is regressed on what, in the direction of the published analysis: (x, y).

    By name, ``<y>_by_<x>``: ``synapse_density`` per µm, ``mitochondria`` their volume per length
    in µm², ``median_diameter`` in µm, ``synapse_density_residual`` per µm.
    """
    per_length, density = segments["mitovolperlength"], segments["linearsynapsedensity"]
    diameter = segments["mediandiam"] / NM_PER_UM
    return {
        "synapse_density_by_mitochondria": (per_length, density),
        "synapse_density_by_median_diameter": (diameter, density),
        "mitochondria_by_median_diameter": (diameter, per_length),
        "synapse_density_residual_by_mitochondria": (per_length, density_residuals(segments)),
    }


def relate_densities(segments: pd.DataFrame) -> dict[str, Line]:
    """Fit the lines of all :func:`relations`; p does not know which values are residuals."""
    return {name: fit_line(x, y) for name, (x, y) in relations(segments).items()}


def split_variance(segments: pd.DataFrame) -> VarianceSplit:
    """Split the variance of ``linearmitocoverage`` into that of gaps, overlaps and both together.

    The covered path of a branch is its path without the gaps, and once more what several
    mitochondria cover: coverage = 1 − g + o with g = uncoveredpathlength / pathlength and
    o = extracoveragelength / pathlength. So var(coverage) = var(g) + var(o) − 2 cov(g, o), over
    n as the published one. The last share can be negative.
    """
    segments = segments[segments["pathlength"] > 0]
    gaps = segments["uncoveredpathlength"] / segments["pathlength"]
    overlaps = segments["extracoveragelength"] / segments["pathlength"]
    both = np.isfinite(gaps) & np.isfinite(overlaps)
    n = int(both.sum())
    if n < FEWEST:
        return VarianceSplit(n, note=TOO_FEW)
    (gap, shared), (_, overlap) = np.cov(gaps[both], overlaps[both], ddof=0)
    variance = float(gap + overlap - 2 * shared)
    if variance <= 1e-12:
        return VarianceSplit(n, max(variance, 0.0), note=NO_SPREAD)
    both_shares = 0.0 - 2 * float(shared) / variance
    return VarianceSplit(n, variance, float(gap) / variance, float(overlap) / variance, both_shares)


def split_variances(branches: pd.DataFrame) -> dict[str, VarianceSplit]:
    """Split the variance of the segments of each neurite."""
    segments = select_segments(branches)
    return {name: split_variance(segments[segments["compartment"] == name]) for name in NEURITES}


def split_by_distance(branches: pd.DataFrame) -> dict[float, VarianceSplit]:
    """Split that of basal segments, by where their 10 µm of ``mindisttosoma`` start.

    Bins of fewer than 10 values are left out, as in the published analysis.
    """
    segments = select_segments(branches)
    segments = segments[segments["compartment"] == "Basal"]
    starts = segments["mindisttosoma"] // BIN_UM * BIN_UM
    splits = {float(start): split_variance(own) for start, own in segments.groupby(starts)}
    return {start: split for start, split in splits.items() if split.n >= FEWEST_IN_BIN}


def branch_statistics(
    mitochondria: pd.DataFrame, branches: pd.DataFrame, here: bool
) -> pd.DataFrame:
    """Collect all statistics of a cell type beside the published ones.

    Parameters
    ----------
    mitochondria : pandas.DataFrame
        As :func:`measure_mitochondria` returns it.
    here : bool
        Whether the dataset is the one that the published values are of.

    Returns
    -------
    pandas.DataFrame
        The columns of ``branch_statistics.csv``.
    """
    found = [
        *compartment_quartiles(mitochondria),
        *compare_compartments(mitochondria),
        *_count_segments(branches),
        *_relations(select_distal(branches)),
        *_variances(branches),
    ]
    return pd.DataFrame([_row(s, here) for s in found], columns=columns_of("branch_statistics.csv"))


def _row(found: Statistic, here: bool) -> tuple:
    published = published_value(found.statistic, found.group)
    elsewhere = "" if published is None or here else ELSEWHERE
    note = "; ".join(filter(None, (found.note, elsewhere)))
    value = np.nan if published is None else float(published)
    return found.statistic, found.group, found.n, found.value, found.p, value, note


def _count_segments(branches: pd.DataFrame) -> Iterator[Statistic]:
    """Count the branches of each compartment that are kept as segments."""
    kept = select_segments(branches)
    for name in NEURITES:
        every = int((branches["compartment"] == name).sum())
        value = float((kept["compartment"] == name).sum())
        yield Statistic("segments", name, every, value, note=f"of {every} branches")
    distal = len(select_distal(branches))
    yield Statistic("distal_segments", "Basal", distal, float(distal))


def _relations(segments: pd.DataFrame) -> Iterator[Statistic]:
    for name, line in relate_densities(segments).items():
        for key in ("r", "slope", "intercept"):
            value, p = getattr(line, key), np.nan if key == "intercept" else line.p
            yield Statistic(f"{name}_{key}", "Basal", line.n, value, p, line.note)


def _variances(branches: pd.DataFrame) -> Iterator[Statistic]:
    for name, split in split_variances(branches).items():
        for key in ("variance", "gaps", "overlaps", "covariance"):
            statistic = "coverage_variance" if key == "variance" else f"coverage_variance_{key}"
            yield Statistic(statistic, name, split.n, getattr(split, key), note=split.note)
