"""Inputs that are not there yet: generated, or retrieved and unpacked."""

if INPUTS.generated:

    rule make_sample:
        """Generate the embedded dataset in the published formats."""
        output:
            **INPUTS.tables,
            skeletons=directory(INPUTS.skeletons),
            mesh_layer=directory(local_layer(INPUTS.mesh_layer)),
        log:
            f"{LOGS}/make_sample.log",
        params:
            **VOXEL_SIZES,
            sizes=DATASET.synthetic.model_dump(),
            code=code("make_sample"),
        script:
            "../workflow_scripts/make_sample.py"


if INPUTS.generated and INPUTS.cell_meshes:

    rule make_sample_branches:
        """Generate what the branch analysis reads besides: cell meshes, overlaps, nuclei."""
        input:
            mitochondria=INPUTS.tables["mitochondria"],
        output:
            **INPUTS.branch_tables,
            cell_meshes=directory(INPUTS.cell_meshes),
        log:
            f"{LOGS}/make_sample_branches.log",
        params:
            **VOXEL_SIZES,
            sizes=DATASET.synthetic.model_dump(),
            nucleus_voxel_size_nm=DATASET.nucleus_voxel_nm,
            code=code("make_sample_branches"),
        script:
            "../workflow_scripts/make_sample_branches.py"


if INPUTS.downloads:
    if workflow.is_main_process:
        # Before the first job: what was put in place by hand never meets the checks of retrieval.
        from mitosyn.support import InputError
        from mitosyn.retrieval import Expected, check_in_place

        try:
            check_in_place(
                {
                    f"{RESOURCES}/{name}": Expected(download.size, download.checksum)
                    for name, download in INPUTS.downloads.items()
                }
            )
        except InputError as error:
            raise WorkflowError(str(error)) from None

    rule retrieve_file:
        """Retrieve one published file: resume, verify, remember what came."""
        output:
            file=f"{RESOURCES}/{{download}}",
        log:
            f"{LOGS}/retrieve_file/{{download}}.log",
        wildcard_constraints:
            download="|".join(map(re.escape, INPUTS.downloads)),
        resources:
            runtime=per_attempt(240),
            connections=1,
        params:
            download=lambda wildcards: INPUTS.downloads[wildcards.download].model_dump(),
            results=RESULTS,
            offline=without_redoing(SETTINGS.offline),
            disk_gb=without_redoing(DATASET.disk_gb),
            patience=without_redoing(SETTINGS.retrieval.model_dump()),
        script:
            "../workflow_scripts/retrieve_file.py"


if INPUTS.archives:

    rule unpack_member:
        """Unpack one input from an archive."""
        input:
            archive=lambda wildcards: INPUTS.archives[wildcards.source],
        output:
            file=f"{RESOURCES}/{{source}}/{{member}}",
        log:
            f"{LOGS}/unpack_member/{{source}}/{{member}}.log",
        wildcard_constraints:
            source="|".join(map(re.escape, INPUTS.archives)),
        resources:
            runtime=per_attempt(30),
        script:
            "../workflow_scripts/unpack_member.py"


# Of the files that an archive of a folder holds.
FOLDER_ENDINGS = {
    "skeletons": skeleton_endings(DATASET.skeleton_form),
    "cell_meshes": (CELL_MESH_ENDING,),
}

if INPUTS.folder_archives:

    rule unpack_folder:
        """Unpack the archive of all skeletons, or of all cell meshes, into one folder."""
        input:
            archive=lambda wildcards: INPUTS.folder_archives[wildcards.folder],
        output:
            folder=directory(f"{RESOURCES}/{{folder}}"),
        log:
            f"{LOGS}/unpack_folder/{{folder}}.log",
        wildcard_constraints:
            folder="|".join(INPUTS.folder_archives),
        resources:
            runtime=per_attempt(120),
        params:
            endings=lambda wildcards: FOLDER_ENDINGS[wildcards.folder],
        script:
            "../workflow_scripts/unpack_folder.py"


if INPUTS.skeleton_layer:

    rule fetch_skeletons:
        """Fetch the skeletons of all cells from their layer, one file each."""
        input:
            **tables_for("cells"),
            layer=skeleton_layer_files(),
            checked=ancient(CHECKED_INPUTS),
        output:
            folder=directory(INPUTS.skeletons),
        log:
            f"{LOGS}/fetch_skeletons.log",
        resources:
            runtime=per_attempt(240),
            connections=fetch_connections(INPUTS.skeleton_layer),
        params:
            **CHOSEN_CELLS,
            layer=INPUTS.skeleton_layer,
            kept=without_redoing(fetched_skeletons()),
            offline=without_redoing(SETTINGS.offline),
            patience=without_redoing(SETTINGS.retrieval.model_dump()),
        script:
            "../workflow_scripts/fetch_skeletons.py"


if INPUTS.segmentation:

    rule mesh_segmentation:
        """Mesh the mitochondria of the analysed cells in their segmentation."""
        input:
            segmentation=layer_info(INPUTS.segmentation),
            mitochondria=f"{RESULTS}/tables/mitochondria.arrow",
        output:
            layer=directory(local_layer(INPUTS.mesh_layer)),
        log:
            f"{LOGS}/mesh_segmentation.log",
        resources:
            mem_mb=per_attempt(2000),
            runtime=per_attempt(600),
        params:
            segmentation=INPUTS.segmentation,
            offline=without_redoing(SETTINGS.offline),
            code=code("mesh_segmentation"),
        script:
            "../workflow_scripts/mesh_segmentation.py"
