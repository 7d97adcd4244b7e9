"""The published archives, each one folder of per-cell files."""


rule pack_archive:
    """Pack the per-cell files of one kind."""
    input:
        archive_members,
    output:
        archive=f"{RESULTS}/{{archive}}.tar.gz",
    log:
        f"{LOGS}/pack_archive/{{archive}}.log",
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(20),
    params:
        folder=lambda wildcards: ARCHIVES[wildcards.archive],
        code=code("pack_archive"),
    script:
        "../workflow_scripts/pack_archive.py"
