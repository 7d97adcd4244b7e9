"""The generated dataset that all benchmarks take their shapes from."""

from pathlib import Path

from mitosyn.sample.dataset import make_dataset

VOXEL_NM, MESH_VOXEL_NM = (3.58, 3.58, 40.0), (4.0, 4.0, 40.0)


def make_sample(folder: Path, cells: tuple[int, int, int], synapses: int = 40) -> None:
    """Make pyramidal cells, interneurons and astrocytes, 40 mitochondria each."""
    pyramidal, inhibitory, astrocytes = cells
    make_dataset(
        folder,
        seed=1,
        pyramidal_cells=pyramidal,
        inhibitory_cells=inhibitory,
        astrocytes=astrocytes,
        mitochondria_per_cell=40,
        synapses=synapses,
        voxel_size_nm=VOXEL_NM,
        mesh_voxel_size_nm=MESH_VOXEL_NM,
    )
