"""What Snakemake has no directive or option for; tests/test_engine.py tries it alone."""

from pathlib import Path

from snakemake.dag import DAG
from snakemake.jobs import GroupJob, GroupJobFactory


def set_environment(path):
    """Let all scripts run in one environment."""
    for each in workflow.rules:
        if each.script:
            each.conda_env = path


def lift_rate_limit():
    """Take the limit on jobs a second off local runs.

    With a limit, Snakemake 9.27 goes through all ready jobs once a second more often for
    every job that has started: after some hundred jobs it does little else. There is no
    option for none; submissions to a cluster keep theirs.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


def make_groups_anew():
    """Let each plan of a run group its own jobs.

    Snakemake 9.27 keeps each group under the jobs that it began with and adds others to it.
    After a checkpoint such a group may come back with a job that has been replaced, and
    without the one in its place: the run ends with the name of a rule as a KeyError.
    """
    GroupJobFactory.new = lambda self, id, jobs, resources: GroupJob(id, frozenset(jobs), resources)


def forget_what_was_not_redone():
    """Let what a checkpoint spares spare what comes after it.

    Snakemake 9.27 keeps, as a reason for each job, which of its inputs other jobs were to make when
    the run was planned. A job behind ancient() that is planned while its input is missing, and is
    not redone when that is there, would have all redone that comes after it.
    """
    plan = DAG.postprocess_after_update

    async def plan_anew(dag):
        for job in dag.jobs:
            if not dag.finished(job) and job not in dag._running:
                dag.reason(job).updated_input_run.clear()
        await plan(dag)

    DAG.postprocess_after_update = plan_anew


class NotAncientAlone:
    """What depends on a job, without what does so through ancient() files that are there."""

    def __init__(self, depending):
        self.depending = depending

    def __getitem__(self, job):
        return {
            other: files
            for other, files in self.depending[job].items()
            if not all(file.is_ancient and Path(file).exists() for file in files)
        }


def look_behind_ancient():
    """Let jobs behind ancient() be looked at for reasons of their own.

    Snakemake 9.27 takes all that comes after a job to be redone for redone with it, and looks for
    no other reason. What is behind ancient() alone is then left as it is, whatever has changed.
    """
    walk = DAG.bfs

    def walk_on(dag, direction, *jobs, **options):
        if direction is dag.depending:
            direction = NotAncientAlone(direction)
        return walk(dag, direction, *jobs, **options)

    DAG.bfs = walk_on


def without_redoing(value):
    """Return a parameter whose change redoes no job.

    Snakemake compares parameters with those of the run that made a file, but none that is
    made from the input of its job.
    """
    return lambda wildcards, input: value
