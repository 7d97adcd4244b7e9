"""Figures and statistics, from the collected tables."""

from mitosyn.config import PUBLIC_VIEWER

FIGURE = f"{RESULTS}/figures/{{figure}}.{{ending}}"
# How figures, views and the notebook show cells of these types.
SHOWN = {
    "types": list(DATASET.types),
    "compartment_names": DATASET.compartment_names,
    "towards_pia": DATASET.pia,
}
FIGURES = [name for question in QUESTIONS.values() for name in question.figures]
# Into public layers, into those served locally, or nowhere.
PUBLIC = DATASET.neuroglancer
LINKS = {
    "voxel_sizes_nm": (DATASET.voxel_size_nm, DATASET.mesh_voxel_size_nm),
    "viewer": PUBLIC.viewer if PUBLIC else PUBLIC_VIEWER,
    "public_layers": PUBLIC.model_dump() if PUBLIC else None,
    "served_meshes": INPUTS.mesh_layer if DATASET.writes_precomputed_views else None,
}


rule compare_recomputed:
    """Compare recomputed compartments and lengths of pyramidal cells with the published ones."""
    input:
        cells=f"{RESULTS}/tables/cells.arrow",
        published=f"{RESULTS}/tables/mitochondria.arrow",
        mitochondria=f"{RESULTS}/mitochondria.parquet",
        nodes=f"{RESULTS}/skeleton_nodes.parquet",
        coverage=f"{RESULTS}/mitochondrion_nodes.parquet",
    output:
        agreement=shown(f"{RESULTS}/recomputed_agreement.csv"),
        labels=f"{RESULTS}/recomputed_labels.csv",
        differences=shown(f"{RESULTS}/recomputed_differences.csv"),
    log:
        f"{LOGS}/compare_recomputed.log",
    params:
        recompute_pyramidal=SETTINGS.recompute_pyramidal,
        links=LINKS,
        code=code("compare_recomputed"),
    script:
        "../workflow_scripts/compare_recomputed.py"


# They are of branches by distance from the soma.
if "distancebins" in SETTINGS.branches:

    rule measure_branch_statistics:
        """Measure the statistics of compartments and branches, beside the published ones."""
        input:
            branches=f"{RESULTS}/branches_distancebins.parquet",
            cells=f"{RESULTS}/cells.parquet",
            mitochondria=f"{RESULTS}/mitochondria.parquet",
        output:
            statistics=(shown(f"{RESULTS}/branch_statistics.csv") if OPTIONS["studied"] else []),
            gradients=shown(f"{RESULTS}/branch_gradients.csv"),
        log:
            f"{LOGS}/measure_branch_statistics.log",
        params:
            voxel_size_nm=DATASET.voxel_size_nm,
            compartment_names=DATASET.compartment_names,
            published_here=bool(DATASET.published_statistics),
            code=code("measure_branch_statistics"),
        script:
            "../workflow_scripts/measure_branch_statistics.py"


for question in QUESTIONS:

    rule:
        """Draw the figures that answer a question."""
        name:
            f"draw_{question}"
        input:
            **collected_tables(question),
        output:
            # The report shows the SVG files, the page the PNG files.
            *map(shown, expand(FIGURE, figure=QUESTIONS[question].figures, ending="svg")),
            expand(FIGURE, figure=QUESTIONS[question].figures, ending="png"),
        log:
            f"{LOGS}/draw_{question}.log",
        resources:
            mem_mb=per_attempt(2000),
        params:
            question=question,
            tables=QUESTIONS[question].tables,
            voxel_size_nm=DATASET.voxel_size_nm,
            shown=SHOWN | {"generated": DATASET.synthetic is not None},
            code=code("draw_figures") + code(f"mitosyn/report/figures/{question}"),
        script:
            "../workflow_scripts/draw_figures.py"
