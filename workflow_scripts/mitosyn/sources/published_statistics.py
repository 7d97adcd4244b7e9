"""Published statistics that those of a run are set beside.

Turner et al. 2022, Cell, figure 5, as printed by the notebooks of AllenInstitute/MicronsBinder,
mitochondria vignette (``compartment_comparison``, ``distance_to_soma``), for the pyramidal cells
of MICrONS layer 2/3.
"""

from __future__ import annotations

# The cell type that they are of.
STUDIED_TYPE = "pyramidal"
# In the order in which published mitochondria grow.
ASCENDING = ("Axonal", "Somatic", "Apical", "Basal")
_QUARTILES = {
    "mitochondrion_volume_um3_q25": (0.00763601, 0.01317116, 0.01915026, 0.02652687),
    "mitochondrion_volume_um3_q50": (0.01300813, 0.03263978, 0.06215236, 0.09523918),
    "mitochondrion_volume_um3_q75": (0.020861, 0.08049109, 0.20497679, 0.24218638),
    "complexity_index_q25": (1.62865836, 2.67307378, 3.43617193, 3.87872862),
    "complexity_index_q50": (2.45647607, 5.18730973, 7.64271002, 9.10654901),
    "complexity_index_q75": (3.77472996, 9.7578682, 17.75550727, 19.44942029),
}
_BASAL = {
    "distal_segments": 9198,
    "synapse_density_by_mitochondria_r": 0.3726,
    "synapse_density_by_mitochondria_slope": 17.787093,
    "synapse_density_by_mitochondria_intercept": 1.260432,
    "synapse_density_by_median_diameter_r": 0.4024,
    "synapse_density_by_median_diameter_slope": 2.295467,
    "synapse_density_by_median_diameter_intercept": 0.600897,
    "mitochondria_by_median_diameter_r": 0.5140,
    "mitochondria_by_median_diameter_slope": 0.061428,
    "mitochondria_by_median_diameter_intercept": -0.001463,
    "synapse_density_residual_by_mitochondria_r": 0.18109,
    "synapse_density_residual_by_mitochondria_slope": 7.9135,
    "synapse_density_residual_by_mitochondria_intercept": -0.2445,
}
# By statistic, then by group: names as in mitosyn.report.statistics.
PUBLISHED: dict[str, dict[str, float]] = {
    **{name: dict(zip(ASCENDING, values, strict=True)) for name, values in _QUARTILES.items()},
    "mitochondrion_volume_um3_mann_whitney_u": {
        "Axonal < Somatic": 282639730,
        "Somatic < Apical": 633583294,
        "Apical < Basal": 447785390,
    },
    **{name: {"Basal": value} for name, value in _BASAL.items()},
}


def published_value(statistic: str, group: str) -> float | None:
    """Return what was published for a statistic of a group of these cells, if anything was."""
    return PUBLISHED.get(statistic, {}).get(group)
