"""Lookups that the rules share: the checked configuration, paths, and what redoes a job."""

import hashlib
import re
import sys
import time
from functools import cache
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

RULES = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
SCRIPTS = RULES.parent / "workflow_scripts"
sys.path.insert(0, str(SCRIPTS))

from mitosyn.catalogue import absent, made_files, own_words, place_in_report, questions
from mitosyn.config import ConfigError, duplicate_keys, locate_inputs, read_config
from mitosyn.sources import READS, STUDIED_TYPE
from mitosyn.support import CodeBase

# A dataset that is begun has no description yet: whatever is chosen, the sample's will do.
# Snakemake does not say what it was asked for before it has read the rules.
BEGINS = "new_dataset" in sys.argv
CHOSEN = yaml.safe_load((RULES.parent / "config.yaml").read_text()) if BEGINS else config

try:
    # What is there twice cannot be seen in what was read.
    twice = [line for path in workflow.configfiles for line in duplicate_keys(path)]
    if twice:
        raise ConfigError(*twice)
    SETTINGS = read_config(CHOSEN)
except ConfigError as error:
    raise WorkflowError(str(error)) from None

if "connections" not in workflow.global_resources:
    workflow.register_resource("connections", SETTINGS.retrieval.connections)

STARTED = time.time()
DATASET = SETTINGS.chosen
RESOURCES = f"resources/{SETTINGS.dataset}"
# A subset of the cells has results of its own, of the same inputs.
RESULTS = f"results/{SETTINGS.dataset}{SETTINGS.subset}"
LOGS = f"logs/{SETTINGS.dataset}{SETTINGS.subset}"
INPUTS = locate_inputs(SETTINGS, RESOURCES)
VOXEL_SIZES = {
    "voxel_size_nm": DATASET.voxel_size_nm,
    "mesh_voxel_size_nm": DATASET.mesh_voxel_size_nm,
}
# How the tables of the source are read.
TABLE_SOURCE = {
    "adapter": DATASET.adapter,
    "voxel_size_nm": DATASET.voxel_size_nm,
    "forms": DATASET.forms,
}
NODES_SUFFIX = SETTINGS.associated_nodes_suffix

# What the catalogue's files are made with.
OPTIONS = dict.fromkeys(SETTINGS.branches, True) | {
    "recompute_pyramidal": SETTINGS.recompute_pyramidal,
    "branches": SETTINGS.branches,
    "cell_meshes": SETTINGS.needs_cell_meshes,
    "links": DATASET.neuroglancer,
    "views": DATASET.writes_precomputed_views,
    # What a dataset of one's own may lack.
    "skeletons": bool(DATASET.skeleton_types),
    "synapses": "synapses" in INPUTS.tables,
    "meshes": INPUTS.mesh_layer is not None,
    # Statistics of branches are of the cell type that the published ones are of.
    "studied": STUDIED_TYPE in DATASET.types,
    "published": bool(DATASET.types_from("published")),
}
QUESTIONS = questions(OPTIONS)
# In what words the tables are described; those of published tables need none.
WORDS = DATASET.cells and own_words(
    DATASET.types, DATASET.skeleton_types, DATASET.compartment_names
)
# What this run publishes beside the files of each cell, by path.
MADE = {f"{RESULTS}/{path}": entry for path, entry in made_files(OPTIONS, WORDS).items()}


def made(name):
    """Name a file that this run publishes beside those of each cell, or nothing: no input."""
    path = f"{RESULTS}/{name}"
    return path if path in MADE else []


wildcard_constraints:
    cell_id=r"\d+",
    cell_type="|".join(map(re.escape, DATASET.types)),


# How a job starts, logs and fails is no part of its results.
CODE = CodeBase(SCRIPTS, harmless=[(SCRIPTS / "mitosyn" / "support" / "jobs.py", "run")])


@cache
def code(script):
    """Digest what a script does: as a parameter, a change redoes its jobs.

    What is retrieved, unpacked or fetched does not depend on it.
    """
    return CODE.digest(SCRIPTS / f"{script}.py") + pins()


@cache
def pins():
    """Digest the packages of the jobs' environment, where Snakemake makes it."""
    if DeploymentMethod.CONDA not in workflow.deployment_settings.deployment_method:
        return ""
    lines = (RULES.parent / "envs" / "workflow.yaml").read_text().splitlines()
    packages = "\n".join(line for line in lines if not line.startswith("#"))
    return f" {hashlib.sha256(packages.encode()).hexdigest()[:16]}"


def per_attempt(base):
    """Return memory (MB) or runtime (minutes) that grows with each attempt."""
    return lambda wildcards, attempt: base * attempt


def shown(path, name=None):
    """Mark an output for the report, by the name of its caption if that is not the file's."""
    name = name or Path(path).stem
    section, title = place_in_report(name)
    caption = f"../report/{name}.rst"
    return report(path, caption=caption, category=section, labels={"shows": title})


@cache
def texts(*patterns):
    """Digest the texts that a script puts into its output, as :func:`code` does its code."""
    paths = [path for pattern in patterns for path in sorted(RULES.parent.glob(pattern))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def tables_for(what):
    """Name the tables of the source that a canonical table is made of."""
    names = READS[DATASET.adapter][what]
    return {name: INPUTS.tables[name] for name in names if name in INPUTS.tables}


def collected_tables(question):
    """Name the collected tables that a question's figures are drawn from."""
    published = {"published": f"{RESULTS}/tables/mitochondria.arrow"}
    return {
        name: published.get(name, f"{RESULTS}/{name}.parquet")
        for name in QUESTIONS[question].tables
    }


def provenance_inputs():
    """Return the inputs that are recorded: as retrieved, where they were, and as jobs read them.

    Of an archive and a table from it, each has its checksum: one may be replaced and not
    the other. Unpacked folders go with their archive.
    """
    titles = {f"{RESOURCES}/{name}": name for name in INPUTS.downloads}
    for name, path in INPUTS.archives.items():
        titles.setdefault(path, name)
    inputs = INPUTS.tables | {"skeletons": INPUTS.skeletons} | INPUTS.branch_tables
    inputs["cell_meshes"] = INPUTS.cell_meshes
    for name, path in (inputs | INPUTS.folder_archives).items():
        if path:
            titles.setdefault(path, name)
    return {title: path for path, title in titles.items()}
