"""What is known of the cells, what is missing, whether everything is there, and a look at it."""


rule describe_cells:
    """Write the table of all analysed cells."""
    input:
        cells=f"{RESULTS}/tables/selected_cells.csv",
        csvs=cell_csvs,
        morphologies=swc_files,
        synapses=f"{RESULTS}/synapse_filtered.csv",
    output:
        cells=f"{RESULTS}/cells.csv",
    log:
        f"{LOGS}/describe_cells.log",
    params:
        code=code("describe_cells"),
    script:
        "../workflow_scripts/describe_cells.py"


rule list_incomplete_mitochondria:
    """List the mitochondria without a mesh, with a bad one, or with a measure missing."""
    input:
        morphometrics=morphometrics_files,
    output:
        incomplete=shown(
            f"{RESULTS}/incomplete_mitochondria.csv",
            "incomplete_list",
            "incomplete",
            "Table of these mitochondria (CSV)",
        ),
    log:
        f"{LOGS}/list_incomplete_mitochondria.log",
    params:
        code=code("list_incomplete_mitochondria"),
    script:
        "../workflow_scripts/list_incomplete_mitochondria.py"


rule check_positions:
    """Check that there are meshes, and that positions of most cells fit them and the skeletons."""
    input:
        fits=fit_files,
    output:
        checks=f"{RESULTS}/tables/position_checks.csv",
    log:
        f"{LOGS}/check_positions.log",
    params:
        mesh_layer=INPUTS.mesh_layer,
        voxel_size_nm=DATASET.voxel_size_nm,
        mesh_voxel_size_nm=DATASET.mesh_voxel_size_nm,
        code=code("check_positions"),
    script:
        "../workflow_scripts/check_positions.py"


rule compare_recomputed:
    """Compare recomputed compartments and lengths of pyramidal cells with the published ones."""
    input:
        cells=f"{RESULTS}/tables/selected_cells.csv",
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


rule check_conservation:
    """Check that every mitochondrion and synapse end is there once, and the expected counts."""
    input:
        cells=f"{RESULTS}/tables/selected_cells.csv",
        mitochondria=INPUTS.tables["mitochondria"],
        neuron_mitochondria=INPUTS.tables["neuron_mitochondria"],
        pyramidal_mitochondria=INPUTS.tables["pyramidal_mitochondria"],
        published_synapses=INPUTS.tables["synapses"],
        csvs=cell_csvs,
        morphologies=swc_files,
        nodes=nodes_files,
        synapses=f"{RESULTS}/synapse_filtered.csv",
        incomplete=f"{RESULTS}/incomplete_mitochondria.csv",
        positions=f"{RESULTS}/tables/position_checks.csv",
        archives=expand(f"{RESULTS}/{{archive}}.tar.gz", archive=ARCHIVES),
        tables=expand(f"{RESULTS}/{{table}}.parquet", table=TIDY_TABLES),
        all_cells=f"{RESULTS}/cells.csv",
        neurons=f"{RESULTS}/cell_type_classification_filtered.csv",
    output:
        report=shown(f"{RESULTS}/check.json", "check", "cells", "Table of all counts (JSON)"),
    log:
        f"{LOGS}/check_conservation.log",
    params:
        dataset=SETTINGS.dataset,
        folders=list(ARCHIVES.values()),
        expectations=SETTINGS.expected_counts.model_dump(),
        code=code("check_conservation"),
    script:
        "../workflow_scripts/check_conservation.py"


rule pack_demonstration_meshes:
    """Pack the mitochondrial meshes of the cell that the notebook shows in 3D."""
    input:
        cells=f"{RESULTS}/cells.csv",
        synapses=f"{RESULTS}/synapse_filtered.csv",
        meshes=of_neurons(f"{RESULTS}/per_cell/meshes/{{cell_id}}.npz"),
    output:
        archive=f"{RESULTS}/demonstration_meshes.tar.gz",
    log:
        f"{LOGS}/pack_demonstration_meshes.log",
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(20),
    params:
        voxel_size_nm=DATASET.voxel_size_nm,
        mesh_voxel_size_nm=DATASET.mesh_voxel_size_nm,
        code=code("pack_demonstration_meshes"),
    script:
        "../workflow_scripts/pack_demonstration_meshes.py"


rule demonstrate:
    """Execute the demonstration notebook on the published files."""
    input:
        archives=expand(f"{RESULTS}/{{archive}}.tar.gz", archive=ARCHIVES),
        meshes=f"{RESULTS}/demonstration_meshes.tar.gz",
        cell_types=f"{RESULTS}/cell_type_classification_filtered.csv",
        synapses=f"{RESULTS}/synapse_filtered.csv",
    output:
        notebook=f"{RESULTS}/smo_microns_demonstration.ipynb",
        view=f"{RESULTS}/smo_microns_demonstration_3d.html",
    log:
        f"{LOGS}/demonstrate.log",
    resources:
        mem_mb=per_attempt(3000),
        runtime=per_attempt(30),
    params:
        pyramidal_labels=SETTINGS.pyramidal_labels,
        code=code("demonstrate"),
        template=texts("workflow_scripts/demonstration.py"),
    script:
        "../workflow_scripts/demonstrate.py"


rule record_provenance:
    """Record where the inputs came from, what made the outputs, and their checksums."""
    input:
        list(provenance_inputs().values()),
        # No checksum is written of what the check refuses.
        check=f"{RESULTS}/check.json",
        published=[
            *expand(f"{RESULTS}/{{archive}}.tar.gz", archive=ARCHIVES),
            f"{RESULTS}/demonstration_meshes.tar.gz",
            f"{RESULTS}/cell_type_classification_filtered.csv",
            f"{RESULTS}/synapse_filtered.csv",
            f"{RESULTS}/cells.csv",
            *expand(f"{RESULTS}/{{table}}.parquet", table=TIDY_TABLES),
            f"{RESULTS}/data_dictionary.md",
            *BRANCH_TABLES,
            *BRANCH_STATISTICS,
        ],
    output:
        provenance=f"{RESULTS}/provenance.json",
        checksums=f"{RESULTS}/checksums.sha256",
    log:
        f"{LOGS}/record_provenance.log",
    resources:
        runtime=per_attempt(30),
    params:
        dataset=SETTINGS.dataset,
        description=DATASET.description,
        inputs=lambda wildcards, input: dict(zip(provenance_inputs(), input)),
        mesh_layer=INPUTS.mesh_layer,
        config=recorded_config(),
        code=code("record_provenance"),
    script:
        "../workflow_scripts/record_provenance.py"


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


rule summarise_dataset:
    """Sum the dataset up in one page; last, as it also says what the jobs before it cost."""
    input:
        check=f"{RESULTS}/check.json",
        provenance=f"{RESULTS}/provenance.json",
        cells=f"{RESULTS}/tables/selected_cells.csv",
        left_out=f"{RESULTS}/tables/left_out_cells.csv",
        incomplete=f"{RESULTS}/incomplete_mitochondria.csv",
        mitochondria=f"{RESULTS}/mitochondria.parquet",
        figures=[path for question in QUESTIONS for path in figure_files(question, "png")],
        files=[
            *expand(f"{RESULTS}/{{archive}}.tar.gz", archive=ARCHIVES),
            f"{RESULTS}/cells.csv",
            f"{RESULTS}/cell_type_classification_filtered.csv",
            f"{RESULTS}/synapse_filtered.csv",
            *expand(f"{RESULTS}/{{table}}.parquet", table=TIDY_TABLES),
            *BRANCH_TABLES,
            f"{RESULTS}/smo_microns_demonstration.ipynb",
            f"{RESULTS}/smo_microns_demonstration_3d.html",
            f"{RESULTS}/demonstration_meshes.tar.gz",
            *([NEUROGLANCER_LINKS] if DATASET.neuroglancer else []),
            f"{RESULTS}/incomplete_mitochondria.csv",
            *(RECOMPUTED if SETTINGS.recompute_pyramidal else []),
            *BRANCH_STATISTICS,
            f"{RESULTS}/tables/left_out_cells.csv",
            f"{RESULTS}/tables/position_checks.csv",
            f"{RESULTS}/check.json",
            f"{RESULTS}/provenance.json",
            f"{RESULTS}/checksums.sha256",
            f"{RESULTS}/data_dictionary.md",
        ],
    output:
        # The only outputs that differ from run to run: they hold times.
        page=shown(f"{RESULTS}/dataset.html", "summary", "Summary", "Summary page"),
        run_times=shown(
            f"{RESULTS}/run_times.csv",
            "run_times",
            "Summary",
            "Table of what each rule cost (CSV)",
        ),
    log:
        f"{LOGS}/summarise_dataset.log",
    params:
        dataset=SETTINGS.dataset,
        description=DATASET.description,
        expectations=SETTINGS.expected_counts.model_dump(exclude_none=True),
        logs=LOGS,
        texts=texts("report/*.rst", "workflow_scripts/templates/dataset.html.jinja2"),
        code=code("summarise_dataset"),
    script:
        "../workflow_scripts/summarise_dataset.py"
