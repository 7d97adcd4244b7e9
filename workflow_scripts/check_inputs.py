"""Look at every input, and list all that is wrong or odd before anything is computed."""

import logging
import tempfile
from dataclasses import replace

from mitosyn.meshes import is_web_layer
from mitosyn.preflight import (
    Choice,
    Findings,
    Look,
    Sizes,
    check_cells,
    check_mesh_layer,
    check_mitochondria,
    check_segmentation,
    check_skeleton_source,
    check_synapses,
)
from mitosyn.retrieval import Transfer, policy_from
from mitosyn.skeletons import skeleton_endings
from mitosyn.sources import Source
from mitosyn.support import run

# A server that does not answer is to be named in about a minute.
ATTEMPTS, TIMEOUT_S, CONNECTIONS = 2, 20.0, 4


def main(snakemake) -> None:
    """Read what it takes of the tables, the meshes and the skeletons of some cells."""
    params, found = snakemake.params, Findings()
    paths = {name: snakemake.input[name] for name in params.tables}
    choice, source = Choice(**params.choice), Source(**params.choice["source"])
    # Which cells a layer has skeletons of is seen when they are fetched.
    folder = None if params.skeleton_layer else params.skeletons
    endings = skeleton_endings(params.skeleton_form)
    cells = check_cells(found, paths, choice, bool(params.skeletons), folder, endings)
    mitochondria = check_mitochondria(found, paths, source, cells, params.published_labels)
    check_synapses(found, paths, source, cells)
    policy = policy_from(params.patience)
    patient = replace(
        policy,
        attempts=min(policy.attempts, ATTEMPTS),
        timeout_s=min(policy.timeout_s, TIMEOUT_S),
    )
    sizes = Sizes(params.voxel_size_nm, params.mesh_voxel_size_nm)
    transfer = Transfer(patient, CONNECTIONS)
    look = Look(found, cells, mitochondria, sizes, transfer, params.offline)
    if params.segmentation:
        check_segmentation(look, params.segmentation)
    elif params.mesh_layer:
        check_mesh_layer(look, params.mesh_layer, params.lod)
    if params.skeletons:
        layer = params.skeleton_layer
        with tempfile.TemporaryDirectory() as temporary:
            kept = params.kept if layer and is_web_layer(layer) else temporary
            check_skeleton_source(look, params.skeleton_form, params.skeletons, layer, kept)
    for warning in found.warnings:
        logging.warning("%s", warning)
    found.write(snakemake.output.inputs)


if __name__ == "__main__":
    run(main, snakemake)
