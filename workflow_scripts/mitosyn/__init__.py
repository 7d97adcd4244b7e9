"""Mitochondria and synapses of reconstructed cells: measure, associate, export.

The modules follow the data flow of the workflow: :mod:`~mitosyn.config` and
:mod:`~mitosyn.synthetic` describe and make inputs, :mod:`~mitosyn.tables`,
:mod:`~mitosyn.cells` and :mod:`~mitosyn.synapses` read the published tables,
:mod:`~mitosyn.meshes`, :mod:`~mitosyn.morphometrics`, :mod:`~mitosyn.skeletons`,
:mod:`~mitosyn.coverage` and :mod:`~mitosyn.export` serve one cell at a time, and
:mod:`~mitosyn.archives` and :mod:`~mitosyn.checks` pack and check the dataset.
None of them knows of Snakemake.
"""
