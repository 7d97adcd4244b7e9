"""Pictures of the documentation, kept current by rules; no part of a dataset."""


rule draw_definitions:
    """Draw the picture that explains the measures (docs/images/definitions.png)."""
    output:
        picture=str(DOCS / "images" / "definitions.png"),
    log:
        "logs/draw_definitions.log",
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(5),
    params:
        code=code("draw_definitions"),
    script:
        "../workflow_scripts/draw_definitions.py"
