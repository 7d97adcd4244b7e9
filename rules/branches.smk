"""How mitochondria and synapses are spread along each neuron: its skeleton, branch by branch."""

from mitosyn.catalogue import BRANCH_TYPES

BRANCH_FILES = f"{RESULTS}/per_cell/branches"
# Compartments are summed over the branches of type full, asked for or not.
MEASURED_BRANCHES = [kind for kind in BRANCH_TYPES if kind in {*SETTINGS.branches, "full"}]
# Whose problems a neuron's branches have, in the order in which they are listed.
PROBLEM_PARTS = ("tips", "inputs")

PROBLEMS = [f"{RESULTS}/per_cell/cell_mesh/{{cell_id}}_problems.arrow"]
if SETTINGS.branches:
    PROBLEMS += [f"{BRANCH_FILES}/{{cell_id}}_{part}.arrow" for part in PROBLEM_PARTS]


if INPUTS.cell_mesh_layer:

    rule fetch_cell_mesh:
        """Fetch a neuron's own mesh from a layer into a file."""
        input:
            layer=layer_info(INPUTS.cell_mesh_layer),
        output:
            mesh=FETCHED_CELL_MESH,
        log:
            f"{LOGS}/fetch_cell_mesh/{{cell_id}}.log",
        group:
            "branches"
        resources:
            mem_mb=per_attempt(2000),
            runtime=per_attempt(60),
            connections=fetch_connections(INPUTS.cell_mesh_layer),
        params:
            **MESH_VOXEL,
            lod=CELL_MESH_FORM["lod"],
            layer=INPUTS.cell_mesh_layer,
            mesh_state=cell_mesh_state,
            offline=without_redoing(SETTINGS.offline),
            patience=without_redoing(SETTINGS.retrieval.model_dump()),
        script:
            "../workflow_scripts/fetch_cell_mesh.py"


if SETTINGS.needs_cell_meshes:

    rule assign_cell_mesh:
        """Assign the vertices of a neuron's mesh to its skeleton's nodes; radii of the nodes."""
        input:
            unpack(skeleton_files),
            unpack(cell_mesh_files),
        output:
            assigned=f"{RESULTS}/per_cell/cell_mesh/{{cell_id}}.npz",
            problems=f"{RESULTS}/per_cell/cell_mesh/{{cell_id}}_problems.arrow",
        log:
            f"{LOGS}/assign_cell_mesh/{{cell_id}}.log",
        group:
            "branches"
        resources:
            mem_mb=per_attempt(2000),
            runtime=per_attempt(30),
        params:
            **VOXEL_SIZES,
            skeleton=skeleton_path,
            skeleton_form=DATASET.skeleton_form,
            mesh=cell_mesh_path,
            cell_mesh_form=CELL_MESH_FORM,
            code=code("assign_cell_mesh"),
        script:
            "../workflow_scripts/assign_cell_mesh.py"

    rule list_branch_problems:
        """List what the branch analysis or the measured radii lack, and why."""
        input:
            *map(of_neurons, PROBLEMS),
            [f"{RESULTS}/tables/nucleus_problems.arrow"] if SETTINGS.branches else [],
        output:
            problems=f"{RESULTS}/branch_problems.csv",
        log:
            f"{LOGS}/list_branch_problems.log",
        params:
            code=code("list_branch_problems"),
        script:
            "../workflow_scripts/list_branch_problems.py"


if SETTINGS.branches:

    rule partition_overlaps:
        """Collect how much of each mitochondrion lies in which neuron, by cell."""
        input:
            cells=f"{RESULTS}/tables/cells.arrow",
            overlaps=INPUTS.branch_tables["mitochondrion_cell_overlaps"],
        output:
            overlaps=f"{RESULTS}/tables/mitochondrion_overlaps.arrow",
        log:
            f"{LOGS}/partition_overlaps.log",
        params:
            code=code("partition_overlaps"),
        script:
            "../workflow_scripts/partition_overlaps.py"

    rule measure_branches:
        """Divide a neuron's skeleton into branches of each type and measure them; its tips."""
        input:
            unpack(skeleton_files),
            assigned=f"{RESULTS}/per_cell/cell_mesh/{{cell_id}}.npz",
            mitochondria=f"{RESULTS}/tables/mitochondria.arrow",
            coverage=f"{RESULTS}/per_cell/covered_nodes/{{cell_id}}.arrow",
            overlaps=f"{RESULTS}/tables/mitochondrion_overlaps.arrow",
            synapse_ends=f"{RESULTS}/tables/synapse_ends.arrow",
        output:
            branches=[f"{BRANCH_FILES}/{kind}/{{cell_id}}.arrow" for kind in MEASURED_BRANCHES],
            tips=f"{BRANCH_FILES}/tips/{{cell_id}}.arrow",
            problems=[f"{BRANCH_FILES}/{{cell_id}}_{part}.arrow" for part in PROBLEM_PARTS],
        log:
            f"{LOGS}/measure_branches/{{cell_id}}.log",
        group:
            "branches"
        params:
            **LABELS,
            skeleton=skeleton_path,
            voxel_size_nm=DATASET.voxel_size_nm,
            code=code("measure_branches"),
        script:
            "../workflow_scripts/measure_branches.py"

    rule collect_branches:
        """Write the branches of all neurons by one type as Parquet and as CSV."""
        input:
            branches=of_neurons(f"{BRANCH_FILES}/{{{{branch_type}}}}/{{cell_id}}.arrow"),
        output:
            table=f"{RESULTS}/branches_{{branch_type}}.parquet",
            csv=f"{RESULTS}/branches_{{branch_type}}.csv",
        log:
            f"{LOGS}/collect_branches/{{branch_type}}.log",
        wildcard_constraints:
            branch_type="|".join(BRANCH_TYPES),
        params:
            dataset=SETTINGS.dataset,
            code=code("collect_branches"),
        script:
            "../workflow_scripts/collect_branches.py"

    rule summarise_compartments:
        """Sum each neuron's branches by compartment; lengths of neurites and to their tips."""
        input:
            branches=of_neurons(f"{BRANCH_FILES}/full/{{cell_id}}.arrow"),
            tips=of_neurons(f"{BRANCH_FILES}/tips/{{cell_id}}.arrow"),
            nuclei=INPUTS.branch_tables["nucleus_segments"],
            nuclei_of_cells=INPUTS.branch_tables["nucleus_cell_overlaps"],
        output:
            table=f"{RESULTS}/branch_compartments.parquet",
            csv=f"{RESULTS}/branch_compartments.csv",
            neurites=f"{RESULTS}/neurite_lengths.csv",
            tips=f"{RESULTS}/tip_lengths.csv",
            problems=f"{RESULTS}/tables/nucleus_problems.arrow",
        log:
            f"{LOGS}/summarise_compartments.log",
        params:
            dataset=SETTINGS.dataset,
            nucleus_voxel_size_nm=DATASET.nucleus_voxel_nm,
            compartment_names=DATASET.compartment_names,
            code=code("summarise_compartments"),
        script:
            "../workflow_scripts/summarise_compartments.py"
