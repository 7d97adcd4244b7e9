"""Figures and statistics, from the collected tables."""


rule compare_recomputed:
    """Compare recomputed compartments and lengths of pyramidal cells with the published ones."""
    input:
        cells=f"{RESULTS}/tables/cells.arrow",
        published=f"{RESULTS}/tables/mitochondria.arrow",
        mitochondria=f"{RESULTS}/mitochondria.parquet",
        nodes=f"{RESULTS}/skeleton_nodes.parquet",
        coverage=f"{RESULTS}/mitochondrion_nodes.parquet",
    output:
        agreement=shown(
            f"{RESULTS}/recomputed_agreement.csv",
            "recomputed_agreement",
            "recomputed",
            "Table of the agreement by compartment (CSV)",
        ),
        labels=f"{RESULTS}/recomputed_labels.csv",
        differences=shown(
            f"{RESULTS}/recomputed_differences.csv",
            "recomputed_differences",
            "recomputed",
            "Table of the largest differences (CSV)",
        ),
    log:
        f"{LOGS}/compare_recomputed.log",
    params:
        recompute_pyramidal=SETTINGS.recompute_pyramidal,
        layers=DATASET.neuroglancer.model_dump() if DATASET.neuroglancer else None,
        viewer=DATASET.neuroglancer.viewer if DATASET.neuroglancer else PUBLIC_VIEWER,
        served=DATASET.writes_precomputed_views,
        mesh_layer=INPUTS.mesh_layer,
        voxel_size_nm=DATASET.voxel_size_nm,
        mesh_voxel_size_nm=DATASET.mesh_voxel_size_nm,
        code=code("compare_recomputed"),
    script:
        "../workflow_scripts/compare_recomputed.py"


if DISTANCE_BINS:

    rule measure_branch_statistics:
        """Measure the statistics of compartments and branches, beside the published ones."""
        input:
            branches=f"{RESULTS}/branches_distancebins.parquet",
            cells=f"{RESULTS}/cells.parquet",
            mitochondria=f"{RESULTS}/mitochondria.parquet",
        output:
            statistics=shown(
                f"{RESULTS}/branch_statistics.csv",
                "branch_statistics",
                "densities",
                "Table of all statistics (CSV)",
            ),
            gradients=shown(
                f"{RESULTS}/branch_gradients.csv",
                "branch_gradients",
                "gradients",
                "Table of all bins (CSV)",
            ),
        log:
            f"{LOGS}/measure_branch_statistics.log",
        params:
            voxel_size_nm=DATASET.voxel_size_nm,
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
            figures_of(question),
        log:
            f"{LOGS}/draw_{question}.log",
        resources:
            mem_mb=per_attempt(2000),
        params:
            question=question,
            tables=QUESTIONS[question].tables,
            voxel_size_nm=DATASET.voxel_size_nm,
            code=code("draw_figures") + code(f"mitosyn/report/figures/{question}"),
        script:
            "../workflow_scripts/draw_figures.py"
