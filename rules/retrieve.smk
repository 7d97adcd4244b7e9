"""Inputs that are not there yet: generated, or unpacked from archives."""

if INPUTS.generated:

    rule make_sample:
        """Generate the embedded dataset in the published formats."""
        output:
            **INPUTS.tables,
            skeletons=directory(INPUTS.skeletons),
            mesh_layer=directory(local_layer(INPUTS.mesh_layer)),
        log:
            f"{LOGS}/make_sample.log",
        conda:
            "../envs/workflow.yaml"
        resources:
            mem_mb=megabytes(1500),
            runtime=minutes(10),
        params:
            sizes=DATASET.synthetic.model_dump(),
            voxel_size_nm=DATASET.voxel_size_nm,
            mesh_voxel_size_nm=DATASET.mesh_voxel_size_nm,
            code=code("make_sample"),
        script:
            "../workflow_scripts/make_sample.py"


if INPUTS.skeleton_archive:

    rule unpack_skeletons:
        """Unpack the archive of skeletons into one folder."""
        input:
            archive=INPUTS.skeleton_archive,
        output:
            folder=directory(INPUTS.skeletons),
        log:
            f"{LOGS}/unpack_skeletons.log",
        conda:
            "../envs/workflow.yaml"
        resources:
            mem_mb=megabytes(500),
            runtime=minutes(30),
        params:
            code=code("unpack_skeletons"),
        script:
            "../workflow_scripts/unpack_skeletons.py"
