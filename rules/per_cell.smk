"""One cell at a time, each step an independent job; on a cluster, a cell's jobs in a group."""

MEASURED_RADII = (
    {"assigned": f"{RESULTS}/per_cell/cell_mesh/{{cell_id}}.npz"}
    if SETTINGS.swc_radii == "measured"
    else {}
)
MORPHOMETRICS = f"{RESULTS}/per_cell/morphometrics/{{cell_id}}.arrow"
COMPARTMENTS = f"{RESULTS}/per_cell/{{soma}}compartments/{{cell_id}}.arrow"
POSITIONS = f"{RESULTS}/per_cell/mitochondrion_positions/{{cell_id}}.arrow"
# What is known of a neuron once its mitochondria are on its skeleton.
ON_SKELETON = {
    "coverage": f"{RESULTS}/per_cell/covered_nodes/{{cell_id}}.arrow",
    "compartments": f"{RESULTS}/per_cell/compartments/{{cell_id}}.arrow",
    "sites": f"{RESULTS}/per_cell/site_positions/{{cell_id}}.arrow",
    "positions": POSITIONS,
    "reached": f"{RESULTS}/per_cell/site_distances/{{cell_id}}.arrow",
}
PUBLISHED_VALUES = {
    "recompute_pyramidal": SETTINGS.recompute_pyramidal,
    "pyramidal_labels": SETTINGS.pyramidal_labels,
}

cell_csvs = of_cells(f"{RESULTS}/microns_cells/{{cell_type}}_{{cell_id}}.csv")
swc_files = of_neurons(f"{RESULTS}/cell_morphologies/{{cell_id}}.swc")
standard_swc_files = (
    of_neurons(f"{RESULTS}/standard_swc/{{cell_id}}.swc") if SETTINGS.standard_swc else []
)
NODES = f"{RESULTS}/associated_nodes/{{cell_id}}_{NODES_SUFFIX}.json"
nodes_files = of_neurons(NODES) if OPTIONS["meshes"] else []


rule fetch_meshes:
    """Fetch the meshes of a cell's mitochondria into one file."""
    input:
        layer=mesh_layer_files(),
        mitochondria=f"{RESULTS}/tables/mitochondria.arrow",
    output:
        # Left in place: meshes that it holds are not fetched again when its table is new.
        meshes=update(f"{RESULTS}/per_cell/meshes/{{cell_id}}.npz"),
    log:
        f"{LOGS}/fetch_meshes/{{cell_id}}.log",
    group:
        "cell"
    resources:
        runtime=per_attempt(60),
        connections=fetch_connections(INPUTS.mesh_layer),
    params:
        **MESH_VOXEL,
        lod=DATASET.mesh_lod,
        mesh_layer=mesh_layer,
        mesh_state=mesh_state,
        store=partial_meshes,
        offline=without_redoing(SETTINGS.offline),
        patience=without_redoing(SETTINGS.retrieval.model_dump()),
    script:
        "../workflow_scripts/fetch_meshes.py"


rule measure_morphometrics:
    """Measure the meshes of a cell's mitochondria."""
    input:
        meshes=f"{RESULTS}/per_cell/meshes/{{cell_id}}.npz",
    output:
        morphometrics=MORPHOMETRICS,
    log:
        f"{LOGS}/measure_morphometrics/{{cell_id}}.log",
    group:
        "cell"
    params:
        **VOXEL_SIZES,
        code=code("measure_morphometrics"),
    script:
        "../workflow_scripts/measure_morphometrics.py"


rule associate_skeleton:
    """Find the nodes that a neuron's mitochondria cover; compartments, lengths and neighbours."""
    input:
        unpack(skeleton_files),
        cells=f"{RESULTS}/tables/cells.arrow",
        mitochondria=f"{RESULTS}/tables/mitochondria.arrow",
        meshes=f"{RESULTS}/per_cell/meshes/{{cell_id}}.npz",
        ends=f"{RESULTS}/tables/synapse_ends.arrow" if OPTIONS["synapses"] else [],
    output:
        **ON_SKELETON,
        nodes=NODES if OPTIONS["meshes"] else [],
        fit=f"{RESULTS}/per_cell/position_checks/{{cell_id}}.json",
    log:
        f"{LOGS}/associate_skeleton/{{cell_id}}.log",
    group:
        "cell"
    params:
        **VOXEL_SIZES,
        **LABELS,
        **PUBLISHED_VALUES,
        skeleton=skeleton_path,
        null_model=SETTINGS.positions.model_dump(),
        code=code("associate_skeleton"),
    script:
        "../workflow_scripts/associate_skeleton.py"


rule export_swc:
    """Write a neuron's skeleton as SWC, and as a typed table of its nodes."""
    input:
        unpack(skeleton_files),
        **MEASURED_RADII,
    output:
        nodes=f"{RESULTS}/per_cell/skeleton_nodes/{{cell_id}}.arrow",
        swc=f"{RESULTS}/cell_morphologies/{{cell_id}}.swc",
    log:
        f"{LOGS}/export_swc/{{cell_id}}.log",
    group:
        "morphology"
    params:
        **LABELS,
        skeleton=skeleton_path,
        code=code("export_swc"),
    script:
        "../workflow_scripts/export_swc.py"


rule export_standard_swc:
    """Write a neuron's skeleton as standard SWC: µm, standard types, the soma as one point."""
    input:
        unpack(skeleton_files),
        **MEASURED_RADII,
    output:
        swc=f"{RESULTS}/standard_swc/{{cell_id}}.swc",
    log:
        f"{LOGS}/export_standard_swc/{{cell_id}}.log",
    group:
        "morphology"
    params:
        **LABELS,
        skeleton=skeleton_path,
        code=code("export_standard_swc"),
    script:
        "../workflow_scripts/export_standard_swc.py"


rule measure_soma_distances:
    """Find the compartments of a cell without a skeleton by distance from its soma."""
    input:
        cells=cell_without_skeleton,
        mitochondria=f"{RESULTS}/tables/mitochondria.arrow",
        meshes=f"{RESULTS}/per_cell/meshes/{{cell_id}}.npz",
        morphometrics=MORPHOMETRICS,
    output:
        compartments=f"{RESULTS}/per_cell/soma_compartments/{{cell_id}}.arrow",
        fit=f"{RESULTS}/per_cell/soma_position_checks/{{cell_id}}.json",
    log:
        f"{LOGS}/measure_soma_distances/{{cell_id}}.log",
    group:
        "cell"
    params:
        **VOXEL_SIZES,
        limits_um=DATASET.soma_limits_um,
        compartment_names=DATASET.compartment_names,
        code=code("measure_soma_distances"),
    script:
        "../workflow_scripts/measure_soma_distances.py"


rule write_cell_csv:
    """Write the mitochondria of a cell."""
    input:
        cells=cell_table,
        mitochondria=f"{RESULTS}/tables/mitochondria.arrow",
        morphometrics=MORPHOMETRICS,
        compartments=lambda wildcards: of_cell(
            COMPARTMENTS, selected_cells()[int(wildcards.cell_id)]
        ),
    output:
        csv=f"{RESULTS}/microns_cells/{{cell_type}}_{{cell_id}}.csv",
    log:
        f"{LOGS}/write_cell_csv/{{cell_type}}_{{cell_id}}.log",
    group:
        "cell"
    params:
        code=code("write_cell_csv"),
    script:
        "../workflow_scripts/write_cell_csv.py"
