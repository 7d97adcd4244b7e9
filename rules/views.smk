"""Views in Neuroglancer: links into public layers, and sources to serve locally."""

# What Neuroglancer opens: links into public layers, and a folder to serve.
NEUROGLANCER_LINKS = f"{RESULTS}/neuroglancer_links.csv"
NEUROGLANCER = f"{RESULTS}/neuroglancer"


rule link_neuroglancer:
    """Write a state of Neuroglancer and a link for each cell in the dataset's public layers."""
    input:
        cells=f"{RESULTS}/tables/cells.arrow",
        mitochondria=f"{RESULTS}/mitochondria.parquet",
        synapses=made("synapses.parquet"),
    output:
        links=NEUROGLANCER_LINKS,
        states=directory(f"{NEUROGLANCER}/states"),
    log:
        f"{LOGS}/link_neuroglancer.log",
    resources:
        runtime=per_attempt(30),
    params:
        **VOXEL_SIZES,
        layers=DATASET.neuroglancer.model_dump() if DATASET.neuroglancer else None,
        compartment_names=DATASET.compartment_names,
        code=code("link_neuroglancer"),
    script:
        "../workflow_scripts/link_neuroglancer.py"


if OPTIONS["skeletons"]:

    rule write_precomputed_skeletons:
        """Write the skeletons of all neurons as a source that Neuroglancer opens."""
        input:
            cells=f"{RESULTS}/tables/cells.arrow",
            nodes=COLLECTED_FROM["skeleton_nodes"],
        output:
            skeletons=directory(f"{NEUROGLANCER}/skeletons"),
        log:
            f"{LOGS}/write_precomputed_skeletons.log",
        params:
            code=code("write_precomputed_skeletons"),
        script:
            "../workflow_scripts/write_precomputed_skeletons.py"


rule write_precomputed_annotations:
    """Write mitochondria and synapses as points that Neuroglancer opens."""
    input:
        mitochondria=f"{RESULTS}/mitochondria.parquet",
        synapses=made("synapses.parquet"),
    output:
        mitochondria=directory(f"{NEUROGLANCER}/mitochondria"),
        synapses=directory(f"{NEUROGLANCER}/synapses") if OPTIONS["synapses"] else [],
    log:
        f"{LOGS}/write_precomputed_annotations.log",
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(30),
    params:
        compartment_names=DATASET.compartment_names,
        code=code("write_precomputed_annotations"),
    script:
        "../workflow_scripts/write_precomputed_annotations.py"


rule write_neuroglancer_state:
    """Write the state with which Neuroglancer opens the served sources."""
    input:
        layer=mesh_layer_files(),
        cells=f"{RESULTS}/tables/cells.arrow",
        mitochondria=f"{RESULTS}/mitochondria.parquet",
    output:
        meshes=directory(f"{NEUROGLANCER}/meshes") if mesh_layer_files() else [],
        state=f"{NEUROGLANCER}/state.json",
    log:
        f"{LOGS}/write_neuroglancer_state.log",
    params:
        **VOXEL_SIZES,
        mesh_layer=mesh_layer,
        shown={
            "types": list(DATASET.types),
            "compartment_names": DATASET.compartment_names,
            **{name: OPTIONS[name] for name in ("skeletons", "synapses")},
        },
        code=code("write_neuroglancer_state"),
    script:
        "../workflow_scripts/write_neuroglancer_state.py"
