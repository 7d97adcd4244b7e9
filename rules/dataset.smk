"""All cells together: collected tables, archives, checks, and where everything came from."""

from collections import namedtuple

from mitosyn.catalogue import CATALOGUE, is_made


rule collect_mitochondria:
    """Write the mitochondria of all cells into one Parquet table."""
    input:
        cells=f"{RESULTS}/tables/cells.arrow",
        mitochondria=f"{RESULTS}/tables/mitochondria.arrow",
        compartments=of_cells(COMPARTMENTS),
        morphometrics=of_cells(MORPHOMETRICS),
        positions=of_neurons(POSITIONS),
    output:
        table=f"{RESULTS}/mitochondria.parquet",
    log:
        f"{LOGS}/collect_mitochondria.log",
    params:
        dataset=SETTINGS.dataset,
        words=WORDS,
        voxel_size_nm=DATASET.voxel_size_nm,
        code=code("collect_mitochondria"),
    script:
        "../workflow_scripts/collect_mitochondria.py"


if OPTIONS["synapses"]:

    rule collect_synapses:
        """Write the ends of synapses and where they are on the skeletons into one Parquet table."""
        input:
            ends=f"{RESULTS}/tables/synapse_ends.arrow",
            sites=of_neurons(f"{RESULTS}/per_cell/site_positions/{{cell_id}}.arrow"),
        output:
            table=f"{RESULTS}/synapses.parquet",
        log:
            f"{LOGS}/collect_synapses.log",
        params:
            dataset=SETTINGS.dataset,
            words=WORDS,
            code=code("collect_synapses"),
        script:
            "../workflow_scripts/collect_synapses.py"


# What the jobs of cells wrote of each table of all cells that this dataset has.
COLLECTED_FROM = {
    "skeleton_nodes": of_neurons(f"{RESULTS}/per_cell/skeleton_nodes/{{cell_id}}.arrow"),
    "mitochondrion_nodes": of_neurons(f"{RESULTS}/per_cell/covered_nodes/{{cell_id}}.arrow"),
    "mitochondrion_positions": of_neurons(POSITIONS),
    "site_distances": of_neurons(ON_SKELETON["reached"]),
}
COLLECTED_FROM = {name: of for name, of in COLLECTED_FROM.items() if made(f"{name}.parquet")}


rule collect_table:
    """Write the nodes, covered nodes or positions of mitochondria of all cells as Parquet."""
    input:
        lambda wildcards: COLLECTED_FROM[wildcards.table](wildcards),
    output:
        table=f"{RESULTS}/{{table}}.parquet",
    log:
        f"{LOGS}/collect_table/{{table}}.log",
    wildcard_constraints:
        table="|".join(COLLECTED_FROM) or "none",
    params:
        dataset=SETTINGS.dataset,
        words=WORDS,
        code=code("collect_table"),
    script:
        "../workflow_scripts/collect_table.py"


rule describe_cells:
    """Write the table of all analysed cells, as Parquet and as CSV."""
    input:
        cells=f"{RESULTS}/tables/cells.arrow",
        mitochondria=f"{RESULTS}/mitochondria.parquet",
        nodes=made("skeleton_nodes.parquet"),
        synapses=made("synapses.parquet"),
    output:
        table=f"{RESULTS}/cells.parquet",
        csv=f"{RESULTS}/cells.csv",
    log:
        f"{LOGS}/describe_cells.log",
    params:
        dataset=SETTINGS.dataset,
        words=WORDS,
        skeletons=OPTIONS["skeletons"],
        code=code("describe_cells"),
    script:
        "../workflow_scripts/describe_cells.py"


rule list_incomplete_mitochondria:
    """List the mitochondria without a mesh, with a bad one, or with a measure missing."""
    input:
        morphometrics=of_cells(MORPHOMETRICS),
    output:
        incomplete=shown(f"{RESULTS}/incomplete_mitochondria.csv", "incomplete_list"),
    log:
        f"{LOGS}/list_incomplete_mitochondria.log",
    params:
        code=code("list_incomplete_mitochondria"),
    script:
        "../workflow_scripts/list_incomplete_mitochondria.py"


rule check_positions:
    """Check that there are meshes, and that positions of most cells fit them and the skeletons."""
    input:
        fits=of_cells(f"{RESULTS}/per_cell/{{soma}}position_checks/{{cell_id}}.json"),
    output:
        checks=f"{RESULTS}/tables/position_checks.csv",
    log:
        f"{LOGS}/check_positions.log",
    params:
        **VOXEL_SIZES,
        mesh_layer=INPUTS.mesh_layer,
        code=code("check_positions"),
    script:
        "../workflow_scripts/check_positions.py"


# Each archive holds the per-cell files of its first folder. In its folders, files with names like
# theirs that are of other cells are removed; other files are somebody else's.
Archive = namedtuple("Archive", "folders files names")
TYPES = "|".join(map(re.escape, DATASET.types))
ARCHIVES = {
    "microns": Archive(["microns_cells"], cell_csvs, rf"({TYPES})_\d+\.csv"),
    "morphologies": Archive(["cell_morphologies", "standard_swc"], swc_files, r"\d+\.swc"),
    "nodes": Archive(["associated_nodes"], nodes_files, r"\d+_.+\.json"),
}
ARCHIVES = {name: archive for name, archive in ARCHIVES.items() if made(f"{name}.tar.gz")}


rule pack_archive:
    """Pack the per-cell files of one kind."""
    input:
        # Skeletons are in nm whatever the voxel size: their archive needs no meshes.
        positions=lambda wildcards: (
            [] if wildcards.archive == "morphologies" else f"{RESULTS}/tables/position_checks.csv"
        ),
        members=lambda wildcards: ARCHIVES[wildcards.archive].files(wildcards),
    output:
        archive=f"{RESULTS}/{{archive}}.tar.gz",
    log:
        f"{LOGS}/pack_archive/{{archive}}.log",
    wildcard_constraints:
        archive="|".join(ARCHIVES),
    resources:
        runtime=per_attempt(20),
    params:
        folders=lambda wildcards: [f"{RESULTS}/{f}" for f in ARCHIVES[wildcards.archive].folders],
        names=lambda wildcards: ARCHIVES[wildcards.archive].names,
        code=code("pack_archive"),
    script:
        "../workflow_scripts/pack_archive.py"


rule write_data_dictionary:
    """Write the type, unit and meaning of each column of each published file."""
    output:
        dictionary=f"{RESULTS}/data_dictionary.md",
    log:
        f"{LOGS}/write_data_dictionary.log",
    params:
        words=WORDS,
        # The published dictionary describes what other settings make, too.
        made=[e.path for e in CATALOGUE if is_made(e, OPTIONS)] if WORDS else None,
        code=code("write_data_dictionary"),
    script:
        "../workflow_scripts/write_data_dictionary.py"


# The tables of all cells that the checks open.
COLLECTED = ["cells", "mitochondria", "synapses", *COLLECTED_FROM]
COLLECTED = [name for name in COLLECTED if made(f"{name}.parquet")]
CSV_TABLES = ["cells", "cell_type_classification_filtered", "synapse_filtered"]
CSV_TABLES = [name for name in CSV_TABLES if made(f"{name}.csv")]

CHECKED = {
    "folders": [archive.folders[0] for archive in ARCHIVES.values()],
    "skeletons": OPTIONS["skeletons"],
    "compartment_names": DATASET.compartment_names,
}


rule check_conservation:
    """Check that every mitochondrion and synapse end is there once, and the expected counts."""
    input:
        **tables_for("mitochondria"),
        cells=f"{RESULTS}/tables/cells.arrow",
        published_synapses=INPUTS.tables.get("synapses", []),
        csvs=cell_csvs,
        morphologies=swc_files,
        nodes=nodes_files,
        incomplete=f"{RESULTS}/incomplete_mitochondria.csv",
        positions=f"{RESULTS}/tables/position_checks.csv",
        archives=expand(f"{RESULTS}/{{archive}}.tar.gz", archive=ARCHIVES),
        tables=expand(f"{RESULTS}/{{table}}.parquet", table=COLLECTED),
        csv_tables=expand(f"{RESULTS}/{{table}}.csv", table=CSV_TABLES),
    output:
        report=shown(f"{RESULTS}/check.json"),
    log:
        f"{LOGS}/check_conservation.log",
    params:
        **CHECKED,
        source=TABLE_SOURCE,
        expectations=SETTINGS.expected_counts.model_dump(),
        code=code("check_conservation"),
    script:
        "../workflow_scripts/check_conservation.py"


# The part of the configuration that results depend on.
RECORDED_CONFIG = {
    "dataset": SETTINGS.dataset,
    "recompute_pyramidal": SETTINGS.recompute_pyramidal,
    "associated_nodes_suffix": NODES_SUFFIX,
    "positions": SETTINGS.positions.model_dump(),
    "description": DATASET.model_dump(mode="json", exclude_none=True),
}
if SETTINGS.needs_cell_meshes:
    RECORDED_CONFIG |= {"swc_radii": SETTINGS.swc_radii, "branches": SETTINGS.branches}


rule record_provenance:
    """Record where the inputs came from, what made the outputs, and their checksums."""
    input:
        list(provenance_inputs().values()),
        # No checksum is written of what the check refuses.
        check=f"{RESULTS}/check.json",
        published=[path for path, entry in MADE.items() if entry.checksummed],
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
        config=RECORDED_CONFIG,
        code=code("record_provenance"),
    script:
        "../workflow_scripts/record_provenance.py"
