"""Assign the vertices of a neuron's mesh to its skeleton's nodes; radii of the nodes."""

import logging

from mitosyn.branches import assign_mesh, write_problems
from mitosyn.meshes import cell_mesh_scale
from mitosyn.skeletons import read_calibres, read_skeleton, write_assigned
from mitosyn.support import run


def main(snakemake) -> None:
    """Read a neuron's skeleton and mesh, write which belongs to what, and what is missing."""
    params, output = snakemake.params, snakemake.output
    cell_id = int(snakemake.wildcards.cell_id)
    skeleton = read_skeleton(params.skeleton, params.skeleton_form)
    calibres = read_calibres(params.skeleton, len(skeleton.vertices), params.skeleton_form)
    form = params.cell_mesh_form
    scale = cell_mesh_scale(form["unit"], params.voxel_size_nm, params.mesh_voxel_size_nm)
    diameters, mesh, problems = assign_mesh(params.mesh, scale, skeleton, calibres, form["format"])
    for subject, problem in problems:
        logging.warning("%s: %s", subject, problem)
    write_assigned(output.assigned, diameters, mesh)
    write_problems(output.problems, [(cell_id, *problem) for problem in problems])


if __name__ == "__main__":
    run(main, snakemake)
