"""How recomputed compartments and lengths of pyramidal mitochondria agree with published ones.

All functions work on *pairs*, a row for each mitochondrion with its published and its recomputed
values side by side (see :func:`pair_values`). What has no published value is counted, and left
out of what compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mitosyn.catalogue import COMPARTMENTS, LENGTH_ALONG_SKELETON, columns_of, tidy_name
from mitosyn.meshes import local_layer
from mitosyn.sources import STUDIED_TYPE
from mitosyn.tables import Cell
from mitosyn.views import SERVED_MESHES, Layers, mitochondrion_link

Voxel = tuple[float, float, float]

SHARES = ("vertices_at_published", "vertices_at_recomputed")
LENGTHS = ("published_length_nm", "recomputed_length_nm", "difference_nm")
PUBLISHED, RECOMPUTED = "published_compartment", "recomputed_compartment"
ALL, WITH_MESH = "all", "with a mesh"
QUANTILES = {"min": 0.0, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "max": 1.0}
# Lengths that are no farther apart count as equal.
TOLERANCE_NM = 1.0
TOLERANCES = {"1_percent": 0.01, "10_percent": 0.1}
DIGITS = 6
# Of each sort of difference.
LISTED = 200
OTHER_COMPARTMENT, OTHER_LENGTH = "compartment", "length"


def pair_values(mitochondria: pa.Table, published: pa.Table) -> pd.DataFrame:
    """Put the recomputed values of mitochondria of the published type beside the published ones.

    Parameters
    ----------
    mitochondria, published : pyarrow.Table
        At least the columns that :data:`mitosyn.catalogue.QUESTIONS` lists for ``recomputed``.

    Returns
    -------
    pandas.DataFrame
        A row for each mitochondrion of that type: ``mito_id, cell_id, x, y, z`` (nm),
        ``published_compartment, recomputed_compartment`` (both by this workflow's name),
        ``published_length_nm, recomputed_length_nm, difference_nm`` (recomputed − published),
        ``has_mesh``, ``problem``. A published value that there is none of is missing.
    """
    recomputed = mitochondria.to_pandas()
    recomputed = recomputed[recomputed["cell_type"] == STUDIED_TYPE].drop(columns="cell_type")
    length = tidy_name(LENGTH_ALONG_SKELETON)
    recomputed = recomputed.rename(
        columns={"compartment": RECOMPUTED, length: "recomputed_length_nm"}
    )
    given = published.select(["mito_id", "published_compartment", "published_length"]).to_pandas()
    names = given.pop("published_compartment").map(dict(enumerate(COMPARTMENTS)))
    # All empty, names would be numbers.
    given[PUBLISHED] = names.astype(object).where(names.notna(), None)
    pairs = recomputed.merge(given, on="mito_id", how="left", validate="one_to_one")
    lengths = pairs.pop("published_length").astype(float)
    return pairs.assign(
        published_length_nm=lengths,
        difference_nm=pairs["recomputed_length_nm"] - lengths,
        has_mesh=pairs["mesh_pieces"].notna(),
    ).drop(columns="mesh_pieces")


def label_order(names: Iterable[str]) -> list[str]:
    """Sort compartments as usual, each once."""
    return sorted(set(names), key=COMPARTMENTS.index)


def summarise_agreement(pairs: pd.DataFrame) -> list[list]:
    """Return in numbers how recomputed values agree with published ones.

    Rows have the columns of ``recomputed_agreement.csv``: for all mitochondria, for those with a
    mesh, and for each published compartment that occurs. A value is empty if there is nothing to
    compare.
    """
    groups = {ALL: pairs, WITH_MESH: pairs[pairs["has_mesh"]]}
    for name in label_order(pairs[PUBLISHED].dropna()):
        groups[name] = pairs[pairs[PUBLISHED] == name]
    return [[name, *row] for name, group in groups.items() for row in _statistics(group)]


def _statistics(pairs: pd.DataFrame) -> Iterator[tuple[str, str, int, float | str]]:
    """Yield ``statistic, unit, n, value`` of a group."""
    count = len(pairs)
    yield "mitochondria", "1", count, count
    yield "without_published_compartment", "1", count, int(pairs[PUBLISHED].isna().sum())
    yield "without_published_length", "1", count, int(pairs["published_length_nm"].isna().sum())
    yield "without_mesh", "1", count, int((~pairs["has_mesh"]).sum())
    labelled = pairs[pairs[PUBLISHED].notna()]
    yield "equal_compartment", "1", *_share(labelled[PUBLISHED] == labelled[RECOMPUTED])
    measured = pairs[pairs["published_length_nm"].notna()]
    published = measured["published_length_nm"].to_numpy()
    differences = measured["difference_nm"].to_numpy()
    positive = published > 0
    for name, unit, values in (
        ("length_difference", "nm", differences),
        ("relative_length_difference", "1", differences[positive] / published[positive]),
    ):
        for quantile, part in QUANTILES.items():
            value = round(float(np.quantile(values, part)), DIGITS) if len(values) else ""
            yield f"{name}_{quantile}", unit, len(values), value
    yield "length_within_1_nm", "1", *_share(np.abs(differences) <= TOLERANCE_NM)
    for name, tolerance in TOLERANCES.items():
        yield f"length_within_{name}", "1", *_share(np.abs(differences) <= tolerance * published)


def _share(hits: pd.Series | np.ndarray) -> tuple[int, float | str]:
    """Return how many there are and the share of hits, empty if there are none."""
    return len(hits), round(float(np.mean(hits)), DIGITS) if len(hits) else ""


def confusion(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count the mitochondria by published and by recomputed compartment.

    The table has the columns of ``recomputed_labels.csv``: each published compartment that occurs
    with each recomputed one, zeros too. Those without a published one come last, with a missing
    name.
    """
    rows: list[tuple] = []
    for name in [*COMPARTMENTS, None]:
        own = pairs[pairs[PUBLISHED].isna() if name is None else pairs[PUBLISHED] == name]
        if len(own):
            counts = own[RECOMPUTED].value_counts().reindex(COMPARTMENTS, fill_value=0)
            rows += [(name, to, n, round(n / len(own), DIGITS)) for to, n in counts.items()]
    return pd.DataFrame(rows, columns=columns_of("recomputed_labels.csv"))


def largest_differences(pairs: pd.DataFrame, listed: int = LISTED) -> pd.DataFrame:
    """Return the mitochondria that differ most from what is published, the largest first.

    At most ``listed`` with another compartment and as many with another length, in both cases
    those with the largest absolute differences of length. A column ``differs`` is added:
    ``compartment``, ``length`` or both.
    """
    size = pairs["difference_nm"].abs()
    ordered = pairs.assign(size=size).sort_values(
        ["size", "mito_id"], ascending=[False, True], na_position="last"
    )
    sorts = {
        OTHER_COMPARTMENT: ordered[PUBLISHED].notna() & (ordered[PUBLISHED] != ordered[RECOMPUTED]),
        OTHER_LENGTH: ordered["size"] > TOLERANCE_NM,
    }
    chosen = set().union(*(ordered.index[mask][:listed] for mask in sorts.values()))
    found = ordered[ordered.index.isin(chosen)].drop(columns="size")
    differs = [", ".join(sort for sort, mask in sorts.items() if mask[row]) for row in found.index]
    return found.assign(differs=differs)


def describe_differences(
    differences: pd.DataFrame,
    coverage: pa.Table,
    nodes: pa.Table,
    voxel_size_nm: Sequence[float],
) -> pd.DataFrame:
    """Add to some mitochondria how much of them is where, why they differ, and where they are.

    Parameters
    ----------
    differences : pandas.DataFrame
        Some pairs, as :func:`largest_differences` returns them.
    coverage : pyarrow.Table
        ``cell_id, mito_id, node_id, vertices`` of at least their mitochondria.
    nodes : pyarrow.Table
        ``cell_id, node_id, compartment`` of at least their cells.

    Returns
    -------
    pandas.DataFrame
        With ``vertices_at_published, vertices_at_recomputed``, the shares of the mesh's vertices
        that are nearest to nodes of either compartment, missing without a mesh or without that
        compartment; ``note``, what the data say about why, mostly nothing; and ``x_vx, y_vx,
        z_vx``. Shares and lengths are rounded.
    """
    labelled = coverage.to_pandas().merge(
        nodes.to_pandas(), on=["cell_id", "node_id"], validate="many_to_one"
    )
    vertices = labelled.groupby(["mito_id", "compartment"])["vertices"].sum()
    totals = labelled.groupby("mito_id")["vertices"].sum()
    found = differences.copy()
    for share, names in zip(SHARES, (PUBLISHED, RECOMPUTED), strict=True):
        found[share] = [
            float(vertices.get((mito_id, name), 0) / totals[mito_id])
            if mito_id in totals.index and pd.notna(name)
            else np.nan
            for mito_id, name in zip(found["mito_id"], found[names], strict=True)
        ]
    found["note"] = [_explain(row) for row in found.to_dict("records")]
    for axis, size in zip("xyz", voxel_size_nm, strict=True):
        found[f"{axis}_vx"] = np.round(found[axis] / size, 3)
    return found.round(dict.fromkeys((*SHARES, *LENGTHS), DIGITS))


def _explain(row: Mapping[str, Any]) -> str:
    """Return what the data say about why a mitochondrion differs."""
    if not row["has_mesh"]:
        return row["problem"]
    reasons = []
    if row["recomputed_length_nm"] == 0:
        reasons.append("covers no whole skeleton edge")
    if OTHER_COMPARTMENT in row["differs"]:
        published, recomputed = (row[share] for share in SHARES)
        if published == 0:
            reasons.append("no vertex in the published compartment")
        elif published == recomputed:
            reasons.append("as many vertices in either compartment")
        else:
            reasons.append("in both compartments")
    return "; ".join(reasons)


def add_links(
    differences: pd.DataFrame,
    cells: Mapping[int, Cell],
    voxel_sizes_nm: tuple[Voxel, Voxel],
    viewer: str,
    public_layers: Mapping[str, Any] | None = None,
    served_meshes: str | None = None,
) -> pd.DataFrame:
    """Add a column with a link to each mitochondrion: public, into what is served locally, or none.

    Parameters
    ----------
    differences : pandas.DataFrame
        Some pairs.
    voxel_sizes_nm : pair of (x, y, z)
        The true one, and that of the layers.
    viewer : str
        Its address.
    public_layers : mapping, optional
        ``cells, mitochondria, image``, as a dataset's description has them.
    served_meshes : str, optional
        The layer of mitochondrial meshes, where views are served locally.
    """
    if public_layers is not None:
        cell_layer, image = public_layers["cells"], public_layers["image"]
        layers = Layers(public_layers["mitochondria"], *voxel_sizes_nm, cell_layer, image)
    elif served_meshes is not None:
        local = local_layer(served_meshes) is not None
        layers = Layers(SERVED_MESHES if local else served_meshes, *voxel_sizes_nm)
    else:
        return differences.assign(link="")
    names = ["cell_id", "mito_id", RECOMPUTED, *"xyz"]
    rows = zip(*(differences[name].tolist() for name in names), strict=True)
    links = [
        mitochondrion_link(cells[cell_id], (mito_id, compartment), position, layers, viewer)
        for cell_id, mito_id, compartment, *position in rows
    ]
    return differences.assign(link=links)
