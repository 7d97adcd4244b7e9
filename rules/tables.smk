"""The tables of the source, read once: which cells, which mitochondria, which synapses."""


checkpoint select_cells:
    """Select the cells to analyse."""
    input:
        **tables_for("cells"),
        # Of files that are there before the run, which there are is a parameter.
        skeletons=[] if INPUTS.skeletons_are_files else INPUTS.skeletons or [],
        # First in every run; what is found there changes nothing here.
        checked=ancient(CHECKED_INPUTS),
    output:
        cells=f"{RESULTS}/tables/cells.arrow",
        left_out=f"{RESULTS}/tables/left_out_cells.arrow",
        left_out_csv=f"{RESULTS}/tables/left_out_cells.csv",
    log:
        f"{LOGS}/select_cells.log",
    params:
        **CHOSEN_CELLS,
        skeletons=lambda wildcards, input: input.skeletons or INPUTS.skeletons,
        skeleton_form=DATASET.skeleton_form,
        skeleton_layer=INPUTS.skeleton_layer,
        skeletons_there=skeletons_there,
        code=code("select_cells"),
    script:
        "../workflow_scripts/select_cells.py"


rule partition_mitochondria:
    """Collect the mitochondria of the analysed cells into one typed table, by cell."""
    input:
        **tables_for("mitochondria"),
        cells=f"{RESULTS}/tables/cells.arrow",
    output:
        mitochondria=f"{RESULTS}/tables/mitochondria.arrow",
    log:
        f"{LOGS}/partition_mitochondria.log",
    params:
        source=TABLE_SOURCE,
        published_labels=DATASET.published_labels,
        code=code("partition_mitochondria"),
    script:
        "../workflow_scripts/partition_mitochondria.py"


rule filter_cell_types:
    """Write the cells that have a skeleton with their types, in the order of their table."""
    input:
        cells=f"{RESULTS}/tables/cells.arrow",
    output:
        cell_types=f"{RESULTS}/cell_type_classification_filtered.csv",
    log:
        f"{LOGS}/filter_cell_types.log",
    params:
        code=code("filter_cell_types"),
    script:
        "../workflow_scripts/filter_cell_types.py"


if OPTIONS["synapses"]:

    rule filter_synapses:
        """Collect the synapses that have an end on one of the cells whose synapses are listed."""
        input:
            **tables_for("synapses"),
            cells=f"{RESULTS}/tables/cells.arrow",
        output:
            synapses=f"{RESULTS}/tables/synapses.arrow",
        log:
            f"{LOGS}/filter_synapses.log",
        params:
            source=TABLE_SOURCE,
            skeletons=OPTIONS["skeletons"],
            code=code("filter_synapses"),
        script:
            "../workflow_scripts/filter_synapses.py"

    rule list_synapse_ends:
        """Write a row for each end of a synapse that lies on a cell whose synapses are listed."""
        input:
            cells=f"{RESULTS}/tables/cells.arrow",
            synapses=f"{RESULTS}/tables/synapses.arrow",
        output:
            ends=f"{RESULTS}/tables/synapse_ends.arrow",
            csv=f"{RESULTS}/synapse_filtered.csv",
        log:
            f"{LOGS}/list_synapse_ends.log",
        params:
            skeletons=OPTIONS["skeletons"],
            code=code("list_synapse_ends"),
        script:
            "../workflow_scripts/list_synapse_ends.py"
