"""Statistics of compartments and branches: against values worked out by hand."""

from __future__ import annotations

from math import erf
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mitosyn.catalogue.figures import SEGMENT_COLUMNS
from mitosyn.catalogue.files import columns_of
from mitosyn.catalogue.names import COMPARTMENTS
from mitosyn.report.figures.compartments import draw_compartments, write_p
from mitosyn.report.figures.densities import draw_relations, draw_variances
from mitosyn.report.figures.gradients import draw_gradients
from mitosyn.report.figures.style import save_figures
from mitosyn.report.statistics import (
    ELSEWHERE,
    GRADIENTS,
    NO_SPREAD,
    TOO_FEW,
    bin_gradients,
    branch_statistics,
    density_residuals,
    fit_line,
    measure_mitochondria,
    name_branches,
    relate_densities,
    select_distal,
    select_segments,
    split_by_distance,
    split_variance,
    split_variances,
)
from mitosyn.sources.published_statistics import PUBLISHED
from mitosyn.tables.compartments import OWN_LABELS

PYRAMIDAL, INHIBITORY = "pyramidal", "inhibitory"
ONE, OTHER = 648518346349491311, 648518346349491312  # as floats they are the same
VOXEL_NM = (10.0, 10.0, 10.0)
CELLS = pa.table({"cell_id": [ONE, OTHER], "cell_type": [PYRAMIDAL, INHIBITORY]})


def branches_of(**columns: list) -> pd.DataFrame:
    """Branches with the given columns; the others are those of a basal segment."""
    count = len(next(iter(columns.values())))
    usual = {name: [1.0] * count for name in SEGMENT_COLUMNS}
    usual |= {"cellid": [ONE] * count, "compartment": [2] * count, "pathlength": [10.0] * count}
    usual |= {"mindisttosoma": [70.0] * count, "meandisttosoma": [75.0] * count}
    usual |= {"mindisttoleaf": [20.0] * count} | columns
    ids = {"cellid": pa.int64(), "compartment": pa.int64()}
    table = {name: pa.array(usual[name], ids.get(name, pa.float64())) for name in SEGMENT_COLUMNS}
    return name_branches(pa.table(table), CELLS)


def mitochondria_of(**volumes: list[float]) -> pd.DataFrame:
    """Mitochondria of pyramidal cells by compartment, of so many µm³, all equally complex."""
    # A text that names another label does not count.
    parts = [
        pd.DataFrame({"compartment": "Somatic", "label": OWN_LABELS[name], "voxels": v})
        for name, v in volumes.items()
    ]
    table = pd.concat(parts).assign(cell_type=PYRAMIDAL, complexity_index=2.0)
    return measure_mitochondria(table.assign(voxels=table["voxels"] * 10**6), PYRAMIDAL, VOXEL_NM)


def many_branches(count: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    gaps, overlaps = rng.uniform(0, 10, count), rng.uniform(0, 3, count)
    distances = rng.uniform(0, 120, count)
    return branches_of(
        cellid=rng.choice([ONE, OTHER], count).tolist(),
        compartment=rng.choice([0, 1, 2, 3, 5], count).tolist(),
        mitovol=rng.uniform(0, 1, count),
        uncoveredpathlength=gaps,
        extracoveragelength=overlaps,
        linearmitocoverage=1 - gaps / 10 + overlaps / 10,
        linearsynapsedensity=rng.poisson(9, count) / 10,
        meandiam=rng.uniform(200, 900, count),
        mediandiam=rng.uniform(200, 900, count),
        mindisttosoma=distances,
        meandisttosoma=distances + 4,
    )


def value_of(table: pd.DataFrame, statistic: str, group: str) -> pd.Series:
    rows = table[(table["statistic"] == statistic) & (table["group"] == group)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_cells_and_compartments_are_named_and_ids_stay_exact() -> None:
    named = branches_of(
        cellid=[ONE, OTHER], compartment=[2, 1], mitovol=[0.5, 0.5], pathlength=[10.0, 0.0]
    )
    assert named["cell_id"].tolist() == [ONE, OTHER]
    assert named["cell_type"].tolist() == [PYRAMIDAL, INHIBITORY]
    assert named["compartment"].tolist() == ["Basal", "Axonal"]
    assert named["mitovolperlength"].tolist()[0] == 0.05
    assert np.isnan(named["mitovolperlength"].tolist()[1])


def test_compartments_are_summed_up_and_compared_as_by_hand() -> None:
    # Axon and soma: of the nine pairs the axon has the larger volume in one, a tie in another.
    mitochondria = mitochondria_of(Axonal=[1, 2, 4], Somatic=[2, 3, 5], Apical=[6, 7])
    other = pd.DataFrame(
        {
            **{"cell_type": [INHIBITORY], "compartment": ["Axonal"], "label": [1]},
            **{"voxels": [9], "complexity_index": 1},
        }
    )
    assert measure_mitochondria(other, PYRAMIDAL, VOXEL_NM).empty
    table = branch_statistics(mitochondria, branches_of(volume=[1.0]), here=True)
    assert table.columns.tolist() == columns_of("branch_statistics.csv")
    for quartile, expected in ((25, 1.5), (50, 2.0), (75, 3.0)):
        row = value_of(table, f"mitochondrion_volume_um3_q{quartile}", "Axonal")
        assert (row["n"], row["value"]) == (3, expected)
    row = value_of(table, "mitochondrion_volume_um3_mann_whitney_u", "Axonal < Somatic")
    assert (row["n"], row["value"]) == (6, 1 + 1 + 0.5)
    # The mean of U is 4.5, its variance 9/12 · (7 − 6/30) by the tie, and half a step of
    # continuity.
    z = (2.5 + 0.5 - 4.5) / np.sqrt(9 / 12 * (7 - 6 / 30))
    normal = 0.5 * (1 + erf(z / np.sqrt(2)))
    assert row["p"] == pytest.approx(normal)
    row = value_of(table, "mitochondrion_volume_um3_mann_whitney_u", "Apical < Basal")
    assert np.isnan(row["value"]) and row["note"] == TOO_FEW


def test_published_values_stand_beside_and_are_marked_elsewhere() -> None:
    mitochondria, branches = mitochondria_of(Axonal=[1.0]), branches_of(volume=[1.0])
    here, elsewhere = (branch_statistics(mitochondria, branches, own) for own in (True, False))
    pairs = set(zip(here["statistic"], here["group"], strict=True))
    published = {(name, group) for name, groups in PUBLISHED.items() for group in groups}
    assert published < pairs
    assert not here["note"].str.contains(ELSEWHERE).any()
    has_published = elsewhere["published"].notna()
    assert (elsewhere["note"].str.contains(ELSEWHERE) == has_published).all()
    assert has_published.sum() == len(published)
    assert value_of(here, "distal_segments", "Basal")["published"] == 9198


def test_segments_are_selected_as_published() -> None:
    branches = branches_of(
        compartment=[2, 2, 2, 0, 2, 2, 3],
        mindisttosoma=[60.1, 60.0, np.inf, 70, 70, 70, 70],
        mindisttoleaf=[5.1, 9, 9, 9, 5.0, 9, 9],
        volume=[0.51, 2, 2, 2, 2, 0.5, None],
    )
    assert select_segments(branches).index.tolist() == [0, 1, 6]
    assert select_distal(branches).index.tolist() == [0]


def test_gradients_are_means_of_bins_with_their_cells() -> None:
    branches = branches_of(
        cellid=[ONE, ONE, ONE, OTHER],
        meandisttosoma=[10.0, 19.9, 20.0, 15.0],
        linearsynapsedensity=[1.0, 3.0, 7.0, 2.0],
        mitovoldensity=[0.1, None, 0.3, 0.4],
    )
    table = bin_gradients(branches)
    assert table.columns.tolist() == columns_of("branch_gradients.csv")
    own = table[(table["cell_type"] == PYRAMIDAL) & (table["quantity"] == "linearsynapsedensity")]
    first, second = (row for _, row in own.iterrows())
    assert (first["from_um"], first["to_um"], first["segments"], first["cells"]) == (10, 20, 2, 1)
    # 1 off on either side, by n as published.
    assert (first["mean"], first["sd"]) == (2.0, 1.0)
    assert (first["q25"], first["q50"], first["q75"]) == (1.5, 2.0, 2.5)
    assert (second["from_um"], second["mean"], second["sd"]) == (20, 7.0, 0.0)
    volumes = table[table["quantity"] == "mitovoldensity"]
    assert volumes["segments"].tolist() == [1, 1, 1]
    assert table["cell_type"].unique().tolist() == [PYRAMIDAL, INHIBITORY]
    assert set(table["quantity"]) == set(GRADIENTS)


def test_lines_have_the_known_slope_and_residuals_what_is_left() -> None:
    diameter = np.array([400.0, 400.0, 600.0, 600.0, 800.0, 800.0])
    volume = np.array([0.1, 0.3, 0.1, 0.3, 0.1, 0.3])
    # Volume and diameter are not related, so each line finds its own share.
    density = 0.5 + 0.002 * diameter + 8 * volume / 10
    branches = branches_of(mediandiam=diameter, mitovol=volume, linearsynapsedensity=density)
    assert density_residuals(branches).to_numpy() == pytest.approx([-0.08, 0.08] * 3)
    lines = relate_densities(branches)
    residual = lines["synapse_density_residual_by_mitochondria"]
    assert (residual.slope, residual.intercept) == pytest.approx((8.0, -8 * 0.02))
    assert lines["mitochondria_by_median_diameter"].r == pytest.approx(0)
    by_mitochondria = lines["synapse_density_by_mitochondria"]
    assert by_mitochondria.slope == pytest.approx(8.0)
    assert by_mitochondria.r == pytest.approx(np.corrcoef(volume, density)[0, 1])
    # Diameters in µm.
    by_diameter = lines["synapse_density_by_median_diameter"]
    assert (by_diameter.slope, by_diameter.intercept) == pytest.approx((2.0, 0.5 + 8 * 0.02))


def test_lines_run_in_the_published_direction_each_with_its_n() -> None:
    rng = np.random.default_rng(4)
    diameter, count = rng.uniform(200, 900, 50), 50
    per_length = 0.06 * diameter / 1000 + rng.normal(0, 0.01, count)
    density = 2.3 * diameter / 1000 + 5 * per_length + rng.normal(0, 0.3, count)
    columns = {"mediandiam": diameter, "linearsynapsedensity": density, "volume": [1.0] * count}
    columns["mitovol"] = [None, None, *(10 * per_length[2:])]
    columns["mediandiam"] = [*diameter[:-1], None]
    table = branch_statistics(mitochondria_of(Basal=[1]), branches_of(**columns), here=True)
    both, known = slice(2, count - 1), slice(0, count - 1)
    x, y = diameter / 1000, density
    residual = y - np.polyval(np.polyfit(x[known], y[known], 1), x)
    for name, of, rows, n in [
        ("synapse_density_by_mitochondria", (per_length, y), slice(2, None), 48),
        ("synapse_density_by_median_diameter", (x, y), known, 49),
        ("mitochondria_by_median_diameter", (x, per_length), both, 47),
        ("synapse_density_residual_by_mitochondria", (per_length, residual), both, 47),
    ]:
        along, across = (values[rows] for values in of)
        slope, intercept = np.polyfit(along, across, 1)
        expected = {"slope": slope, "intercept": intercept}
        for key, value in (expected | {"r": np.corrcoef(along, across)[0, 1]}).items():
            row = value_of(table, f"{name}_{key}", "Basal")
            assert (row["n"], row["value"]) == (n, pytest.approx(value)), (name, key)
            assert np.isfinite(row["published"]), (name, key)


def test_lines_pass_over_what_is_missing_and_say_why_there_is_none() -> None:
    x = pd.Series([1.0, 2.0, 3.0, np.nan, 5.0])
    line = fit_line(x, pd.Series([3.0, 5.0, 7.0, 0.0, np.nan]))
    assert (line.n, line.slope, line.intercept, line.r) == pytest.approx((3, 2, 1, 1))
    assert fit_line(x[:2], x[:2]).note == TOO_FEW
    assert fit_line(x, x * 0).note == NO_SPREAD


def test_the_variance_of_coverage_is_that_of_its_parts() -> None:
    branches = many_branches()
    split = split_variance(branches)
    assert split.variance == pytest.approx(branches["linearmitocoverage"].var(ddof=0))
    assert split.gaps + split.overlaps + split.covariance == pytest.approx(1)
    gaps = branches_of(uncoveredpathlength=[0.0, 5.0, 10.0], extracoveragelength=[0.0, 2.0, 4.0])
    # g = 0, 0.5, 1 and o = 0, 0.2, 0.4: var(g) 0.5 / 3, var(o) 0.08 / 3, cov 0.2 / 3.
    known = split_variance(gaps)
    assert known.variance == pytest.approx(0.18 / 3)
    shares = (known.gaps, known.overlaps, known.covariance)
    assert shares == pytest.approx((0.25 / 0.09, 0.04 / 0.09, -0.2 / 0.09))
    assert split_variance(gaps[:2]).note == TOO_FEW
    assert split_variance(branches_of(volume=[1.0] * 4)).note == NO_SPREAD


def test_bins_of_fewer_than_ten_segments_are_left_out() -> None:
    gaps = np.linspace(0, 9, 19).tolist()
    branches = branches_of(uncoveredpathlength=gaps, mindisttosoma=[70.0] * 9 + [85.0] * 10)
    splits = split_by_distance(branches)
    assert list(splits) == [80.0] and splits[80.0].n == 10


def figures_of(branches: pd.DataFrame, mitochondria: pd.DataFrame) -> dict:
    gradients, branches = bin_gradients(branches), branches[branches["cell_type"] == PYRAMIDAL]
    return {
        "compartments": draw_compartments(mitochondria),
        "pyramidal": draw_gradients(gradients, PYRAMIDAL),
        "inhibitory": draw_gradients(gradients, INHIBITORY),
        "relations": draw_relations(select_distal(branches)),
        "variance": draw_variances(split_variances(branches), split_by_distance(branches)),
    }


def some_mitochondria() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    own = {name: rng.lognormal(0, 1, 90).tolist() for name in COMPARTMENTS[:4]}
    return mitochondria_of(**own)


def test_every_panel_shows_something() -> None:
    for branches in (many_branches(2000), many_branches(6000)):
        for name, figure in figures_of(branches, some_mitochondria()).items():
            assert figure.axes and all(axes.has_data() for axes in figure.axes), name
            assert not any("nan" in text.get_text() for ax in figure.axes for text in ax.texts)
    relations = figures_of(many_branches(6000), some_mitochondria())["relations"]
    titles = [axes.get_title(loc="left") for axes in relations.axes]
    assert [title.split("\n")[2] for title in titles] == [
        "published: r = 0.3726, slope = 17.79, intercept = 1.26",
        "published: r = 0.4024, slope = 2.295, intercept = 0.6009",
        "published: r = 0.514, slope = 0.06143, intercept = −0.001463",
        "published: r = 0.1811, slope = 7.913, intercept = −0.2445",
    ]


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_tiny_tables_give_empty_values_with_a_reason_and_no_broken_figure(count: int) -> None:
    branches = many_branches()[:count]
    mitochondria = some_mitochondria()[:count]
    table = branch_statistics(mitochondria, branches, here=True)
    assert (table.loc[table["value"].isna(), "note"] != "").all()
    for name, figure in figures_of(branches, mitochondria).items():
        assert figure.axes or figure.texts[0].get_text(), name
        assert all(axes.has_data() for axes in figure.axes), name


def test_statistics_and_figures_are_the_same_every_time(tmp_path: Path) -> None:
    names = [f"{name}.{ending}" for name in ("pyramidal", "relations") for ending in ("png", "svg")]
    branches = many_branches(3000)
    for folder in ("first", "again"):
        own = figures_of(branches, some_mitochondria())
        save_figures(own, [tmp_path / folder / name for name in names])
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    # The order in which cells were measured is no matter but to the last digits.
    first = branch_statistics(some_mitochondria(), branches, here=True)
    again = branch_statistics(some_mitochondria(), branches[::-1], here=True)
    pd.testing.assert_frame_equal(first, again)


def test_p_is_written_with_one_digit() -> None:
    assert [write_p(p) for p in (0.2, 0.004, 1.48e-87, 0.0)] == [
        "n.s. (p = 0.2)",
        "p = 4e-3",
        "p = 1e-87",
        "p < 1e-300",
    ]
