"""From an EM reconstruction to its mitochondria and synapses, cell by cell.

sources -> tables -> per cell -> branches -> dataset -> views, figures, report: one file in rules/
for each stage.
"""

import json

from snakemake.utils import min_version

min_version("9.27")


configfile: workflow.current_basedir.join("config.yaml").get_path_or_uri(secret_free=True)


report: "report/workflow.rst"


include: "rules/engine.smk"
include: "rules/common.smk"
include: "rules/cells.smk"
include: "rules/mesh_layer.smk"
include: "rules/preflight.smk"
include: "rules/sources.smk"
include: "rules/tables.smk"
include: "rules/per_cell.smk"
include: "rules/branches.smk"
include: "rules/dataset.smk"
include: "rules/views.smk"
include: "rules/figures.smk"
include: "rules/report.smk"


from mitosyn.preflight import warnings_of
from mitosyn.support import failed_jobs


rule all:
    """Everything, the default: archives, tables, the notebook, figures, views and checks."""
    default_target: True
    input:
        # Snakemake remakes a deleted file only where a target asks for it.
        cell_csvs,
        swc_files,
        standard_swc_files,
        nodes_files,
        expand(FIGURE, figure=FIGURES, ending=["svg", "png"]),
        list(MADE),


rule neuroglancer:
    """Views in Neuroglancer: links into public layers, and sources to serve locally."""
    input:
        NEUROGLANCER_LINKS if DATASET.neuroglancer else [],
        rules.write_neuroglancer_state.output.state,
        made("neuroglancer/skeletons"),
        rules.write_precomputed_annotations.output,


rule archives:
    """The three archives of the dataset, without tables, notebook and checks."""
    input:
        expand(f"{RESULTS}/{{archive}}.tar.gz", archive=ARCHIVES),


rule retrieve_all:
    """Retrieve or make every input that is not per cell."""
    input:
        list(INPUTS.tables.values()),
        INPUTS.skeletons or [],
        list(INPUTS.branch_tables.values()),
        INPUTS.cell_meshes or [],


make_groups_anew()
look_behind_ancient()
forget_what_was_not_redone()
set_environment(str(RULES.parent / "envs" / "workflow.yaml"))


onstart:
    lift_rate_limit()


onsuccess:
    # The check's summary, if this run has checked its results.
    checked = Path(f"{RESULTS}/check.json")
    if checked.exists() and checked.stat().st_mtime >= STARTED:
        print(json.loads(checked.read_text())["summary"])
    for line in warnings_of(CHECKED_INPUTS):
        print(line)


onerror:
    # So that nobody has to look for them.
    lines = failed_jobs(LOGS, STARTED)
    if lines:
        failed = sum(not line.startswith(" ") for line in lines)
        print(f"{failed} failed:", *lines, sep="\n  ", file=sys.stderr)
    for line in warnings_of(CHECKED_INPUTS):
        print(line, file=sys.stderr)
