"""Write the cells that have a skeleton with their types, in the order of the source's table."""

from mitosyn.catalogue import columns_of
from mitosyn.support import run
from mitosyn.tables import read_cells, write_csv


def main(snakemake) -> None:
    """Read the analysed cells, write the neurons among them."""
    cells = sorted(read_cells(snakemake.input.cells).values(), key=lambda cell: cell.table_row)
    rows = [
        [cell.cell_id, *(cell.centroid or ("",) * 3), cell.cell_type, cell.cell_subtype]
        for cell in cells
        if cell.skeleton
    ]
    write_csv(
        snakemake.output.cell_types, columns_of("cell_type_classification_filtered.csv"), rows
    )


if __name__ == "__main__":
    run(main, snakemake)
