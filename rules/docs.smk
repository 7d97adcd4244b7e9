"""Help and documentation; no part of a dataset."""

from snakemake.logging import logger

DOCS = RULES.parent / "docs"


# Both run where Snakemake does, not on a cluster.
localrules:
    help_me,
    draw_rule_graph,


# Snakemake reports on the run before it tells what is asked for; help is to stand alone.
if "help_me" in sys.argv:
    logger.setLevel("WARNING")


rule help_me:
    """Print the commands that people need, and where the docs are."""
    log:
        f"{LOGS}/help_me.log",
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(1),
    params:
        results=RESULTS,
        call=how_called(),
        code=code("help_me"),
    script:
        "../workflow_scripts/help_me.py"


rule draw_rule_graph:
    """Draw the pictures of the rules and of one cell's jobs in docs/."""
    input:
        cells=f"{RESULTS}/tables/selected_cells.csv",
        snakefile=str(RULES.parent / "Snakefile"),
        rules=sorted(map(str, RULES.glob("*.smk"))),
    output:
        rules=str(DOCS / "rulegraph.svg"),
        jobs=str(DOCS / "dag.svg"),
    log:
        f"{LOGS}/draw_rule_graph.log",
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        results=lambda wildcards, input: str(Path(input.cells).parents[1]),
        # The environment of jobs has no Snakemake of its own.
        python=sys.executable,
        # What adds rules when it is on.
        options={
            "standard_swc": True,
            "recompute_pyramidal": True,
            "branches": list(BRANCH_TYPES),
        },
        code=code("draw_rule_graph"),
    script:
        "../workflow_scripts/draw_rule_graph.py"


rule draw_definitions:
    """Draw the picture that explains the measures in docs/."""
    output:
        picture=str(DOCS / "images" / "definitions.png"),
    log:
        f"{LOGS}/draw_definitions.log",
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(5),
    params:
        code=code("draw_definitions"),
    script:
        "../workflow_scripts/draw_definitions.py"


rule draw_branch_types:
    """Draw the picture that explains the branch types in docs/."""
    output:
        picture=str(DOCS / "images" / "branch_types.png"),
    log:
        f"{LOGS}/draw_branch_types.log",
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(5),
    params:
        code=code("draw_branch_types"),
    script:
        "../workflow_scripts/draw_branch_types.py"


rule write_config_schema:
    """Write schema.json, and the tables of keys in docs/configuration.md."""
    output:
        schema=str(RULES.parent / "schema.json"),
        page=update(str(DOCS / "configuration.md")),
    log:
        f"{LOGS}/write_config_schema.log",
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(5),
    params:
        meanings=texts("workflow_scripts/mitosyn/config/*.py"),
        code=code("write_config_schema"),
    script:
        "../workflow_scripts/write_config_schema.py"
