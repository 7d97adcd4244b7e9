"""What Snakemake has no directive or option for; tests/test_engine.py tries it alone."""

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


def without_redoing(value):
    """Return a parameter whose change redoes no job.

    Snakemake compares parameters with those of the run that made a file, but none that is
    made from the input of its job.
    """
    return lambda wildcards, input: value
