"""A look at every input before anything is computed."""

CHECKED_INPUTS = f"{RESULTS}/inputs.json"
# They are there before the run, or in a layer of which a few are fetched.
FOUND_SKELETONS = INPUTS.skeletons_are_files or INPUTS.skeleton_layer
LOOKED_AT = {
    "tables": list(INPUTS.tables),
    "choice": CHOSEN_CELLS,
    "published_labels": DATASET.published_labels,
    "skeleton_form": DATASET.skeleton_form,
    "skeleton_layer": INPUTS.skeleton_layer,
    "kept": INPUTS.skeleton_layer and fetched_skeletons(),
    "segmentation": INPUTS.segmentation,
    "lod": DATASET.mesh_lod,
    # Of what is made from inputs below, Snakemake compares no changes.
    "described": [INPUTS.skeletons, INPUTS.mesh_layer],
}


# A checkpoint, so that Snakemake looks again at what comes after it: of jobs behind one that is to be
# redone, be it through ancient() alone, it does not see what else redoes them.
checkpoint check_inputs:
    """List all that is wrong or odd with tables, layers and skeletons, and whether they fit."""
    input:
        **INPUTS.tables,
        skeletons=[] if FOUND_SKELETONS else INPUTS.skeletons or [],
        layer=[] if INPUTS.segmentation else mesh_layer_files(),
        layers=[layer_info(INPUTS.segmentation), skeleton_layer_files()],
    output:
        inputs=CHECKED_INPUTS,
    log:
        f"{LOGS}/check_inputs.log",
    params:
        **VOXEL_SIZES,
        **LOOKED_AT,
        skeletons=lambda wildcards, input: input.skeletons or INPUTS.skeletons,
        mesh_layer=mesh_layer,
        skeletons_there=skeletons_there,
        offline=without_redoing(SETTINGS.offline),
        patience=without_redoing(SETTINGS.retrieval.model_dump()),
        code=code("check_inputs"),
    script:
        "../workflow_scripts/check_inputs.py"


rule new_dataset:
    """Begin a dataset of one's own: a commented description, and tables with headers alone."""
    log:
        "logs/new_dataset.log",
    params:
        name=str(config.get("name", "")),
    script:
        "../workflow_scripts/new_dataset.py"
