"""Published statistics that those of a run are set beside.

Turner et al. 2022, Cell, figure 5, as printed by the notebooks of AllenInstitute/MicronsBinder,
mitochondria vignette (``compartment_comparison``, ``distance_to_soma``), for the pyramidal cells
of MICrONS layer 2/3.
"""

from __future__ import annotations

# By statistic, then by group: names as in mitosyn.report.statistics.
PUBLISHED: dict[str, dict[str, float]] = {
    "mitochondrion_volume_um3_q25": {
        "Axonal": 0.00763601,
        "Somatic": 0.01317116,
        "Apical": 0.01915026,
        "Basal": 0.02652687,
    },
    "mitochondrion_volume_um3_q50": {
        "Axonal": 0.01300813,
        "Somatic": 0.03263978,
        "Apical": 0.06215236,
        "Basal": 0.09523918,
    },
    "mitochondrion_volume_um3_q75": {
        "Axonal": 0.020861,
        "Somatic": 0.08049109,
        "Apical": 0.20497679,
        "Basal": 0.24218638,
    },
    "complexity_index_q25": {
        "Axonal": 1.62865836,
        "Somatic": 2.67307378,
        "Apical": 3.43617193,
        "Basal": 3.87872862,
    },
    "complexity_index_q50": {
        "Axonal": 2.45647607,
        "Somatic": 5.18730973,
        "Apical": 7.64271002,
        "Basal": 9.10654901,
    },
    "complexity_index_q75": {
        "Axonal": 3.77472996,
        "Somatic": 9.7578682,
        "Apical": 17.75550727,
        "Basal": 19.44942029,
    },
    "mitochondrion_volume_um3_mann_whitney_u": {
        "Axonal < Somatic": 282639730,
        "Somatic < Apical": 633583294,
        "Apical < Basal": 447785390,
    },
    "distal_segments": {"Basal": 9198},
    "synapse_density_by_mitochondria_r": {"Basal": 0.3726},
    "synapse_density_by_mitochondria_slope": {"Basal": 17.787093},
    "synapse_density_by_mitochondria_intercept": {"Basal": 1.260432},
    "synapse_density_by_median_diameter_r": {"Basal": 0.4024},
    "synapse_density_by_median_diameter_slope": {"Basal": 2.295467},
    "synapse_density_by_median_diameter_intercept": {"Basal": 0.600897},
    "mitochondria_by_median_diameter_r": {"Basal": 0.5140},
    "mitochondria_by_median_diameter_slope": {"Basal": 0.061428},
    "mitochondria_by_median_diameter_intercept": {"Basal": -0.001463},
    "synapse_density_residual_by_mitochondria_r": {"Basal": 0.18109},
    "synapse_density_residual_by_mitochondria_slope": {"Basal": 7.9135},
    "synapse_density_residual_by_mitochondria_intercept": {"Basal": -0.2445},
}


def published_value(statistic: str, group: str) -> float | None:
    """Give what was published for a statistic of a group of pyramidal cells, if anything was."""
    return PUBLISHED.get(statistic, {}).get(group)
