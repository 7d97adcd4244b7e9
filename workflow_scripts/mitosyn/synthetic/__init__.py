"""The embedded dataset ``sample``: made-up cells in exactly the published formats.

The data flow of the modules: :mod:`~mitosyn.synthetic.cells` casts the cells,
:mod:`~mitosyn.synthetic.neurites` grows their skeletons,
:mod:`~mitosyn.synthetic.mitochondria` lays mitochondria along the neurites (their
meshes are :mod:`~mitosyn.synthetic.tubes`) and
:mod:`~mitosyn.synthetic.synapses` puts synapses onto them;
:mod:`~mitosyn.synthetic.layer`, :mod:`~mitosyn.synthetic.tables` and
:mod:`~mitosyn.synthetic.neurites` write the files;
:mod:`~mitosyn.synthetic.space` holds the imaged volume and the random streams;
:mod:`~mitosyn.synthetic.dataset` runs all of it.
:mod:`~mitosyn.synthetic.branch_inputs` adds what only the branch analysis reads, with
:mod:`~mitosyn.synthetic.cell_meshes`.
"""
