"""How recomputed compartments and lengths agree with the published ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mitosyn.catalogue import COMPARTMENT_COLOURS
from mitosyn.report.agreement import PUBLISHED, RECOMPUTED, confusion, label_order, pair_values
from mitosyn.report.figures.collected import Collected
from mitosyn.report.figures.style import GRID, QUIET, Style, new_figure, nothing_to_show
from mitosyn.support import NM_PER_UM

NOTHING = "There are no published values to compare with."
# Where a logarithmic axis ends: lengths that differ less are equal, and shorter ones are 0.
LEAST_NM, SHORTEST_UM = 1.0, 0.1
# Differences at which the shares are drawn: a step for each mitochondrion takes minutes.
LIMITS = 500
# Text on a cell of which more is coloured is white.
DARK = 0.55


def draw(collected: Collected) -> dict[str, Figure]:
    """Draw the agreement of compartments and of lengths."""
    pairs = pair_values(collected.tables["mitochondria"], collected.tables["published"])
    return {"recomputed_labels": draw_confusion(pairs), "recomputed_lengths": draw_lengths(pairs)}


def draw_confusion(pairs: pd.DataFrame) -> Figure:
    """Draw the mitochondria by published and recomputed compartment, shaded by share."""
    labels = confusion(pairs)
    published = labels.dropna(subset=PUBLISHED)
    if published.empty:
        return nothing_to_show(NOTHING)
    rows, columns = label_order(published[PUBLISHED]), label_order(published[RECOMPUTED])
    counts, shares = (
        published.pivot(index=PUBLISHED, columns=RECOMPUTED, values=name)
        .reindex(index=rows, columns=columns)
        .to_numpy()
        for name in ("mitochondria", "share")
    )
    figure = new_figure(2.2 + 0.85 * len(columns), 1.5 + 0.5 * len(rows))
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > DARK else "black" if count else QUIET
        text = f"{count:,}\n{shares[row, column]:.1%}" if count else "0"
        axes.text(column, row, text, ha="center", va="center", color=colour, size=8)
    totals = counts.sum(axis=1)
    names = [f"{name} ({n:,})" for name, n in zip(rows, totals, strict=True)]
    axes.set_yticks(range(len(rows)), names)
    axes.set_xticks(range(len(columns)), [name.replace(" ", "\n") for name in columns])
    axes.set_ylabel("published compartment")
    axes.set_xlabel("recomputed compartment")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    equal = sum(counts[i, columns.index(name)] for i, name in enumerate(rows))
    apart = int(labels.loc[labels[PUBLISHED].isna(), "mitochondria"].sum())
    title = f"{equal:,} of {totals.sum():,} equal ({equal / totals.sum():.1%})"
    axes.set_title(title + (f"; {apart:,} more not published" if apart else ""))
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02, format="{x:.0%}")
    bar.set_label("share of the row")
    bar.outline.set_visible(False)
    return figure


def draw_lengths(pairs: pd.DataFrame) -> Figure:
    """Draw recomputed against published lengths, and the shares that differ by how much."""
    compared = pairs.dropna(subset=["published_length_nm", PUBLISHED])
    if compared.empty:
        return nothing_to_show(NOTHING)
    names = label_order(compared[PUBLISHED])
    figure = new_figure(9.0, 4.6)
    left, right = figure.subplots(1, 2)
    _draw_pairs(left, compared, names)
    _draw_differences(right, compared, names)
    figure.legend(
        *left.get_legend_handles_labels(),
        loc="outside upper center",
        ncols=min(len(names), 3),
        handletextpad=0.1,
        title="published compartment",
    )
    return figure


def _draw_pairs(axes: Axes, pairs: pd.DataFrame, names: list[str]) -> None:
    """Draw a dot for each mitochondrion; as one picture, since there may be many."""
    for name in names:
        own = pairs[pairs[PUBLISHED] == name]
        x, y = (own[f"{which}_length_nm"] / NM_PER_UM for which in ("published", "recomputed"))
        colour = COMPARTMENT_COLOURS[name]
        axes.scatter(x, y, s=9, alpha=0.5, linewidths=0, color=colour, rasterized=True)
        # For the legend, opaque and large.
        axes.scatter([], [], s=36, color=colour, label=f"{name} ({len(own):,})")
    longest = pairs[["published_length_nm", "recomputed_length_nm"]].to_numpy().max() / NM_PER_UM
    ends = (-SHORTEST_UM / 4, 1.4 * max(longest, SHORTEST_UM))
    axes.plot(ends, ends, color="black", lw=0.8, zorder=0)
    for axis, what in (("x", "published"), ("y", "recomputed")):
        axes.set(**{f"{axis}lim": ends, f"{axis}label": f"{what} length (µm)"})
        # Linear below: most of the short ones are 0, which a logarithm has no place for.
        getattr(axes, f"set_{axis}scale")("symlog", linthresh=SHORTEST_UM, linscale=0.4)
        getattr(axes, f"{axis}axis").set_major_formatter("{x:g}")
    axes.set_aspect("equal")
    axes.grid(**GRID)


def _draw_differences(axes: Axes, pairs: pd.DataFrame, names: list[str]) -> None:
    """Draw which share of the mitochondria differs by no more than so much, by compartment."""
    sizes = pairs["difference_nm"].abs()
    right = max(sizes.max() * 1.5, 10 * LEAST_NM)
    groups = {name: sizes[pairs[PUBLISHED] == name] for name in names}
    limits = np.geomspace(LEAST_NM, right, LIMITS)
    for name, group in ({"all": sizes} | groups).items():
        reached = np.searchsorted(np.sort(group.to_numpy()), limits, side="right")
        style: Style = {"color": COMPARTMENT_COLOURS.get(name, "black")}
        style |= {"lw": 1.8, "zorder": 3} if name == "all" else {"lw": 1.1, "zorder": 2}
        axes.plot(limits, 100 * reached / len(group), **style)
    axes.set_xscale("log")
    axes.set_xlim(LEAST_NM, right)
    axes.set_ylim(0, 102)
    axes.set_xlabel("recomputed and published length differ by at most (nm)")
    axes.set_ylabel("share of mitochondria (%); black: all")
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.grid(**GRID)
