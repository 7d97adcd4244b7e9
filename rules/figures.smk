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


rule plot_cells:
    """Draw which cells there are: how many of each kind, where, with how many mitochondria."""
    input:
        cells=f"{RESULTS}/cells.parquet",
    output:
        figures_of("cells"),
    log:
        f"{LOGS}/plot_cells.log",
    params:
        code=code("plot_cells"),
    script:
        "../workflow_scripts/plot_cells.py"


rule plot_mitochondria:
    """Draw size, roundness and complexity of mitochondria by compartment."""
    input:
        mitochondria=f"{RESULTS}/mitochondria.parquet",
    output:
        figures_of("mitochondria"),
    log:
        f"{LOGS}/plot_mitochondria.log",
    params:
        code=code("plot_mitochondria"),
    script:
        "../workflow_scripts/plot_mitochondria.py"


rule plot_coverage:
    """Draw how much of the neurites mitochondria cover, and how many there are."""
    input:
        cells=f"{RESULTS}/cells.parquet",
        mitochondria=f"{RESULTS}/mitochondria.parquet",
        nodes=f"{RESULTS}/skeleton_nodes.parquet",
        coverage=f"{RESULTS}/mitochondrion_nodes.parquet",
    output:
        figures_of("coverage"),
    log:
        f"{LOGS}/plot_coverage.log",
    resources:
        mem_mb=per_attempt(2000),
    params:
        code=code("plot_coverage"),
    script:
        "../workflow_scripts/plot_coverage.py"


rule plot_synapses:
    """Draw where synapses are: on which neurons, how densely, how far from the soma."""
    input:
        cells=f"{RESULTS}/cells.parquet",
        synapses=f"{RESULTS}/synapses.parquet",
        nodes=f"{RESULTS}/skeleton_nodes.parquet",
    output:
        figures_of("synapses"),
    log:
        f"{LOGS}/plot_synapses.log",
    resources:
        mem_mb=per_attempt(2000),
    params:
        code=code("plot_synapses"),
    script:
        "../workflow_scripts/plot_synapses.py"


rule plot_incomplete:
    """Draw how many mitochondria lack measures, and why."""
    input:
        cells=f"{RESULTS}/cells.parquet",
        incomplete=f"{RESULTS}/incomplete_mitochondria.csv",
    output:
        figures_of("incomplete"),
    log:
        f"{LOGS}/plot_incomplete.log",
    params:
        code=code("plot_incomplete"),
    script:
        "../workflow_scripts/plot_incomplete.py"


rule plot_recomputed:
    """Draw how recomputed compartments and lengths agree with the published ones."""
    input:
        published=f"{RESULTS}/tables/mitochondria.arrow",
        mitochondria=f"{RESULTS}/mitochondria.parquet",
        labels=f"{RESULTS}/recomputed_labels.csv",
    output:
        figures_of("recomputed"),
    log:
        f"{LOGS}/plot_recomputed.log",
    params:
        code=code("plot_recomputed"),
    script:
        "../workflow_scripts/plot_recomputed.py"


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

    rule plot_compartments:
        """Draw how mitochondria of pyramidal cells differ between compartments."""
        input:
            mitochondria=f"{RESULTS}/mitochondria.parquet",
        output:
            figures_of("compartments"),
        log:
            f"{LOGS}/plot_compartments.log",
        params:
            voxel_size_nm=DATASET.voxel_size_nm,
            code=code("plot_compartments"),
        script:
            "../workflow_scripts/plot_compartments.py"

    rule plot_gradients:
        """Draw what changes along neurites with the distance from the soma."""
        input:
            branches=f"{RESULTS}/branches_distancebins.parquet",
            cells=f"{RESULTS}/cells.parquet",
        output:
            figures_of("gradients"),
        log:
            f"{LOGS}/plot_gradients.log",
        params:
            code=code("plot_gradients"),
        script:
            "../workflow_scripts/plot_gradients.py"

    rule plot_densities:
        """Draw what goes with a segment's mitochondria, and what its coverage is made of."""
        input:
            branches=f"{RESULTS}/branches_distancebins.parquet",
            cells=f"{RESULTS}/cells.parquet",
        output:
            figures_of("densities"),
        log:
            f"{LOGS}/plot_densities.log",
        params:
            code=code("plot_densities"),
        script:
            "../workflow_scripts/plot_densities.py"
