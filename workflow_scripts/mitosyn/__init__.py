"""Mitochondria and synapses of reconstructed cells: measure, associate, export.

The modules follow the data flow of the workflow: :mod:`~mitosyn.config` and
:mod:`~mitosyn.synthetic` describe and make inputs, :mod:`~mitosyn.transfer`,
:mod:`~mitosyn.retrieval` and :mod:`~mitosyn.archives` bring them, :mod:`~mitosyn.tables`,
:mod:`~mitosyn.cells`, :mod:`~mitosyn.partition`, :mod:`~mitosyn.mitochondria` and
:mod:`~mitosyn.synapses` read the published tables, :mod:`~mitosyn.fetch`, :mod:`~mitosyn.meshes`,
:mod:`~mitosyn.morphometrics`, :mod:`~mitosyn.skeletons`, :mod:`~mitosyn.standard_swc`,
:mod:`~mitosyn.coverage` and :mod:`~mitosyn.export` serve one cell at a time, and
:mod:`~mitosyn.archives`, :mod:`~mitosyn.description`, :mod:`~mitosyn.checks`,
:mod:`~mitosyn.notebooks` and :mod:`~mitosyn.provenance` pack, describe, check, show and document
the dataset. :mod:`~mitosyn.rule_graphs` draws the workflow, :mod:`~mitosyn.guide` says what to
type. None of them knows of Snakemake.
"""
