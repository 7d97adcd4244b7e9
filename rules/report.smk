"""A look at the dataset: the demonstration notebook, and the page about everything."""

from mitosyn.catalogue import CONNECTED

# What the notebook's text and pictures are about.
THERE = {name: OPTIONS[name] for name in ("skeletons", "synapses", "meshes")}
THERE |= {"published": DATASET.cells is None, "pia": bool(DATASET.pia)}


rule pack_demonstration_meshes:
    """Pack the mitochondrial meshes of the cell that the notebook shows in 3D."""
    input:
        cells=f"{RESULTS}/cells.parquet",
        synapses=made("synapses.parquet"),
        meshes=of_neurons(f"{RESULTS}/per_cell/meshes/{{cell_id}}.npz"),
    output:
        archive=f"{RESULTS}/demonstration_meshes.tar.gz",
    log:
        f"{LOGS}/pack_demonstration_meshes.log",
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(20),
    params:
        **VOXEL_SIZES,
        connected=CONNECTED if THERE["published"] else None,
        code=code("pack_demonstration_meshes"),
    script:
        "../workflow_scripts/pack_demonstration_meshes.py"


rule demonstrate:
    """Execute the demonstration notebook on the published files."""
    input:
        archives=expand(f"{RESULTS}/{{archive}}.tar.gz", archive=ARCHIVES),
        meshes=made("demonstration_meshes.tar.gz"),
        cells=f"{RESULTS}/cells.csv",
        cell_types=made("cell_type_classification_filtered.csv"),
        synapses=made("synapse_filtered.csv"),
        sites=made("synapses.parquet"),
    output:
        notebook=f"{RESULTS}/smo_microns_demonstration.ipynb",
        view=made("smo_microns_demonstration_3d.html"),
    log:
        f"{LOGS}/demonstrate.log",
    resources:
        mem_mb=per_attempt(3000),
        runtime=per_attempt(30),
    params:
        **SHOWN,
        pyramidal_labels=SETTINGS.pyramidal_labels,
        there=THERE,
        code=code("demonstrate"),
        template=texts("workflow_scripts/demonstration.py"),
    script:
        "../workflow_scripts/demonstrate.py"


# It and the page are the only outputs that differ from run to run: they hold times.
RUN_TIMES = f"{RESULTS}/run_times.csv"
LISTED = {path: entry.about for path, entry in MADE.items() if entry.listed}


rule summarise_dataset:
    """Sum the dataset up in one page; last, as it also says what the jobs before it cost."""
    input:
        **{name: f"{RESULTS}/{name}.json" for name in ("inputs", "check", "provenance")},
        cells=f"{RESULTS}/tables/cells.arrow",
        left_out=f"{RESULTS}/tables/left_out_cells.arrow",
        mitochondria=f"{RESULTS}/mitochondria.parquet",
        positions=made("mitochondrion_positions.parquet"),
        figures=expand(FIGURE, figure=FIGURES, ending="png"),
        files=[path for path in LISTED if path != RUN_TIMES],
    output:
        page=shown(f"{RESULTS}/dataset.html", "summary"),
        run_times=shown(RUN_TIMES),
    log:
        f"{LOGS}/summarise_dataset.log",
    params:
        description=DATASET.description,
        absent=absent(OPTIONS),
        expectations=SETTINGS.expected_counts.model_dump(exclude_none=True),
        listed=LISTED,
        logs=LOGS,
        texts=texts("report/*.rst", "workflow_scripts/templates/dataset.html.jinja2"),
        code=code("summarise_dataset"),
    script:
        "../workflow_scripts/summarise_dataset.py"
