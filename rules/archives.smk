"""The per-cell files of all cells together: published archives and tidy Parquet tables."""


rule pack_archive:
    """Pack the per-cell files of one kind."""
    input:
        # Skeletons are in nm whatever the voxel size: their archive needs no meshes.
        positions=lambda wildcards: (
            [] if wildcards.archive == "morphologies" else f"{RESULTS}/tables/position_checks.csv"
        ),
        members=archive_members,
    output:
        archive=f"{RESULTS}/{{archive}}.tar.gz",
    log:
        f"{LOGS}/pack_archive/{{archive}}.log",
    resources:
        runtime=per_attempt(20),
    params:
        folder=lambda wildcards: ARCHIVES[wildcards.archive],
        # Standard SWC files are of the same cells.
        folders=lambda wildcards: [
            f"{RESULTS}/{folder}"
            for folder in (
                ARCHIVES[wildcards.archive],
                *(["standard_swc"] if wildcards.archive == "morphologies" else []),
            )
        ],
        names=lambda wildcards: PER_CELL_NAMES[wildcards.archive],
        code=code("pack_archive"),
    script:
        "../workflow_scripts/pack_archive.py"


rule collect_cells:
    """Write the table of all analysed cells as Parquet."""
    input:
        cells=f"{RESULTS}/cells.csv",
    output:
        table=f"{RESULTS}/cells.parquet",
    log:
        f"{LOGS}/collect_cells.log",
    params:
        dataset=SETTINGS.dataset,
        code=code("collect_cells"),
    script:
        "../workflow_scripts/collect_cells.py"


rule collect_mitochondria:
    """Write the mitochondria of all cells into one Parquet table."""
    input:
        cells=f"{RESULTS}/tables/selected_cells.csv",
        mitochondria=f"{RESULTS}/tables/mitochondria.arrow",
        csvs=cell_csvs,
        morphometrics=morphometrics_files,
    output:
        table=f"{RESULTS}/mitochondria.parquet",
    log:
        f"{LOGS}/collect_mitochondria.log",
    params:
        dataset=SETTINGS.dataset,
        voxel_size_nm=DATASET.voxel_size_nm,
        pyramidal_labels=SETTINGS.pyramidal_labels,
        code=code("collect_mitochondria"),
    script:
        "../workflow_scripts/collect_mitochondria.py"


rule collect_synapses:
    """Write the synapses of the neurons as Parquet."""
    input:
        synapses=f"{RESULTS}/synapse_filtered.csv",
    output:
        table=f"{RESULTS}/synapses.parquet",
    log:
        f"{LOGS}/collect_synapses.log",
    params:
        dataset=SETTINGS.dataset,
        code=code("collect_synapses"),
    script:
        "../workflow_scripts/collect_synapses.py"


rule collect_skeleton_nodes:
    """Write the skeleton nodes of all neurons into one Parquet table."""
    input:
        morphologies=swc_files,
    output:
        table=f"{RESULTS}/skeleton_nodes.parquet",
    log:
        f"{LOGS}/collect_skeleton_nodes.log",
    params:
        dataset=SETTINGS.dataset,
        code=code("collect_skeleton_nodes"),
    script:
        "../workflow_scripts/collect_skeleton_nodes.py"


rule collect_mitochondrion_nodes:
    """Write the skeleton nodes that all mitochondria cover into one Parquet table."""
    input:
        coverage=coverage_files,
    output:
        table=f"{RESULTS}/mitochondrion_nodes.parquet",
    log:
        f"{LOGS}/collect_mitochondrion_nodes.log",
    params:
        dataset=SETTINGS.dataset,
        code=code("collect_mitochondrion_nodes"),
    script:
        "../workflow_scripts/collect_mitochondrion_nodes.py"


rule write_data_dictionary:
    """Write the type, unit and meaning of each column of each published file."""
    output:
        dictionary=f"{RESULTS}/data_dictionary.md",
    log:
        f"{LOGS}/write_data_dictionary.log",
    params:
        code=code("write_data_dictionary"),
    script:
        "../workflow_scripts/write_data_dictionary.py"
