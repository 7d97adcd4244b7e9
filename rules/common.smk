"""Lookups that the rules share: the checked configuration, paths, and the cells of a run."""

import hashlib
import json
import os
import re
import sys
import time
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

RULES = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
SCRIPTS = RULES.parent / "workflow_scripts"
sys.path.insert(0, str(SCRIPTS))

from mitosyn.sources import READS
from mitosyn.tables import read_cells, why_not
from mitosyn.support import CodeBase
from mitosyn.catalogue import (
    BRANCH_TYPES,
    made_files,
    place_in_report,
    questions,
)
from mitosyn.config import PUBLIC_VIEWER, ConfigError, duplicate_keys, locate_inputs, read_config
from mitosyn.support import failed_jobs
from mitosyn.meshes import local_layer

try:
    # What is there twice cannot be seen in what was read.
    twice = [line for path in workflow.configfiles for line in duplicate_keys(path)]
    if twice:
        raise ConfigError(*twice)
    SETTINGS = read_config(config)
except ConfigError as error:
    raise WorkflowError(str(error)) from None

if "connections" not in workflow.global_resources:
    workflow.register_resource("connections", SETTINGS.retrieval.connections)

STARTED = time.time()
DATASET = SETTINGS.chosen
RESOURCES = f"resources/{SETTINGS.dataset}"
RESULTS = f"results/{SETTINGS.dataset}"
LOGS = f"logs/{SETTINGS.dataset}"
INPUTS = locate_inputs(SETTINGS, RESOURCES)
VOXEL_SIZES = {
    "voxel_size_nm": DATASET.voxel_size_nm,
    "mesh_voxel_size_nm": DATASET.mesh_voxel_size_nm,
}
NODES_SUFFIX = SETTINGS.associated_nodes_suffix

# Each archive holds one folder of per-cell files.
ARCHIVES = {
    "microns": "microns_cells",
    "morphologies": "cell_morphologies",
    "nodes": "associated_nodes",
}

# What the names of its files look like; other files in that folder are somebody else's.
PER_CELL_NAMES = {
    "microns": rf"({'|'.join(map(re.escape, DATASET.types))})_\d+\.csv",
    "morphologies": r"\d+\.swc",
    "nodes": r"\d+_.+\.json",
}


# Statistics and figures of branches are of those by distance from the soma.
DISTANCE_BINS = "distancebins" in SETTINGS.branches
# What the catalogue's files are made with.
OPTIONS = dict.fromkeys(SETTINGS.branches, True) | {
    "recompute_pyramidal": SETTINGS.recompute_pyramidal,
    "branches": SETTINGS.branches,
    "cell_meshes": SETTINGS.needs_cell_meshes,
    "links": DATASET.neuroglancer,
    "views": DATASET.writes_precomputed_views,
}
QUESTIONS = questions(OPTIONS)
# One Parquet table for each kind of thing, all cells together.
COLLECTED = ["cells", "mitochondria", "synapses", "skeleton_nodes", "mitochondrion_nodes"]
# What this run publishes beside the files of each cell, by path.
MADE = {f"{RESULTS}/{path}": entry for path, entry in made_files(OPTIONS).items()}


wildcard_constraints:
    cell_id=r"\d+",
    cell_type="|".join(map(re.escape, DATASET.types)),
    archive="|".join(ARCHIVES),
    branch_type="|".join(BRANCH_TYPES),


# How a job starts, logs and fails is no part of its results.
CODE = CodeBase(SCRIPTS, harmless=[(SCRIPTS / "mitosyn" / "support" / "jobs.py", "run")])


@cache
def code(script):
    """Digest what a script does: as a parameter, a change redoes its jobs.

    What is retrieved, unpacked or fetched does not depend on it.
    """
    return CODE.digest(SCRIPTS / f"{script}.py") + pins()


@cache
def texts(*patterns):
    """Digest the texts that a script puts into its output, as :func:`code` does its code."""
    paths = [path for pattern in patterns for path in sorted(RULES.parent.glob(pattern))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


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


@cache
def cells_in(path, changed_at):
    """Read the selected cells once for each state of their table."""
    return read_cells(path)


def selected_cells():
    """Return the analysed cells by id; known only once the checkpoint has run."""
    path = checkpoints.select_cells.get().output.cells
    return cells_in(path, Path(path).stat().st_mtime_ns)


def tables_for(what):
    """Name the tables of the source that a canonical table is made of."""
    return {name: INPUTS.tables[name] for name in READS[DATASET.adapter][what]}


def cell_csvs(wildcards):
    """Name the CSV of every analysed cell."""
    return [
        f"{RESULTS}/microns_cells/{cell.cell_type}_{cell.cell_id}.csv"
        for cell in selected_cells().values()
    ]


def of_neurons(pattern):
    """Name one file of every cell with a skeleton, after a pattern with {cell_id}."""
    return lambda wildcards: [
        pattern.format(cell_id=cell.cell_id) for cell in selected_cells().values() if cell.skeleton
    ]


def of_cells(pattern):
    """Name one file of every analysed cell, after a pattern with {cell_id}."""
    return lambda wildcards: [pattern.format(cell_id=i) for i in selected_cells()]


swc_files = of_neurons(f"{RESULTS}/cell_morphologies/{{cell_id}}.swc")
standard_swc_files = (
    of_neurons(f"{RESULTS}/standard_swc/{{cell_id}}.swc") if SETTINGS.standard_swc else []
)
nodes_files = of_neurons(f"{RESULTS}/associated_nodes/{{cell_id}}_{NODES_SUFFIX}.json")


def compartments_of(cell_id):
    """Name the file of a cell's compartments: by its skeleton, or by distance from its soma."""
    folder = "compartments" if selected_cells()[cell_id].skeleton else "soma_compartments"
    return f"{RESULTS}/per_cell/{folder}/{cell_id}.arrow"


def fit_files(wildcards):
    """Name what says how well the positions of each cell fit its meshes and skeleton."""
    folders = {True: "position_checks", False: "soma_position_checks"}
    return [
        f"{RESULTS}/per_cell/{folders[cell.skeleton]}/{cell.cell_id}.json"
        for cell in selected_cells().values()
    ]


# What the jobs of cells wrote of each table of all cells.
COLLECTED_FROM = {
    "skeleton_nodes": of_neurons(f"{RESULTS}/per_cell/skeleton_nodes/{{cell_id}}.arrow"),
    "mitochondrion_nodes": of_neurons(f"{RESULTS}/per_cell/covered_nodes/{{cell_id}}.arrow"),
    "synapses": lambda wildcards: f"{RESULTS}/tables/synapse_ends.arrow",
}
morphometrics_files = of_cells(f"{RESULTS}/per_cell/morphometrics/{{cell_id}}.arrow")


def figure_files(question, ending):
    """Name the files of a question's figures."""
    return [f"{RESULTS}/figures/{name}.{ending}" for name in QUESTIONS[question].figures]


def shown(path, name=None):
    """Mark an output for the report, by the name of its caption if that is not the file's."""
    name = name or Path(path).stem
    section, title = place_in_report(name)
    caption = f"../report/{name}.rst"
    return report(path, caption=caption, category=section, labels={"shows": title})


def links_to_mitochondria():
    """Return where links lead: into public layers, into those served locally, or nowhere."""
    public = DATASET.neuroglancer
    return {
        "voxel_sizes_nm": (DATASET.voxel_size_nm, DATASET.mesh_voxel_size_nm),
        "viewer": public.viewer if public else PUBLIC_VIEWER,
        "public_layers": public.model_dump() if public else None,
        "served_meshes": INPUTS.mesh_layer if DATASET.writes_precomputed_views else None,
    }


def collected_tables(question):
    """Name the collected tables that a question's figures are drawn from."""
    published = {"published": f"{RESULTS}/tables/mitochondria.arrow"}
    return {
        name: published.get(name, f"{RESULTS}/{name}.parquet")
        for name in QUESTIONS[question].tables
    }


def figures_of(question):
    """Name the figures of a question: the report shows the SVG files, the page the PNG files."""
    return [*map(shown, figure_files(question, "svg")), *figure_files(question, "png")]


def archive_members(wildcards):
    """Name the per-cell files of an archive."""
    members = {"microns": cell_csvs, "morphologies": swc_files, "nodes": nodes_files}
    return members[wildcards.archive](wildcards)


def folders_of(archive):
    """Name the folders in which files of other cells than those of an archive are removed."""
    also = ["standard_swc"] if archive == "morphologies" else []
    return [f"{RESULTS}/{folder}" for folder in (ARCHIVES[archive], *also)]


def skeleton_path(ending):
    """Name a file of the cell's skeleton: an input, or in the folder that is one."""

    def path(wildcards, input):
        # Neither is known while the cells are not.
        skeleton = input.get("skeleton", f"{INPUTS.skeletons}/")
        folder = input.get("folder") or os.path.dirname(skeleton)
        return f"{folder}/{wildcards.cell_id}_{ending}"

    return path


def skeletons_there(wildcards):
    """Digest which skeletons are there: neurons without one are left out."""
    if not INPUTS.skeletons_are_files:
        return ""
    names = sorted(path.name for path in Path(INPUTS.skeletons).iterdir())
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def refuse_other_cells(wildcards, *cell_types):
    """Refuse a target of a cell that is not analysed, or not of one of some types."""
    problem = why_not(selected_cells(), int(wildcards.cell_id), cell_types)
    if problem:
        raise WorkflowError(problem)


def cell_without_skeleton(wildcards):
    """Name the table of analysed cells, which has to have the cell, without a skeleton."""
    refuse_other_cells(wildcards, *DATASET.types_from("soma_distance", "none"))
    return f"{RESULTS}/tables/cells.arrow"


def cell_table(wildcards):
    """Name the table of analysed cells, which has to have the cell as what it is asked for."""
    refuse_other_cells(wildcards, wildcards.cell_type)
    return f"{RESULTS}/tables/cells.arrow"


def skeleton_files(wildcards):
    """Return the files of a cell's skeleton, or the folder that will hold them."""
    refuse_other_cells(wildcards, *DATASET.skeleton_types)
    if not INPUTS.skeletons_are_files:
        return {"folder": INPUTS.skeletons}
    base = f"{INPUTS.skeletons}/{wildcards.cell_id}_skeleton"
    return {"skeleton": f"{base}.h5", "labels": f"{base}_label.npy"}


def cell_mesh_files(wildcards):
    """Return the file of a cell's own mesh or the folder that will hold it, if there is one.

    A cell without a mesh is no error: what could not be measured is listed.
    """
    if not INPUTS.cell_meshes_are_files:
        return {"mesh_folder": INPUTS.cell_meshes}
    path = f"{INPUTS.cell_meshes}/{wildcards.cell_id}_mesh.h5"
    return {"mesh": path} if Path(path).exists() else {}


def cell_mesh_path(wildcards, input):
    """Return the path of a cell's own mesh, which need not exist."""
    folder = input.get("mesh_folder") or INPUTS.cell_meshes
    return input.get("mesh") or f"{folder}/{wildcards.cell_id}_mesh.h5"


def branch_problems(wildcards):
    """Return the files that say what the branch analysis or the measured radii lack."""
    patterns = [f"{RESULTS}/per_cell/cell_mesh/{{cell_id}}_problems.arrow"]
    if SETTINGS.branches:
        patterns += [f"{BRANCH_FILES}/{{cell_id}}_{part}.arrow" for part in PROBLEM_PARTS]
    files = [path for pattern in patterns for path in of_neurons(pattern)(wildcards)]
    return files + ([f"{RESULTS}/tables/nucleus_problems.arrow"] if SETTINGS.branches else [])


def measured_radii(wildcards):
    """Return the file with the measured radii of a neuron's nodes, if they are to be written."""
    if SETTINGS.swc_radii != "measured":
        return {}
    return {"assigned": f"{RESULTS}/per_cell/cell_mesh/{wildcards.cell_id}.npz"}


def provenance_inputs():
    """Return the inputs that are recorded: as retrieved, where they were, and as jobs read them.

    Of an archive and a table from it, each has its checksum: one may be replaced and not
    the other. Unpacked folders go with their archive.
    """
    titles = {f"{RESOURCES}/{name}": name for name in INPUTS.downloads}
    for name, path in INPUTS.archives.items():
        titles.setdefault(path, name)
    inputs = INPUTS.tables | {"skeletons": INPUTS.skeletons} | INPUTS.branch_tables
    if INPUTS.cell_meshes:
        inputs["cell_meshes"] = INPUTS.cell_meshes
    for name, path in (inputs | INPUTS.folder_archives).items():
        titles.setdefault(path, name)
    return {title: path for path, title in titles.items()}


def recorded_config():
    """Return the part of the configuration that results depend on."""
    recorded = {
        "dataset": SETTINGS.dataset,
        "recompute_pyramidal": SETTINGS.recompute_pyramidal,
        "associated_nodes_suffix": NODES_SUFFIX,
        "description": DATASET.model_dump(mode="json", exclude_none=True),
    }
    if INPUTS.cell_meshes:
        recorded |= {"swc_radii": SETTINGS.swc_radii, "branches": SETTINGS.branches}
    return recorded


def print_failed_jobs():
    """List the jobs of this run that failed, so that nobody has to look for them."""
    lines = failed_jobs(LOGS, STARTED)
    if lines:
        print(f"{len(lines)} failed:", *lines, sep="\n  ", file=sys.stderr)


def print_summary():
    """Print the check's one-line summary, if this run has checked its results."""
    checked = Path(f"{RESULTS}/check.json")
    if checked.exists() and checked.stat().st_mtime >= STARTED:
        print(json.loads(checked.read_text())["summary"])
