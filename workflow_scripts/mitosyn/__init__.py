"""From an EM reconstruction to its mitochondria and synapses: rooms in the order of the data flow.

``config`` reads what to do; ``sample`` makes and ``retrieval`` brings inputs; ``sources`` turn them
into ``tables``; ``meshes``, ``skeletons``, ``cells`` and ``branches`` measure one cell; ``dataset``
collects and checks all cells; ``report`` and ``views`` show them. ``catalogue`` says what is
published, ``support`` is for all. Names that a room's ``__init__`` lists are its doors: other rooms
and scripts use no others. docs/architecture.md draws it. Nothing here knows of Snakemake.
"""
